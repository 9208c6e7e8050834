"""The floor programs relay every frame once, whole and in order.

    relays_test.py PARLEY_FLOOR PARLEY_LOAD
"""
import json
import re
import signal
import subprocess
import sys

READY_S = LOAD_S = END_S = 30
KINDS = (["epoll"], ["epoll", "--coalesce"], ["io_uring"], ["io_uring", "--coalesce"],
         ["io_uring", "--fixed-files"], ["io_uring", "--min-wait-us", "50"])
# More members than a receive buffer has frames, and frames that are cut between two receives.
LOAD = ["--connections", "60", "--group-size", "20", "--talkers", "3", "--seconds", "1",
        "--saturate", "--window", "64", "--json"]
CANNOT_RUN_HERE = 78


def relay(floor_path, load_path, kind):
    """What went wrong; empty if nothing."""
    floor = subprocess.Popen([floor_path, "--kind", *kind, "--listen", "127.0.0.1:0"],
                             stdout=subprocess.PIPE, text=True)
    try:
        ready = re.match(r"listening on (\S+)$", floor.stdout.readline().strip())
        if not ready:
            return f"it did not say where it listens (status {floor.wait(END_S)})"
        load = subprocess.run([load_path, "fanout", "--server", ready[1], *LOAD],
                              capture_output=True, text=True, timeout=LOAD_S)
        floor.send_signal(signal.SIGTERM)
        told = floor.stdout.read()
        if floor.wait(END_S) != 0:
            return f"it ended with status {floor.returncode}"
        result = json.loads(load.stdout)
        if not result["passed"] or result["deliveries"] == 0:
            return f"{result['failure'] or 'faults'}: {load.stdout}"
        if not re.match(r"system_calls \d+ dropped 0$", told.strip()):
            return f"it said {told!r} at the end"
        print(f"pass  {' '.join(kind)}: {result['deliveries']} deliveries, {told.strip()}")
        return ""
    finally:
        if floor.poll() is None:
            floor.kill()
            floor.wait()
        floor.stdout.close()


def main():
    floor_path, load_path = sys.argv[1:]
    failed = 0
    for kind in KINDS:
        why = relay(floor_path, load_path, kind)
        if why.endswith(f"(status {CANNOT_RUN_HERE})"):
            print(f"skip  {' '.join(kind)}: no io_uring here")
        elif why:
            failed += 1
            print(f"FAIL  {' '.join(kind)}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
