#!/usr/bin/env python3
"""Shows how `parley serve` goes on and is replaced, as docs/operations/lifecycle.md says: what SIGHUP
and SIGKILL do, and that neither an upgrade nor systemd's socket activation loses a connection.

Usage: replacement_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from crowd import Crowd
from parley_testing import (
    DEADLINE_S, NOTHING_KEPT, UNLIMITED, Cases, Failed, Radio, Server, Wire, check, check_equal,
    eventually, free_port, run, upgrade_request)

# A loaded machine or a sanitizer stretches everything. What is broken takes longer still.
SLACK_S = 15


def listening(port):
    """The sockets that listen on a port, by the numbers that the kernel gives them."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file][1:]
    return {row[9] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")} | NOTHING_KEPT

    def server(self, *arguments, listen="127.0.0.1:0", shards=2, **environment):
        return Server([self.parley, "serve", "--auth", "trust", "--shards", str(shards), "--listen",
                       listen, *arguments], {**self.clean, **environment})

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
        listen = f"127.0.0.1:{free_port()}"
        with self.server(listen=listen) as server:
            crowd = Crowd(server.address, count)
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
                        say_something(radio)
                    counts[which] += 1
                except (OSError, Failed) as problem:
                    problems.append(repr(problem))

        def say_something(radio):
            try:
                radio.fence()
            except Failed as problem:  # it may be sent away before its answer, in order
                if "was disconnected" not in str(problem) or radio.was_reset:
                    raise

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
        listen = f"127.0.0.1:{free_port()}"
        with self.server("--take-over", str(path), listen=listen) as server:
            server.process.kill()
            server.process.wait()
            check(path.is_socket(), "nothing is left over")
            with self.server("--take-over", str(path), listen=listen) as again:
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
