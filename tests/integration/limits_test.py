#!/usr/bin/env python3
"""Shows the limits of docs/LIMITS.md on the real program: that the page names every option with its
default, that each limit holds where it is said to, and that floods leave nothing behind.

Usage: limits_test.py PARLEY LIMITS_MD
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import contextlib
import os
import re
import socket
import struct
import sys
import time

from parley_testing import (AUDIO, BINARY, CLOSE, GROUP, IMAGE, PING, PRIVATE, START, START_ACK, STOP,
                            STOP_ACK, TEXT_ACK, TEXT_MESSAGE, UNAUTHORIZED_GROUP, Cases, Radio,
                            Server, Wire, check, check_equal, eventually, frame, pack, run,
                            upgrade_request)

MIB = 1 << 20
TOO_MANY = "Too Many Requests"
DESCRIPTORS = 64  # of the server that runs out of them
GROWTH_MAX = 4 * MIB


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


def flood(radio, most, quiet_s):
    """Sends pings until nothing more is taken for a while, and says how many octets were."""
    data = memoryview(frame(PING, b"x" * 125) * 1000)
    radio.socket.setblocking(False)
    sent = 0
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < quiet_s and sent < most:
        try:
            sent += radio.socket.send(data[sent % len(data) :])
            quiet_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    return sent


def questions_without_reading(parley):
    """D3: pings whose pongs nobody reads."""
    with Server.trusting(parley, "--shards", "1") as server:
        with Radio(server, "flood") as radio:
            radio.fence()
            before = server.rss_bytes()
            sent = flood(radio, 256 * MIB, quiet_s=0.5)
            check(sent < 256 * MIB, "it was read to the end")
            grown = server.rss_bytes() - before
            print(f"      {sent / MIB:.1f} MiB were sent; the server grew by {grown / MIB:.2f} MiB")
            check(server.is_sanitized() or grown <= GROWTH_MAX, f"it grew by {grown} bytes")


# --- descriptors, addresses, memory ---------------------------------------------------------------


def descriptors_run_out(parley):
    """C5: who is in is served, nothing spins, the operator is told once, and it goes on."""
    command = ["sh", "-c", f"ulimit -n {DESCRIPTORS}; exec \"$0\" serve --listen 127.0.0.1:0 "
               "--auth trust --shards 1 --limit-opening 60000", parley]
    with Server(command) as server, contextlib.ExitStack() as stack:
        radio = stack.enter_context(Radio(server, "early"))
        idle = [stack.enter_context(Wire(server.address)) for _ in range(3 * DESCRIPTORS)]
        eventually(lambda: "no file descriptor" in server.errors(), "a word to the operator")
        spare = DESCRIPTORS - server.descriptors()
        check(spare >= 15, f"only {spare} descriptors are left for others")
        busy, began = server.cpu_seconds(), time.monotonic()
        while time.monotonic() - began < 1:
            radio.fence()
            time.sleep(0.02)
        share = (server.cpu_seconds() - busy) / (time.monotonic() - began)
        check(server.is_sanitized() or share < 0.2, f"it takes {share:.0%} of a core")
        for each in idle:
            each.socket.close()
        began = time.monotonic()
        with Radio(server, "late") as late:
            late.fence()
        print(f"      accepted {time.monotonic() - began:.2f} s after descriptors were free; "
              f"{share:.1%} of a core while there were none")
        check(server.is_sanitized() or time.monotonic() - began < 1, "accepts resumed too late")
        check_equal(server.errors().count("no file descriptor"), 1, "words to the operator")


def an_address_has_so_many(parley):
    with Server.trusting(parley, "--shards", "2", "--limit-sockets-per-address", "4") as server:
        with contextlib.ExitStack() as stack:
            for i in range(4):
                stack.enter_context(Radio(server, f"user-{i}")).fence()
            with Wire(server.address) as fifth:
                fifth.send(upgrade_request(headers=[("VoicePingToken", "fifth")]))
                status, headers = fifth.read_head()
                check_equal(status, 429, "the answer to the fifth")
                check_equal(headers.get("retry-after"), "10", "Retry-After")

        def has_room():
            with Wire(server.address) as wire:
                wire.send(upgrade_request(headers=[("VoicePingToken", "after")]))
                return wire.read_head()[0] == 101

        eventually(has_room, "room for another")


def loopback_is_not_counted_unasked(parley):
    with Server.trusting(parley) as server, contextlib.ExitStack() as stack:
        for i in range(300):
            stack.enter_context(Wire(server.address))
        with Radio(server, "late") as late:
            late.fence()


def short_memory_refuses(parley):
    """D4, its first level, with a ceiling just above what the server itself needs: half a message
    each of a few peers reaches it, and no cgroup is needed."""
    begun = frame(BINARY, b"x" * (MIB // 2), declared=MIB)
    with Server.trusting(parley, "--shards", "4", "--memory-max", "70M") as server, \
            contextlib.ExitStack() as stack:
        def refused():
            wire = stack.enter_context(Wire(server.address))
            wire.send(upgrade_request(headers=[("VoicePingToken", "late")]))
            if wire.read_head()[0] == 503:
                return True
            wire.send(begun)
            return False
        eventually(refused, "a 503")
        check("--memory-max" in server.errors(), "the operator is not told")


def memory_group(bytes_max):
    """A new cgroup that allows so much, of either version; None with the reason printed if this
    machine lets nobody make one."""
    for root, name in (("/sys/fs/cgroup", "memory.max"),
                       ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        group = f"{root}/parley-limits-{os.getpid()}"
        with contextlib.suppress(OSError):
            os.mkdir(group)
            try:
                with open(f"{group}/{name}", "r+") as file:
                    file.write(str(bytes_max))
                return group
            except OSError:
                os.rmdir(group)
    print("      skipped: no cgroup with a memory limit can be made here")
    return None


def memory_ceiling_holds(parley):
    """D4 under attack: readers that read nothing are sent, and senders begin, more than there is."""
    # A sanitizer's own memory counts as well, and it keeps what was freed.
    with Server.trusting(parley) as server:
        is_sanitized = server.is_sanitized()
    ceiling = (1024 if is_sanitized else 160) * MIB
    group = memory_group(ceiling)
    if group is None:
        return
    try:
        with Server(["sh", "-c", f"echo $$ > {group}/cgroup.procs; exec \"$0\" serve --listen "
                     "127.0.0.1:0 --auth trust --shards 2 --limit-text 0 --limit-control 0",
                     parley]) as server, contextlib.ExitStack() as stack:
            readers = [stack.enter_context(Radio(server, f"reader-{i}")) for i in range(150)]
            for each in readers:
                each.fence()
            talker = Radio(server, "talker")
            begun = frame(BINARY, declared=MIB)
            highest, refused, until = 0, 0, time.monotonic() + 6
            while time.monotonic() < until:
                for each in readers:
                    talker.socket.settimeout(0.2)
                    with contextlib.suppress(OSError):
                        talker.socket.sendall(frame(BINARY, pack(
                            [PRIVATE, IMAGE, "talker", each.name, b"i" * MIB]), key=bytes(4)))
                    highest = max(highest, server.rss_bytes())
                with contextlib.suppress(OSError), Wire(server.address) as wire:
                    wire.send(upgrade_request(headers=[("VoicePingToken", "sender")]))
                    status = wire.read_head()[0]
                    refused += status == 503
                    if status == 101:
                        wire.send(begun + b"x" * (MIB // 2))
                        time.sleep(0.01)
            talker.socket.close()
            check(server.process.poll() is None, "the server was killed")
            print(f"      {highest / MIB:.0f} MiB at most of {ceiling / MIB:.0f}; {refused} "
                  "connections refused")
            check(is_sanitized or highest <= ceiling, f"{highest} bytes were used")
    finally:
        eventually(lambda: remove_group(group), "an empty cgroup")


def remove_group(group):
    try:
        os.rmdir(group)
    except OSError:
        return False
    return True


# --- floods ---------------------------------------------------------------------------------------


def floods_leave_nothing(server):
    """C7, bounded: resets, silent connections, single octets, peers with a closed window."""
    with Radio(server, "warm") as radio:
        radio.fence()

    def resets():
        for _ in range(2000):
            wire = Wire(server.address)
            wire.send(b"GET / HTTP/1.1\r\n")
            wire.reset()

    def silent():
        for _ in range(500):
            Wire(server.address).socket.close()

    def octets():
        for _ in range(50):
            with Wire(server.address) as wire:
                wire.send_octets(upgrade_request(headers=[("VoicePingToken", "octets")]))
                check_equal(wire.read_head()[0], 101, "the answer")
                wire.send_octets(frame(PING, b"x" * 20))

    def closed_windows():
        radios = [Radio(server, f"window-{i}") for i in range(20)]
        for each in radios:
            flood(each, 64 * MIB, quiet_s=0.02)
        for each in radios:
            each.reset()

    floods = (resets, silent, octets, closed_windows)
    for each in floods:  # pools and tables are warm then
        each()
    eventually(lambda: server.descriptors() < 60, "few descriptors")
    descriptors, memory = server.descriptors(), server.rss_bytes()
    for each in floods:
        each()
    eventually(lambda: server.descriptors() <= descriptors, f"the {descriptors} descriptors of before")
    grown = server.rss_bytes() - memory
    print(f"      {descriptors} descriptors before and after, {grown / 1024:.0f} KiB more")
    check(server.is_sanitized() or grown <= memory // 20, f"it grew by {grown} of {memory} bytes")


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
    cases.run("B7 an address has so many connections, on all shards", an_address_has_so_many, parley)
    cases.run("B7 loopback is not counted unasked", loopback_is_not_counted_unasked, parley)
    cases.run("C5 descriptors run out", descriptors_run_out, parley)
    with Server.trusting(parley, "--shards", "2") as server:
        cases.run("C7 floods leave nothing behind", floods_leave_nothing, server)
    cases.run("D1 a slow consumer is told, and nothing comes behind it", a_slow_consumer_is_told, parley)
    cases.run("D3 questions are not read from who does not read the answers",
              questions_without_reading, parley)
    cases.run("D4 short memory refuses connections", short_memory_refuses, parley)
    cases.run("D4 the ceiling of a cgroup holds under attack", memory_ceiling_holds, parley)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
