"""Report: the table, for a terminal and as Markdown between two marks of a document."""
import pathlib
import statistics

BEGIN = "<!-- figures: begin; written by tools/dev bench, do not edit -->"
END = "<!-- figures: end -->"
HEADINGS = ("what", "Parley", "against", "ratio", "least–greatest", "n", "target", "")

FOOTNOTES = (
    "Figures are medians. Ratio: the median of the rounds' ratios; beside it the least and the "
    "greatest, or those of the figure where there is no ratio; n: the rounds that count. Verdicts: "
    "*open*, the peer is easier than the one the target speaks of; *too few*, too few rounds to say; "
    "*faults*, Parley lost a frame in some attempt, which no other attempt makes good.",
    "ws-relay (`bench/peers/ws_relay.js`) stands in for the VoicePing router: it is a relay on the "
    "same library, npm's ws, and does strictly less for each frame. So "
    "what Parley gains on it is a lower bound of what it gains on the router: a pass is one, and "
    "anything else leaves the target open.",
    "One group on two shards: server and client share the cores of the machine, unpinned; with as "
    "many shards as cores the client's share bounds the ratio.",
    "Parley's own part: of the server's samples those outside the kernel, and in it those of the ring "
    "and of the way in and out of a system call, times the core time per delivery; what perf costs is "
    "in it. Samples come from a clock, so what runs with interrupts off counts where they go on again.",
    "Disturbances: the ratio is to the same load without them, in the same round. Those who come and "
    "go share the client's core if there is no third, so their own work is in the figure.",
)


def number(value):
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"


def _cells(line):
    row = line.row
    unit = f" {row.unit}" if row.unit and row.unit != "/s" else row.unit
    target = "" if row.target is None else f"{'≤' if row.sense == 'at most' else '≥'} {number(row.target)}"
    under = f"{number(line.under)}{unit} ({line.under_server})" if line.under else ""
    ratio = number(line.value) if row.under else ""
    rounds = f"{number(line.low)}–{number(line.high)}" if line.low is not None else ""
    over = f"{number(line.over)}{unit}" if line.over is not None else ""
    title = f"{row.title}, in place of {row.stand_in}" if row.stand_in else row.title
    verdict = line.verdict
    if verdict == "not measured" and row.reason:
        verdict += f": {row.reason}"
    return (title, over, under, ratio, rounds, str(line.rounds or ""), target, verdict)


def text(lines):
    """A table for the terminal; what was not measured is left out."""
    rows = [HEADINGS, *(_cells(line) for line in lines
                        if line.over is not None or line.verdict == "faults")]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def _bottlenecks(rounds):
    count = sum(bool(round_["result"].get("bottleneck")) for round_ in rounds)
    return f"; the client called itself the bottleneck in {count} of {len(rounds)} rounds" * bool(count)


def loads(rounds):
    """How busy the client and others were, as sentences: a client at its limit hides what the server
    can do, and others take it away."""
    sentences = []
    rounds = [round_ for round_ in rounds if not round_.get("superseded")]
    for name in dict.fromkeys(round_["workload"] for round_ in rounds):
        of_name = [round_ for round_ in rounds if round_["workload"] == name]
        client = [round_["result"]["busiest_thread"] for round_ in of_name
                  if "busiest_thread" in round_["result"]]
        others = [round_["others_share"] for round_ in of_name if "others_share" in round_]
        if client and others:
            sentences.append(
                f"{name}: the client's core was busy {100 * min(client):.0f}–{100 * max(client):.0f} %; "
                f"others took {100 * statistics.median(others):.0f} % of a core, "
                f"{100 * max(others):.0f} % at worst" + _bottlenecks(of_name))
    return sentences


def lasted(run):
    """How long the run took; empty if it is not known."""
    seconds = run.get("lasted_seconds")
    return f", in {seconds:.0f} s" if seconds is not None else ""


def measured(run):
    """When, where and how a run was made, in a sentence; which workloads, if it is one of several."""
    machine = run["machine"]
    virtual = ", virtual" if machine["virtual"] else ""
    which = f" ({', '.join(run['workloads'])})" if run.get("workloads") else ""
    return (f"Measured {machine['date']}{which} at commit {machine['commit']}: "
            f"{machine['processor']}, {machine['cores']} cores{virtual}, {machine['memory_gb']} GB, "
            f"kernel {machine['kernel']}, {machine['congestion_control']}; up to "
            f"{run['rounds_count']} rounds of {run['seconds']:g} s unless the workload has a length of its own, "
            "alternated" + lasted(run) + ".")


def markdown(lines, run, failures):
    parts = [
        *(part for each in run.get("runs", [run]) for part in (measured(each), "")),
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(_cells(line)) + " |" for line in lines),
        "",
        *(f"{note}\n" for note in FOOTNOTES),
        "How busy the load generator was, and everything else on the machine:",
        "",
        *(f"- {sentence}" for sentence in loads(run["rounds"])),
    ]
    for name, why in run.get("absent", {}).items():
        parts += ["", f"{name} was left out: {why}."]
    if failures:
        parts += ["", "Rounds that failed or fell behind, and do not count:", ""]
        parts += [f"- {sentence}" for sentence in failures]
    superseded = sum(bool(round_.get("superseded")) for round_ in run["rounds"])
    if superseded:
        parts += ["", f"{superseded} of {len(run['rounds'])} attempts were superseded, for others took "
                  "more of the machine than in the one that counts; the raw file has them all."]
    return "\n".join(parts)


def replace_between_marks(path, body):
    """Raises ValueError if the document has not the two marks, once each and in order."""
    path = pathlib.Path(path)
    document = path.read_text()
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise ValueError(f"{path} has not the marks {BEGIN} and {END}, once each")
    head, rest = document.split(BEGIN)
    if END not in rest:
        raise ValueError(f"{path}: the end mark stands before the begin mark")
    path.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{rest.split(END)[1]}")
