#!/usr/bin/python3
"""Runs a program under a seccomp profile in the format of OCI and Docker, as a container would.

Usage: under_profile.py PROFILE.json PROGRAM ARGUMENTS...
Needs python3-seccomp (of Debian's own interpreter). Exits with 77 where that is missing or no
filter can be installed.
"""
import json
import os
import sys

try:
    import seccomp
except ImportError:
    sys.exit(77)


def action_of(name, errno):
    return seccomp.ERRNO(errno) if name == "SCMP_ACT_ERRNO" else {
        "SCMP_ACT_ALLOW": seccomp.ALLOW, "SCMP_ACT_KILL_PROCESS": seccomp.KILL_PROCESS}[name]


def main():
    with open(sys.argv[1]) as file:
        profile = json.load(file)
    rules = seccomp.SyscallFilter(
        action_of(profile["defaultAction"], profile.get("defaultErrnoRet", 1)))
    for entry in profile["syscalls"]:
        for name in entry["names"]:
            try:
                number = seccomp.resolve_syscall(seccomp.Arch(), name)
            except (RuntimeError, ValueError):
                number = -1
            if number < 0:
                continue  # another architecture's
            rules.add_rule(action_of(entry["action"], 1), number)
    try:
        rules.load()
    except OSError:
        return 77
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
