#!/usr/bin/env python3
"""Shows what happens on the real program when there is too little of something: of places for an
address, of descriptors, of memory; and that floods leave nothing behind.

Usage: overload_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import contextlib
import os
import re
import resource
import ssl
import sys
import tempfile
import time

from parley_testing import (BINARY, CONNECTION_ACK, CONNECTION_TEST, GROUP, PING, STOP,
                            UNAUTHORIZED_GROUP, USER_ADD, Cases, Radio, Server, Wire, check,
                            check_equal, eventually, frame, run, talk, upgrade_request)

MIB = 1 << 20
DESCRIPTORS = 64  # of the server that runs out of them
GROWTH_MAX = 4 * MIB


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
    with Server.trusting(parley, "--shards", "4", "--memory-max", "128M") as server, \
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


def least_memory_is_enough(parley):
    """What is just not refused at the start lets people in, and lets them talk."""
    small = [parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--shards", "1"]
    refused = run([*small, "--memory-max", "1M"])
    least = re.search(r"choose (\d+) or more", refused.stderr)
    check(refused.returncode == 2 and least, refused)
    with tempfile.TemporaryDirectory() as folder, \
            Server([*small, "--memory-max", least[1], "--data", folder, "--record", "all",
                    "--tls-self-signed"]) as server, contextlib.ExitStack() as stack:
        if server.is_sanitized():
            print("      skipped: a sanitizer takes more than that for itself")
            return
        server.tls = ssl._create_unverified_context()
        radios = [stack.enter_context(Radio(server, f"radio-{i}")) for i in range(100)]
        for radio in radios:
            radio.join("18")
        for talker in radios[:5]:
            talk(talker, radios[-1], "18", [b"x" * 60] * 50)
            for other in radios:
                while other not in (talker, radios[-1]) and other.hear()[1] != STOP:
                    pass
        with Radio(server, "late") as late:
            late.fence()
        check("--memory-max" not in server.errors(), server.errors())
        server.end()


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


def joins_are_refused(radio):
    """What a server does from 90 % of its memory on, asked of it by joining a group."""
    radio.say(GROUP, USER_ADD, radio.name, "18")
    radio.say(GROUP, CONNECTION_TEST, radio.name, 0, "fence")
    first = radio.hear()
    if first[1] == CONNECTION_ACK:
        return False
    check_equal(first[1], UNAUTHORIZED_GROUP, "the answer to joining")
    check_equal(radio.hear()[1], CONNECTION_ACK, "what follows")
    return True


def is_let_in(server):
    with Wire(server.address) as wire:
        wire.send(upgrade_request(headers=[("VoicePingToken", "stranger")]))
        status, headers = wire.read_head()
        check(status == 101 or (status == 503 and headers.get("retry-after")), f"{status} {headers}")
        return status == 101


def memory_ceiling_holds(parley, size):
    """D4 under attack: peers begin messages of such a size and never end them, half as much again as
    the memory can hold. The server itself has to say that memory is short, or it was no attack; it
    lives on, serves those who behave, and lets in others again once the attackers are gone."""
    with Server.trusting(parley) as server:
        if server.is_sanitized():
            print("      skipped: a sanitizer keeps 256 MiB of what was freed, so memory stays short")
            return
    ceiling = 160 * MIB
    group = memory_group(ceiling)
    if group is None:
        return
    begun = frame(BINARY, b"x" * (size - 1), declared=size, key=bytes(4))
    try:
        with Server(["sh", "-c", f"echo $$ > {group}/cgroup.procs; exec \"$0\" serve --listen "
                     "127.0.0.1:0 --auth trust --shards 2 --limit-joins 0 --limit-control 0",
                     parley]) as server, contextlib.ExitStack() as stack:
            sitting = stack.enter_context(Radio(server, "sitting"))
            attackers = [stack.enter_context(Radio(server, f"attacker-{i}"))
                         for i in range(ceiling * 3 // 2 // size)]
            highest, short_after = 0, None
            for count, each in enumerate(attackers):
                each.send(begun)
                if short_after is None and joins_are_refused(sitting):
                    short_after = count
                    check(not is_let_in(server), "a stranger was let in while memory was short")
                highest = max(highest, server.rss_bytes())
            check(short_after is not None, f"memory was never short: {highest / MIB:.0f} MiB at most")
            sitting.fence()
            check(server.process.poll() is None, "the server was killed")
            print(f"      short of memory after {short_after} messages; {highest / MIB:.0f} MiB at "
                  f"most of {ceiling / MIB:.0f}")
            for each in attackers:
                each.reset()
            eventually(lambda: is_let_in(server), "a stranger is let in again")
            server.end()
    finally:
        eventually(lambda: remove_group(group), "an empty cgroup")


def remove_group(group):
    try:
        os.rmdir(group)
    except OSError:
        return False
    return True


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
    if not server.is_sanitized():  # the last connections have no descriptors, and end in their time
        eventually(lambda: server.rss_bytes() - memory <= memory // 20, "the memory of before")
    grown = server.rss_bytes() - memory
    print(f"      {descriptors} descriptors before and after, {grown / 1024:.0f} KiB more")


def main():
    parley = sys.argv[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cases = Cases()
    cases.run("B7 an address has so many connections, on all shards", an_address_has_so_many, parley)
    cases.run("B7 loopback is not counted unasked", loopback_is_not_counted_unasked, parley)
    cases.run("C5 descriptors run out", descriptors_run_out, parley)
    with Server.trusting(parley, "--shards", "2") as server:
        cases.run("C7 floods leave nothing behind", floods_leave_nothing, server)
    cases.run("D3 questions are not read from who does not read the answers",
              questions_without_reading, parley)
    cases.run("D4 short memory refuses connections", short_memory_refuses, parley)
    cases.run("D4 the least memory is enough", least_memory_is_enough, parley)
    for size in (MIB, 60_000):  # few that begin much, and many that begin little
        cases.run(f"D4 the ceiling of a cgroup holds against messages of {size} octets",
                  memory_ceiling_holds, parley, size)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
