#!/usr/bin/env python3
"""Shows a disk that is full under the store's file: nothing is acknowledged that is not stored,
voice goes on, what was acknowledged before is there, and once there is room again all is as before.

Usage: full_disk_test.py PARLEY
As root, since the disk is a small file system of the test's own, mounted where nobody else sees it;
else it is skipped. Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from messages_test import read, serve, write, write_until_stored
from parley_testing import (PRIVATE, SKIPPED, TEXT_MESSAGE, Cases, Radio, check, check_equal,
                            eventually, talk)

DISK_BYTES = 4 << 20
LONG = "x" * 4000  # a text that needs room of its own
VOICE = [b"voice"] * 10


class Store:
    def __init__(self, disk):
        self.url = f"sqlite:{disk}/parley.db"


def fill(ballast):
    """Takes what room is left."""
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def refused(radio, to, number):
    """Says it until the answer is that it was not stored; gives the ids of what was."""
    told = []
    for i in range(DISK_BYTES // len(LONG) + 1):  # more than there is room for
        radio.say(PRIVATE, TEXT_MESSAGE, radio.name, to, f"{number}.{i}", LONG)
        answer = radio.hear()
        if answer[-1] == "Not Stored":
            return told, f"{number}.{i}"
        check_equal(answer[-1], "Acknowledged", "the answer")
        told.append(answer[4])
    check(False, "all of it was stored on a disk that has no room for it")


def goes_on(parley, disk):
    store, ballast = Store(disk), disk / "ballast"
    with serve(parley, store) as server:
        with Radio(server, "alice") as alice, Radio(server, "carol") as carol:
            for radio in alice, carol:
                radio.join("18")
            ids = [write(alice, "bob", "before", "before")]
            fill(ballast)
            told, open_id = refused(alice, "bob", 1)
            ids += told
            talk(alice, carol, "18", VOICE)
            server.wait_for_errors(r"the store is down \([^\n]*full[^\n]*\)")
            with Radio(server, "dave") as dave:  # whom the store never saw
                dave.fence()
            ballast.unlink()
            ids.append(write_until_stored(alice, "bob", LONG, open_id))
            ids.append(write(alice, "bob", "after", "after"))
            eventually(lambda: "the store is back" in server.errors(), "the good news")
        server.end()
    with serve(parley, store) as server, Radio(server, "bob") as bob:
        check_equal([read(bob)["message_id"] for _ in ids], ids, "what Bob gets")
        bob.fence()
        server.end()


def killed_while_full(parley, disk):
    store, ballast = Store(disk), disk / "ballast"
    with serve(parley, store) as server, Radio(server, "alice") as alice:
        fill(ballast)
        ids, _ = refused(alice, "erin", 2)
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    ballast.unlink()
    with serve(parley, store) as server, Radio(server, "erin") as erin:
        check_equal([read(erin)["message_id"] for _ in ids], ids, "what Erin gets")
        erin.fence()
        server.end()


def main():
    if os.geteuid() != 0:
        print("not root: skipped")
        return SKIPPED
    if len(sys.argv) == 2:
        return subprocess.run(["unshare", "--mount", sys.executable, __file__, sys.argv[1],
                               "inside"], check=False).returncode
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs",
                                  folder], check=False)
        if mounted.returncode != 0:
            print("no file system can be mounted here: skipped")
            return SKIPPED
        try:
            disk = pathlib.Path(folder)
            cases.run("the store goes on when there is room again", goes_on, sys.argv[1], disk)
            cases.run("killed while the disk is full", killed_while_full, sys.argv[1], disk)
        finally:
            subprocess.run(["umount", folder], check=False)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
