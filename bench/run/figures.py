"""Figures: from rounds to medians, ratios and verdicts. Pure: touches no file and no process.

A *round* is one run of one server under one workload, as a dict:

    {"workload": "sat-1k", "server": "parley", "round": 0, "result": {metric: number, ...}}

`result` is what the load generator printed, or {"failure": "why"}.
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
    of: then only a pass says something.
    """

    title: str
    over: Cell
    under: tuple = ()
    target: float = None
    sense: str = "at most"
    unit: str = ""  # of `over`
    stand_in: str = ""  # what it stands in for


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
    verdict: str = "not measured"  # or pass, MISS, open, or "" for a row without a target


PACE_KEPT = 0.97  # of the deliveries that were due; below, it was another workload


def fault(round_):
    """Why the round does not count; empty if it does."""
    result = round_["result"]
    if not result.get("passed"):
        return result.get("failure") or "not every frame came once, whole and in order"
    due, rate = round_.get("deliveries_due"), result.get("deliveries_per_second", 0)
    if due and rate < PACE_KEPT * due:
        return f"{rate:,.0f} deliveries/s where {due:,.0f} were due"
    return ""


def succeeded(round_):
    return not fault(round_)


def values(rounds, cell):
    """The cell's figure in each round that went well, by the round's number."""
    return {
        round_["round"]: round_["result"][cell.metric]
        for round_ in rounds
        if round_["workload"] == cell.workload and round_["server"] == cell.server
        and succeeded(round_) and round_["result"].get(cell.metric) is not None
    }


def median(rounds, cell):
    """None if there is no figure."""
    seen = values(rounds, cell)
    return statistics.median(seen.values()) if seen else None


def verdict(value, row):
    if value is None:
        return "not measured"
    if row.target is None:
        return ""
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
    over = median(rounds, row.over)
    if over is None:
        return Line(row)
    if not row.under:
        seen = values(rounds, row.over).values()
        return Line(row, over, None, "", over, min(seen), max(seen), verdict(over, row))
    candidates = [(ratios(rounds, row.over, cell), cell) for cell in row.under]
    candidates = [(statistics.median(seen), seen, cell) for seen, cell in candidates if seen]
    if not candidates:
        return Line(row, over)
    hardest = max if row.sense == "at most" else min
    value, seen, cell = hardest(candidates, key=lambda candidate: candidate[0])
    return Line(row, over, median(rounds, cell), cell.server, value, min(seen), max(seen),
                verdict(value, row))


def failures(rounds):
    """What went wrong, as sentences."""
    return [f"{round_['workload']}, {round_['server']}, round {round_['round'] + 1}: {fault(round_)}"
            for round_ in rounds if fault(round_)]
