"""Plan: the workloads, who runs under each, and the targets. Nothing but data."""
import dataclasses

from figures import Cell, Row

CPU = "server_cpu_ns_per_delivery"
RATE = "deliveries_per_second"
CALLS = "system_calls_per_delivery"
MEMORY = "server_bytes_per_connection"
OWN = "own_ns_per_delivery"

FLOORS = ("floor-epoll", "floor-io_uring")
PACED_FLOORS = (*FLOORS, "floor-io_uring-wait")  # waiting pays where there is something to wait for
COALESCING = ("floor-epoll-coalesce", "floor-io_uring-coalesce")
ALONE = "parley-single"  # Parley with one frame under way, whatever the workload's window
UNDISTURBED = "parley-undisturbed"  # Parley without the workload's disturbance
REDIS_STOPPED, REDIS_UNDISTURBED = "parley-redis", "parley-redis-undisturbed"  # its store's Redis


@dataclasses.dataclass(frozen=True)
class Workload:
    """`pace` is in frames a second for each talker, or "half": half of what the best floor reached
    in the workload sat-1k. Without it the talkers saturate, with `window` frames under way.

    Kinds: "load"; "calls": system calls are counted; "profile": perf takes samples; "memory": nobody
    speaks; "million": the same, but for one group; "beside-churn": clients come and go meanwhile;
    "beside-redis": fewer do, and ask a Redis that has been stopped;
    "slow-reader": one listener hardly reads."""

    name: str
    connections: int
    group_size: int
    talkers: int
    servers: tuple
    pace: object = None
    window: int = 1
    kind: str = "load"
    pinned: bool = True  # server on core 0, client on core 1
    rounds: int = 0  # 0: as many as asked for
    seconds: float = 0  # 0: as long as asked for
    named_only: bool = False  # run only if asked for by name


def paced(deliveries_per_second, talkers, group_size):
    """The frames a second of each talker that make so many deliveries."""
    return round(deliveries_per_second / (talkers * (group_size - 1)), 3)


_BOTH = (*FLOORS, "parley")
_QUEUED = (*COALESCING, "parley", ALONE)
_WITH_RELAY = ("parley", "ws-relay")
_PACED = (*PACED_FLOORS, "parley")
_CALLS = ("floor-io_uring", "parley")
_DISTURBED = ("parley", UNDISTURBED)
_CALLS_S = 2  # whole, as parley-load takes them; the count begins after the first
_PROFILE_S = 7  # likewise, and perf takes a second to begin and to end
_SLOW_S = 10  # until the slow reader has read what came before the first frame that it misses

WORKLOADS = (
    Workload("sat-1k", 1000, 100, 10, _BOTH),
    Workload("window-2", 1000, 100, 10, ("parley", ALONE), window=2),
    Workload("window-3", 1000, 100, 10, ("parley", ALONE), window=3),
    Workload("window-4", 1000, 100, 10, _QUEUED, window=4),
    Workload("window-16", 1000, 100, 10, _QUEUED, window=16),
    Workload("window-16-groups-10", 10_000, 10, 1000, ("parley", ALONE), window=16),
    Workload("paced-1k-10", 1000, 10, 100, _PACED, pace=paced(100_000, 100, 10)),
    Workload("latency", 1000, 100, 10, _PACED, pace="half"),
    Workload("beside-churn", 1000, 100, 10, (*_DISTURBED, *FLOORS), pace="half",
             kind="beside-churn"),
    Workload("slow-reader", 1000, 1000, 1, _DISTURBED, pace=100, kind="slow-reader",
             seconds=_SLOW_S),
    Workload("sat-10k-100", 10_000, 100, 100, _BOTH),
    Workload("sat-10k-10", 10_000, 10, 1000, _BOTH),
    Workload("paced-10k-10", 10_000, 10, 1000, _PACED, pace=paced(100_000, 1000, 10)),
    Workload("one-group", 2000, 2000, 1, ("parley", "parley-2-shards"), pinned=False),
    Workload("relay-window-1", 100, 100, 1, _WITH_RELAY),
    Workload("relay-window-8", 100, 100, 1, _WITH_RELAY, window=8),
    Workload("relay-paced", 1000, 100, 10, _WITH_RELAY, pace=50),
    Workload("calls-saturated", 1000, 100, 10, _CALLS, kind="calls", seconds=_CALLS_S),
    Workload("calls-paced", 1000, 10, 100, _CALLS, pace=paced(100_000, 100, 10), kind="calls",
             seconds=_CALLS_S),
    Workload("profile-1k", 1000, 100, 10, ("parley",), kind="profile", seconds=_PROFILE_S),
    Workload("profile-10k", 10_000, 100, 100, ("parley",), kind="profile", seconds=_PROFILE_S),
    Workload("memory", 10_000, 100, 1, _WITH_RELAY, kind="memory"),
    Workload("million", 1_000_000, 100, 1, ("parley-million",), kind="million", rounds=1,
             seconds=20, named_only=True),
    Workload("beside-redis", 1000, 100, 10, (REDIS_STOPPED, REDIS_UNDISTURBED), pace="half",
             kind="beside-redis", seconds=30, named_only=True),
)

