#!/usr/bin/env python3
"""Shows TLS as others speak it: openssl, curl and Python's ssl against `parley serve`: versions,
certificates by name, ALPN, resumption, reload, mistakes in the files; and voice over it.

Usage: tls_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile

from certificates import expired, fingerprint_of, make, trusting
from parley_testing import (
    DEADLINE_S, GROUP, IMAGE, PRIVATE, START, START_ACK, Cases, Radio, Server, Wire, check,
    check_equal, eventually, run, talk, upgrade_request)

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
NO_APPLICATION_PROTOCOL, PROTOCOL_VERSION, HANDSHAKE_FAILURE = 120, 70, 40


def pairs(*made):
    return [part for cert, key in made for part in ("--tls-cert", cert, "--tls-key", key)]


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        self.main = make(self.folder, "main", "IP:127.0.0.1,DNS:localhost")

    def server(self, *more, made=None):
        server = Server.trusting(self.parley, "--shards", "2", *pairs(*(made or [self.main])), *more)
        check(server.url.startswith("wss://"), server.url)
        if made is None:
            server.tls = trusting(self.main[0])
        return server

    def ask(self, server, context, host="localhost", session=None):
        """One request. The wire, after its end: its session, certificate and the like."""
        with Wire(server.address, context, host, session) as wire:
            wire.send(REQUEST)
            status, _ = wire.read_head()
            check_equal(status, 200, "the answer")
            check_equal(wire.read_all(), b"ok", "the body")  # up to close_notify
            wire.session, wire.reused = wire.socket.session, wire.socket.session_reused
            wire.version, wire.alpn = wire.socket.version(), wire.socket.selected_alpn_protocol()
            wire.cipher = wire.socket.cipher()[0]
            return wire

    def s_client(self, server, *arguments, text=REQUEST.decode()):
        return subprocess.run(
            ["openssl", "s_client", "-connect", "%s:%d" % server.address, *map(str, arguments)],
            input=text, capture_output=True, text=True, timeout=DEADLINE_S)

    def refused(self, server, alert, *arguments):
        done = self.s_client(server, *arguments)
        said = done.stdout + done.stderr
        check(f"SSL alert number {alert}" in said, f"no alert {alert} with {arguments}: {said[-600:]}")

    # --- the handshake

    def versions(self):
        with self.server() as server:
            for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                                  (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
                check_equal(self.ask(server, trusting(self.main[0], version)).version, name, "version")
                done = self.s_client(server, f"-{name.lower().replace('v', '').replace('.', '_')}",
                                     "-CAfile", self.main[0], "-verify_return_error", "-ign_eof")
                check("HTTP/1.1 200 OK" in done.stdout, done.stdout + done.stderr)
                check(f"New, {name}" in done.stdout, done.stdout)
            for old in ("-tls1", "-tls1_1"):
                self.refused(server, PROTOCOL_VERSION, old, "-cipher", "DEFAULT@SECLEVEL=0")
            server.end()

    def ciphers(self):
        """TLS 1.2 with forward secrecy and authenticated encryption only."""
        with self.server() as server:
            for good in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                         "ECDHE-ECDSA-CHACHA20-POLY1305"):
                context = trusting(self.main[0], ssl.TLSVersion.TLSv1_2)
                context.set_ciphers(good)
                check_equal(self.ask(server, context).cipher, good, "the cipher")
            for bad in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256",
                        "NULL", "aNULL"):
                self.refused(server, HANDSHAKE_FAILURE, "-tls1_2", "-cipher", f"{bad}:@SECLEVEL=0")
            server.end()

    def renegotiation(self):
        """Refused; the connection that asked for it ends or goes on, and no other is harmed."""
        with self.server() as server, Radio(server, "alice") as alice:
            done = self.s_client(server, "-tls1_2", text="R\n")
            said = done.stdout + done.stderr
            check("RENEGOTIATING" in said and "no renegotiation" in said, said[-600:])
            check("Compression: NONE" in said, "it compresses")
            alice.fence()
            server.end()

    def names(self):
        """The certificate of the name that is asked for; else the first."""
        first = make(self.folder, "first", "DNS:a.example.com,IP:127.0.0.1")
        wild = make(self.folder, "wild", "DNS:*.example.com")
        other = make(self.folder, "rsa", "DNS:b.example.org", rsa=True)
        with self.server(made=[first, wild, other]) as server:
            for (cert, _), host in ((first, "a.example.com"), (wild, "b.example.com"),
                                    (other, "b.example.org"), (other, "B.EXAMPLE.ORG"),
                                    (first, "127.0.0.1")):
                self.ask(server, trusting(cert), host)
            done = self.s_client(server, "-servername", "unknown.example.net")
            check("subject=CN = first" in done.stdout, done.stdout)
            done = self.s_client(server, "-noservername")
            check("subject=CN = first" in done.stdout, done.stdout)
            server.end()

    def both_kinds_for_one_name(self):
        """ECDSA for those who can, RSA for the others."""
        ecdsa = make(self.folder, "kind1", "DNS:a.example.com")
        rsa = make(self.folder, "kind2", "DNS:a.example.com", rsa=True)
        with self.server(made=[ecdsa, rsa]) as server:
            for (cert, _), cipher in ((ecdsa, "ECDHE-ECDSA-AES128-GCM-SHA256"),
                                      (rsa, "ECDHE-RSA-AES128-GCM-SHA256")):
                context = trusting(cert, ssl.TLSVersion.TLSv1_2)
                context.set_ciphers(cipher)
                self.ask(server, context, "a.example.com")
            server.end()

    def alpn(self):
        with self.server() as server:
            for offered, wanted in ((["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
                                    (None, None)):
                context = trusting(self.main[0])
                if offered:
                    context.set_alpn_protocols(offered)
                check_equal(self.ask(server, context).alpn, wanted, f"ALPN for {offered}")
            self.refused(server, NO_APPLICATION_PROTOCOL, "-alpn", "h2")
            server.end()

    def resumption(self):
        """By tickets, whatever shard is met, and after a reload with another certificate."""
        cert, key = (pathlib.Path(shutil.copy(path, self.folder / f"res{path.suffix}"))
                     for path in self.main)
        with self.server(made=[(cert, key)]) as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = trusting(self.main[0], version)
                session = self.ask(server, context).session
                for i in range(16):  # the kernel chooses among two shards
                    wire = self.ask(server, context, session=session)
                    check(wire.reused, f"connection {i} with {version.name} was not resumed")
                    session = wire.session
                check(not self.ask(server, trusting(self.main[0], version)).reused, "without a ticket")
            before = {v: trusting(self.main[0], v) for v in
                      (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)}
            sessions = {v: self.ask(server, context).session for v, context in before.items()}
            new = make(self.folder, "res", "IP:127.0.0.1,DNS:localhost")
            server.process.send_signal(signal.SIGHUP)
            eventually(lambda: fingerprint_of(new[0]) in server.errors(), "the reload")
            for version, context in before.items():
                check(self.ask(server, context, session=sessions[version]).reused,
                      f"not resumed over a reload: {version.name}")
            server.end()

    def curl(self):
        with self.server() as server:
            url = server.url.replace("wss", "https") + "/healthz"
            done = run(["curl", "-sS", "--cacert", self.main[0], "-w", "%{http_version}", url])
            check_equal((done.returncode, done.stdout), (0, "ok1.1"), f"curl ({done.stderr})")
            done = run(["curl", "-sS", url])
            check_equal(done.returncode, 60, "curl that does not trust the certificate")
            server.end()

    def self_signed(self):
        with Server.trusting(self.parley, "--tls-self-signed") as server:
            told = server.wait_for_output(r"the certificate has SHA-256 ([0-9A-F:]{95})\n")[1]
            pem = ssl.get_server_certificate(server.address)
            cert = self.folder / "self.pem"
            cert.write_text(pem)
            check_equal(fingerprint_of(cert), told, "the fingerprint")
            for host in ("localhost", "127.0.0.1", "::1"):
                self.ask(server, trusting(cert), host)
            server.end()

    # --- the files

    def mistakes(self):
        """Each ends the start with 2 and a sentence that says what to do."""
        other = make(self.folder, "another", "DNS:x")
        locked = make(self.folder, "locked", "DNS:x", passphrase="secret")
        nothing = self.folder / "nothing.pem"
        nothing.write_text("nothing\n")
        cert, key = self.main
        for arguments, says in (
                (pairs((self.folder / "none.pem", key)), r"cannot read '.*none.pem': No such file"),
                (pairs((cert, self.folder / "none.key")), r"cannot read '.*none.key': No such file"),
                (pairs((nothing, key)), "holds no certificate"),
                (pairs((cert, nothing)), "holds no private key"),
                (pairs(locked), "passphrase"),
                (pairs((cert, other[1])), "does not belong to the certificate"),
                (["--tls-cert", cert], "needs its --tls-key"),
                (["--tls-key", key], "needs its --tls-key"),
                ([*pairs(self.main), "--tls-cert", cert], "needs its --tls-key"),
                ([*pairs(self.main), "--tls-self-signed"], "either it or")):
            done = run([self.parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust",
                        *arguments])
            check_equal((done.returncode, done.stdout), (2, ""), f"the outcome of {arguments}")
            check(re.search(says, done.stderr), f"it says {done.stderr!r}, and not {says!r}")

    def expired_is_a_warning(self):
        with self.server(made=[expired(self.folder)]) as server:
            eventually(lambda: "has expired" in server.errors(), "the warning")
            with Wire(server.address, ssl._create_unverified_context(), "x") as wire:
                wire.send(REQUEST)
                check_equal(wire.read_head()[0], 200, "the answer")
            server.end()

    def from_environment(self):
        clean = {**os.environ, "PARLEY_TLS_CERT": str(self.main[0]),
                 "PARLEY_TLS_KEY": str(self.main[1])}
        with Server([self.parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust"], clean) as server:
            self.ask(server, trusting(self.main[0]))
            server.end()

    def reload(self, by_signal):
        """A new certificate for new connections; those there are stay. Bad files change nothing."""
        folder = self.folder / ("signal" if by_signal else "change")
        folder.mkdir()
        made = make(folder, "it", "IP:127.0.0.1,DNS:localhost")
        old = shutil.copy(made[0], folder / "old.pem")
        with self.server(made=[made]) as server:
            server.tls = trusting(old)
            alice, bob = Radio(server, "alice"), Radio(server, "bob")
            alice.join("18")
            bob.join("18")

            def ask_for_reload():
                if by_signal:
                    server.process.send_signal(signal.SIGHUP)

            key = made[1].read_bytes()
            made[1].write_bytes(b"half a key")
            ask_for_reload()
            eventually(lambda: "stay as they were" in server.errors(), "the complaint")
            check("holds no private key" in server.errors(), server.errors())
            self.ask(server, trusting(old))
            made[1].write_bytes(key)
            make(folder, "it", "IP:127.0.0.1,DNS:localhost")
            ask_for_reload()
            eventually(lambda: fingerprint_of(made[0]) in server.errors(), "the reload")
            self.ask(server, trusting(made[0]))
            try:
                self.ask(server, trusting(old))
                check(False, "the old certificate is still shown")
            except ssl.SSLCertVerificationError:
                pass
            talk(alice, bob, "18", [b"voice"] * 20)
            server.end()
            for radio in (alice, bob):
                radio.read_end()
                radio.socket.close()

    def hangup_without_tls(self):
        """SIGHUP reloads, and no longer ends the server."""
        with Server.trusting(self.parley) as server, Radio(server, "alice") as alice:
            server.process.send_signal(signal.SIGHUP)
            alice.fence()
            alice.fence()
            server.end()

    # --- what is said over it

    def voice(self):
        with self.server() as server:
            radios = [Radio(server, f"radio-{i}") for i in range(8)]  # on both shards
            for radio in radios:
                radio.join("18")
            first, *others = radios
            first.say(GROUP, START, "radio-0", "18", "now")
            first.expect_message(GROUP, START_ACK, "radio-0", "18", "now")
            for radio in others:
                radio.expect_message(GROUP, START, "radio-0", "18", "now")
            for i in range(100):
                first.say(GROUP, 3, "radio-0", "18", bytes([i]) * 60)
            for radio in others:
                for i in range(100):
                    radio.expect_message(GROUP, 3, "radio-0", "18", bytes([i]) * 60)
            server.process.send_signal(signal.SIGTERM)
            for radio in radios:
                radio.read_end()  # close_notify, then the end: radios get no close frame
                radio.socket.close()
            server.end(with_signal=None)

    def large_messages(self):
        """An image of a megabyte, both ways at once."""
        with self.server() as server, Radio(server, "alice") as alice, Radio(server, "bob") as bob:
            alice.fence()
            bob.fence()
            images = {name: os.urandom(1 << 20) for name in ("alice", "bob")}
            alice.say(PRIVATE, IMAGE, "alice", "bob", images["alice"])
            bob.say(PRIVATE, IMAGE, "bob", "alice", images["bob"])
            bob.expect_message(PRIVATE, IMAGE, "alice", "bob", images["alice"])
            alice.expect_message(PRIVATE, IMAGE, "bob", "alice", images["bob"])
            server.end()

    def pipelined(self):
        """The request and the first words behind it, in one record, and octet by octet."""
        for cut in (False, True):
            with self.server() as server, Wire(server.address, server.tls) as wire:
                said = upgrade_request(headers=[("VoicePingToken", "alice")])
                ping = b"\x89\x85\x00\x00\x00\x00hello"
                (wire.send_octets if cut else wire.send)(said + ping)
                check_equal(wire.read_head()[0], 101, "the answer")
                check_equal(wire.read_frame().payload, b"hello", "the pong")
                server.end()


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases = Cases()
        cases.run("TLS 1.2 and 1.3, and nothing older", tests.versions)
        cases.run("TLS 1.2 with sound ciphers alone", tests.ciphers)
        cases.run("no renegotiation, no compression", tests.renegotiation)
        cases.run("the certificate of the name that is asked for", tests.names)
        cases.run("an ECDSA and an RSA certificate for one name", tests.both_kinds_for_one_name)
        cases.run("ALPN: http/1.1 alone", tests.alpn)
        cases.run("tickets hold on every shard and over a reload", tests.resumption)
        cases.run("curl", tests.curl)
        cases.run("a self-signed certificate has the fingerprint that is told", tests.self_signed)
        cases.run("mistakes in the files are told, with 2", tests.mistakes)
        cases.run("an expired certificate is warned of", tests.expired_is_a_warning)
        cases.run("the files may be named in the environment", tests.from_environment)
        cases.run("a reload by SIGHUP", tests.reload, True)
        cases.run("a reload when the files change", tests.reload, False)
        cases.run("SIGHUP without TLS changes nothing", tests.hangup_without_tls)
        cases.run("voice to both shards, in order", tests.voice)
        cases.run("a megabyte both ways at once", tests.large_messages)
        cases.run("what is said behind the upgrade is kept", tests.pipelined)
        return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
