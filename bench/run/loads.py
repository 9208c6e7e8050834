"""Loads: runs parley-load against one server, and beside it counts system calls, takes samples, or
lets others come and go."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading

import servers
import shares

CONNECT_S = 60
CONNECT_S_MILLION = 400
END_S = 20
COUNT_S = 0.5  # how long system calls are counted, in the midst of the talk
SAMPLE_S = 2.0  # how long samples are taken, in the midst of the talk
SAMPLE_RATE = 2000
SLOW_READER = 1000  # bytes a second: 8 kbit/s
# Clients a second that come and go: as a disturbance, and as people who ask something of the store.
CHURN_RATES = {"beside-churn": 1000, "beside-redis": 50}
CHURN_HOLD_S = 0.3
CHURN_KEPT = 0.9  # of its rate; below, it was no such disturbance
FAULTS = ("lost", "duplicated", "reordered", "corrupted", "misdirected", "malformed")
KERNEL = ("kernel_slab_bytes_per_connection_both_ends", "kernel_tcp_bytes_per_connection_both_ends")


def generator(build):
    return pathlib.Path(build) / "tools/parley_load/parley-load"


def command(build, server, workload, seconds, pace, histogram=None):
    scenario = "idle" if workload.kind in ("memory", "million") else "fanout"
    connect_seconds = CONNECT_S_MILLION if workload.kind == "million" else CONNECT_S
    parts = [generator(build), scenario, "--server", server.url, "--pid", server.pid,
             "--connections", workload.connections, "--group-size", workload.group_size,
             "--seconds", f"{seconds:g}", "--connect-seconds", connect_seconds, "--json"]
    if scenario == "fanout":
        parts += ["--talkers", workload.talkers]
        parts += ["--pace", f"{pace:g}"] if pace is not None else ["--saturate", "--window",
                                                                   workload.window]
    if workload.kind == "million":
        parts += ["--voice"]
    if workload.kind == "slow-reader":
        parts += ["--slow-reader", SLOW_READER]
    if histogram:
        parts += ["--histogram", histogram]
    pinned = ["taskset", "-c", servers.client_core()] if workload.pinned else []
    return [str(part) for part in (*pinned, *parts)]


def churn_command(build, server, rate, seconds):
    """On a core of its own, if there is a third."""
    core = (sorted(os.sched_getaffinity(0))[2:] or [servers.client_core()])[0]
    parts = ["taskset", "-c", core, generator(build), "churn", "--server", server.url, "--rate",
             rate, "--hold-ms", round(1000 * CHURN_HOLD_S), "--connections",
             round(2 * rate * CHURN_HOLD_S), "--seconds", f"{seconds:g}", "--json"]
    return [str(part) for part in parts]


def run(parts, meanwhile=None):
    """The result that the command prints as JSON, with what `meanwhile()`, called once the talk has
    begun, gives; or a result that says why there is none. Takes no longer than the command and
    END_S."""
    errors = []
    talking = threading.Event()
    with tempfile.TemporaryFile("w+") as output, subprocess.Popen(
            parts, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
            text=True) as process:

        def read_progress():
            for line in process.stderr:
                errors.append(line.strip())
                if "delivery" in line:
                    talking.set()
            talking.set()  # it has ended

        reader = threading.Thread(target=read_progress, daemon=True)
        reader.start()
        seconds_max = END_S + sum(float(parts[parts.index(option) + 1])
                                  for option in ("--seconds", "--connect-seconds"))
        extra = {}
        try:
            if meanwhile and talking.wait(seconds_max) and process.poll() is None:
                extra = meanwhile()
                if process.poll() is not None:
                    extra = {}  # it went on when the load was over
            process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            return {"failure": f"parley-load did not end within {seconds_max:.0f} s"}
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            reader.join()
        output.seek(0)
        printed = output.read().strip().splitlines()
    try:
        return with_sums({**json.loads(printed[-1]), **extra})
    except (IndexError, json.JSONDecodeError):
        return {"failure": " ".join(errors[-1:]) or "parley-load printed nothing"}


def with_sums(result):
    """With the faults of all sorts, and the kernel's memory of both sorts."""
    if any(name in result for name in FAULTS):
        result["faults"] = sum(result.get(name, 0) for name in FAULTS)
    if all(name in result for name in KERNEL):
        result["kernel_bytes_per_connection"] = sum(result[name] for name in KERNEL)
    return result


