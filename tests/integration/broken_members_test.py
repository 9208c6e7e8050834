#!/usr/bin/env python3
"""Shows that members who break off in the middle of a talk take nothing from the others: of a
hundred listeners a third is reset while voice is on its way, some by the kernel (`ss -K`).

Usage: broken_members_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import random
import shutil
import subprocess
import sys

from parley_testing import (AUDIO, DEADLINE_S, GROUP, START, START_ACK, Cases, Radio, Server,
                            check, check_equal, eventually)

LISTENERS = 100
BREAKING = 30  # of each kind of end
FRAMES = 60
SEED = 20250117


def voice(number):
    return number.to_bytes(2, "big") * 60


def destroy(radio):
    """Has the kernel destroy a connection. Both ports name it: the client's alone may also be that of
    a connection to somebody else's server."""
    port = radio.socket.getsockname()[1]
    server = radio.socket.getpeername()[1]
    done = subprocess.run(["ss", "-K", "-n", "sport", "=", f":{port}", "and", "dport", "=",
                           f":{server}"], capture_output=True, text=True, timeout=DEADLINE_S)
    check(done.returncode == 0 and f":{port}" in done.stdout, "ss -K destroyed nothing:",
          done.stdout, done.stderr)
    radio.socket.close()


def hears_all(listener, talker):
    listener.expect_message(GROUP, START, talker.name, "wide", "now")
    for number in range(FRAMES):
        listener.expect_message(GROUP, AUDIO, talker.name, "wide", voice(number))


def talks_while(server, break_off, descriptors):
    """One talk, in the middle of which `break_off(radio)` ends some of its listeners."""
    chance = random.Random(SEED)
    listeners = [Radio(server, f"listener{i}") for i in range(LISTENERS)]
    with Radio(server, "talker") as talker:
        for radio in (talker, *listeners):
            radio.join("wide")
        leaving = chance.sample(listeners, BREAKING)
        staying = [radio for radio in listeners if radio not in leaving]
        talker.say(GROUP, START, "talker", "wide", "now")
        talker.expect_message(GROUP, START_ACK, "talker", "wide", "now")
        for number in range(FRAMES):
            talker.say(GROUP, AUDIO, "talker", "wide", voice(number))
            if number >= 10 and leaving:
                break_off(leaving.pop())
                break_off(leaving.pop()) if leaving and number % 2 else None
        for radio in staying:
            hears_all(radio, talker)
        check_equal(len(leaving), 0, "those who were to leave and did not")
        for radio in staying:
            radio.socket.close()
    eventually(lambda: server.descriptors() <= descriptors, "every descriptor is closed")
    check(server.process.poll() is None, "the server has ended:", server.errors())


def main():
    cases = Cases()
    with Server.trusting(sys.argv[1], "--join", "open", "--shards", "2") as server:
        descriptors = server.descriptors()
        cases.run("30 of 100 listeners reset their connections in the middle of a talk",
                  talks_while, server, Radio.reset, descriptors)
        if shutil.which("ss") and os.geteuid() == 0:
            cases.run("30 of 100 are destroyed by the kernel", talks_while, server, destroy,
                      descriptors)
        else:
            print("skip  30 of 100 are destroyed by the kernel: needs root, and the command ss")
        cases.run("it ends in order", server.end)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
