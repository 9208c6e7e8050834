#!/usr/bin/env python3
"""Fails if docs/RELIABILITY.md names a test that is not there, or leaves out a requirement.

    check_reliability.py ROOT BUILD

A code span that begins with the name of a suite (`ring.receive`) must be a test of the build
folder, and so must a single word in the column of proofs (`chaos`); the case behind it (`ring.receive FewBuffersTest.NoBufferIsLostInAShortage`) must stand in
a source of tests/. Bugs (`sim.bug.NAME`) are looked up in tests/sim/bugs/bugs.json, since builds
with a sanitizer have none of them. Paths are the business of check_docs.py."""
import json
import pathlib
import re
import sys

REQUIREMENTS = [f"{letter}{number}" for letter, last in
                {"A": 6, "B": 8, "C": 8, "D": 6, "E": 5, "F": 6, "G": 11, "H": 6, "I": 3, "V": 26}.items()
                for number in range(1, last + 1)] + ["J"]
PROOFS = 3  # the column, counted from the empty one before the first
WORD = re.compile(r"[a-z_]+")
SPAN = re.compile(r"`([^`]+)`")
CASE = re.compile(r"\bTEST(?:_F|_P)?\((\w+),\s*(\w+)\)")


def check_span(span, tests, suites, cases):
    name, *rest = span.split(" ")
    if name.partition(".")[0] not in suites or "." not in name or "NAME" in name:
        return None
    if name not in tests:
        return f"there is no test {name}"
    if rest and rest[0] not in cases:
        return f"there is no case {rest[0]}"
    return None


def main():
    root, build = map(pathlib.Path, sys.argv[1:])
    introspected = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    bugs = json.loads((root / "tests/sim/bugs/bugs.json").read_text())
    tests = {test["name"] for test in introspected} | {f"sim.bug.{bug['name']}" for bug in bugs}
    suites = {name.partition(".")[0] for name in tests if "." in name}
    cases = {".".join(case) for path in (root / "tests").rglob("*.cc")
             for case in CASE.findall(path.read_text())}
    lines = (root / "docs/RELIABILITY.md").read_text().splitlines()
    bad = [f"RELIABILITY.md:{number}: {wrong}" for number, line in enumerate(lines, 1)
           for span in SPAN.findall(line) if (wrong := check_span(span, tests, suites, cases))]
    bad += [f"RELIABILITY.md:{number}: there is no test {span}" for number, line in enumerate(lines, 1)
            if line.startswith("|") for span in SPAN.findall(line.split("|")[PROOFS])
            if WORD.fullmatch(span) and span not in tests]
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    for requirement in REQUIREMENTS:
        if rows.count(requirement) != 1:
            bad.append(f"RELIABILITY.md: {requirement} has {rows.count(requirement)} rows, not one")
    print("\n".join(bad) or f"{len(REQUIREMENTS)} requirements, and every test that is named exists")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
