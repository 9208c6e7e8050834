#!/usr/bin/env python3
"""Shows that no input ends the server or costs it anything for good: a million mutated frames and
thousands of mangled upgrades and resets; then the same process relays voice between two clean
clients, has as many descriptors as before, and in one flood of several takes no more memory.

Usage: hostile_test.py PARLEY HOSTILE_FLOOD [FRAMES [SEED]]
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys
import tempfile

from parley_testing import UNLIMITED, Cases, Radio, Server, check, eventually, run, talk

FRAMES = 1_000_000
SEED = 20240917
WARM_UP_FRAMES = 50_000
# What a million frames may leave behind once pools, tables and the allocator are warm: the members
# and groups they named; what they said is in the file. A leak of 4 octets a frame would be 4 MB in
# each flood, while the allocator's own steps, up to 11 MB, come in some of them and not in others.
GROWTH_MAX = 3 << 20
FLOODS_MAX = 5
FLOOD_MAX_S = 240  # it takes 2 s, and a sanitizer beside other tests a hundred times as long


def flood(server, program, frames, seed):
    done = run([program, server.address[1], frames, seed], seconds=FLOOD_MAX_S)
    check(done.returncode == 0, done.stderr, server.errors() if server.process.poll() else "")
    print("     ", done.stdout.strip())


def relays_voice(server):
    check(server.process.poll() is None, "the server has ended:", server.errors())
    with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
        alice.join("clean")
        bob.join("clean")
        talk(alice, bob, "clean", [bytes([i]) * 128 for i in range(50)])
        talk(bob, alice, "clean", [bytes([i]) * 128 for i in range(50)])


def leaves_nothing(server, program, frames, seed, descriptors):
    eventually(lambda: server.descriptors() <= descriptors,
               f"the {descriptors} descriptors of before")
    if server.is_sanitized():  # it looks for leaks itself, when it ends
        return
    for i in range(FLOODS_MAX):
        before = settled(server.rss_bytes)
        flood(server, program, frames, seed + i)
        grown = settled(server.rss_bytes) - before
        print(f"      {grown / (1 << 20):.1f} MiB more than before")
        if grown <= GROWTH_MAX:
            return
    check(False, f"it grew by more than {GROWTH_MAX >> 20} MiB in each of {FLOODS_MAX} floods")


def main():
    parley, program = sys.argv[1:3]
    frames = int(sys.argv[3]) if len(sys.argv) > 3 else FRAMES
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else SEED
    print(f"seed {seed}")
    cases = Cases()
    with (tempfile.TemporaryDirectory() as folder,
          Server.trusting(parley, "--join", "open", "--shards", "2", "--store",
                          f"sqlite:{folder}/parley.db", *UNLIMITED) as server):
        cases.run("voice is relayed before", relays_voice, server)
        flood(server, program, WARM_UP_FRAMES, seed + 1)
        relays_voice(server)
        descriptors = settled(server.descriptors)
        cases.run(f"it takes {frames} mutated frames", flood, server, program, frames, seed)
        cases.run("the same process relays voice after", relays_voice, server)
        cases.run("nothing is left behind", leaves_nothing, server, program, frames, seed + 2,
                  descriptors)
        cases.run("it ends in order", server.end)
    return cases.finish()


def settled(figure):
    """What it is once it stands still for a while."""
    seen = []

    def still():
        seen.append(figure())
        return len(seen) >= 50 and len(set(seen[-50:])) == 1

    eventually(still, "a constant figure")
    return seen[-1]


if __name__ == "__main__":
    sys.exit(main())
