#!/usr/bin/env python3
"""Requires that a simulation with a planted bug finds it: find.py PROGRAM SEEDS"""
import re
import subprocess
import sys

program, seeds = sys.argv[1:]
run = subprocess.run([program, "1", seeds], capture_output=True, text=True,
                     errors="replace")
found = re.search(r"found at seed (\d+)|seed (\d+): a second run", run.stderr)
if run.returncode == 0 or found is None:
    sys.exit(f"the planted bug was not found within {seeds} seeds (exit {run.returncode})\n"
             f"{run.stdout}{run.stderr}")
print(run.stderr.strip())
