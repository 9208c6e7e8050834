#!/usr/bin/env python3
"""Replays the recorded VoicePing conversations against `parley serve` and compares what clients see.

    run_transcripts.py PARLEY PROFILE [--redis] [--only NAME,NAME] [--jobs N] [--shards N] [--verbose]

PROFILE is 2023 or 2026. With --redis the server keeps what it keeps in a Redis of its worker's, whose
keys are compared too, and records all talk; only the transcripts that look at Redis are replayed. The
transcripts are spread over a few workers; each worker has its own port and restarts its own server,
with empty state and the transcript's settings, before every transcript. deviations.json is merged
into temporary copies; the recordings stay as they are.
A transcript that fails beside the others is tried once more alone, because the recordings hold
deadlines of 100 ms that a loaded machine may miss; such a second attempt is printed as RETRIED.

Exit code: 0 all pass, 1 a transcript failed or a server died, 77 Node or Redis is not installed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from parley_testing import free_port  # noqa: E402: the folder has to be named first

HERE = pathlib.Path(__file__).resolve().parent
JWT_SECRET = "voiceping2359staging"  # what the recorded clients signed with
IDENTITY = {"2023": ["--auth", "trust", "--join", "open"], "2026": ["--auth", "jwt", "--join", "managed"]}
# The recordings hold messages of a megabyte of every kind, and more of them in a moment than a person
# sends: docs/LIMITS.md.
UNBOUNDED = [*("--limit-message-bytes", "1052672"),
             *(word for option in ("control", "text", "joins", "audio-frames", "audio-bits")
               for word in (f"--limit-{option}", "0"))]
START_MAX_S = 60.0
STOP_MAX_S = 60.0  # it has two for those that never answer; the rest is for a loaded machine
RETRIES_MAX = 3  # more failures than this are not noise
# Fixes that a server may or may not have; every other one, ours included, must be in effect, else
# a server that behaves like the original would pass. B05 and B20 concern recorded files only.
# Which of two simultaneous requests comes first is up to the shards.
OPTIONAL_FIXES = {"RAW", "MAP2BIN", "B06a", "B05", "B20", "D-simultaneous"}


def load_deviations(profile, with_redis):
    by_name = {}
    entries = json.loads((HERE / "deviations.json").read_text())
    if with_redis:  # what only shows there
        entries += json.loads((HERE / "deviations_redis.json").read_text())
    for entry in entries:
        if profile in entry["profiles"]:
            by_name.setdefault(entry["name"], []).append(entry)
    return by_name


def merge(transcript, deviations):
    """Adds our deviations to the fixes that the replayer may apply."""
    keys = ("bug", "note", "drop", "set", "add", "replace")
    ours = [{key: entry[key] for key in keys if key in entry} for entry in deviations]
    transcript["fixes"] = transcript.get("fixes", []) + ours
    return transcript


def waits_ms(transcript):
    return 300 + sum(step.get("ms", 0) for step in transcript["steps"] if step["op"] == "wait")


def needs_redis(transcript):
    return "redis" in transcript["tags"] or any(step["op"] == "redis" for step in transcript["steps"])


class Redis:
    """A Redis with nothing in it, for one worker."""

    def __init__(self, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_MAX_S
        while not self.answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("redis-server did not start")

    def answers(self):
        try:
            return empty(self.port)
        except OSError:
            time.sleep(0.01)
            return False

    def end(self):
        self.process.kill()
        self.process.wait()


def empty(port):
    """Makes a Redis forget all it has. True once it has done so."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_MAX_S) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        return connection.recv(64) == b"+OK\r\n"