FULL = tuple(workload.name for workload in WORKLOADS if not workload.named_only)
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


def _against_relay(title, workload, metric, target, sense, unit, **others):
    return Row(title, Cell(workload, "parley", metric), _cells(workload, ("ws-relay",), metric),
               target, sense, unit, "the VoicePing router", **others)


def _disturbed(what, workload, target=1.10, servers=_DISTURBED, **others):
    """What the disturbance does to everybody else; the target is of the 99th percentile."""
    disturbed, undisturbed = servers
    return tuple(
        Row(f"{what}, latency {said}", Cell(workload, disturbed, metric),
            _cells(workload, (undisturbed,), metric), target if said == "p99" else None, unit="µs",
            **others)
        for said, metric in (("p50", "latency_p50_us"), ("p99", "latency_p99_us"),
                             ("p99.9", "latency_p999_us")))


def _floor_beside_churn():
    """What churn does to the smallest relays on this machine: no server here can be moved by less."""
    return tuple(
        Row(f"the same of {floor}, latency p99", Cell("beside-churn", floor, "latency_p99_us"),
            _cells("latency", (floor,), "latency_p99_us"), unit="µs") for floor in FLOORS)


def _million(title, metric, target=None, sense="at most", unit=""):
    return Row(title, Cell("million", "parley-million", metric), (), target, sense, unit,
               reason="a run of its own: --only million", rounds_min=1)


def _never(title, target, reason):
    return Row(title, target=target, reason=reason)


_MICRO_WEBSOCKETS = "not packaged for Debian or npm"
_NEEDS_PERF = "needs perf, and the names of the kernel's symbols"
_CALLS_ROUNDS = _MEMORY_ROUNDS = 3  # these hardly vary

