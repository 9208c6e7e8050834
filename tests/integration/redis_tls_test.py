#!/usr/bin/env python3
"""`parley serve --store rediss://...` with a real Redis that speaks TLS alone: what is kept is kept,
and where TLS cannot be, it is said why.

    redis_tls_test.py PARLEY
"""
import pathlib
import shutil
import sys
import tempfile

from certificates import expired, make
from parley_testing import (
    GROUP, SKIPPED, START, START_ACK, Cases, Radio, Server, check, check_equal, eventually,
    free_port, run, talk)
from stores import Redis, SecureRedis

VOICE = [b"voice"] * 10


class Tests:
    def __init__(self, parley, folder):
        self.parley, self.folder = parley, pathlib.Path(folder)
        self.pair = make(self.folder, "redis", "DNS:localhost")

    def redis(self, pair=None):
        return SecureRedis(self.folder, *(pair or self.pair))

    def serve(self, store):
        return Server.trusting(self.parley, "--join", "open", "--shards", "2", "--store", store)

    def memberships_outlive_the_server(self):
        with self.redis() as redis:
            with self.serve(redis.url) as server:
                with Radio(server, "alice") as alice:
                    alice.join("18")
                    eventually(lambda: redis.has_member("alice", "18"), "alice is in the set")
                server.end()
                check("down" not in server.errors(), server.errors())
            with self.serve(redis.url) as server:
                with Radio(server, "alice") as alice:
                    alice.say(GROUP, START, "alice", "18", "now")
                    alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                server.end()

    def comes_back(self):
        """Redis is killed, and is there again: a new connection, a new handshake."""
        with self.redis() as redis, self.serve(redis.url) as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                for radio in (alice, bob):
                    radio.join("18")
                    eventually(lambda: redis.has_member(radio.name, "18"), "it is in the set")
                redis.process.kill()
                redis.process.wait()
                talk(alice, bob, "18", VOICE)
                eventually(lambda: "the store is down" in server.errors(), "the complaint")
                redis.start()
                eventually(lambda: "the store is back" in server.errors(), "the good news")
                # by the link of her own shard, once that is back as well
                redis.keeps_again(alice)
            server.end()

    def refused(self, store, why):
        """Voice goes on, nothing is kept, and the operator reads why."""
        with self.serve(store) as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                for radio in (alice, bob):
                    radio.join("18")
                server.wait_for_errors(rf"the store is down \([^\n]*{why}[^\n]*\)")
                talk(alice, bob, "18", VOICE)
            server.end()

    def wrong_certificates(self):
        other = make(self.folder, "other", "DNS:localhost")
        elsewhere = make(self.folder, "elsewhere", "DNS:redis.example.com")
        past = expired(self.folder, "localhost")
        with self.redis() as redis:
            stranger = f"rediss://localhost:{redis.port}?ca={other[0]}"
            self.refused(stranger, "self-signed certificate")
            self.refused(f"rediss://localhost:{redis.port}", "self-signed certificate")
        with self.redis(elsewhere) as redis:
            self.refused(f"rediss://localhost:{redis.port}?ca={elsewhere[0]}", "hostname mismatch")
        with self.redis(past) as redis:
            self.refused(f"rediss://localhost:{redis.port}?ca={past[0]}", "has expired")

    def no_tls_at_all(self):
        with Redis(self.folder) as redis:
            self.refused(f"rediss://localhost:{redis.port}?ca={self.pair[0]}",
                         "no answer in TLS: ")
        with self.redis() as redis:
            self.refused(f"redis://localhost:{redis.port}",
                         "(Redis ended the connection|the connection broke)")
        self.refused(f"rediss://localhost:{free_port()}?ca={self.pair[0]}", "Connection refused")

    def unreadable_authority(self):
        done = run([self.parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--store",
                    f"rediss://localhost?ca={self.folder}/none.pem"])
        check_equal(done.returncode, 1, "the exit status")
        check("none.pem' as certificates to trust" in done.stderr, done.stderr)


def main():
    if shutil.which("redis-server") is None:
        print("redis-server is not installed: skipped")
        return SKIPPED
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases.run("memberships outlive the server", tests.memberships_outlive_the_server)
        cases.run("Redis is killed and comes back", tests.comes_back)
        cases.run("a certificate that will not do", tests.wrong_certificates)
        cases.run("no TLS where it should be, or where it should not", tests.no_tls_at_all)
        cases.run("an authority that cannot be read", tests.unreadable_authority)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
