#!/usr/bin/env python3
"""Shows what quiet connections cost: little memory, and no descriptors.

Usage: idle_test.py PARLEY PARLEY_LOAD
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import json
import os
import subprocess
import sys

from parley_testing import Cases, Server, check, check_equal

LOAD_MAX_S = 100  # connecting included
USER_BYTES_MAX = 512  # of a signed-in connection in one group
DESCRIPTORS = 600


def idle(program, server, connections):
    """The result of a second in which so many are connected and nobody speaks but one."""
    done = subprocess.run(
        [program, "idle", "--server", server.url, "--connections", str(connections), "--group-size",
         "100", "--seconds", "1", "--voice", "--json", "--pid", str(server.pid)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LOAD_MAX_S)
    check_equal(done.returncode, 0, f"the exit status ({done.stderr[-300:]})")
    result = json.loads(done.stdout)
    check(result["passed"], result["failure"])
    return result


def memory(parley, program):
    """Many, so that what is made once does not count; a new server, for one that was loaded before
    has memory to spare."""
    with Server.trusting(parley, "--shards", "1") as server:
        result = idle(program, server, 10_000)
        each = result["server_bytes_per_connection"]
        check(0 < each <= USER_BYTES_MAX, f"{each} bytes for each connection")


def descriptors(parley, program):
    """Two shards hold more connections than the process may have descriptors."""
    with Server(["sh", "-c", f"ulimit -n {DESCRIPTORS}; exec \"$0\" serve --listen 127.0.0.1:0 "
                 "--auth trust --shards 2", parley]) as server:
        connections = DESCRIPTORS * 3 // 2
        idle(program, server, connections)
        held = len(os.listdir(f"/proc/{server.pid}/fd"))
        check(held < DESCRIPTORS // 10, f"{held} descriptors are open")


def main():
    parley, program = sys.argv[1:]
    cases = Cases()
    cases.run(f"a quiet connection takes at most {USER_BYTES_MAX} bytes of user space", memory,
              parley, program)
    cases.run("connections need no descriptors once they are signed in", descriptors, parley, program)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
