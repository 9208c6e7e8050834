#!/usr/bin/env python3
"""Kills a process that uses a store at random moments, and looks what is left: everything it was
told is kept, once, in order, and nothing that nobody sent.

    kill_test.py STORE_DRIVER [KILLS [SEED]]

Each process goes on where the one before was killed. A line that was printed was acknowledged; of
what was on its way, anything may be there.
"""
import pathlib
import random
import subprocess
import sys
import tempfile

KILLS = 200
SEED = 1
LINES_MAX = 400  # so many acknowledgements at most before a kill
STRIDE = 1_000_000  # numbers of each process: far more than it can send


def lines_until_killed(driver, where, first, lines_max):
    """Starts a process, and kills it after it has printed so many lines; all whole lines of it."""
    with subprocess.Popen([driver, "append", where, str(first)], stdout=subprocess.PIPE) as process:
        lines = [process.stdout.readline() for _ in range(lines_max + 1)]
        process.kill()
        lines += process.stdout.readlines()
    if lines[0] != b"open\n":
        sys.exit(f"FAIL: the process did not start: {lines[0]!r}")
    return [line.decode().split() for line in lines[1:] if line.endswith(b"\n")]


def listed(driver, where):
    done = subprocess.run([driver, "list", where], capture_output=True, check=True, text=True)
    return [line.split() for line in done.stdout.splitlines()]


def compare(acknowledged, there):
    messages = [tuple(line[1:]) for line in there if line[0] == "message"]
    members = [tuple(line[1:]) for line in there if line[0] == "member"]
    sent_messages = {tuple(line[1:]) for line in acknowledged if line[0] == "message"}
    sent_members = {tuple(line[1:]) for line in acknowledged if line[0] == "member"}
    lost = (sent_messages - set(messages)) | (sent_members - set(members))
    ids = [(conversation, number) for conversation, number, _ in messages]
    twice = len(ids) - len(set(ids)) + len(members) - len(set(members))
    orders = {}
    for conversation, _, order in messages:
        orders.setdefault(conversation, []).append(int(order))
    gaps = [each for each, seen in orders.items() if seen != list(range(1, len(seen) + 1))]
    return lost, twice, gaps


def main():
    driver = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else SEED
    moments = random.Random(seed)
    acknowledged = []
    with tempfile.TemporaryDirectory() as folder:
        where = f"sqlite:{pathlib.Path(folder, 'parley.db')}"
        for kill in range(kills):
            lines_max = int(LINES_MAX ** moments.random()) - 1  # often at once, now and then late
            acknowledged += lines_until_killed(driver, where, 1 + kill * STRIDE, lines_max)
        there = listed(driver, where)
    lost, twice, gaps = compare(acknowledged, there)
    print(f"{kills} kills, seed {seed}: {len(acknowledged)} acknowledged, {len(there)} there, "
          f"{len(lost)} lost, {twice} twice, {len(gaps)} conversations with gaps")
    if len(acknowledged) < kills:
        sys.exit("FAIL: too little was acknowledged for the kills to prove anything")
    if lost or twice or gaps:
        sys.exit(f"FAIL: lost {sorted(lost)[:5]}, gaps in {gaps[:5]}")


if __name__ == "__main__":
    main()
