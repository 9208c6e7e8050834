"""Plan: the workloads, who runs under each, and the targets. Nothing but data."""
import dataclasses

from figures import Cell, Row

CPU = "server_cpu_ns_per_delivery"
RATE = "deliveries_per_second"
CALLS = "system_calls_per_delivery"
MEMORY = "server_bytes_per_connection"

FLOORS = ("floor-epoll", "floor-io_uring")
COALESCING = ("floor-epoll-coalesce", "floor-io_uring-coalesce")
ALONE = "parley-single"  # Parley with one frame under way, whatever the workload's window


@dataclasses.dataclass(frozen=True)
class Workload:
    """`pace` is in frames a second for each talker, or "half": half of what the best floor reached
    in the workload sat-1k. Without it the talkers saturate, with `window` frames under way."""

    name: str
    connections: int
    group_size: int
    talkers: int
    servers: tuple
    pace: object = None
    window: int = 1
    kind: str = "load"  # or "calls": system calls are counted; or "memory": nobody speaks
    pinned: bool = True  # server on core 0, client on core 1
    rounds: int = 0  # 0: as many as asked for


def paced(deliveries_per_second, talkers, group_size):
    """The frames a second of each talker that make so many deliveries."""
    return round(deliveries_per_second / (talkers * (group_size - 1)), 3)


_BOTH = (*FLOORS, "parley")
_QUEUED = (*COALESCING, "parley", ALONE)
_WITH_RELAY = ("parley", "ws-relay")

WORKLOADS = (
    Workload("sat-1k", 1000, 100, 10, _BOTH),
    Workload("window-4", 1000, 100, 10, _QUEUED, window=4),
    Workload("window-16", 1000, 100, 10, _QUEUED, window=16),
    Workload("paced-1k-10", 1000, 10, 100, _BOTH, pace=paced(100_000, 100, 10)),
    Workload("latency", 1000, 100, 10, _BOTH, pace="half"),
    Workload("sat-10k-100", 10_000, 100, 100, _BOTH),
    Workload("sat-10k-10", 10_000, 10, 1000, _BOTH),
    Workload("paced-10k-10", 10_000, 10, 1000, _BOTH, pace=paced(100_000, 1000, 10)),
    Workload("one-group", 2000, 2000, 1, ("parley", "parley-2-shards"), pinned=False),
    Workload("relay-window-1", 100, 100, 1, _WITH_RELAY),
    Workload("relay-window-8", 100, 100, 1, _WITH_RELAY, window=8),
    Workload("relay-paced", 1000, 100, 10, _WITH_RELAY, pace=50),
    Workload("calls-saturated", 1000, 100, 10, _BOTH, kind="calls", rounds=1),
    Workload("calls-paced", 1000, 10, 100, _BOTH, pace=paced(100_000, 100, 10), kind="calls",
             rounds=1),
    Workload("memory", 10_000, 100, 1, _WITH_RELAY, kind="memory", rounds=3),
)

QUICK = ("sat-1k", "window-4", "paced-1k-10", "calls-saturated")


def named(name):
    return next(workload for workload in WORKLOADS if workload.name == name)


def _cells(workload, servers, metric):
    return tuple(Cell(workload, server, metric) for server in servers)


def _against_floor(title, workload, target, metric=CPU, unit="ns", servers=FLOORS):
    return Row(title, Cell(workload, "parley", metric), _cells(workload, servers, metric), target,
               unit=unit)


def _share(title, workload, target):
    """Of what a frame costs when it leaves alone."""
    return Row(title, Cell(workload, "parley", CPU), _cells(workload, (ALONE,), CPU), target,
               unit="ns")


def _against_relay(title, workload, metric, target, sense, unit):
    return Row(title, Cell(workload, "parley", metric), _cells(workload, ("ws-relay",), metric),
               target, sense, unit, "the VoicePing router")


ROWS = (
    _against_floor("core time per delivery, saturated, 1,000 connections in groups of 100",
                   "sat-1k", 1.05),
    _against_floor("the same, 10,000 connections in groups of 100", "sat-10k-100", 1.10),
    _against_floor("the same, 10,000 connections in groups of 10", "sat-10k-10", 1.10),
    _against_floor("paced 100,000/s, 1,000 connections in groups of 10", "paced-1k-10", 1.05),
    _against_floor("paced 100,000/s, 10,000 connections in groups of 10", "paced-10k-10", 1.10),
    _share("4 frames queued, of the cost of a single frame", "window-4", 0.31),
    _share("16 frames queued, of the cost of a single frame", "window-16", 0.11),
    _against_floor("4 frames queued, against a floor that coalesces",
                   "window-4", 1.05, servers=COALESCING),
    _against_floor("16 frames queued, against a floor that coalesces",
                   "window-16", 1.05, servers=COALESCING),
    _against_floor("latency at half load, p99", "latency", 1.2, "latency_p99_us", "µs"),
    _against_floor("latency at half load, p99.9", "latency", 1.2, "latency_p999_us", "µs"),
    Row("deliveries/s in one group of 2,000, two shards against one",
        Cell("one-group", "parley-2-shards", RATE), _cells("one-group", ("parley",), RATE), 1.7,
        "at least", "/s"),
    Row("system calls per delivery, saturated", Cell("calls-saturated", "parley", CALLS),
        target=0.01),
    Row("system calls per delivery, paced groups of 10", Cell("calls-paced", "parley", CALLS),
        target=0.15),
    Row("user-space bytes of an idle signed-in connection", Cell("memory", "parley", MEMORY),
        target=512, unit="B"),
    _against_relay("deliveries/s, a group of 100, 1 frame in flight", "relay-window-1", RATE, 1.25,
                   "at least", "/s"),
    _against_relay("deliveries/s, a group of 100, 8 frames in flight", "relay-window-8", RATE, 4,
                   "at least", "/s"),
    _against_relay("core time per delivery, paced, 10 groups of 100",
                   "relay-paced", CPU, 0.6, "at most", "ns"),
    _against_relay("user-space bytes of an idle connection",
                   "memory", MEMORY, 1 / 70, "at most", "B"),
)