ROWS = (
    _against_floor("core time per delivery, saturated, 1,000 connections in groups of 100",
                   "sat-1k", 1.05),
    _against_floor("the same, 10,000 connections in groups of 100", "sat-10k-100", 1.10),
    _against_floor("the same, 10,000 connections in groups of 10", "sat-10k-10", 1.10),
    _against_floor("paced 100,000/s, 1,000 connections in groups of 10", "paced-1k-10", 1.05,
                   servers=PACED_FLOORS),
    _against_floor("paced 100,000/s, 10,000 connections in groups of 10", "paced-10k-10", 1.10,
                   servers=PACED_FLOORS),
    _never("core time per delivery, against µWebSockets, 1,000 connections", 0.97,
           _MICRO_WEBSOCKETS),
    _never("the same, 10,000 connections", 0.92, _MICRO_WEBSOCKETS),
    Row("Parley's own part (its code and the ring's), 1,000 connections",
        Cell("profile-1k", "parley", OWN), target=330, unit="ns", reason=_NEEDS_PERF),
    Row("the same, 10,000 connections", Cell("profile-10k", "parley", OWN), target=900, unit="ns",
        reason=_NEEDS_PERF),
    _share("two frames leaving together, of the cost of a single frame", "window-2", 0.55),
    _share("three frames leaving together, of the cost of a single frame", "window-3", 0.40),
    _never("a frame to listeners who asked for bundles of 40 ms", 0.55,
           "needs the protocol that lets a listener ask; the cost is that of two frames leaving "
           "together"),
    _never("a frame to listeners who asked for bundles of 60 ms", 0.40,
           "needs the protocol that lets a listener ask; the cost is that of three frames leaving "
           "together"),
    _share("4 frames queued, of the cost of a single frame", "window-4", 0.31),
    _share("16 frames queued, of the cost of a single frame", "window-16", 0.11),
    _against_floor("4 frames queued, against a floor that coalesces",
                   "window-4", 1.05, servers=COALESCING),
    _against_floor("16 frames queued, against a floor that coalesces",
                   "window-16", 1.05, servers=COALESCING),
    _share("16 frames queued by each of 1,000 talkers in groups of 10, of a single frame",
           "window-16-groups-10", None),
    _never("allocations per relayed frame", 0,
           "counted by a test, tests/server/voice_path_test.cc"),
    _against_floor("latency at half load, p99", "latency", 1.2, "latency_p99_us", "µs",
                   PACED_FLOORS),
    _against_floor("latency at half load, p99.9", "latency", 1.2, "latency_p999_us", "µs",
                   PACED_FLOORS),
    *_disturbed("half load while 1,000 clients a second come and go", "beside-churn"),
    *_floor_beside_churn(),
    _against_floor("half load beside the same churn, against the floor beside it, latency p99",
                   "beside-churn", None, "latency_p99_us", "µs"),
    *_disturbed("a group of 1,000 of whom one hardly reads, 100,000/s", "slow-reader"),
    *_disturbed("half load while the Redis behind the store stands still for 30 s", "beside-redis", 1.05,
                (REDIS_STOPPED, REDIS_UNDISTURBED), reason="a run of its own: --only beside-redis"),
    Row("deliveries/s in one group of 2,000, two shards against one",
        Cell("one-group", "parley-2-shards", RATE), _cells("one-group", ("parley",), RATE), 1.7,
        "at least", "/s"),
    Row("core time per delivery in it, two shards against one (1.7 times the work of a core needs 1.18)",
        Cell("one-group", "parley-2-shards", CPU), _cells("one-group", ("parley",), CPU), 1.18,
        unit="ns"),
    Row("system calls per delivery, saturated", Cell("calls-saturated", "parley", CALLS),
        target=0.01, reason="needs perf", rounds_min=_CALLS_ROUNDS),
    Row("system calls per delivery, paced groups of 10", Cell("calls-paced", "parley", CALLS),
        target=0.15, reason="needs perf", rounds_min=_CALLS_ROUNDS),
    Row("user-space bytes of an idle signed-in connection", Cell("memory", "parley", MEMORY),
        target=512, unit="B", rounds_min=_MEMORY_ROUNDS),
    _million("connections open at once, both ends here, voice in one group", "connections",
             1_000_000, "at least"),
    _million("the same, user-space bytes of a connection", MEMORY, unit="B"),
    _million("the same, bytes of the kernel's for a connection, both ends", "kernel_bytes_per_connection",
             unit="B"),
    _million("the same, latency of the voice, p50", "latency_p50_us", unit="µs"),
    _million("the same, latency of the voice, p99", "latency_p99_us", unit="µs"),
    _million("the same, frames lost, doubled or wrong", "faults", 0),
    _against_relay("deliveries/s, a group of 100, 1 frame in flight", "relay-window-1", RATE, 1.25,
                   "at least", "/s"),
    _against_relay("deliveries/s, a group of 100, 8 frames in flight", "relay-window-8", RATE, 4,
                   "at least", "/s"),
    _against_relay("core time per delivery, paced, 10 groups of 100",
                   "relay-paced", CPU, 0.6, "at most", "ns"),
    _against_relay("user-space bytes of an idle connection",
                   "memory", MEMORY, 1 / 70, "at most", "B", rounds_min=_MEMORY_ROUNDS),
)
