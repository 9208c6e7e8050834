#!/usr/bin/env python3
"""`parley serve` and what it keeps: where by default, that memberships outlive it, and what it says
of a place where nothing can be kept.

    store_test.py PARLEY
"""
import contextlib
import os
import pathlib
import sqlite3
import stat
import sys
import tempfile
import urllib.request

from parley_testing import (
    DEADLINE_S, GROUP, START, START_ACK, UNAUTHORIZED_GROUP, Cases, Radio, Server, check, check_equal,
    eventually, run, talk)

SERVE = ["serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--shards", "2"]
OWN = ("PARLEY_", "STATE_DIRECTORY", "XDG_STATE_HOME")


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        # As a user has it, with a home of its own.
        self.home = self.folder / "home"
        self.home.mkdir()
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith(OWN)} | {"HOME": str(self.home)}

    def serve(self, *arguments, **environment):
        return Server([self.parley, *SERVE, *arguments], {**self.clean, **environment})

    def refused(self, status, says, *arguments, **environment):
        done = run([self.parley, *SERVE, *arguments], {**self.clean, **environment})
        check_equal(done.returncode, status, "the exit status")
        check(says in done.stderr, f"standard error says {done.stderr!r}, and not {says!r}")

    def keeps_in(self, wanted, *arguments, **environment):
        with self.serve(*arguments, **environment) as server:
            check(wanted.exists(), f"{wanted} was not made")
            server.end()
        check_equal(stat.S_IMODE(wanted.parent.stat().st_mode), 0o700, "the folder's mode")

    def default_folders(self):
        self.keeps_in(self.home / ".local/state/parley/parley.db")
        state = self.folder / "state"
        self.keeps_in(state / "parley/parley.db", XDG_STATE_HOME=str(state))
        service = self.folder / "service"
        self.keeps_in(service / "parley.db", STATE_DIRECTORY=f"{service}:/nowhere",
                      XDG_STATE_HOME=str(state))
        self.keeps_in(self.folder / "named/deep/parley.db", "--data", self.folder / "named/deep",
                      STATE_DIRECTORY="/nowhere")

    def nothing_kept(self, *arguments):
        home = self.folder / "empty"
        home.mkdir(exist_ok=True)
        with self.serve(*arguments, HOME=str(home)) as server:
            with Radio(server, "alice") as alice:
                alice.join("18")
            server.end()
        check_equal(list(home.iterdir()), [], "what is in the home folder")

    def memberships_outlive_it(self):
        path = self.folder / "kept.db"
        with self.serve("--store", f"sqlite:{path}") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                bob.join("19")
            server.end()
        with self.serve("--store", f"sqlite:{path}") as server:
            with Radio(server, "carol") as carol, Radio(server, "bob") as bob:
                carol.join("19")
                # At once: the store may not have answered yet.
                talk(bob, carol, "19", [b"voice"] * 3)
            with Radio(server, "alice") as alice:
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
            server.end()

    def memberships_outlive_a_kill(self):
        path = self.folder / "killed.db"
        with self.serve("--store", f"sqlite:{path}") as server:
            with Radio(server, "alice") as alice:
                alice.join("18")

                def kept():
                    with sqlite3.connect(path) as file:
                        return list(file.execute("SELECT user, name FROM members"
                                                 " JOIN groups ON groups.id=members.grp"))

                check_equal(eventually(kept, "the membership is in the file"), [(b"alice", b"18")],
                            "the memberships")
                server.process.kill()
                server.process.wait()
        with self.serve("--store", f"sqlite:{path}") as server:
            with Radio(server, "alice") as alice:
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")

    def knows_no_more_users_than_it_may(self):
        with self.serve("--store", "memory", "--limit-stored-users", "1") as server:
            for name, answer in (("alice", START_ACK), ("bob", UNAUTHORIZED_GROUP)):
                with Radio(server, name) as radio:
                    radio.join("18")
                with Radio(server, name) as radio:
                    radio.say(GROUP, START, name, "18", "now")
                    check_equal(radio.hear()[1], answer, f"what {name} hears, back again")
            server.end()

    def says_how_the_store_does(self):
        """Another process holds the file, and lets go of it."""
        path = self.folder / "held.db"
        with self.serve("--store", f"sqlite:{path}") as server:

            def readiness():  # as the shard sees it that takes the connection
                url = server.url.replace("ws", "http", 1) + "/readyz"
                with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
                    return answer.read()

            eventually(lambda: readiness() == b"ok", "it says that all is well")
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                    eventually(lambda: readiness() == b"ok, store: down", "it says that it is down")
                    server.wait_for_errors("the store is down")
                    alice.join("18")
                    bob.join("18")
                    talk(alice, bob, "18", [b"voice"] * 3)
                    holder.execute("ROLLBACK")
                    server.wait_for_errors("the store is back")
                    # On both shards alike; "slow" is a store that a loaded machine has.
                    eventually(lambda: {readiness() for _ in range(20)} == {b"ok"},
                               "it says that all is well")
            check_equal(server.errors().count("the store is"), 2, "sentences")
            server.end()

    def says_what_is_wrong(self):
        self.refused(2, "is no store: write sqlite:PATH", "--store", "papyrus")
        self.refused(2, "is no store: write sqlite:PATH", "--store", "sqlite:")
        self.refused(1, "its folder must exist", "--store", f"sqlite:{self.folder}/missing/file")
        (self.folder / "file").write_text("")
        self.refused(2, "name another with --data", "--data", self.folder / "file/folder")
        (self.folder / "no.db").write_text("this is no database" * 100)
        self.refused(1, "no SQLite file", "--store", f"sqlite:{self.folder}/no.db")
        self.refused(2, "HOST or PORT is missing or wrong", "--store", "redis://127.0.0.1:x")
        self.refused(2, "name a folder with --data", HOME="")


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases.run("it keeps its file where it is told, or where such files belong",
                  tests.default_folders)
        cases.run("with --store memory it keeps nothing", tests.nothing_kept, "--store", "memory")
        cases.run("with --dev it keeps nothing", tests.nothing_kept, "--dev")
        cases.run("memberships outlive the server", tests.memberships_outlive_it)
        cases.run("memberships outlive a kill", tests.memberships_outlive_a_kill)
        cases.run("a store in memory knows no more users than it may",
                  tests.knows_no_more_users_than_it_may)
        cases.run("it says when the store is down, and when it is back",
                  tests.says_how_the_store_does)
        cases.run("what cannot be used is refused with a sentence", tests.says_what_is_wrong)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
