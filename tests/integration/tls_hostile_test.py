#!/usr/bin/env python3
"""Shows that nobody harms the server through TLS: slow, half, broken and very many handshakes, plain
HTTP, broken records; voice goes on meanwhile, and memory and descriptors come back. And says what a
quiet connection over TLS costs.

Usage: tls_hostile_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import contextlib
import pathlib
import random
import socket
import ssl
import sys
import tempfile
import threading
import time

from parley_testing import (
    DEADLINE_S, GROUP, Cases, Radio, Server, Wire, check, check_equal, eventually, talk)
from tls_test import make, pairs, trusting

OPENING_MAX_S = 5.0
QUIET = 1000  # connections
QUIET_BYTES_MAX = 32 << 10  # of one, with all that OpenSSL keeps
HALF = 1500  # more than may be under way
GROWTH_MAX = 8 << 20
FLOOD_S = 3.0
FLOOD_LEAST = 20  # handshakes
VOICE_LATE_MAX_S = 0.25  # as a rule: any single packet may be late where one machine is both sides
SLACK_S = 10.0  # for a loaded machine; what drips in would go on for 25 s


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.cert, self.key = make(pathlib.Path(folder), "main", "IP:127.0.0.1,DNS:localhost")

    def server(self, *more):
        server = Server.trusting(self.parley, *pairs((self.cert, self.key)), *more)
        server.tls = trusting(self.cert)
        return server

    def hello(self):
        """A ClientHello."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting(self.cert).wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    def cut_after(self, server, talk_slowly):
        """A connection that never gets further is cut, in time counted from its start."""
        began = time.monotonic()  # before the server can know of it
        with Wire(server.address) as wire:
            ended = threading.Event()
            drip = threading.Thread(target=talk_slowly, args=(wire, ended))
            drip.start()
            wire.read_all(OPENING_MAX_S + DEADLINE_S)
            took = time.monotonic() - began
            ended.set()
            drip.join()
            return took

    def slow(self):
        """Whatever drips in: 5 s in total, at every stage."""
        hello = self.hello()

        def drip(wire, ended):
            for octet in hello[:-1]:
                wire.send(bytes([octet]))
                if ended.wait(0.05):
                    return

        def half(wire, ended):
            wire.send(hello)

        def silent(wire, ended):
            pass

        def request(wire, ended):  # the handshake is over, its request is not
            pass

        with self.server("--shards", "1") as server:
            results = {}

            def measure(name, how):
                results[name] = self.cut_after(server, how)

            threads = [threading.Thread(target=measure, args=(how.__name__, how))
                       for how in (drip, half, silent)]
            for thread in threads:
                thread.start()
            began = time.monotonic()
            with Wire(server.address, server.tls) as wire:
                wire.send(b"GET / HTTP/1.1\r\n")
                try:
                    wire.read_all(OPENING_MAX_S + DEADLINE_S)
                except ssl.SSLEOFError:
                    pass  # it is cut, not ended
                results["request"] = time.monotonic() - began
            for thread in threads:
                thread.join()
            check_equal(len(results), 4, "the stages")
            for name, took in results.items():
                check(OPENING_MAX_S - 0.1 <= took <= OPENING_MAX_S + SLACK_S,
                      f"{name} took {took:.1f} s")
            server.end()

    def plain(self):
        """Plain HTTP is told what is spoken here; anything else is dropped."""
        with self.server() as server:
            with Wire(server.address) as wire:
                wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                status, headers = wire.read_head()
                check_equal(status, 400, "the answer")
                check(b"speaks TLS" in wire.read_all(), "it does not say why")
            for garbage in (b"\x00", b"\x80\x2e\x01\x03\x01", b"hello", b"\x15\x03\x01\x00\x02\x02\x28",
                            b"\x16\x03\x01\xff\xff", b"\x17\x03\x03\x00\x10" + bytes(16)):
                with Wire(server.address) as wire:
                    wire.send(garbage)
                    check_equal(wire.read_all(), b"", f"the answer to {garbage}")
            with Wire(server.address) as wire:
                wire.send(b"\x16\x03\x01\x00\x05hello")
                check(wire.read_all().startswith(b"\x15\x03"), "no alert")
            server.end()

    def mutated(self):
        """Handshakes with flipped bits, and random records behind good ones."""
        chance = random.Random(5)
        hello = self.hello()
        with self.server("--shards", "2") as server:
            for _ in range(300):
                broken = bytearray(hello)
                for _ in range(chance.randint(1, 4)):
                    broken[chance.randrange(5, len(broken))] ^= 1 << chance.randrange(8)
                with Wire(server.address) as wire:
                    wire.send(bytes(broken) + chance.randbytes(chance.randrange(100)))
                    wire.reset() if chance.random() < 0.5 else wire.socket.shutdown(socket.SHUT_WR)
            for _ in range(50):
                with Radio(server, "mallory") as radio:
                    radio.fence()
                    raw = radio.socket.detach()
                    with socket.socket(fileno=raw) as below:
                        below.sendall(b"\x17\x03\x03\x00\x40" + chance.randbytes(64))
                        below.settimeout(DEADLINE_S)
                        with contextlib.suppress(ConnectionResetError):
                            while below.recv(4096):
                                pass  # an alert, then the end
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                talk(alice, bob, "18", [b"voice"] * 20)
            server.end()

    def half_handshakes(self):
        """More than may be under way: an honest client still gets in, then all comes back."""
        hello = self.hello()
        with self.server("--shards", "1") as server:
            with Radio(server, "warm-up") as radio:
                radio.fence()

            def storm():
                wires = [Wire(server.address) for _ in range(HALF)]
                for wire in wires:
                    wire.send(hello)
                return wires

            def over(wires):
                for wire in wires:
                    wire.read_all(OPENING_MAX_S + DEADLINE_S)
                    wire.socket.close()

            over(storm())  # what the allocator keeps is kept from here on
            descriptors = server.descriptors()
            memory = server.rss_bytes()
            wires = storm()
            began = time.monotonic()
            with Radio(server, "honest") as radio:
                radio.fence()
            took = time.monotonic() - began
            check(took < OPENING_MAX_S, f"{took:.2f} s: the honest client waited till all others were cut")
            print(f"      honest client in {took:.2f} s, "
                  f"{(server.rss_bytes() - memory) / (1 << 20):.1f} MiB more meanwhile")
            over(wires)
            eventually(lambda: server.descriptors() <= descriptors, "the descriptors of before")
            if not server.is_sanitized():
                grown = server.rss_bytes() - memory
                check(grown <= GROWTH_MAX, f"it grew by {grown / (1 << 20):.1f} MiB")
            server.end()

    def flood(self):
        """Voice of others hardly notices a flood of ClientHellos."""
        hello = self.hello()
        with self.server("--shards", "1") as server, Radio(server, "alice") as alice, \
                Radio(server, "bob") as bob:
            alice.join("18")
            bob.join("18")
            talk(alice, bob, "18", [b"voice"])
            ended = threading.Event()
            count = [0]

            def attack():
                while not ended.is_set():
                    try:
                        with Wire(server.address) as wire:
                            wire.send(hello)
                            wire.socket.recv(1)
                            wire.reset()
                            count[0] += 1
                    except OSError:
                        pass

            attackers = [threading.Thread(target=attack) for _ in range(8)]
            for attacker in attackers:
                attacker.start()
            late = []
            began = time.monotonic()
            alice.say(GROUP, 1, "alice", "18", "now")
            alice.hear()
            bob.hear()
            while time.monotonic() < began + FLOOD_S or count[0] <= FLOOD_LEAST:
                check(time.monotonic() < began + DEADLINE_S, "that is no flood")
                said = time.monotonic()
                alice.say(GROUP, 3, "alice", "18", b"x" * 60)
                bob.hear()
                late.append(time.monotonic() - said)
                time.sleep(0.02)  # the pace of a talker
            ended.set()
            for attacker in attackers:
                attacker.join()
            late.sort()
            usual = late[len(late) // 2]
            print(f"      {count[0] / (time.monotonic() - began):.0f} handshakes a second; voice took "
                  f"{usual * 1000:.1f} ms (median), {late[-1] * 1000:.1f} ms (most)")
            check(usual < VOICE_LATE_MAX_S, f"voice is late by {usual:.3f} s")
            server.end()

    def quiet(self):
        """What a quiet connection costs; and that it comes back."""
        with self.server("--shards", "2") as server:
            def connect(count):
                radios = [Radio(server, f"radio-{i}") for i in range(count)]
                for radio in radios:
                    radio.join(f"g{hash(radio.name) % 10}")
                return radios

            for radio in connect(50):
                radio.socket.close()
            before = server.rss_bytes()
            radios = connect(QUIET)
            each = (server.rss_bytes() - before) / QUIET
            print(f"      {each / 1024:.1f} KiB for each of {QUIET} connections")
            sanitized = server.is_sanitized()
            check(sanitized or each <= QUIET_BYTES_MAX, f"{each:.0f} bytes for each connection")
            for radio in radios:
                radio.socket.close()
            server.end()


def main():
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases = Cases()
        cases.run("a slow handshake is cut after 5 s in total", tests.slow)
        cases.run("what is not TLS is told or dropped", tests.plain)
        cases.run("mutated handshakes and records end nothing but themselves", tests.mutated)
        cases.run(f"{HALF} half handshakes leave nothing behind", tests.half_handshakes)
        cases.run("voice goes on under a flood of handshakes", tests.flood)
        cases.run("a quiet connection has its price", tests.quiet)
        return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
