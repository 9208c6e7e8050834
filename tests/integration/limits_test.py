#!/usr/bin/env python3
"""Shows the limits of docs/LIMITS.md on the real program: that the page names every option with its
default, and that what messages, users and readers may holds where it is said to.

Usage: limits_test.py PARLEY LIMITS_MD
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import re
import struct
import sys
import time

from parley_testing import (AUDIO, BINARY, CLOSE, GROUP, IMAGE, PRIVATE, START, START_ACK, STOP, STOP_ACK,
                            TEXT_ACK, TEXT_MESSAGE, UNAUTHORIZED_GROUP, Cases, Radio, Server, check,
                            check_equal, pack, run)

MIB = 1 << 20
TOO_MANY = "Too Many Requests"


# --- the page -------------------------------------------------------------------------------------


def the_page_names_every_option_with_its_default(parley, page):
    help_text = run([parley, "serve", "--help"]).stdout
    offered = dict(re.findall(r"^  (--(?:limit|memory)-[a-z-]+) [A-Z]+(?:=(\d+))?", help_text, re.M))
    with open(page) as file:
        text = file.read()
    described = dict(re.findall(r"^\| `(--[a-z-]+)` \| ([\d,]*)", text, re.M))
    check(len(offered) > 25, f"the help names only {sorted(offered)}")
    check_equal(sorted(described), sorted(offered), "the options of the page")
    for option, default in offered.items():
        check_equal(described[option].replace(",", ""), default, f"the default of {option}")


def every_option_stands_in_the_environment(parley):
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust"],
                {**os.environ, "PARLEY_LIMIT_TEXT": "1", "PARLEY_LIMIT_TEXT_BURST": "2"}) as server:
        with Radio(server, "alice") as alice:
            check_equal(texts_taken(alice, 5), 2, "texts that were taken")


def what_cannot_be_is_refused_in_words(parley):
    for arguments, words in ((["--limit-text-burst", "0"], "--limit-text 0"),
                             (["--limit-ping", "0"], "choose 1 to"),
                             (["--limit-groups", "129"], "choose 1 to 128"),
                             (["--limit-fragments", "0"], "choose 1 or more"),
                             (["--limit-stored-users", "0"], "choose 1 or more"),
                             (["--limit-image-bytes", str(1 << 31)], "1 GiB"),
                             (["--memory-max", "1000"], "--memory-max 0 for no limit"),
                             (["--memory-max", "64M", "--shards", "16"], "fewer --shards"),
                             (["--memory-max", "1X"], "such as 512M"),
                             (["--memory-max", "99999999999G"], "such as 512M"),
                             (["--limit-text", "-1"], "write digits alone")):
        done = run([parley, "serve", "--dev", "--listen", "127.0.0.1:0", *arguments])
        check_equal(done.returncode, 2, f"the status of {arguments}")
        check(words in done.stderr, f"{arguments} is refused with {done.stderr}")


# --- messages and pace ----------------------------------------------------------------------------


def texts_taken(radio, count):
    """Of so many direct texts to nobody; each is answered, one way or the other."""
    for i in range(count):
        radio.say(PRIVATE, TEXT_MESSAGE, radio.name, "nobody", f"text {i}")
    answers = [radio.hear() for _ in range(count)]
    refusal = [GROUP, UNAUTHORIZED_GROUP, radio.name, "nobody", TOO_MANY]
    check(all(each[1] == TEXT_ACK or each == refusal for each in answers), f"heard {answers}")
    return sum(each[1] == TEXT_ACK for each in answers)


def sizes_go_by_the_kind(server):
    with Radio(server, "alice") as alice:
        alice.join("18")

        def message(kind, size):
            envelope = len(pack([GROUP, kind, "alice", "18", b"x" * (size - 20)])) - (size - 20)
            return pack([GROUP, kind, "alice", "18", b"x" * (size - envelope)])

        for kind, size in ((TEXT_MESSAGE, 65535), (TEXT_MESSAGE, 65536), (IMAGE, 65537),
                           (IMAGE, 1052672)):
            whole = message(kind, size)
            check_equal(len(whole), size, "the size of the message")
            alice.send_frame(BINARY, whole)
            if kind == TEXT_MESSAGE:
                check_equal(alice.hear()[1], TEXT_ACK, "the answer")
        alice.fence()
        alice.send_frame(BINARY, message(TEXT_MESSAGE, 65537))
        alice.expect_close(1009)


def a_flood_of_texts_is_closed(server):
    """20 pass, 99 are refused, and the next one is too many."""
    with Radio(server, "flooder") as radio:
        began = time.monotonic()
        for i in range(400):
            radio.say(GROUP, TEXT_MESSAGE, "flooder", "18", f"text {i}")
        refused = 0
        while True:
            seen = radio.read_frame()
            check(seen is not None, "it ended without a close frame")
            if seen.opcode == CLOSE:
                break
            refused += TOO_MANY.encode() in seen.payload
        check_equal(struct.unpack(">H", seen.payload[:2])[0], 4008, "the close code")
        check(99 <= refused <= 99 + 1 + (time.monotonic() - began) / 10, f"{refused} were refused")


def stop_is_never_held_up(server):
    with Radio(server, "talker") as radio:
        radio.join("19")
        radio.say(GROUP, START, "talker", "19", "now")
        radio.expect_message(GROUP, START_ACK, "talker", "19", "now")
        for i in range(60):
            radio.say(GROUP, TEXT_MESSAGE, "talker", "19", f"text {i}")
        for i in range(200):
            radio.say(GROUP, AUDIO, "talker", "19", b"v" * 128)
        radio.say(GROUP, STOP, "talker", "19")
        while radio.hear()[1] != STOP_ACK:
            pass


# --- readers --------------------------------------------------------------------------------------


def drain_until_close(radio):
    """The code that a reader finds which reads again; None if it is reset."""
    while True:
        seen = radio.read_frame()
        if seen is None:
            return None
        if seen.opcode == CLOSE:
            check(radio.read_frame() is None, "something came behind the close frame")
            return struct.unpack(">H", seen.payload[:2])[0]


def a_slow_consumer_is_told(parley):
    with Server.trusting(parley, "--limit-text", "0", "--limit-closing", "15000") as server:
        with Radio(server, "slow") as slow, Radio(server, "fast") as fast:
            slow.join("18")
            fast.join("18")
            image = b"i" * MIB
            for _ in range(12):  # what the kernel holds, and more
                fast.say(GROUP, IMAGE, "fast", "18", image)
                fast.fence()
            check_equal(drain_until_close(slow), 4008, "the code of the slow consumer")


def main():
    parley, page = sys.argv[1:]
    cases = Cases()
    cases.run("the page names every option with its default",
              the_page_names_every_option_with_its_default, parley, page)
    cases.run("every option stands in the environment", every_option_stands_in_the_environment, parley)
    cases.run("what cannot be is refused in words", what_cannot_be_is_refused_in_words, parley)
    with Server.trusting(parley, "--shards", "2") as server:
        cases.run("B2 sizes go by the kind of message", sizes_go_by_the_kind, server)
        cases.run("B6 a flood of texts is refused, then closed", a_flood_of_texts_is_closed, server)
        cases.run("V25 STOP is never held up", stop_is_never_held_up, server)
    cases.run("D1 a slow consumer is told, and nothing comes behind it", a_slow_consumer_is_told, parley)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
