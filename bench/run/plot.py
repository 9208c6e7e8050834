"""Draws what a run of tools/dev bench has written.

    tools/dev bench plot RAW.json [--histograms FOLDER] [--out docs/results]

Writes cost.svg (core time per delivery by workload), frames-queued.svg (the same by frames under
way), shards.svg (deliveries/s by shards) and, with distributions, latency.svg. What was not measured
is not drawn. Needs matplotlib."""
import argparse
import json
import pathlib
import re

import matplotlib

matplotlib.use("svg")
# The same figures give the same file.
matplotlib.rcParams.update({"svg.hashsalt": "parley", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False, "legend.frameon": False})
from matplotlib import pyplot  # noqa: E402: the backend must have been chosen

import distribution  # noqa: E402
import figures  # noqa: E402
import plan  # noqa: E402

COLOURS = {"parley": "#1b6ca8", "parley-2-shards": "#63a6d4", "floor-io_uring": "#e08e2b",
           "floor-epoll": "#8a8a8a", "floor-io_uring-coalesce": "#e08e2b", "floor-io_uring-wait": "#c9b23c",
           "floor-epoll-coalesce": "#8a8a8a", "ws-relay": "#7a9e3f"}
COSTS = ("sat-1k", "sat-10k-100", "sat-10k-10", "paced-1k-10", "paced-10k-10", "relay-paced")
WINDOWS = ((1, "sat-1k"), (4, "window-4"), (16, "window-16"))


def save(figure, folder, name):
    path = folder / name
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    print(path)


def draw_costs(rounds, folder):
    """Bars side by side; the line on each spans the rounds."""
    workloads = [name for name in COSTS if figures.values(rounds, figures.Cell(name, "parley", plan.CPU))]
    if not workloads:
        return
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    labelled = set()
    for place, name in enumerate(workloads):
        servers = plan.named(name).servers
        for index, server in enumerate(servers):
            seen = sorted(figures.values(rounds, figures.Cell(name, server, plan.CPU)).values())
            if not seen:
                continue
            step = 0.78 / len(servers)
            x = place + (index - (len(servers) - 1) / 2) * step
            axes.bar(x, seen[len(seen) // 2], 0.9 * step, color=COLOURS[server],
                     label=None if server in labelled else server)
            axes.plot([x, x], [seen[0], seen[-1]], color="black", linewidth=0.8)
            labelled.add(server)
    axes.set_xticks(range(len(workloads)), workloads)
    axes.set_ylabel("core time per delivery, ns")
    axes.legend(ncols=4, loc="upper left", bbox_to_anchor=(0, 1.15))
    save(figure, folder, "cost.svg")


def draw_windows(rounds, folder):
    curves = {}
    for server in ("parley", "floor-io_uring", "floor-epoll"):
        for window, workload in WINDOWS:
            coalescing = server if server == "parley" or window == 1 else f"{server}-coalesce"
            cost = figures.median(rounds, figures.Cell(workload, coalescing, plan.CPU))
            if cost:
                curves.setdefault(server, []).append((window, cost))
    if max((len(points) for points in curves.values()), default=0) < 2:
        return
    figure, axes = pyplot.subplots(figsize=(4.5, 3.2))
    for server, points in curves.items():
        axes.plot(*zip(*points), marker="o", color=COLOURS[server], label=server)
    axes.set(xscale="log", yscale="log", xlabel="frames under way per talker",
             ylabel="core time per delivery, ns")
    axes.set_xticks([window for window, _ in WINDOWS], [str(window) for window, _ in WINDOWS])
    axes.legend()
    save(figure, folder, "frames-queued.svg")


def draw_shards(rounds, folder):
    rates = [figures.median(rounds, figures.Cell("one-group", server, plan.RATE))
             for server in ("parley", "parley-2-shards")]
    if not all(rates):
        return
    figure, axes = pyplot.subplots(figsize=(3.5, 3.2))
    axes.plot([1, 2], rates, marker="o", color=COLOURS["parley"], label="measured")
    axes.plot([1, 2], [rates[0], 2 * rates[0]], linestyle=":", color="black", label="twice")
    axes.set(xlabel="shards", ylabel="deliveries/s, one group of 2,000", ylim=(0, None))
    axes.set_xticks([1, 2], ["1", "2"])
    axes.legend()
    save(figure, folder, "shards.svg")


def draw_latency(histograms, folder):
    """HdrHistogram's picture: each step to the right is ten times rarer."""
    curves = {}
    for path in sorted(histograms.glob("*.hgrm")):
        server = re.match(r"latency-(.+)-\d+$", path.stem)
        if server:
            curves.setdefault(server[1], []).append(distribution.read(path.read_text()))
    if not curves:
        return
    figure, axes = pyplot.subplots(figsize=(5.5, 3.2))
    for server, rounds in curves.items():
        points = [(1 / (1 - percentile), value)
                  for value, percentile in distribution.median_curve(rounds) if percentile < 1]
        axes.plot(*zip(*points), color=COLOURS.get(server, "black"), label=server)
    axes.set(xscale="log", yscale="log", xlabel="percentile", ylabel="latency, µs")
    axes.set_xticks([2, 10, 100, 1000, 10_000], ["50", "90", "99", "99.9", "99.99"])
    axes.legend()
    save(figure, folder, "latency.svg")


def main():
    parser = argparse.ArgumentParser(prog="tools/dev bench plot", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=pathlib.Path)
    parser.add_argument("--histograms", type=pathlib.Path, help="folder of *.hgrm files")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/results"))
    arguments = parser.parse_args()
    try:
        rounds = json.loads(arguments.raw.read_text())["rounds"]
    except (OSError, ValueError, KeyError) as problem:
        parser.error(f"{arguments.raw} is no raw file of tools/dev bench --out: {problem}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    draw_costs(rounds, arguments.out)
    draw_windows(rounds, arguments.out)
    draw_shards(rounds, arguments.out)
    if arguments.histograms:
        draw_latency(arguments.histograms, arguments.out)


if __name__ == "__main__":
    main()
