"""Servers: starts each program under test on a free port of 127.0.0.1, and ends it."""
import contextlib
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_S = 10.0
READY_S_MANY = 60.0  # with tens of shards
END_S = 10.0
DESCRIPTORS_SPARE = 600  # of each shard's table: the kernel does not divide connections evenly


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
    return lambda build, _: [build / "bench/floor/parley-floor", "--kind", kind, "--listen",
                             "127.0.0.1:0", *options]


# One user says here what a thousand say elsewhere.
UNLIMITED = [word for option in ("control", "text", "joins", "audio-frames", "audio-bits")
             for word in (f"--limit-{option}", "0")]


def _parley(shards, *options):
    return lambda build, _: [build / "src/daemon/parley", "serve", "--dev", "--listen",
                             "127.0.0.1:0", "--shards", str(shards), *UNLIMITED, *options]


def shards_for(connections, descriptors_max):
    """A shard's table of sockets is bounded by the limit of descriptors."""
    each = descriptors_max - DESCRIPTORS_SPARE
    if each <= 0:
        raise Absent(f"{descriptors_max} descriptors are too few (ulimit -Hn)")
    return -(-connections // each)


def _parley_for_many(build, connections):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        hard = int(pathlib.Path("/proc/sys/fs/nr_open").read_text())
    return _parley(shards_for(connections, hard))(build, connections)


def _ws_relay(*_):
    if shutil.which("node") is None:
        raise Absent("node is not installed")
    if not (ROOT / "tests/integration/clients/node_modules/ws").is_dir():
        raise Absent("the npm package ws is not installed (tools/dev test does it)")
    return ["node", os.path.relpath(ROOT / "bench/peers/ws_relay.js")]


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
    "parley-undisturbed": _parley(1),
    "parley-2-shards": _parley(2),
    "parley-redis": _parley(1),
    "parley-redis-undisturbed": _parley(1),
    "parley-busy-poll": _parley(1, "--busy-poll", "50"),
    "parley-million": _parley_for_many,
    "ws-relay": _ws_relay,
}
WITH_REDIS = ("parley-redis", "parley-redis-undisturbed")
# As VoicePing's router has it.
ENVIRONMENTS = {"parley-million": {"PING_INTERVAL": "120000"}}


def command(name, build, pinned, connections):
    """Raises Absent if the program is not there."""
    parts = [str(part) for part in COMMANDS[name](pathlib.Path(build), connections)]
    if shutil.which(parts[0]) is None:
        raise Absent(f"{parts[0]} is not built")
    return ["taskset", "-c", str(server_core()), *parts] if pinned else parts


class Redis:
    """A Redis of its own for a server under test; `url` is where it listens."""

    def __init__(self):
        if shutil.which("redis-server") is None:
            raise Absent("redis-server is not installed (tools/dev test does it)")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}"
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir",
             self.folder.name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_S
        while not self.answers(port):
            if time.monotonic() > deadline:
                self.end()
                raise Absent("redis-server did not get ready")

    @staticmethod
    def answers(port):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1) as to:
            to.sendall(b"PING\r\n")
            return to.recv(16) == b"+PONG\r\n"
        time.sleep(0.01)
        return False

    def stand_still(self):
        self.process.send_signal(signal.SIGSTOP)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class Server:
    """A running server; `url` is where it listens."""

    def __init__(self, name, build, pinned, connections):
        self.command = command(name, build, pinned, connections)
        self.redis = Redis() if name in WITH_REDIS else None
        if self.redis:
            self.command += ["--store", self.redis.url]
        self.errors = tempfile.TemporaryFile()
        # taskset replaces itself by the program, so the process is the server's.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.errors,
                                        env={**os.environ, **ENVIRONMENTS.get(name, {})})
        self.pid = self.process.pid
        try:
            self.url = self._wait_for_url(READY_S_MANY if name == "parley-million" else READY_S)
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _wait_for_url(self, seconds_max):
        deadline = time.monotonic() + seconds_max
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
        said = self.last_error()
        raise Absent(f"{' '.join(self.command)} did not get ready" + f": {said}" * bool(said))

    def last_error(self):
        """The last line it wrote to its standard error; empty if it wrote none."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        if self.redis:
            self.redis.end()
