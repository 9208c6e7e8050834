#!/usr/bin/env python3
"""Shows that `parley serve` behaves as docs/OPERATIONS.md promises: its help, its mistakes, its
exit statuses, how it starts and ends, the names of VoicePing deployments in the environment, and
what it says where the machine cannot run it.

Usage: serve_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

from parley_testing import (
    AUDIO, DEADLINE_S, GROUP, NOTHING_KEPT, PING, PONG, SKIPPED, START, START_ACK, START_FAILED, STOP,
    STOP_ACK, Cases, Program, Radio, Server, Wire, check, check_equal, eventually, free_port,
    run, talk)

LAUNCHER = pathlib.Path(__file__).with_name("without_io_uring.py")
SECRET = "a secret of more than 16 bytes"
NOBODY = 65534
STOP_MAX_S = 15.0  # 2 s for those that never answer; the rest is for a loaded machine


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        # What the caller's shell happens to export must not decide.
        self.clean = {**NOTHING_KEPT, **{name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_") and name not in (
                          "PORT", "SECRET_KEY", "ROUTER_JWT_SECRET", "LEGACY_JOIN_ENABLED",
                          "MAXIMUM_AUDIO_DURATION", "MAXIMUM_IDLE_DURATION", "GROUP_BUSY_TIMEOUT",
                          "PING_INTERVAL")}}

    def serve(self, *arguments, **environment):
        return run([self.parley, "serve", *arguments], {**self.clean, **environment})

    def server(self, *arguments, **environment):
        return Server([self.parley, "serve", *arguments], {**self.clean, **environment})

    def refused(self, arguments, status, says, **environment):
        """Ends at once, with one sentence on standard error and nothing on standard output."""
        done = self.serve(*arguments, **environment)
        check_equal(done.returncode, status, "the exit status")
        check_equal(done.stdout, "", "standard output")
        check(re.search(says, done.stderr), f"it says {done.stderr!r}, and not {says!r}")

    # --- the command line

    def help(self):
        """Help names every option that there is, on standard output."""
        whole = run([self.parley, "--help"], self.clean)
        check_equal(whole.returncode, 0, "the exit status of parley --help")
        check("serve" in whole.stdout, whole.stdout)
        done = self.serve("--help")
        check_equal((done.returncode, done.stderr), (0, ""), "the outcome of parley serve --help")
        for option in ("--help", "--dev", "--listen", "--shards", "--cores", "--auth", "--join",
                       "--jwt-secret-file", "--jwt-public-key-file", "--trust-the-network",
                       "--deflate", "--drain", "--drain-rate", "--take-over"):
            check(option in done.stdout, f"{option} is not explained")
        for line in done.stdout.splitlines():
            check(len(line) <= 100, f"a line is too long to be read: {line}")

    def version(self):
        done = run([self.parley, "version"], self.clean)
        check_equal(done.returncode, 0, "the exit status")
        check(re.fullmatch(r"parley \d+\.\d+\.\d+\n", done.stdout), done.stdout)

    def nothing_asked(self):
        done = run([self.parley], self.clean)
        check_equal((done.returncode, done.stdout), (2, ""), "the outcome")
        check("parley serve" in done.stderr and "--help" in done.stderr, done.stderr)
        done = run([self.parley, "sevre"], self.clean)
        check_equal(done.returncode, 2, "the exit status")
        check("'sevre'" in done.stderr and "parley serve" in done.stderr, done.stderr)

    def mistakes_are_told_with_a_remedy(self):
        for arguments, says in ((["--shards", "-1"], "digits alone"), (["--drain", "nan"], "0 to 86400"),
                                (["--drain", "soon"], "0 to 86400"),
                                (["--listen", "127.0.0.1:99999"], "at most 65535")):
            self.refused(["--dev", *arguments], 2, says)
        self.refused(["--dev"], 2, "digits alone", PARLEY_SHARDS="two")

    def misspelt_variables(self):
        """One that is near an option's is told; others are somebody else's."""
        with self.server("--dev", "--listen", "127.0.0.1:0", PARLEY_LISEN="127.0.0.1:1",
                         PARLEY_SERVICE_HOST="10.0.0.1", PARLEY_SHARDS="1") as server:
            server.end()
            said = [line for line in server.errors().splitlines() if "PARLEY_" in line]
            check_equal(len(said), 1, f"the sentences: {said}")
            check("PARLEY_LISEN" in said[0] and "PARLEY_LISTEN?" in said[0], said[0])

    def first_free_port_is_named(self):
        """Port 0 is any free one; the line names it, and it answers."""
        with self.server("--dev", "--listen", "127.0.0.1:0") as server:
            check(server.address[1] > 0, server.url)
            server.wait_for_output("parley-talk")  # the next step
            with Radio(server, "alice") as alice:
                alice.fence()
            server.end()
        with self.server("--auth", "trust", "--listen", "[::1]:0") as server:
            check(server.url.startswith("ws://[::1]:"), server.url)
            server.end()

    def only_one_line(self):
        """Without --dev there is nothing on standard output but the one line."""
        with self.server("--auth", "trust", "--listen", "127.0.0.1:0") as server:
            server.end()
            left = server.process.stdout.read()
            said = (server.output + left).decode()
            check_equal(said, f"listening on {server.url}\n", "the output")

    # --- starting and ending

    def http(self):
        with self.server("--dev", "--listen", "127.0.0.1:0") as server:
            for path, body in (("/", b"Welcome to VoicePing Router 1.0.0"), ("/healthz", b"ok")):
                with Wire(server.address) as wire:
                    wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    status, headers = wire.read_head()
                    check_equal(status, 200, path)
                    check_equal(headers["content-type"], "text/plain", "the type")
                    check_equal(wire.read_all(), body, path)

    def ends_in_time(self, which):
        """Each open client is sent away, a handshake under way is dropped, the process ends with 0
        in time, even if some clients never answer; and the port can be taken again at once."""
        listen = f"127.0.0.1:{free_port()}"
        with self.server("--dev", "--listen", listen, "--shards", "2") as server:
            radios = [Radio(server, f"radio-{i}") for i in range(20)]
            half = Wire(server.address)
            half.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
            for radio in radios:
                radio.join("18")
            began = time.monotonic()
            server.process.send_signal(which)
            for radio in radios[:-3]:
                radio.read_end()
                radio.socket.close()
            server.end(with_signal=None)
            took = time.monotonic() - began
            check(took < STOP_MAX_S, f"it took {took:.1f} s")
            half.socket.close()
            for radio in radios:
                radio.socket.close()
            with self.server("--dev", "--listen", listen) as again:
                with Radio(again, "alice") as alice:
                    alice.fence()
                again.end()

    def port_in_use(self):
        """A second server on the same port must not take half of the first one's connections."""
        with self.server("--dev", "--listen", "127.0.0.1:0") as server:
            with Program([self.parley, "serve", "--dev", "--listen", "%s:%d" % server.address],
                         self.clean) as second:
                try:
                    status = second.process.wait(timeout=DEADLINE_S)
                except subprocess.TimeoutExpired:
                    check(False, "it shares the port in silence")
                check_equal(status, 1, "the exit status")
                check("in use" in second.errors(), second.errors())
            with Radio(server, "alice") as alice:
                alice.fence()

    def two_signals(self):
        """A second signal while stopping does no harm."""
        with self.server("--dev", "--listen", "127.0.0.1:0") as server, Radio(server, "a") as deaf:
            deaf.fence()
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGINT)
            server.end()

    # --- settings of VoicePing deployments

    def port_from_environment(self):
        """PORT listens on all addresses; --listen and PARLEY_LISTEN win over it."""
        with self.server(PORT="1", SECRET_KEY=SECRET, PARLEY_LISTEN="127.0.0.1:0") as server:
            check(server.address[1] > 1, server.url)
            server.end()
        port = str(free_port())
        with self.server(PORT=port, SECRET_KEY=SECRET) as server:
            check_equal(server.url, f"ws://0.0.0.0:{port}", "where it listens")
            with Wire(("127.0.0.1", int(port))) as wire:
                wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                check_equal(wire.read_head()[0], 200, "the answer")
            server.end()
        with self.server("--listen", "127.0.0.1:0", PORT="1", SECRET_KEY=SECRET) as server:
            check(server.address[1] > 1, server.url)

    def options_from_environment(self):
        with self.server(PARLEY_LISTEN="127.0.0.1:0", PARLEY_AUTH="trust", PARLEY_SHARDS="1",
                         PARLEY_JOIN="open") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                talk(alice, bob, "18", [b"voice"])

    def file_wins_over_environment(self):
        """A secret file on the command line counts, whatever the old deployment exports."""
        secret = self.folder / "secret"
        secret.write_text(SECRET)
        with self.server("--listen", "127.0.0.1:0", "--jwt-secret-file", secret,
                         SECRET_KEY="another secret, which is old") as server:
            server.end()

    def talk_limit(self):
        """MAXIMUM_AUDIO_DURATION ends a talk."""
        with self.server("--dev", "--listen", "127.0.0.1:0",
                         MAXIMUM_AUDIO_DURATION="300") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                bob.expect_message(GROUP, START, "alice", "18", "now")
                check_equal(alice.hear()[:2], [GROUP, STOP_ACK], "what alice hears at the limit")
                check_equal(bob.hear()[:2], [GROUP, STOP], "what bob hears at the limit")
                alice.say(GROUP, AUDIO, "alice", "18", b"too late")
                alice.fence()
                bob.fence()

    def silence_limit(self):
        """MAXIMUM_IDLE_DURATION lets others take the floor of a silent talker; 0 and what is no
        number leave the default."""
        for value, taken_over in (("1500", True), ("0", False), ("soon", False)):
            with self.server("--dev", "--listen", "127.0.0.1:0",
                             MAXIMUM_IDLE_DURATION=value) as server:
                with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                    alice.join("18")
                    bob.join("18")
                    alice.say(GROUP, START, "alice", "18", "now")
                    alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                    bob.expect_message(GROUP, START, "alice", "18", "now")
                    bob.say(GROUP, START, "bob", "18", "1")
                    bob.expect_message(GROUP, START_FAILED, "bob", "18", "Busy")
                    def answer():
                        time.sleep(0.1)  # a part of the silence
                        bob.say(GROUP, START, "bob", "18", "2")
                        return bob.hear()[1]

                    if taken_over:
                        eventually(lambda: answer() == START_ACK, "the floor of who is silent")
                    else:
                        check_equal(answer(), START_FAILED, f"the answer with {value!r}")

    def ping_interval(self):
        """PING_INTERVAL is how often a client is asked; one that does not answer is dropped."""
        with self.server("--dev", "--listen", "127.0.0.1:0", PING_INTERVAL="200") as server:
            with Radio(server, "alice") as alice:
                for _ in range(3):
                    seen = alice.read_frame()
                    check_equal((seen.opcode, seen.payload), (PING, b"voiceping:alice"), "the ping")
                    alice.send_frame(PONG, seen.payload)

    # --- machines that cannot run it

    def without_io_uring(self):
        with Program([sys.executable, LAUNCHER, self.parley, "serve", "--dev", "--listen",
                      "127.0.0.1:0"], self.clean) as server:
            status = server.process.wait(timeout=DEADLINE_S)
            if status == SKIPPED:
                print("      (skipped: no seccomp filter can be installed here)")
                return
            check_equal(status, 78, "the exit status")
            said = server.errors()
            check_equal(said.count("\n"), 1, f"the number of lines in {said!r}")
            check("io_uring_setup" in said and "seccomp" in said, said)

    def little_locked_memory(self):
        """With next to nothing to lock it runs, or says what to raise."""
        def limit():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (16384, 16384))
            if os.geteuid() == 0:  # whom the limit does not bind
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)

        program = self.folder / "parley"
        if not program.exists():  # nobody may not enter every folder
            os.chmod(self.folder, 0o755)
            program.write_bytes(pathlib.Path(self.parley).read_bytes())
            program.chmod(0o755)
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                [str(program), "serve", "--dev", "--listen", "127.0.0.1:0"], stdout=output,
                stderr=errors, stdin=subprocess.DEVNULL, env=self.clean, preexec_fn=limit, cwd="/")
            try:
                deadline = time.monotonic() + DEADLINE_S
                while process.poll() is None and time.monotonic() < deadline:
                    output.seek(0)
                    if "listening on" in output.read():
                        process.terminate()
                        check_equal(process.wait(timeout=DEADLINE_S), 0, "the exit status")
                        return
                    time.sleep(0.01)
                errors.seek(0)
                said = errors.read()
                check_equal(process.poll(), 78, f"the exit status ({said})")
                check("ulimit -l" in said and said.count("\n") == 1, said)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def few_descriptors(self):
        """Too few descriptors for a ring: one line says so."""
        done = subprocess.run(
            [self.parley, "serve", "--dev", "--listen", "127.0.0.1:0"], capture_output=True,
            text=True, timeout=DEADLINE_S, env=self.clean,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)))
        check(done.returncode in (1, 78), f"the exit status is {done.returncode}")
        check_equal(done.stderr.count("\n"), 1, f"the number of lines in {done.stderr!r}")