class Worker:
    """One port, one server at a time, one replayer, and a Redis if there is to be one."""

    def __init__(self, folder, parley, profile, shards, with_redis):
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        (folder / "secret").write_text(JWT_SECRET)
        self.redis = Redis(folder) if with_redis else None
        if self.redis:
            (folder / "redis_port").write_text(str(self.redis.port))
        serve = [str(parley), "serve", "--listen", f"127.0.0.1:{self.port}", "--shards", str(shards),
                 "--store", f"redis://127.0.0.1:{self.redis.port}" if self.redis else "memory"]
        serve += IDENTITY[profile] + UNBOUNDED
        if self.redis:  # a list there holds the ids of recordings too
            serve += ["--data", str(folder / "data"), "--record", "all"]
        if profile == "2026":
            serve += ["--jwt-secret-file", str(folder / "secret")]
        (folder / "serve.json").write_text(json.dumps(serve))

    def end(self):
        if self.redis:
            self.redis.end()

    def replay(self, files):
        """Returns {transcript name: (status, printed lines)}."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        restart = " ".join(map(shlex.quote, [sys.executable, __file__, "--restart", str(self.folder)]))
        command = ["node", str(HERE / "replay/replay.js"), "--url", f"ws://127.0.0.1:{self.port}",
                   "--secret", JWT_SECRET, "--fixed", "all", "--restart-cmd", restart,
                   "--report", str(report), *map(str, files)]
        if self.redis:
            command[2:2] = ["--redis", f"redis://127.0.0.1:{self.redis.port}"]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        finally:
            trouble = stop(self.folder)
        if (self.folder / "trouble").exists():
            trouble += (self.folder / "trouble").read_text().splitlines()
            (self.folder / "trouble").unlink()
        result = {}
        current = None
        for line in done.stdout.splitlines():
            status = line.split(" ", 1)[0]
            if status in ("PASS", "FIXED", "FAIL", "SKIP"):
                current = line[6:].split()[1]
                result[current] = (status, [line])
            elif current is not None and line.startswith("    "):
                result[current][1].append(line)
            elif line and not line.startswith("pass "):
                trouble.append(line)
        used = {}
        if report.exists():
            used = {r["name"]: set(r.get("fixes", [])) for r in json.loads(report.read_text())["results"]}
        for path in files:
            transcript = json.loads(path.read_text())
            name = transcript["name"]
            status, lines = result.get(name, ("FAIL", [f"FAIL  {name}: no result"]))
            missing = {fix["bug"] for fix in transcript["fixes"]} - OPTIONAL_FIXES - used.get(name, set())
            if status in ("PASS", "FIXED") and missing:
                status = "FAIL"
                lines = [f"FAIL  {name}: passes, but {', '.join(sorted(missing))} is not in effect"]
            result[name] = (status, lines)
        return result, trouble


def log_of(folder):
    return (folder / "server.log").read_text(errors="replace")


def stop(folder):
    """Ends the server that this worker started; returns complaints."""
    pid_file, code_file = folder / "pid", folder / "exit_code"
    if not pid_file.exists():
        return []
    pid = int(pid_file.read_text())
    pid_file.unlink()
    if code_file.exists():
        return [f"the server ended by itself; its last words: {log_of(folder)[-2000:]}"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_MAX_S
    while not code_file.exists():
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return [f"the server did not end within {STOP_MAX_S:.0f} s of SIGTERM"]
        time.sleep(0.005)
    code = code_file.read_text().strip()
    if code != "0" or "runtime error:" in log_of(folder):
        return [f"the server ended with code {code}; its last words: {log_of(folder)[-2000:]}"]
    return []


# The replayer's restart command must return while the server goes on, so nobody waits for it as its
# parent; this shell does, and writes down how it ended.
KEEPER = 'cd "$1"; shift; "$@" & echo $! >pid.new; mv pid.new pid; wait $!; echo $? >code.new; mv code.new exit_code'


def restart(folder):
    """Called by the replayer before each transcript, with the transcript's settings exported."""
    trouble = stop(folder)
    if trouble:
        with open(folder / "trouble", "a") as file:
            file.write("\n".join(trouble) + "\n")
    (folder / "exit_code").unlink(missing_ok=True)
    if (folder / "redis_port").exists():
        empty(int((folder / "redis_port").read_text()))
    with open(folder / "server.log", "wb") as log:
        serve = json.loads((folder / "serve.json").read_text())
        subprocess.Popen(["sh", "-c", KEEPER, "sh", str(folder), *serve], stdin=subprocess.DEVNULL,
                         stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + START_MAX_S
    while not (folder / "pid").exists() or "listening on " not in log_of(folder):
        if (folder / "exit_code").exists() or time.monotonic() > deadline:
            sys.exit("the server did not start: " + log_of(folder)[-2000:])
        time.sleep(0.005)


def abandon(workers):
    """The test is being ended from outside, e.g. by its deadline: leave no server behind."""
    for worker in workers:
        (worker.folder / "serve.json").unlink(missing_ok=True)  # no replayer restarts it now
    for worker in workers:
        stop(worker.folder)
        worker.end()
        shutil.rmtree(worker.folder, ignore_errors=True)
    os._exit(1)


def main():
    if sys.argv[1:2] == ["--restart"]:
        return restart(pathlib.Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parley", type=pathlib.Path)
    parser.add_argument("profile", choices=sorted(IDENTITY))
    parser.add_argument("--redis", action="store_true", help="keep what is kept in Redis, and look there")
    parser.add_argument("--only", default="", help="names of transcripts, separated by commas")
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if shutil.which("node") is None:
        print("node is not installed: skipped")
        return 77
    if args.redis and shutil.which("redis-server") is None:
        print("redis-server is not installed: skipped")
        return 77

    only = set(filter(None, args.only.split(",")))
    deviations = load_deviations(args.profile, args.redis)
    parley = args.parley.resolve()
    failed, retried, trouble = [], [], []
    with tempfile.TemporaryDirectory(prefix="parley-transcripts-") as temp:
        root = pathlib.Path(temp)
        (root / "transcripts").mkdir()
        cost = {}
        for path in sorted((HERE / "transcripts" / args.profile).glob("*.json")):
            transcript = json.loads(path.read_text())
            if only and transcript["name"] not in only:
                continue
            if args.redis and not needs_redis(transcript):
                continue
            copy = root / "transcripts" / path.name
            copy.write_text(json.dumps(merge(transcript, deviations.get(transcript["name"], []))))
            cost[copy] = waits_ms(transcript)
        # Longest first, each to the worker with the least to do.
        shares = [[] for _ in range(min(args.jobs, len(cost)))]
        for path in sorted(cost, key=cost.get, reverse=True):
            min(shares, key=lambda share: sum(cost[p] for p in share)).append(path)
        workers = [Worker(root / f"worker{i}", parley, args.profile, args.shards, args.redis) for i in range(len(shares))]
        signal.signal(signal.SIGTERM, lambda *_: abandon(workers))
        results = {}
        with concurrent.futures.ThreadPoolExecutor(max(1, len(workers))) as pool:
            for result, complaints in pool.map(Worker.replay, workers, shares):
                results.update(result)
                trouble += complaints

        again = [name for name, (status, _) in results.items() if status == "FAIL"]
        if again and len(again) <= RETRIES_MAX and not trouble:
            by_name = {json.loads(path.read_text())["name"]: path for path in cost}
            first = {name: results[name] for name in again}
            result, complaints = workers[0].replay([by_name[name] for name in again])
            results.update(result)
            trouble += complaints
            retried = [name for name in again if results[name][0] != "FAIL"]
            for name in retried:
                print("RETRIED", name, "failed beside the others, passes alone; the first attempt was:")
                print("\n".join(first[name][1]))

        for worker in workers:
            worker.end()

    count = {"PASS": 0, "FIXED": 0, "FAIL": 0, "SKIP": 0}
    for name, (status, lines) in sorted(results.items()):
        count[status] += 1
        if status == "FAIL":
            failed.append(name)
        if status == "FAIL" or args.verbose:
            print("\n".join(lines))
        elif status in ("SKIP", "FIXED"):
            print(lines[0])
    for line in trouble:
        print("TROUBLE", line)
    print(f"profile {args.profile}: {count['PASS']} as recorded, {count['FIXED']} with documented deviations, "
          f"{count['FAIL']} failed, {count['SKIP']} skipped, {len(retried)} retried")
    return 1 if failed or trouble or not results else 0


if __name__ == "__main__":
    sys.exit(main())
