#!/usr/bin/env python3
"""Shows how `parley serve` ends, goes on and is replaced, as docs/operations/lifecycle.md says:
what SIGTERM, SIGHUP and SIGKILL do, how its connections are sent away, and that neither
an upgrade nor systemd's socket activation loses one.

Usage: lifecycle_test.py PARLEY [CONNECTIONS]
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed. With CONNECTIONS
only the drain of that many is run, and its figures are printed.
"""
import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from parley_testing import (
    AUDIO, DEADLINE_S, GROUP, NOTHING_KEPT, START, START_ACK, STOP, STOP_ACK, TEXT_ACK, TEXT_MESSAGE, UNLIMITED,
    Cases, Failed, Program, Radio, Server, WebSocket, Wire, check, check_equal, eventually, run,
    upgrade_request)

# A loaded machine or a sanitizer stretches everything.
SLACK_S = 2.5


class Crowd:
    """Many radios that only wait: on plain sockets, watched together."""

    def __init__(self, address, count, name="crowd"):
        self.poll = select.epoll()
        self.sockets = {}
        self.ends = []  # when each read the end of its stream
        self.resets = 0
        self.said = b""  # what any of them was told after the answer to its upgrade
        for first in range(0, count, 200):
            wires = []
            for i in range(first, min(first + 200, count)):
                wire = socket.create_connection(address, timeout=DEADLINE_S)
                wire.sendall(upgrade_request("/", [("VoicePingToken", f"{name}-{i}")]))
                wires.append(wire)
            for wire in wires:
                answer = b""
                while b"\r\n\r\n" not in answer:
                    some = wire.recv(4096)
                    check(some, f"refused: {answer}")
                    answer += some
                check(answer.startswith(b"HTTP/1.1 101"), answer[:40])
                self.sockets[wire.fileno()] = wire
                self.poll.register(wire.fileno(), select.EPOLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for wire in self.sockets.values():
            wire.close()
        self.poll.close()

    def watch(self, seconds=DEADLINE_S):
        """Until all have ended. As clients do, each closes in turn."""
        deadline = time.monotonic() + seconds
        while self.sockets:
            left = deadline - time.monotonic()
            check(left > 0, f"{len(self.sockets)} are still connected")
            for number, _ in self.poll.poll(left):
                try:
                    some = self.sockets[number].recv(65536)
                except ConnectionResetError:
                    self.resets += 1
                    some = b""
                self.said += some
                if some:
                    continue
                self.ends.append(time.monotonic())
                self.poll.unregister(number)
                self.sockets.pop(number).close()


def listening(port):
    """The sockets that listen on a port, by the numbers that the kernel gives them."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file][1:]
    return {row[9] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def busiest(times, span):
    """The most of `times` that lie within `span` seconds."""
    times = sorted(times)
    most = first = 0
    for last, end in enumerate(times):
        while end - times[first] > span:
            first += 1
        most = max(most, last - first + 1)
    return most


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")} | NOTHING_KEPT

    def server(self, *arguments, listen="127.0.0.1:0", shards=2, **environment):
        return Server([self.parley, "serve", "--auth", "trust", "--shards", str(shards), "--listen",
                       listen, *arguments], {**self.clean, **environment})

    # --- draining

    def paced(self, count, rate, *options):
        """Everybody is sent away without a close frame, no faster than at the rate."""
        with self.server(*options) as server, Crowd(server.address, count) as crowd:
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            crowd.watch()
            took = crowd.ends[-1] - began
            server.end(with_signal=None, seconds=10)
            ended = time.monotonic() - began
            most = busiest(crowd.ends, 0.5)
            print(f"      {count} connections: the last was sent away after {took:.2f} s, the "
                  f"process ended after {ended:.2f} s, the most in half a second were {most}")
            check_equal(crowd.said, b"", "what they were told")
            check_equal(crowd.resets, 0, "the number of resets")
            check(took >= 0.9 * count / rate, f"too fast: {took:.2f} s")
            check(ended <= count / rate + SLACK_S, f"too slow: {ended:.2f} s")
            # A reader that comes late sees the ends of a longer time at once.
            check(most <= 0.5 * rate * 1.5, f"{most} in half a second")

    def accepts_no_more(self):
        """The port is free at once, while connections are still being sent away."""
        with self.server("--drain-rate", "10") as server, Crowd(server.address, 20) as crowd:
            server.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            while True:
                try:
                    socket.create_connection(server.address, timeout=DEADLINE_S).close()
                except ConnectionRefusedError:
                    break
                except ConnectionResetError:  # after the handshake, before the answer
                    pass
                check(time.monotonic() < began + DEADLINE_S, "it still accepts")
            took = (time.monotonic() - began) * 1000
            print(f"      refused {took:.1f} ms after the signal")
            check(took < 500, f"{took:.0f} ms")
            check(server.process.poll() is None, "it has ended already")
            crowd.watch()
            server.end(with_signal=None)

    def queue_is_served(self):
        """Who waits to be accepted when the signal comes is answered, not reset."""
        with self.server() as server:
            server.process.send_signal(signal.SIGSTOP)
            wires = [Wire(server.address) for _ in range(40)]
            for i, wire in enumerate(wires):
                wire.send(upgrade_request("/", [("VoicePingToken", f"waits-{i}")]))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGCONT)
            for wire in wires:
                check_equal(wire.read_head()[0], 101, "the answer")
                wire.read_end()
                wire.socket.close()
            server.end(with_signal=None)

    def not_ready(self):
        """/healthz says 503 from the signal on, to whoever can still ask."""
        with self.server() as server, Wire(server.address) as wire:
            before = server.descriptors()
            eventually(lambda: server.descriptors() >= before, "the accept")
            with Radio(server, "fence") as radio:  # accepted later
                radio.fence()
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_errors("takes no more connections")
            wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            check_equal(wire.read_head()[0], 503, "the status")
            server.end(with_signal=None)

    def burst_goes_on(self):
        """A talk that is going on is heard to its end, by its listener too; others leave."""
        with self.server() as server, Crowd(server.address, 20) as crowd:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                bob.expect_message(GROUP, START, "alice", "18", "now")
                watcher = threading.Thread(target=crowd.watch, daemon=True)
                watcher.start()
                server.process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                for i in range(30):  # two seconds of voice
                    packet = b"voice %d" % i
                    alice.say(GROUP, AUDIO, "alice", "18", packet)
                    bob.expect_message(GROUP, AUDIO, "alice", "18", packet)
                    time.sleep(0.06)
                alice.say(GROUP, STOP, "alice", "18")
                check_equal(alice.hear()[:2], [GROUP, STOP_ACK], "what the talker hears")
                check_equal(bob.hear()[:2], [GROUP, STOP], "what the listener hears")
                watcher.join()
                check(max(crowd.ends) < began + 1.5, "the others waited for it")
                alice.read_end()
                bob.read_end()
                check(time.monotonic() < began + 1.8 + SLACK_S, "they were kept too long")
            server.end(with_signal=None)

    def burst_is_cut(self):
        """A talk that does not end is cut after five seconds."""
        with self.server("--drain", "1") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                server.process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                bob.expect_message(GROUP, START, "alice", "18", "now")
                bob.read_end()
                check(time.monotonic() < began + 1 + SLACK_S, "the listener had a second")
                alice.read_end()
                took = time.monotonic() - began
                check(4.5 < took < 5 + SLACK_S, f"the talker was cut after {took:.1f} s")
            server.end(with_signal=None)

    def words_are_flushed(self):
        """What was said to a slow reader before the signal is all there, then the end."""
        with self.server(*UNLIMITED) as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                text = "x" * 20_000
                for i in range(60):  # more than the sockets hold
                    alice.say(GROUP, TEXT_MESSAGE, "alice", "18", f"{i} {text}")
                    check_equal(alice.hear()[:2], [GROUP, TEXT_ACK], "the answer")
                server.process.send_signal(signal.SIGTERM)
                server.wait_for_errors("takes no more connections")
                for i in range(60):
                    check(f'"{i} xxx' in bob.hear()[4], f"text {i} is missing")
                bob.read_end()
            server.end(with_signal=None)

    def second_signal(self):
        """A second SIGTERM ends at once what would have taken long."""
        with self.server("--drain", "60", "--drain-rate", "1") as server:
            with Crowd(server.address, 50) as crowd:
                server.process.send_signal(signal.SIGTERM)
                server.wait_for_errors("a second SIGTERM ends it at once")
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                crowd.watch()
                server.end(with_signal=None)
                check(time.monotonic() - began < 1.5 + SLACK_S, "that took too long")
                check_equal((crowd.said, crowd.resets), (b"", 0), "what they saw")

    def control_c(self):
        """Ctrl-C says what happens, and how to end it at once."""
        with self.server() as server, Crowd(server.address, 3):
            server.process.send_signal(signal.SIGINT)
            server.wait_for_errors(r"sends 3 away within 5 s; Ctrl-C again ends it at once\n")
            server.end(with_signal=None)

    # --- going on

    def reload(self):
        """SIGHUP ends nothing."""
        with self.server() as server, Radio(server, "alice") as alice:
            for _ in range(3):
                server.process.send_signal(signal.SIGHUP)
                alice.fence()
            server.wait_for_errors("nothing to reload")
            server.end()

    def killed(self):
        """After SIGKILL a new server accepts within a second, with 1,000 clients coming back."""
        count = 1000
        with self.server() as server:
            crowd = Crowd(server.address, count)
            listen = "%s:%d" % server.address
            server.process.kill()
            server.process.wait()
            server_address = server.address
        back = threading.Event()
        returned = []

        def come_back():
            while not back.is_set():
                try:
                    returned.append(Crowd(server_address, count, "again"))
                    return
                except OSError:
                    time.sleep(0.001)

        clients = threading.Thread(target=come_back, daemon=True)
        clients.start()
        began = time.monotonic()
        with self.server(listen=listen) as server:
            started = time.monotonic() - began
            with Radio(server, "first") as radio:
                radio.fence()
            served = time.monotonic() - began
            clients.join(DEADLINE_S)
            all_back = time.monotonic() - began
            back.set()
            print(f"      accepts {started * 1000:.0f} ms after its start, serves after "
                  f"{served * 1000:.0f} ms, all {count} are back after {all_back * 1000:.0f} ms")
            check(served < 1 + SLACK_S, "too slow")
            check(returned, "the clients did not come back")
            returned[0].__exit__()
            crowd.__exit__()
            server.end()

    # --- being replaced

    def upgrades(self):
        """Five upgrades one after the other, while clients connect all the time: none is refused,
        none is reset, each is served."""
        path = self.folder / "take-over.sock"
        problems = []
        counts = [0, 0, 0]
        done = threading.Event()

        def connect_again_and_again(which, address):
            while not done.is_set():
                try:
                    with Radio(argument(address), f"radio-{which}") as radio:
                        radio.fence()
                    counts[which] += 1
                except (OSError, Failed) as problem:
                    if "was disconnected" not in str(problem):  # sent away before its answer
                        problems.append(repr(problem))

        class argument:  # noqa: N801: what Radio takes for a server
            def __init__(self, address):
                self.address = address
                self.tls = None

        server = self.server("--take-over", str(path), *UNLIMITED)
        sockets = listening(server.address[1])
        clients = [threading.Thread(target=connect_again_and_again, args=(i, server.address),
                                    daemon=True)
                   for i in range(3)]
        try:
            for client in clients:
                client.start()
            for shards in (1, 2, 3, 1, 2):
                seen = sum(counts)
                eventually(lambda: sum(counts) > seen + 30, "clients that connect")
                old, server = server, self.server(
                    "--take-over", str(path), *UNLIMITED, listen="%s:%d" % server.address, shards=shards)
                old.end(with_signal=None)
                old.__exit__()
                check_equal(listening(server.address[1]), sockets, "the sockets that listen")
            seen = sum(counts)
            eventually(lambda: sum(counts) > seen + 30, "clients that connect")
        finally:
            done.set()
            for client in clients:
                client.join()
            server.__exit__()
        print(f"      {sum(counts)} connections, {len(problems)} failed")
        check(not problems, problems[:3])

    def failed_successor(self):
        """A successor that cannot start leaves the server as it was."""
        path = self.folder / "failed.sock"
        with self.server("--take-over", str(path)) as server, Radio(server, "alice") as alice:
            check_equal(path.stat().st_mode & 0o777, 0o600, "who may take over")
            for arguments, says in ((["--listen", "127.0.0.1:1"], "same --listen"),
                                    (["--listen", "%s:%d" % server.address, "--cores", "1000"],
                                     "--cores")):
                done = run([self.parley, "serve", "--auth", "trust", "--take-over", str(path),
                            *arguments], self.clean)
                check(done.returncode in (1, 78), f"the exit status is {done.returncode}")
                check(says in done.stderr, done.stderr)
                alice.fence()
            with Radio(server, "bob") as bob:
                bob.fence()
            server.end()
        check(not path.exists(), "the path is left over")

    def leftover_path(self):
        """What a killed server left at the path keeps nobody from starting; a stranger does."""
        path = self.folder / "leftover.sock"
        with self.server("--take-over", str(path)) as server:
            server.process.kill()
            server.process.wait()
            check(path.is_socket(), "nothing is left over")
            with self.server("--take-over", str(path), listen="%s:%d" % server.address) as again:
                again.end()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
            stranger.bind(str(path))
            stranger.listen()
            done = run([self.parley, "serve", "--dev", "--take-over", str(path)], self.clean)
            check_equal(done.returncode, 1, "the exit status")
            check(str(path) in done.stderr and done.stderr.count("\n") == 1, done.stderr)
        path.unlink()

    # --- systemd

    def activated(self, listener, *arguments, **environment):
        """A server that was passed a listening socket as systemd does."""
        command = [*ACTIVATE, self.parley, "serve", "--auth", "trust", "--shards", "2", *arguments]
        return ActivatedServer(command, {**self.clean, **environment}, pass_on(listener))

    def socket_activation(self):
        """A passed socket is listened on, by all shards; who connects while no server is there is
        served by the next one; systemd is told when it is ready and when it stops."""
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(str(self.folder / "notify"))
        told.settimeout(DEADLINE_S)
        with socket.create_server(("127.0.0.1", 0)) as listener, told:
            address = listener.getsockname()
            early = Wire(address)  # before there is any server
            early.send(upgrade_request("/", [("VoicePingToken", "early")]))
            with self.activated(listener, NOTIFY_SOCKET=str(self.folder / "notify")) as server:
                check_equal(server.address, address, "where it listens")
                check_equal(told.recv(100), b"READY=1", "what systemd hears")
                check_equal(early.read_head()[0], 101, "the answer")
                with Crowd(address, 20) as crowd:
                    server.process.send_signal(signal.SIGTERM)
                    check_equal(told.recv(100), b"STOPPING=1", "what systemd hears")
                    waiting = Wire(address)  # nobody accepts any more, but systemd holds it
                    waiting.send(upgrade_request("/", [("VoicePingToken", "waiting")]))
                    crowd.watch()
                early.socket.close()
                server.end(with_signal=None)
            with self.activated(listener) as server:
                check_equal(waiting.read_head()[0], 101, "the answer")
                waiting.socket.close()
                server.end()

    def bad_activation(self):
        """What is passed and cannot be listened on is refused, and an open address as ever."""
        with socket.socket() as unbound:
            done = self.run_activated(unbound, "--auth", "trust")
            check_equal(done.returncode, 2, "the exit status")
            check("no listening TCP" in done.stderr, done.stderr)
        with socket.create_server(("0.0.0.0", 0)) as listener:
            done = self.run_activated(listener, "--auth", "trust")
            check_equal(done.returncode, 2, "the exit status")
            check("--trust-the-network" in done.stderr, done.stderr)

    def run_activated(self, listener, *arguments):
        return subprocess.run(
            [*ACTIVATE, self.parley, "serve", *arguments], env=self.clean, capture_output=True,
            text=True, timeout=DEADLINE_S, preexec_fn=pass_on(listener), close_fds=False)


# systemd knows the number of the process before it becomes the program; a shell does too.
ACTIVATE = ["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"']


def pass_on(listener):
    """What a child does so that `listener` is its descriptor 3."""
    def run_in_child():
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)

    return run_in_child


class ActivatedServer(Server):
    def __init__(self, command, environment, before):
        self.before = before
        super().__init__(command, environment)

    def start(self, **how):
        return subprocess.Popen(self.command, preexec_fn=self.before, close_fds=False, **how)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        if len(sys.argv) > 2:
            count = int(sys.argv[2])
            cases.run(f"{count} are sent away within 5 s, and it ends within 10", tests.paced,
                      count, max(2000, count / 5))
            return cases.finish()
        cases.run("everybody is sent away at the rate, without a close frame", tests.paced, 600,
                  400, "--drain-rate", "400")
        cases.run("faster, if the time would not do", tests.paced, 600, 600, "--drain-rate", "10",
                  "--drain", "1")
        cases.run("SIGTERM: no connection is accepted any more", tests.accepts_no_more)
        cases.run("SIGTERM: who waits to be accepted is served", tests.queue_is_served)
        cases.run("SIGTERM: /healthz says 503", tests.not_ready)
        cases.run("SIGTERM: a talk goes on to its end", tests.burst_goes_on)
        cases.run("SIGTERM: a talk without end is cut", tests.burst_is_cut)
        cases.run("SIGTERM: words are flushed", tests.words_are_flushed)
        cases.run("a second SIGTERM ends it at once", tests.second_signal)
        cases.run("Ctrl-C says what happens", tests.control_c)
        cases.run("SIGHUP ends nothing", tests.reload)
        cases.run("SIGKILL: the next one accepts within a second", tests.killed)
        cases.run("five upgrades refuse and reset no connection", tests.upgrades)
        cases.run("a successor that fails changes nothing", tests.failed_successor)
        cases.run("a path that was left over is in nobody's way", tests.leftover_path)
        cases.run("socket activation, and what systemd is told", tests.socket_activation)
        cases.run("passed sockets are checked like others", tests.bad_activation)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