def system_calls_per_second(pid):
    """Of all threads of a process, counted by the kernel; None if perf cannot do that here."""
    try:
        counted = subprocess.run(
            ["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p", str(pid), "--",
             "sleep", str(COUNT_S)], capture_output=True, text=True, timeout=COUNT_S + 10)
        return int(counted.stderr.strip().splitlines()[-1].split(",")[0]) / COUNT_S
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None


def count_calls(parts, server):
    """A load during which system calls are counted; adds `system_calls_per_delivery`."""
    result = run(parts, lambda: {"system_calls_per_second": system_calls_per_second(server.pid)})
    calls, rate = result.get("system_calls_per_second"), result.get("deliveries_per_second")
    if calls is not None and rate:
        result["system_calls_per_delivery"] = calls / rate
    return result


def take_samples(pid, path):
    """Where a process spends its time, into a file of perf; whether that worked."""
    try:
        done = subprocess.run(
            ["perf", "record", "-q", "-F", str(SAMPLE_RATE), "-e", "cpu-clock", "-p", str(pid), "-o",
             str(path), "--", "sleep", str(SAMPLE_S)], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=SAMPLE_S + 10)
        return done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def shares_of(path):
    """What perf has recorded, read once the load is over, for reading takes time of its own."""
    try:
        printed = subprocess.run(["perf", "script", "-i", str(path), "-F", "ip,sym,dso"],
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return shares.of(shares.read(printed.stdout.decode(errors="replace")))


def profile(parts, server, cpu_metric):
    """A load during which perf takes samples; adds `profile` and `own_ns_per_delivery`."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "perf.data"
        result = run(parts, lambda: {"sampled": take_samples(server.pid, path)})
        found = shares_of(path) if result.pop("sampled", False) else None
    if found and result.get(cpu_metric):
        result["profile"] = {name: round(value, 4) for name, value in found.items()}
        result["own_ns_per_delivery"] = shares.own_part(found, result[cpu_metric])
    return result


def beside_churn(parts, churn_parts, rate, meanwhile=None):
    """A load while `rate` clients a second come and go at the same server; adds what became of
    these. `meanwhile` as of run()."""
    with tempfile.TemporaryFile("w+") as output, subprocess.Popen(
            churn_parts, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
            text=True) as process:
        try:
            said = process.stderr.readline()  # after its first second, or why it has ended
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            result = run(parts, meanwhile)
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)  # it lets those go that are there, and reports
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        drain.join()
        output.seek(0)
        printed = output.read().strip().splitlines()
    try:
        return with_churn(result, json.loads(printed[-1]), rate)
    except (IndexError, json.JSONDecodeError):
        return {**result, "beside_failure": f"churn ended: {said.strip() or 'it said nothing'}"}


def stop_redis(server):
    """From now until the server's end, longer than any load."""
    server.redis.stand_still()
    return {"redis": "stopped"}


def with_churn(result, churn, due):
    """Whoever could not come and go as asked is a fault of the server's; fewer than were to come are
    another workload."""
    names = ("ready_per_second", "failures", "not_made_at_bound", "not_made_without_port",
             "connect_to_ready_p99_us")
    result["beside"] = {name: churn.get(name) for name in names}
    if churn.get("failures"):
        return {**result, "passed": False, "failure": f"churn: {churn['failures']} clients failed"}
    rate = churn.get("ready_per_second", 0)
    if rate < CHURN_KEPT * due:
        result["beside_failure"] = f"churn: {rate:.0f} connects/s where {due} were due"
    return result
