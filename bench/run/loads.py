"""Loads: runs parley-load against one server, and counts system calls beside it."""
import json
import pathlib
import subprocess
import tempfile
import threading

import servers

CONNECT_S = 60
END_S = 20
COUNT_S = 1.0  # how long system calls are counted, in the midst of the talk


def generator(build):
    return pathlib.Path(build) / "tools/parley_load/parley-load"


def command(build, server, workload, seconds, pace, histogram=None):
    scenario = "idle" if workload.kind == "memory" else "fanout"
    parts = [generator(build), scenario, "--server", server.url, "--pid", server.pid,
             "--connections", workload.connections, "--group-size", workload.group_size,
             "--seconds", f"{seconds:g}", "--connect-seconds", CONNECT_S, "--json"]
    if scenario == "fanout":
        parts += ["--talkers", workload.talkers]
        parts += ["--pace", f"{pace:g}"] if pace is not None else ["--saturate", "--window",
                                                                   workload.window]
    if histogram:
        parts += ["--histogram", histogram]
    pinned = ["taskset", "-c", servers.client_core()] if workload.pinned else []
    return [str(part) for part in (*pinned, *parts)]


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
        seconds_max = CONNECT_S + END_S + float(parts[parts.index("--seconds") + 1])
        extra = {}
        try:
            if meanwhile and talking.wait(seconds_max) and process.poll() is None:
                extra = meanwhile()
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
        return {**json.loads(printed[-1]), **extra}
    except (IndexError, json.JSONDecodeError):
        return {"failure": " ".join(errors[-1:]) or "parley-load printed nothing"}


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
