"""Servers: starts each program under test on a free port of 127.0.0.1, and ends it."""
import contextlib
import os
import pathlib
import re
import select
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_S = 10.0
END_S = 10.0


class Absent(Exception):
    """A program that cannot run here, and why."""


def server_core():
    return min(os.sched_getaffinity(0))


def client_core():
    """Raises Absent on a machine of one core: what both do there cannot be told apart."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Absent("two cores are needed, one for the server and one for its load")
    return cores[1]


def _floor(kind, *options):
    return lambda build: [build / "bench/floor/parley-floor", "--kind", kind, "--listen",
                          "127.0.0.1:0", *options]


def _parley(shards):
    return lambda build: [build / "src/daemon/parley", "serve", "--dev", "--listen", "127.0.0.1:0",
                          "--shards", str(shards)]


def _ws_relay(_):
    if shutil.which("node") is None:
        raise Absent("node is not installed")
    if not (ROOT / "tests/integration/clients/node_modules/ws").is_dir():
        raise Absent("the npm package ws is not installed (tools/dev test does it)")
    return ["node", ROOT / "bench/peers/ws_relay.js"]


COMMANDS = {
    "floor-epoll": _floor("epoll"),
    "floor-epoll-coalesce": _floor("epoll", "--coalesce"),
    # With sockets in the ring's own table, as Parley has them.
    "floor-io_uring": _floor("io_uring", "--fixed-files"),
    "floor-io_uring-coalesce": _floor("io_uring", "--fixed-files", "--coalesce"),
    # To be named with --servers, for what one of them brings.
    "floor-io_uring-plain": _floor("io_uring"),
    "floor-io_uring-wait": _floor("io_uring", "--fixed-files", "--min-wait-us", "50"),
    "floor-io_uring-reno": _floor("io_uring", "--fixed-files", "--congestion", "reno"),
    "parley": _parley(1),
    "parley-single": _parley(1),
    "parley-2-shards": _parley(2),
    "ws-relay": _ws_relay,
}


def command(name, build, pinned):
    """Raises Absent if the program is not there."""
    parts = [str(part) for part in COMMANDS[name](pathlib.Path(build))]
    if shutil.which(parts[0]) is None:
        raise Absent(f"{parts[0]} is not built")
    return ["taskset", "-c", str(server_core()), *parts] if pinned else parts


class Server:
    """A running server; `url` is where it listens."""

    def __init__(self, name, build, pinned):
        self.command = command(name, build, pinned)
        # taskset replaces itself by the program, so the process is the server's.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _wait_for_url(self):
        deadline = time.monotonic() + READY_S
        output = b""
        while time.monotonic() < deadline:
            if not select.select([self.process.stdout], [], [], 0.1)[0]:
                continue
            some = os.read(self.process.stdout.fileno(), 4096)
            output += some
            found = re.search(rb"listening on (ws://\S+)\s", output)
            if found:
                return found[1].decode()
            if not some:
                break
        raise Absent(f"{' '.join(self.command)} did not get ready")

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
