#!/usr/bin/env python3
"""Shows that two shards lose nothing, add nothing and keep each talker's order: one group with
2,000 listeners spread over both, and 1,000 groups that talk at once.

Usage: shards_test.py PARLEY PARLEY_LOAD
parley-load checks every frame that arrives. Prints a line for each case, then
`N passed, M failed`; exits 0 if none failed.

The pace is 20 frames a second and not the 50 of 20 ms packets: what is tested is that nothing is
lost, and voice may be dropped by design when a machine is so busy that it is late by more than half
a second. 2,000 listeners at 20 frames are 40,000 deliveries a second, which generator and server
together manage on a fraction of two cores that are busy with other tests as well.
"""
import json
import sys

from parley_testing import UNLIMITED, Cases, Server, check, check_equal, run

PACE = 20
SECONDS = 3
LOAD_MAX_S = 100  # connecting included


def load(server, program, connections, group_size, talkers):
    done = run([program, "fanout", "--server", server.url, "--connections", connections,
                "--group-size", group_size, "--talkers", talkers, "--seconds", SECONDS, "--pace",
                PACE, "--pid", server.pid, "--json"], seconds=LOAD_MAX_S)
    try:
        result = json.loads(done.stdout)
    except ValueError:
        result = {}
    print("     ", json.dumps(result))
    check(done.returncode == 0, f"parley-load exited with {done.returncode}: {done.stderr[-500:]}")
    for wrong in ("lost", "duplicated", "reordered", "corrupted"):
        check_equal(result[wrong], 0, wrong)
    # Half of what the pace asks for: a generator that was starved has shown nothing.
    wanted = talkers * (group_size - 1) * PACE * SECONDS // 2
    check(result["deliveries"] >= wanted, f"{result['deliveries']} deliveries, under {wanted}")


def main():
    parley, program = sys.argv[1:3]
    cases = Cases()
    with Server.trusting(parley, "--join", "open", "--shards", "2", *UNLIMITED) as server:
        cases.run("one talker is heard by 2,000 listeners on two shards", load, server, program,
                  2000, 2000, 1)
        cases.run("1,000 groups talk at once", load, server, program, 2000, 2, 1000)
        cases.run("100 groups of 20 talk at once", load, server, program, 2000, 20, 100)
        cases.run("the server ends in order", server.end)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
