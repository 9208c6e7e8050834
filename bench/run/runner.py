"""Runner: carries out workloads, round by round, each server in its turn."""
import dataclasses
import functools
import pathlib
import sys

import figures
import loads
import machine
import plan
import servers

# A round in which others took more than this of a core is tried again, but not for ever. Nothing else
# is a reason: a server that loses frames has lost them.
QUIET_SHARE, ATTEMPTS = 0.15, 2
QUICK_CALLS_ROUNDS = 3
CHURN_SECONDS_MAX = 300.0  # it is ended with the load that it goes on beside


def say(text):
    print(text, file=sys.stderr, flush=True)


def half_pace(rounds, workload):
    """Frames a second of each talker: half of what the best floor has reached, for all alike."""
    rates = [figures.median(rounds, figures.Cell("sat-1k", server, plan.RATE)) or 0
             for server in plan.FLOORS]
    if not any(rates):
        return None
    return plan.paced(max(rates) / 2, workload.talkers, workload.group_size)


class Runner:
    """Carries out workloads and collects their rounds."""

    def __init__(self, arguments, run):
        self.arguments = arguments
        self.run = run
        self.absent = run["absent"]  # servers that cannot run here, and why

    def workload(self, workload):
        pace = workload.pace
        if pace == "half":
            if half_pace(self.run["rounds"], workload) is None:
                self.calibrate()
            pace = half_pace(self.run["rounds"], workload)
            if pace is None:
                return say(f"{workload.name}: left out, the floor's rate is not known")
        if workload.kind == "million":
            workload = dataclasses.replace(workload, connections=self.arguments.connections)
        names = self.arguments.servers.split(",") if self.arguments.servers else workload.servers
        rounds = workload.rounds or self.arguments.rounds
        if workload.kind == "calls" and self.arguments.quick:
            rounds = min(rounds, QUICK_CALLS_ROUNDS)
        for number in range(rounds):
            turn = number % len(names)
            for name in (*names[turn:], *names[:turn]):
                self.round(workload, name, number, pace)

    def calibrate(self):
        workload = plan.named("sat-1k")
        for name in plan.FLOORS:
            self.round(workload, name, 0, None)

    def round(self, workload, name, number, pace):
        """Keeps all of up to ATTEMPTS; the quietest counts."""
        attempts = []
        for _ in range(1 if self.arguments.quick or workload.named_only else ATTEMPTS):
            measured = None if name in self.absent else self.attempt(workload, name, number, pace)
            if measured is None:
                break
            attempts.append(measured)
            if measured["others_share"] <= QUIET_SHARE:
                break
        if attempts:
            figures.supersede(attempts)
            self.run["rounds"] += attempts

    def attempt(self, workload, name, number, pace):
        """One round; None if the server cannot run here."""
        machine.wait_for_quiet(QUIET_SHARE, self.arguments.wait_quiet)
        try:
            with servers.Server(name, self.arguments.build, workload.pinned,
                                workload.connections) as server:
                others = machine.Others(server.pid)
                parts, result = self.measure(workload, server, name, number, pace)
                others_share = round(others.share(), 3)
                said = server.last_error()
        except servers.Absent as why:
            self.absent[name] = str(why)
            return say(f"{name} is left out: {why}")
        measured = {"workload": workload.name, "server": name, "round": number,
                    "server_command": server.command, "command": parts,
                    "others_share": others_share, "result": result}
        if said and not result.get("passed"):
            measured["server_said"] = said
        if pace is not None:
            measured["deliveries_due"] = pace * workload.talkers * (workload.group_size - 1)
        say(f"{workload.name:16} round {number + 1}  {name:24} {summary(measured)}")
        return measured

    def measure(self, workload, server, name, number, pace):
        seconds = workload.seconds or self.arguments.seconds
        histogram = None
        if name == plan.ALONE:
            workload = dataclasses.replace(workload, window=1)
        if name == plan.UNDISTURBED:
            workload = dataclasses.replace(workload, kind="load")
        if self.arguments.histograms and workload.name == "latency":
            folder = pathlib.Path(self.arguments.histograms)
            folder.mkdir(parents=True, exist_ok=True)
            histogram = folder / f"{workload.name}-{name}-{number + 1}.hgrm"
        parts = loads.command(self.arguments.build, server, workload, seconds, pace, histogram)
        if workload.kind == "calls":
            return parts, loads.count_calls(parts, server)
        if workload.kind == "profile":
            return parts, loads.profile(parts, server, plan.CPU)
        if workload.kind in loads.CHURN_RATES:
            rate = loads.CHURN_RATES[workload.kind]
            churn = loads.churn_command(self.arguments.build, server, rate, CHURN_SECONDS_MAX)
            stands_still = name == plan.REDIS_STOPPED
            meanwhile = functools.partial(loads.stop_redis, server) if stands_still else None
            return [*parts, "beside", *churn], loads.beside_churn(parts, churn, rate, meanwhile)
        return parts, loads.run(parts)


def summary(measured):
    result = measured["result"]
    if not figures.succeeded(measured):
        return "FAILED: " + figures.fault(measured)
    told = [f"{result[metric]:{width},.{digits}f} {unit}"
            for metric, width, digits, unit in (
                (plan.RATE, 10, 0, "/s"), (plan.CPU, 7, 0, "ns"), ("latency_p99_us", 9, 0, "us p99"),
                (plan.CALLS, 6, 3, "calls"), (plan.OWN, 6, 0, "ns own"),
                (plan.MEMORY, 6, 0, "B")) if result.get(metric)]
    if measured["others_share"] > QUIET_SHARE:
        told.append(f"others took {100 * measured['others_share']:.0f} % of a core")
    return "  ".join(told)
