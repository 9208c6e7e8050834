#!/usr/bin/env python3
"""Shows that nobody is timed out by a clock that is set, or by a process that was stopped.

Usage: time_test.py PARLEY
The machine's clock is libfaketime's (package libfaketime; without it, or under a sanitizer, those
cases are left out). Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import base64
import glob
import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

from parley_testing import (AUDIO, GROUP, PING, PONG, START, START_ACK, STOP, STOP_ACK, UNLIMITED, Cases,
                            Radio, Server, Wire, check, check_equal, upgrade_request)

SECRET = "thirty-two octets are long enough"
LEARNS_S = 3.0  # after that long a server has long looked at its clock again
YEARS = 10 * 365 * 86400
STOPPED_S = 10.5
# What an opening and a pong may take: shorter than the stop, and long enough for a loaded machine to
# get ready in.
WAIT_MAX_MS = "10000"
EACH = 300  # radios, and as many openings: more than a turn has receive buffers for


def token(user, **claims):
    parts = [{"alg": "HS256"}, {"userId": user, "channelIds": ["g"], **claims}]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                    for part in parts)
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def refused(server, user, **claims):
    with Wire(server.address) as wire:
        wire.send(upgrade_request(headers=[("VoicePingToken", token(user, **claims))]))
        status, _ = wire.read_head()
        return status == 401


# --- a process that is stopped


def survive(server, radios, openings):
    """Stops the server while every radio owes it an answer and every opening half of its request.
    The radios give it only afterwards, and are asked again; the openings, whose time would be over,
    have sent theirs by then."""
    for number, opening in enumerate(openings):
        request = upgrade_request(headers=[("VoicePingToken", f"late{number}")])
        opening.send(request[:40])
        opening.rest = request[40:]
    radios[0].send_frame(PONG)
    radios[0].fence()  # the server has taken it all
    os.kill(server.pid, signal.SIGSTOP)
    for opening in openings:
        opening.send(opening.rest)
    time.sleep(STOPPED_S)  # no event tells that it is over: the pause itself is what is tested
    os.kill(server.pid, signal.SIGCONT)
    radios[0].fence()  # it runs again, and has judged every timer
    for radio in radios:
        radio.send_frame(PONG)
    for opening in openings:
        check_equal(opening.read_head()[0], 101, "the answer to the upgrade")
    for radio in radios:
        radio.fence()


def no_mass_time_out(parley):
    environment = {**os.environ, "PING_INTERVAL": "300"}
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--shards", "1",
                 "--limit-opening", WAIT_MAX_MS, "--limit-pong", WAIT_MAX_MS],
                environment) as server:
        radios = [Radio(server, f"radio{i}") for i in range(EACH)]
        openings = []
        try:
            for radio in radios:
                check_equal(radio.read_frame().opcode, PING, "what a quiet radio hears")
            openings += [Wire(server.address) for _ in range(EACH)]  # whose time begins now
            survive(server, radios, openings)
        finally:
            for each in (*radios, *openings):
                each.socket.close()
        server.end()


# --- a clock that is set


def faketime_library():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    return found[0] if found else None


class Clock:
    """The time of day that a program sees."""

    def __init__(self, library, folder):
        self.file = pathlib.Path(folder) / "time"
        self.set_ahead(0)
        self.environment = {**os.environ, "LD_PRELOAD": library, "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_DONT_RESET": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PING_INTERVAL": "500"}

    def set_ahead(self, seconds):
        self.file.write_text(f"{seconds:+d}s\n")


def stamp_of(stopped):
    """The time of day in the id of a talk."""
    return int(re.search(r"_(\d+)_\d+ms\.opus", str(stopped))[1]) / 1000


def talk_once(talker, listener):
    talker.say(GROUP, START, talker.name, "g", "now")
    talker.expect_message(GROUP, START_ACK, talker.name, "g", "now")
    talker.say(GROUP, STOP, talker.name, "g")
    ended = talker.hear()
    check_equal(ended[1], STOP_ACK, "the answer to STOP")
    while listener.hear()[1] != STOP:
        pass
    return stamp_of(ended)


def clock_is_set(parley, library):
    now = int(time.time())
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(library, folder)
        secret = pathlib.Path(folder) / "secret"
        secret.write_text(SECRET)
        with Server([parley, "serve", "--listen", "127.0.0.1:0", "--shards", "2",
                     "--jwt-secret-file", secret, *UNLIMITED], clock.environment) as server:
            # Their tokens have no end: one that has would end its session with it (F3).
            alice = Radio(server, token("alice"), name="alice")
            bob = Radio(server, token("bob"), name="bob")
            alice.fence()
            bob.fence()
            stamps = [talk_once(alice, bob)]
            check(abs(stamps[0] - now) < 600, f"the first talk is stamped {stamps[0]}")
            # The floor is held over every jump.
            alice.say(GROUP, START, "alice", "g", "held")
            alice.expect_message(GROUP, START_ACK, "alice", "g", "held")
            bob.expect_message(GROUP, START, "alice", "g", "held")
            for ahead in (YEARS, -YEARS, 0):
                clock.set_ahead(ahead)
                deadline = time.monotonic() + LEARNS_S / 3
                while time.monotonic() < deadline:  # voice goes on, pings are asked and answered
                    alice.say(GROUP, AUDIO, "alice", "g", b"voice")
                    bob.expect_message(GROUP, AUDIO, "alice", "g", b"voice")
                check_equal(refused(server, "carol", exp=now + 600), ahead > 0,
                            f"a token of today is refused {ahead} s from now")
                check_equal(refused(server, "carol", nbf=now - 600), ahead < 0,
                            f"a token that began today is refused {ahead} s from now")
            alice.say(GROUP, STOP, "alice", "g")
            check_equal(alice.hear()[1], STOP_ACK, "the answer to STOP")
            check_equal(bob.hear()[1], STOP, "the end of the talk")
            for ahead in (YEARS, -YEARS, 0):
                clock.set_ahead(ahead)
                stamps.append(talk_once(alice, bob))
            check(stamps == sorted(stamps), f"the stamps step back: {stamps}")
            alice.fence()
            bob.fence()
            for radio in (alice, bob):
                radio.socket.close()
            server.end()


def is_sanitized(parley):
    with Server.trusting(parley) as server:
        return server.is_sanitized()


def main():
    parley = sys.argv[1]
    cases = Cases()
    cases.run(f"{EACH} radios and {EACH} openings survive a stop of {STOPPED_S:.1f} s",
              no_mass_time_out, parley)
    library = faketime_library()
    if library is None or is_sanitized(parley):  # both want to be the first library
        print("      (without libfaketime: the clock is not set)")
    else:
        cases.run("the clock is set ten years on, back, and right again: only tokens see it",
                  clock_is_set, parley, library)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