REFUSALS = (
    # (arguments, exit status, what the sentence must say)
    (["--listen", "nonsense", "--dev"], 2, "127.0.0.1:7420"),
    (["--listen", "127.0.0.1:70000", "--dev"], 2, "not an address"),
    (["--listen", "localhost:1", "--dev"], 2, "not an address"),
    (["--cores", "x", "--dev"], 2, "0-3,6"),
    (["--cores", "3-1", "--dev"], 2, "0-3,6"),
    (["--cores", "1000", "--dev"], 78, "core 1000 .*--cores"),
    (["--cores", "9999", "--dev"], 78, "9999"),
    (["--shards", "99999", "--dev"], 2, "at most|the most is"),
    (["--shards", "-1", "--dev"], 2, "--shards"),
    (["--shards", "x", "--dev"], 2, "--shards"),
    (["--cores", "0", "--shards", "2", "--dev"], 2, "--cores"),
    ([], 2, "--jwt-secret-file"),
    (["--auth", "jwt"], 2, "--jwt-secret-file"),
    (["--auth", "maybe"], 2, "jwt.*trust"),
    (["--join", "maybe", "--dev"], 2, "managed"),
    (["--jwt-secret-file", "/nonexistent/secret"], 2, "/nonexistent/secret.*No such file"),
    (["--jwt-secret-file", "/"], 2, "/"),
    (["--jwt-public-key-file", "/nonexistent/key"], 2, "/nonexistent/key"),
    (["--auth", "trust", "--listen", "0.0.0.0:0"], 2, "--trust-the-network"),
    (["--dev", "--listen", "[::]:0"], 2, "--trust-the-network"),
    (["--dev", "--listen", ":0"], 2, r"127\.0\.0\.1:0 .*0\.0\.0\.0:0 .*\[::\]:0 "),
    (["--dev", "--trust-the-network", "--listen", ":0"], 2, "on which addresses"),
    (["--dev", "--listen", "203.0.113.7:0"], 2, "--trust-the-network"),
    (["--dev", "--trust-the-network", "--listen", "203.0.113.7:0"], 1, "203.0.113.7"),
    (["--no-such-option"], 2, "--no-such-option"),
    (["too", "much", "--dev"], 2, "too|much"),
)


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases.run("help can be read, and names every option", tests.help)
        cases.run("the version is printed", tests.version)
        cases.run("asked for nothing, it says how to ask", tests.nothing_asked)
        for arguments, status, says in REFUSALS:
            cases.run(f"parley serve {' '.join(arguments)} exits with {status} and says why",
                      tests.refused, arguments, status, says)
        short_secret = pathlib.Path(folder) / "short"
        short_secret.write_text("short")
        cases.run("a secret that can be guessed is refused", tests.refused,
                  ["--jwt-secret-file", str(short_secret)], 2, "too few for a secret")
        cases.run("a guessable SECRET_KEY is refused", tests.refused, [], 2, "16 bytes",
                  SECRET_KEY="short")
        cases.run("a PORT that cannot be one is refused", tests.refused, ["--dev"], 2, "PORT",
                  PORT="65536")
        cases.run("a mistake in the environment is named", tests.refused, ["--dev"], 2, "shards",
                  PARLEY_SHARDS="x")
        cases.run("tokens that may be anything are refused beyond loopback", tests.refused, [], 2,
                  "--trust-the-network", SECRET_KEY=SECRET, LEGACY_JOIN_ENABLED="true", PORT="1")
        cases.run("each mistake is told with its remedy", tests.mistakes_are_told_with_a_remedy)
        cases.run("a misspelt variable is told", tests.misspelt_variables)
        cases.run("it says where it listens", tests.first_free_port_is_named)
        cases.run("it prints one line and no more", tests.only_one_line)
        cases.run("it answers / and /healthz", tests.http)
        cases.run("SIGTERM sends everybody away and ends it in time", tests.ends_in_time,
                  signal.SIGTERM)
        cases.run("SIGINT sends everybody away and ends it in time", tests.ends_in_time,
                  signal.SIGINT)
        cases.run("two signals end it once", tests.two_signals)
        cases.run("a port in use is an error", tests.port_in_use)
        cases.run("PORT says where to listen", tests.port_from_environment)
        cases.run("options can stand in the environment", tests.options_from_environment)
        cases.run("a secret file wins over SECRET_KEY", tests.file_wins_over_environment)
        cases.run("MAXIMUM_AUDIO_DURATION ends a talk", tests.talk_limit)
        cases.run("MAXIMUM_IDLE_DURATION frees a silent floor", tests.silence_limit)
        cases.run("PING_INTERVAL is how often it pings", tests.ping_interval)
        cases.run("where io_uring is forbidden it exits with 78 and says so",
                  tests.without_io_uring)
        cases.run("with little locked memory it runs or says what to do",
                  tests.little_locked_memory)
        cases.run("with few descriptors it says so", tests.few_descriptors)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
