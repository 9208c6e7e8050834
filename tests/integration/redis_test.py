#!/usr/bin/env python3
"""`parley serve --store redis://...` with a real Redis, and with one that is none: voice goes on
whatever Redis does, and what is kept is kept again once it is back.

    redis_test.py PARLEY
"""
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading

from parley_testing import (
    GROUP, SKIPPED, START, START_ACK, Cases, Radio, Server, check, check_equal, eventually,
    talk)
from stores import Redis, Sentinel

SERVE = ["serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--join", "open", "--shards", "2"]
VOICE = [b"voice"] * 10


class Hostile:
    """Takes connections and answers everything with the same bytes."""

    def __init__(self, words):
        self.words = words
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            try:
                connection.sendall(self.words)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.open:
            connection.close()

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.listener.getsockname()[1]


class Tests:
    def __init__(self, parley, folder):
        self.parley, self.folder = parley, folder

    def serve(self, redis):
        return Server([self.parley, *SERVE, "--store", redis.url])

    def memberships_outlive_it(self):
        with Redis(self.folder) as redis:
            with self.serve(redis) as server:
                with Radio(server, "alice") as alice:
                    alice.join("18")
                    eventually(lambda: redis.has_member("alice", "18"), "alice is in the set")
                server.end()
            with self.serve(redis) as server:
                with Radio(server, "alice") as alice:
                    alice.say(GROUP, START, "alice", "18", "now")
                    alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                server.end()

    def goes_on(self, hurt, heal, options=()):
        """Voice while Redis is hurt; a membership of after it was healed is kept."""
        with Redis(self.folder, *options) as redis, self.serve(redis) as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                for radio in alice, bob:
                    radio.join("18")
                    eventually(lambda: redis.has_member(radio.name, "18"), "it is in the set")
                hurt(redis)
                talk(alice, bob, "18", VOICE)
                alice.join("19")  # nobody can keep this now
                talk(bob, alice, "18", VOICE)
                with Radio(server, "carol") as carol:  # who comes now comes in
                    carol.join("18")
                    talk(carol, alice, "18", VOICE)
                    self.hear_out(bob, carol)
                heal(redis)
                redis.keeps_again(alice)
                talk(alice, bob, "18", VOICE)
            server.end()

    @staticmethod
    def hear_out(listener, talker):
        """What the third member heard of a talk that two others were checked for."""
        for _ in range(len(VOICE) + 2):
            check_equal(listener.hear()[2], talker.name, "who talks")

    def kill(self):
        self.goes_on(lambda redis: (redis.process.kill(), redis.process.wait()),
                     lambda redis: redis.start())

    def stop(self):
        self.goes_on(lambda redis: redis.process.send_signal(signal.SIGSTOP),
                     lambda redis: redis.process.send_signal(signal.SIGCONT))

    def pause(self):
        self.goes_on(lambda redis: redis.ask("CLIENT", "PAUSE", "3000", "ALL"), lambda redis: None)

    def read_only(self):
        self.goes_on(lambda redis: redis.ask("REPLICAOF", "127.0.0.1", "1"),
                     lambda redis: redis.ask("REPLICAOF", "NO", "ONE"))

    def loading(self):
        """It has crashed and reads its data back, which takes some seconds: it answers, but not yet."""
        def crash(redis):
            redis.ask("EVAL", "for i = 1, 1000 do redis.call('SET', i, string.rep('x', 500)) end", 0)
            check_equal(redis.ask("SAVE"), b"+OK\r\n", "SAVE")
            redis.process.kill()
            redis.process.wait()
            redis.options = ("--key-load-delay", "3000",  # µs; looks at its clients now and then
                             "--loading-process-events-interval-bytes", "1024")
            redis.launch()
            eventually(lambda: self.is_loading(redis), "it reads its data")

        self.goes_on(crash, lambda redis: eventually(redis.answers, "it has read its data"))

    @staticmethod
    def is_loading(redis):
        try:
            return redis.ask("PING").startswith(b"-LOADING")
        except OSError:
            return False

    def sentinel(self):
        """The master dies, and a real Sentinel makes its replica the master."""
        with Redis(self.folder) as master, \
                Redis(self.folder, "--replicaof", "127.0.0.1", master.port) as replica, \
                Sentinel(self.folder, master) as sentinel, self.serve(sentinel) as server:
            eventually(sentinel.knows_replicas, "Sentinel knows the replica")
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                for radio in alice, bob:
                    radio.join("18")
                    eventually(lambda: replica.has_member(radio.name, "18"), "it is replicated")
                master.process.kill()
                master.process.wait()
                talk(alice, bob, "18", VOICE)
                replica.keeps_again(alice)
                talk(bob, alice, "18", VOICE)
            server.end()
            with self.serve(sentinel) as server, Radio(server, "bob") as bob:
                bob.take_floor("18")  # a member by what the new master knows
                server.end()

    def cannot_save(self):
        def fill(redis):
            redis.ask("CONFIG", "SET", "save", "1 1")
            redis.ask("CONFIG", "SET", "dbfilename", "parley-test.rdb")
            redis.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
            # It saves to a folder that is none any more.
            shutil.rmtree(self.folder + "/disk")
            redis.ask("SET", "x", "y")
            redis.ask("BGSAVE")
            eventually(lambda: redis.ask("SET", "x", "y").startswith(b"-MISCONF"), "MISCONF")

        def mend(redis):
            redis.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")

        os.makedirs(self.folder + "/disk")
        self.goes_on(fill, mend, ("--dir", self.folder + "/disk"))

    def out_of_memory(self):
        self.goes_on(lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "1"),
                     lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "0"))

    def hostile(self):
        for words in (b"*2147483647\r\n", b"$-2\r\n", b"*1\r\n" * 10000, b"+" + b"x" * 100000,
                      b"+OK\r\n" * 1000, b"$2000000000\r\n" + b"x" * 100000, b"HTTP/1.1 200 OK\r\n",
                      b"+O", b""):
            with Hostile(words) as redis, self.serve(redis) as server:
                with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                    for radio in alice, bob:
                        radio.join("18")
                    talk(alice, bob, "18", VOICE)
                    eventually(lambda: redis.connections > 3, f"{words[:20]!r} is tried again")
                    talk(bob, alice, "18", VOICE)
                    check(redis.connections < 100, "a storm of connections")
                server.end()

    def updates(self):
        """A control plane moves a user between groups while it is connected."""
        with Redis(self.folder) as redis, self.serve(redis) as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                eventually(lambda: redis.has_member("alice", "18"), "alice is in the set")

                def publish(text):
                    return redis.ask("PUBLISH", "vp:membership_updates", text)

                eventually(lambda: publish("{}") == b":1\r\n", "the server listens, once")
                for nonsense in ("", "null", "[1]", '{"action":"set_user_channels"}',
                                 '{"userId":"bob","channelIds":["18"],"action":"other"}',
                                 '{"userId":"bob","channelIds":"18","action":"set_user_channels"}',
                                 "[" * 5000):
                    publish(nonsense)
                publish('{"userId":"bob","channelIds":[18],"action":"set_user_channels"}')
                self.heard_soon(alice, bob, "18")
                publish('{"userId":"bob","action":"set_user_channels"}')
                eventually(lambda: not self.is_member(bob, "18"), "bob is out of the group")
            server.end()

    def heard_soon(self, talker, listener, group):
        eventually(lambda: self.is_member(listener, group), "it is in the group")
        for _ in range(2):  # that START and its STOP
            check_equal(talker.hear()[2], listener.name, "who asked for the floor")
        talk(talker, listener, group, VOICE)

    @staticmethod
    def is_member(radio, group):
        """Asks for the floor and gives it back."""
        radio.say(GROUP, START, radio.name, group, "now")
        answer = radio.hear()
        if answer[1] != START_ACK:
            radio.hear()
            return False
        radio.say(GROUP, 2, radio.name, group)
        radio.hear()
        return True


def main():
    if shutil.which("redis-server") is None:
        print("redis-server is not installed: skipped")
        return SKIPPED
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        only = sys.argv[2:]
        for name, function in (
                ("memberships outlive the server", tests.memberships_outlive_it),
                ("Redis is killed and comes back without its data", tests.kill),
                ("Redis stands still", tests.stop),
                ("Redis pauses its clients", tests.pause),
                ("Redis is a replica", tests.read_only),
                ("Redis reads its data back", tests.loading),
                ("Sentinel names another master", tests.sentinel),
                ("Redis cannot save", tests.cannot_save),
                ("Redis is out of memory", tests.out_of_memory),
                ("what answers is no Redis", tests.hostile),
                ("a control plane moves users", tests.updates)):
            if not only or function.__name__ in only:
                cases.run(name, function)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
