"""Figures: from rounds to medians, ratios and verdicts. Pure: touches no file and no process.

A *round* is one run of one server under one workload, as a dict:

    {"workload": "sat-1k", "server": "parley", "round": 0, "result": {metric: number, ...}}

`result` is what the load generator printed, or {"failure": "why"}. A round that was tried again has
"superseded": why, and does not count, but what it tells against Parley stays.
"""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Cell:
    """One metric of one server under one workload."""

    workload: str
    server: str
    metric: str


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: `over` divided by each of `under`, round by round, against a target.

    Of several the one that is hardest to keep up with counts. Without `under` the figure itself is
    held against the target. `sense` is "at most" or "at least"; a row without a target is there to
    be read. With `stand_in`, what is measured is easier to keep up with than what the target speaks
    of: then only a pass says something. `reason` is said where there is no figure; without `over`
    there never is one.
    """

    title: str
    over: Cell = None
    under: tuple = ()
    target: float = None
    sense: str = "at most"
    unit: str = ""  # of `over`
    stand_in: str = ""  # what it stands in for
    reason: str = ""  # why it may not have been measured
    rounds_min: int = 5  # fewer prove nothing


@dataclasses.dataclass(frozen=True)
class Line:
    """A row with its figures; those that were not measured are None."""

    row: Row
    over: float = None
    under: float = None
    under_server: str = ""
    value: float = None  # what is held against the target
    low: float = None  # of the value, over the rounds
    high: float = None
    rounds: int = 0  # those that count
    verdict: str = "not measured"  # or pass, MISS, open, too few, faults, or "" without a target


PACE_KEPT = 0.97  # of the deliveries that were due; below, it was another workload


def fault(round_):
    """Why the round does not count; empty if it does."""
    result = round_["result"]
    if not result.get("passed"):
        return result.get("failure") or "not every frame came once, whole and in order"
    if result.get("beside_failure"):
        return result["beside_failure"]
    if result.get("slow_reader_missed") == 0:
        return "the slow reader missed nothing: it disturbed nobody"
    due, rate = round_.get("deliveries_due"), result.get("deliveries_per_second", 0)
    if due and rate < PACE_KEPT * due:
        return f"{rate:,.0f} deliveries/s where {due:,.0f} were due"
    return ""


def succeeded(round_):
    return not fault(round_)


def counts(round_):
    return succeeded(round_) and not round_.get("superseded")


def parley_failed(rounds, workload):
    """Whether Parley lost a frame in any attempt, superseded or not. A load that could not be made
    tells nothing."""
    return any(round_["workload"] == workload and round_["server"].startswith("parley")
               and round_["result"].get("passed") is False for round_ in rounds)


def values(rounds, cell):
    """The cell's figure in each round that went well, by the round's number."""
    return {
        round_["round"]: round_["result"][cell.metric]
        for round_ in rounds
        if round_["workload"] == cell.workload and round_["server"] == cell.server
        and counts(round_) and round_["result"].get(cell.metric) is not None
    }


def median(rounds, cell):
    """None if there is no figure."""
    seen = values(rounds, cell)
    return statistics.median(seen.values()) if seen else None


def verdict(value, count, row):
    if row.target is None:
        return ""
    if count < row.rounds_min:
        return "too few"
    good = value <= row.target if row.sense == "at most" else value >= row.target
    if good:
        return "pass"
    return "open" if row.stand_in else "MISS"


def ratios(rounds, over, under):
    """Of the rounds in which both were measured: they ran one behind the other, so that what the
    machine did meanwhile it did to both."""
    above, below = values(rounds, over), values(rounds, under)
    return [above[number] / below[number] for number in above if below.get(number)]


def line(rounds, row):
    if row.over is None:
        return Line(row)
    measured = _line(rounds, row)
    if parley_failed(rounds, row.over.workload):
        return dataclasses.replace(measured, verdict="faults")
    return measured


def _line(rounds, row):
    over = median(rounds, row.over)
    if over is None:
        return Line(row)
    if not row.under:
        seen = values(rounds, row.over).values()
        return Line(row, over, None, "", over, min(seen), max(seen), len(seen),
                    verdict(over, len(seen), row))
    candidates = [(ratios(rounds, row.over, cell), cell) for cell in row.under]
    candidates = [(statistics.median(seen), seen, cell) for seen, cell in candidates if seen]
    if not candidates:
        return Line(row, over, rounds=len(values(rounds, row.over)))
    hardest = max if row.sense == "at most" else min
    value, seen, cell = hardest(candidates, key=lambda candidate: candidate[0])
    return Line(row, over, median(rounds, cell), cell.server, value, min(seen), max(seen), len(seen),
                verdict(value, len(seen), row))


def failures(rounds):
    """What went wrong, as sentences."""
    return [f"{round_['workload']}, {round_['server']}, round {round_['round'] + 1}: {fault(round_)}"
            + f" (superseded: {round_.get('superseded')})" * bool(round_.get("superseded"))
            for round_ in rounds if fault(round_)]


def supersede(attempts):
    """Of several attempts at one round the one counts that others disturbed least, whatever came of
    it; the rest say why they do not."""
    chosen = min(attempts, key=lambda one: one["others_share"])
    for one in attempts:
        if one is not chosen:
            one["superseded"] = (f"others took {100 * one['others_share']:.0f} % of a core, and "
                                 f"{100 * chosen['others_share']:.0f} % in the attempt that counts")


def merged(runs):
    """The first of several runs, with the workloads that only the later ones have; `runs` names,
    for each of them, those that are its."""
    whole = {**runs[0], "rounds": [], "absent": {}, "runs": []}
    for run in runs:
        known = {round_["workload"] for round_ in whole["rounds"]}
        added = [one for one in run["rounds"] if one["workload"] not in known]
        whole["rounds"] += added
        whole["absent"] = {**run.get("absent", {}), **whole["absent"]}
        workloads = list(dict.fromkeys(one["workload"] for one in added))
        whole["runs"].append({**run, "rounds": added, "workloads": workloads})
    return whole
