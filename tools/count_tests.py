#!/usr/bin/env python3
"""Adds up what meson's test runs logged and prints `N passed, M failed, K skipped`.

    count_tests.py ROOT LOG...        LOG is a logbase, e.g. build/meson-logs/run

A GoogleTest program that ended well counts with its single cases (from the JUnit file), every other
program counts once. Missing logs count as one failure together: those parts did not build or start.
Exit code 1 if anything failed."""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def readable(path):
    """The text of a report without what XML forbids: tests print bytes of every kind."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "?", text)


def gtest_cases(path):
    """{test name: outcomes of its cases} for the programs whose cases meson recorded."""
    cases = {}
    if not path.exists():
        return cases
    for suite in xml.fromstring(readable(path)).findall("testsuite"):
        # meson names them PROJECT.TEST.SUITE; programs without cases share one suite PROJECT.
        test = suite.get("name", "").partition(".")[2].rpartition(".")[0]
        for case in suite.findall("testcase"):
            if not test:
                continue
            failed = case.find("failure") is not None or case.find("error") is not None
            skipped = case.find("skipped") is not None or case.get("status") == "notrun"
            cases.setdefault(test, []).append("failed" if failed else "skipped" if skipped else "passed")
    return cases


def count(log):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    records = log.with_name(log.name + ".json")
    cases = gtest_cases(log.with_name(log.name + ".junit.xml"))
    for line in records.read_text().splitlines():
        test = json.loads(line)
        outcome = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
        own = cases.get(test["name"], [])
        if own and (outcome == "passed" or "failed" in own):
            for one in own:
                total[one] += 1
        else:
            total[outcome] += 1
    return total


def main():
    root = pathlib.Path(sys.argv[1])
    total = {"passed": 0, "failed": 0, "skipped": 0}
    logs = [root / log for log in sys.argv[2:]]
    missing = [log for log in logs if not log.with_name(log.name + ".json").exists()]
    for log in missing:
        print(f"{log}: no log, this part did not build or start")
    total["failed"] += bool(missing)
    for log in logs:
        if log in missing:
            continue
        for outcome, number in count(log).items():
            total[outcome] += number
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
