"""Measures Parley against the floor of this kernel: both in turn, in one run.

    tools/dev bench [--quick] [--only WORKLOAD ...] [--out RAW.json] [--markdown docs/RESULTS.md]
    tools/dev bench --from RAW.json --markdown docs/RESULTS.md      the table of an earlier run
    tools/dev bench --only million --out MILLION.json               connections by the million

Writes what it has measured into build/bench.json, if not told otherwise.

The server runs on one core, the load generator on another. Each round starts each server anew; the
order turns from round to round. Exit status: 0 unless nothing could be measured; a missed target is a
finding."""
import argparse
import json
import pathlib
import sys
import time

import figures
import machine
import plan
import report
import servers
from runner import Runner, say

ROUNDS = 5
SECONDS, SECONDS_QUICK = 3.0, 1.0


def read_arguments():
    parser = argparse.ArgumentParser(prog="tools/dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [workload.name for workload in plan.WORKLOADS]
    parser.add_argument("--quick", action="store_true",
                        help="a few workloads, in under two minutes after the build")
    parser.add_argument("--only", action="append", choices=names, metavar="WORKLOAD",
                        help="may be given several times; one of " + ", ".join(names))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, help="of each round, where the workload has no length of its own")
    parser.add_argument("--servers", help="instead of each workload's own, separated by commas; of "
                        + ", ".join(servers.COMMANDS))
    parser.add_argument("--connections", type=int, default=1_000_000,
                        help="of the workload million, which runs only if named")
    parser.add_argument("--wait-quiet", type=float, default=0, metavar="SECONDS",
                        help="before each round: how long to wait for others to finish")
    parser.add_argument("--build", default="build", help="where the programs were built")
    parser.add_argument("--out", help="raw file to write; default: bench.json in --build")
    parser.add_argument("--histograms", help="folder to write the latency distributions to")
    parser.add_argument("--markdown", help="document to write the table into")
    parser.add_argument("--from", dest="sources", action="append", metavar="RAW.json",
                        help="raw file to read instead of measuring; a further one adds the workloads "
                        "that those before it have not")
    return parser.parse_args()


def measure(arguments):
    """Every round, also into the raw file, even if it is cut short."""
    names = arguments.only or (plan.QUICK if arguments.quick else plan.FULL)
    if arguments.seconds is None:
        arguments.seconds = SECONDS_QUICK if arguments.quick else SECONDS
    run = {"machine": machine.describe(), "arguments": sys.argv[1:], "rounds_count": arguments.rounds,
           "seconds": arguments.seconds, "rounds": [], "absent": {}}
    runner = Runner(arguments, run)
    began = time.monotonic()
    try:
        for workload in plan.WORKLOADS:
            if workload.name in names:
                runner.workload(workload)
    finally:
        run["lasted_seconds"] = round(time.monotonic() - began, 1)
        out = pathlib.Path(arguments.out or f"{arguments.build}/bench.json")
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(run, indent=1) + "\n")
        say(f"measured for {run['lasted_seconds']:.0f} s; written to {out}")
    return run


def main():
    arguments = read_arguments()
    if arguments.sources:
        run = figures.merged([json.loads(pathlib.Path(path).read_text())
                              for path in arguments.sources])
    else:
        run = measure(arguments)
    lines = [figures.line(run["rounds"], row) for row in plan.ROWS]
    failed = figures.failures(run["rounds"])
    print(report.text(lines))
    print("\n".join(["", *report.FOOTNOTES[:1], *report.loads(run["rounds"]), *failed]))
    if arguments.markdown:
        report.replace_between_marks(arguments.markdown, report.markdown(lines, run, failed))
    return 0 if any(map(figures.succeeded, run["rounds"])) else 1


if __name__ == "__main__":
    sys.exit(main())
