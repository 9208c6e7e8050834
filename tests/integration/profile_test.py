#!/usr/bin/env python3
"""Shows that docs/operations/seccomp.json allows what the server needs, and no more than it names.

Usage: profile_test.py PARLEY SECCOMP_JSON
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import http.client
import json
import os
import pathlib
import signal
import sys
import tempfile

from certificates import fingerprint_of, make, trusting
from parley_testing import (
    DEADLINE_S, SKIPPED, Cases, Radio, Server, check, check_equal, eventually, run,
    talk)

HERE = pathlib.Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"  # python3-seccomp belongs to it
PACKET = bytes([0x4b, 0x41, 0x13]) * 20  # an Opus packet of 20 ms, to a muxer


class Tests:
    def __init__(self, parley, profile, folder):
        self.parley = parley
        self.profile = profile
        self.folder = pathlib.Path(folder)
        # Nothing of who runs this: a container has no such variables either.
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")}

    def under(self, profile, *command):
        return [SYSTEM_PYTHON, str(HERE / "under_profile.py"), str(profile), *map(str, command)]

    def serve(self, *options, listen="127.0.0.1:0"):
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:2]))
        return Server(self.under(self.profile, self.parley, "serve", "--auth", "trust", "--cores",
                                 cores, "--listen", listen, *options), self.clean)

    def everything_in_files(self):
        """A store in SQLite, recordings, TLS: made, used, reloaded, handed over, found again."""
        cert, key = make(self.folder, "profile", "IP:127.0.0.1")
        data = self.folder / "not" / "there" / "yet"  # as in a new volume
        options = ["--data", data, "--record", "all", "--tls-cert", cert, "--tls-key", key,
                   "--take-over", self.folder / "take-over.sock"]
        with self.serve(*options) as server:
            server.tls = trusting(cert)
            recording = self.say(server)
            sound = self.fetch(server, recording)
            check(sound.startswith(b"OggS"), sound[:40])
            make(self.folder, "profile", "IP:127.0.0.1")
            server.process.send_signal(signal.SIGHUP)
            eventually(lambda: fingerprint_of(cert) in server.errors(), "the reload")
            with self.serve(*options, listen="%s:%d" % server.address) as successor:
                server.end(with_signal=None)
                successor.tls = trusting(cert)
                check(self.fetch(successor, recording) == sound, "another recording")
                successor.end()

    def removes_folders(self):
        """As the server does with a day whose recordings are gone; it looks once a minute."""
        day = self.folder / "2020-01-01"
        day.mkdir()
        done = run(self.under(self.profile, "/usr/bin/rmdir", day))
        check(done.returncode == 0 and not day.exists(), done)

    def say(self, server):
        """The id of a talk from one user to another."""
        with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
            alice.join("18")
            bob.join("18")
            return talk(alice, bob, "18", [PACKET] * 10)

    def fetch(self, server, recording):
        def whole():
            connection = http.client.HTTPSConnection(*server.address, timeout=DEADLINE_S,
                                                     context=server.tls)
            connection.request("GET", f"/recordings/{recording}",
                               headers={"Authorization": "Bearer bob"})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return body if answer.status == 200 else None
        return eventually(whole, f"{recording} is there")

    def redis_by_name(self):
        """A Redis whose address a name server knows: the resolver asks for both kinds at once."""
        script = [sys.executable, HERE / "redis_by_name.py", "redis.parley.test", "--",
                  *self.under(self.profile, self.parley, "serve", "--auth", "trust", "--join",
                              "open", "--shards", "1", "--listen", "127.0.0.1:0")]
        done = run(["unshare", "--map-root-user", "--mount", "--net", "--kill-child", *script],
                   self.clean, seconds=4 * DEADLINE_S)
        if done.returncode == SKIPPED or "unshare failed" in done.stderr:
            print("      (skipped: no namespaces here, or no redis-server)")
            return
        check_equal((done.returncode, done.stdout), (0, "kept\n"), done.stderr)

    def doctor(self):
        done = run(self.under(self.profile, self.parley, "doctor", "--dev", "--json", "--listen",
                              "127.0.0.1:0"), self.clean)
        check_equal(done.returncode, 0, "the exit status of the doctor")
        found = {each["what"]: each["found"] for each in json.loads(done.stdout)}
        check_equal(found["seccomp"], "a filter that allows io_uring", "what the doctor says")

    def refuses(self):
        """What it does not name is refused; and without the ring in it, there is no server."""
        done = run(self.under(self.profile, "/usr/bin/ln", "/proc/self/exe", self.folder / "hard"))
        check(done.returncode != 0 and "not permitted" in done.stderr, done)
        smaller = json.loads(pathlib.Path(self.profile).read_text())
        for entry in smaller["syscalls"]:
            entry["names"] = [name for name in entry["names"] if name != "io_uring_setup"]
        path = self.folder / "smaller.json"
        path.write_text(json.dumps(smaller))
        done = run(self.under(path, self.parley, "serve", "--dev", "--listen", "127.0.0.1:0"),
                   self.clean)
        check_equal(done.returncode, 78, "the exit status")


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], sys.argv[2], folder)
        with Server.trusting(sys.argv[1]) as server:
            sanitized = server.is_sanitized()  # then it looks for leaks as a debugger does
            server.end()
        if sanitized or run(tests.under(sys.argv[2], "/bin/true")).returncode != 0:
            print("skipped: no python3-seccomp, no filter can be installed here, or sanitized")
            return SKIPPED
        cases.run("a server that keeps everything in files lives under it", tests.everything_in_files)
        cases.run("a server with a Redis that has a name", tests.redis_by_name)
        cases.run("folders can be removed", tests.removes_folders)
        cases.run("the doctor does", tests.doctor)
        cases.run("it refuses what it does not name", tests.refuses)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
