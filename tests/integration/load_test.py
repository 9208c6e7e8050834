#!/usr/bin/env python3
"""Shows that parley-load measures what it says, in each scenario against the real server, and that
it finds the faults of servers that lie.

Usage: load_test.py PARLEY PARLEY_LOAD
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.

Each load lasts one second. What lies is in lying_server.py; those loads run side by side, for
parley-load waits five seconds for what was lost.
"""
import json
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

from lying_server import LyingServer
from parley_testing import UNLIMITED, Cases, Program, Server, check, check_equal, eventually, run

LOAD_MAX_S = 60
SECRET = "a secret of more than 16 bytes"
FAULTS = ("lost", "duplicated", "reordered", "corrupted", "misdirected", "malformed")


class Tests:
    def __init__(self, parley, program, folder):
        self.parley = parley
        self.program = program
        self.folder = pathlib.Path(folder)
        self.server = None

    def load(self, *arguments, status=0, server=None, limit=None, seconds=1):
        """Runs parley-load, for a second if not told otherwise. Its result, with what it said beside it as `said`."""
        server = server or self.server
        known = ["--pid", str(server.pid)] if isinstance(server, Server) else []
        command = [self.program, *map(str, arguments), "--server", server.url, "--seconds",
                   str(seconds), "--json", *known]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LOAD_MAX_S, preexec_fn=limit)
        return self.judged(done.returncode, done.stdout, done.stderr, status)

    @staticmethod
    def judged(returncode, output, errors, status):
        check_equal(returncode, status, f"the exit status ({errors[-300:]})")
        result = json.loads(output)
        check_equal(result["passed"], status == 0, "passed")
        check_equal(result["failure"] == "", status == 0, f"that there is no {result['failure']!r}")
        result["said"] = errors
        return result

    # --- what each scenario reports

    def fanout(self):
        files = {kind: self.folder / f"fanout.{kind}" for kind in ("csv", "hgrm")}
        result = self.load("fanout", "--connections", 20, "--group-size", 5, "--talkers", 4,
                           "--csv", files["csv"], "--histogram", files["hgrm"])
        check_equal([result[fault] for fault in FAULTS], [0] * 6, "the faults")
        check_equal(result["deliveries"], result["deliveries_expected"], "the deliveries")
        check(result["frames_sent"] > 100, result["frames_sent"], "frames of 200")
        check_equal(result["deliveries"], result["frames_sent"] * 4, "the deliveries")
        check(result["server_cpu_seconds"] > 0 and result["own_cpu_seconds"] > 0, result)
        check(result["server_rss_bytes"] > result["server_anon_bytes"] > 0, result)
        order = [result[f"latency_{name}_us"] for name in ("p50", "p90", "p99", "p999", "p9999",
                                                           "max")]
        check(order == sorted(order) and order[0] > 0, f"latencies {order}")
        for name in ("connections", "group_size", "talkers", "seconds", "deliveries_per_second",
                     "server_cpu_ns_per_delivery", "busiest_thread", "behind_max_us", "bottleneck"):
            check(name in result, f"there is no {name}")
        header, *rows = [line.split(",") for line in files["csv"].read_text().splitlines()]
        check(rows, "the CSV has no row")
        check_equal({len(row) for row in rows}, {len(header)}, "the lengths of the rows")
        lines = files["hgrm"].read_text().splitlines()
        check_equal(lines[0].split(), ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"],
                    "the header")
        check_equal(int(lines[-4].split()[2]), result["deliveries"], "the histogram's count")
        check("delivery" in result["said"], f"no progress in {result['said']!r}")

    def saturated(self):
        result = self.load("fanout", "--connections", 40, "--group-size", 20, "--talkers", 2,
                           "--saturate", "--window", 4, "--threads", 4)
        check(result["deliveries"] > 1000, result)
        check_equal(result["own_workers"], 4, "the threads, of which groups are spread over")

    def slow_reader(self):
        began = time.monotonic()
        result = self.load("fanout", "--connections", 8, "--group-size", 4, "--talkers", 2,
                           "--pace", 200, "--slow-reader", 6000, seconds=3)
        bytes_max = 6000 * (time.monotonic() - began)
        # Five listeners are judged; each frame to the sixth would be 140 bytes and more.
        check_equal(result["deliveries"], result["deliveries_expected"], "the deliveries")
        check(result["deliveries"] < result["frames_sent"] * 3, "the slow one is counted")
        check(0 < result["slow_reader_bytes"] <= bytes_max, f"{result['slow_reader_bytes']} bytes")
        check(0 < result["slow_reader_frames"] < bytes_max / 100, result["slow_reader_frames"])
        check(result["slow_reader_missed"] > 0, "the server dropped nothing for the slow one")
        check_equal(result["slow_reader_closed"], False, "slow_reader_closed")

    def idle(self):
        """More connections than descriptors: it becomes several processes."""
        result = self.load(
            "idle", "--connections", 120, "--group-size", 4, "--voice",
            limit=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        check(result["own_processes"] > 3, f"{result['own_processes']} processes")
        check_equal(result["deliveries"], result["frames_sent"] * 3, "the deliveries")
        check(result["frames_sent"] > 20, result["frames_sent"], "frames of 50")
        for name in ("server_anon_bytes_before", "server_anon_bytes_ready",
                     "server_bytes_per_connection", "kernel_slab_bytes_per_connection_both_ends",
                     "kernel_tcp_bytes_per_connection_both_ends", "generator_bytes_per_connection"):
            check(name in result, f"there is no {name}")

    def little_memory(self):
        """A quiet connection costs the generator next to nothing."""
        result = self.load("idle", "--connections", 5000, "--group-size", 100)
        if not self.server.is_sanitized():
            each = result["generator_bytes_per_connection"]
            check(each <= 200, f"{each} bytes for each connection")

    def source_addresses(self):
        with LyingServer() as server:
            self.load("idle", "--connections", 8, "--group-size", 2, "--ports-per-source", 3,
                      server=server)
            check_equal(server.peers, {"127.0.1.1", "127.0.1.2", "127.0.1.3"}, "the addresses")
        with LyingServer() as server:
            self.load("idle", "--connections", 3, "--group-size", 3, "--ports-per-source", 3,
                      server=server)
            check_equal(server.peers, {"127.0.0.1"}, "the address of a few")

    def churn(self, how):
        with LyingServer() as server:
            result = self.load("churn", "--rate", 60, "--hold-ms", 50, "--close", how,
                               "--group-size", 3, server=server)
            check_equal(len(set(server.tokens)), 60, "the users who came")
            check_equal((result["connects_due"], result["ready"], result["closed"]), (60, 60, 60),
                        "due, ready and closed")
            check(result["connect_to_ready_p50_us"] > 0, result)

    def churn_bound(self):
        result = self.load("churn", "--connections", 3, "--rate", 100, "--hold-ms", 200, status=1)
        check(result["not_made_at_bound"] > 0, result)
        check("--connections" in result["failure"], result["failure"])
        check_equal(result["ready"] + result["not_made_at_bound"], result["connects_due"], "all")

    def ptt(self):
        result = self.load("ptt", "--connections", 20, "--group-size", 5, "--presses", 80,
                           "--burst-ms", 100, "--threads", 2)
        check(result["granted"] > 5 and result["refused"] > 5, result)
        check_equal(result["presses"], result["granted"] + result["refused"] + result["skipped"],
                    "the presses")
        check_equal(result["floor_violations"], 0, "floor_violations")
        check_equal(result["deliveries"], result["frames_sent"] * 4, "the deliveries")
        for name in ("press_to_grant", "press_to_first_frame", "frame", "release_to_stop"):
            check(result[f"{name}_count"] > 0 and result[f"{name}_p50_us"] > 0, name)
        # Parley waits 100 ms with it, so that voice under way is heard.
        check(result["release_to_stop_p50_us"] >= 99_000, result["release_to_stop_p50_us"])

    def chat(self):
        result = self.load("chat", "--connections", 20, "--group-size", 5, "--rate", 200,
                           "--text-bytes", 300, "--threads", 3)
        check_equal([result[fault] for fault in FAULTS], [0] * 6, "the faults")
        check(result["texts_sent"] > 150, result)
        check_equal(result["texts_acknowledged"], result["texts_sent"], "the acknowledgements")
        check_equal(result["deliveries"], result["texts_sent"] * 4, "the deliveries")
        check(result["send_to_ack_p99_us"] > 0 and result["send_to_delivery_p99_us"] > 0, result)

    def signed(self):
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n")
        other = self.folder / "other"
        other.write_text("another secret of 16 bytes\n")
        with Server([self.parley, "serve", "--listen", "127.0.0.1:0", "--auth", "jwt", "--join",
                     "open", "--jwt-secret-file", secret]) as server:
            small = ("fanout", "--connections", 4, "--group-size", 2)
            self.load(*small, "--jwt-secret-file", secret, server=server)
            wrong = self.load(*small, "--jwt-secret-file", other, server=server, status=1)
            check("--jwt-secret-file" in wrong["failure"], wrong["failure"])
            unsigned = self.load(*small, server=server, status=1)
            check("--jwt-secret-file" in unsigned["failure"], unsigned["failure"])

    # --- ends before its time

    def interrupted(self, which):
        command = [self.program, "fanout", "--server", self.server.url, "--connections", "4",
                   "--group-size", "2", "--seconds", "600", "--json"]
        with Program(command) as load:
            eventually(lambda: "delivery" in load.errors(), "a line of progress")
            load.process.send_signal(which)
            output, _ = load.process.communicate(timeout=LOAD_MAX_S)
            result = self.judged(load.process.returncode, load.output + output, load.errors(), 1)
        check_equal(result["failure"], "interrupted", "the failure")
        check(result["deliveries"] > 0 and result["own_cpu_seconds"] > 0, result)
        check_equal(result["deliveries"], result["deliveries_expected"], "the deliveries")

    def cut(self):
        """A lost connection ends the run, and what was measured till then is told."""
        with LyingServer(drop_after=20) as server:
            result = self.load("fanout", "--connections", 4, "--group-size", 2, server=server,
                               status=1)
            check("is lost" in result["failure"], result["failure"])
            check(result["own_cpu_seconds"] > 0, result["own_cpu_seconds"])

    def nobody_there(self):
        done = run([self.program, "fanout", "--server", "ws://127.0.0.1:1", "--connections", 2,
                    "--group-size", 2])
        check_equal((done.returncode, done.stdout), (1, ""), "the outcome")
        check("is it running" in done.stderr, done.stderr)

    def refused(self, arguments, says, status=2):
        done = run([self.program, *arguments])
        check_equal((done.returncode, done.stdout), (status, ""), "the outcome")
        check(re.search(says, done.stderr), f"it says {done.stderr!r}, and not {says!r}")

    def help(self):
        whole = run([self.program, "--help"])
        check_equal((whole.returncode, whole.stderr), (0, ""), "the outcome")
        for scenario in ("fanout", "ptt", "idle", "churn", "chat"):
            check(scenario in whole.stdout, f"{scenario} is not named")
            done = run([self.program, scenario, "--help"])
            check_equal((done.returncode, done.stderr), (0, ""), "the outcome")
            for option in ("--server", "--pid", "--cores", "--csv", "--histogram", "--json"):
                check(option in done.stdout, f"{scenario}: {option} is not explained")


PTT = ("ptt", "--connections", "6", "--group-size", "3", "--presses", "60", "--burst-ms", "100")
CHAT = ("chat", "--connections", "6", "--group-size", "3", "--rate", "60")
TALK = ("fanout", "--connections", "6", "--group-size", "3", "--talkers", "2")
CHURN = ("churn", "--rate", "30", "--hold-ms", "20")

LIES = (
    # (the lie, the load, what must be counted, what must be said)
    ("two talkers in one group", {"grant_all": True}, PTT, "floor_violations", "floor"),
    ("voice of those who were refused", {"hear_refused": True}, PTT, "floor_violations", "floor"),
    ("lost voice", {"lose_audio_each": 7}, PTT, "lost", "every frame"),
    ("voice that comes twice", {"repeat_audio_each": 7}, PTT, "duplicated", "every frame"),
    ("presses without an answer", {"ignore_start": True}, PTT, "unanswered", "press"),
    ("lost frames", {"lose_audio_each": 9}, TALK, "lost", "every frame"),
    ("repeated frames", {"repeat_audio_each": 9}, TALK, "duplicated", "every frame"),
    ("lost texts", {"lose_text_each": 9}, CHAT, "lost", "every text"),
    ("texts that nobody gets", {"lose_text_each": 1}, CHAT, "lost", "every text"),
    ("texts without acknowledgement", {"never_ack_text": True}, CHAT, "texts_sent",
     "acknowledged"),
    ("upgrades that are refused", {"refuse_upgrade": True}, CHURN, "failed_to_sign_in", "client"),
    ("connections that are cut", {"drop_after": 1}, CHURN, "cut_by_server", "client"),
    ("close frames without an answer", {"ignore_close": True}, CHURN + ("--close", "close"),
     "closes_not_answered", "client"),
)


def tell_lies(cases, tests):
    """All at once: the loads mostly wait."""
    servers = [LyingServer(**lie).__enter__() for _, lie, *_ in LIES]
    loads = [Program([tests.program, *load, "--server", server.url, "--seconds", "1", "--json"])
             for server, (_, _, load, *_) in zip(servers, LIES)]

    def found(load, counted, says):
        output, _ = load.process.communicate(timeout=LOAD_MAX_S)
        result = tests.judged(load.process.returncode, output, load.errors(), 1)
        check(result[counted] > 0, f"{counted} is 0 in {result}")
        check(says in result["failure"], f"it says {result['failure']!r}, and not {says!r}")

    for load, (name, _, _, counted, says) in zip(loads, LIES):
        with load:
            cases.run(f"{name} are found", found, load, counted, says)
    for server in servers:
        server.__exit__()


REFUSALS = (
    (["fanout", "--pid", ""], "is the server running"),
    (["fanout", "--pid", "12 13"], "12 13.*not one process"),
    (["fanout", "--pid", "x"], "not one process"),
    (["fanout", "--connections", "10", "--group-size", "3"], "choose a multiple"),
    (["fanout", "--group-size", "1"], "nobody would hear"),
    (["fanout", "--talkers", "1000"], "one talks in a group"),
    (["fanout", "--connections", "4", "--group-size", "2", "--slow-reader", "9"], "3 or more"),
    (["fanout", "--cores", "3-1"], "3-1.*no list of cores"),
    (["fanout", "--jwt-secret-file", "/nonexistent"], "/nonexistent"),
    (["fanout", "--server", "http://x"], "ws"),
    (["churn", "--close", "softly"], "--close"),
    (["churn", "--rate", "nan"], "nan.*not in range"),
    (["idle", "--connections", "4", "--group-size", "1", "--voice"], "2 or more"),
    ([], "subcommand"),
)


def main():
    parley, program = sys.argv[1:3]
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(parley, program, folder)
        cases.run("each scenario explains its options", tests.help)
        for arguments, says in REFUSALS:
            cases.run(f"parley-load {' '.join(arguments)} is refused", tests.refused, arguments,
                      says)
        cases.run("a process that is not there is named", tests.refused,
                  ["fanout", "--pid", str(2 ** 22 + 1)], "there is no process", 1)
        cases.run("a file that cannot be written is named", tests.refused,
                  ["fanout", "--csv", "/nonexistent/x"], "/nonexistent/x", 1)
        cases.run("a file that takes nothing is named", tests.refused,
                  ["fanout", "--csv", "/dev/full"], "/dev/full", 1)
        cases.run("a server that is not there is an error", tests.nobody_there)
        with Server.trusting(parley, "--join", "open", *UNLIMITED) as server:
            tests.server = server
            cases.run("fanout: paced voice, with CSV and histogram", tests.fanout)
            cases.run("fanout: saturated, groups on several threads", tests.saturated)
            cases.run("fanout: a slow reader is left out", tests.slow_reader)
            cases.run("idle: in processes, with voice", tests.idle)
            cases.run("idle: a connection costs the generator at most 200 bytes",
                      tests.little_memory)
            cases.run("ptt: presses, grants and refusals", tests.ptt)
            cases.run("chat: texts and acknowledgements", tests.chat)
            cases.run("churn: the bound is told", tests.churn_bound)
            cases.run("SIGINT ends it with its result", tests.interrupted, signal.SIGINT)
            cases.run("SIGTERM ends it with its result", tests.interrupted, signal.SIGTERM)
            cases.run("the server ends in order", server.end)
        cases.run("it signs tokens with the server's secret", tests.signed)
        cases.run("it comes from several addresses when ports are few", tests.source_addresses)
        for how in ("alternate", "close", "fin", "reset"):
            cases.run(f"churn: sixty come and go ({how})", tests.churn, how)
        cases.run("a lost connection ends it with its result", tests.cut)
        tell_lies(cases, tests)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
