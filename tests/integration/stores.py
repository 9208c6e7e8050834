"""What `parley serve` keeps things in, for tests: a file, or a Redis of the test's own."""
import contextlib
import pathlib
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import time

from parley_testing import DEADLINE_S, check, eventually, free_port


class Redis:
    """A Redis with its data in memory."""

    def __init__(self, folder, *options):
        self.folder, self.options, self.port = folder, options, free_port()
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def where(self):
        """The options that say where it listens."""
        return ["--port", self.port]

    def launch(self):
        command = ["redis-server", *self.where(), "--bind", "127.0.0.1", "--save", "", "--dir",
                   self.folder, *self.options]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)

    def start(self):
        self.launch()
        eventually(self.answers, "redis-server answers")

    def answers(self):
        check(self.process.poll() is None, "redis-server ended by itself")
        try:
            # One that wants a password answers too, one that loads its data not yet.
            return self.ask("PING").startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def ask(self, *words):
        """What it says to one command."""
        parts = [str(word).encode() for word in words]
        text = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
        with self.connect() as connection:
            connection.sendall(text)
            return connection.recv(65536)

    def has_member(self, user, group):
        return self.ask("SISMEMBER", f"g.{group}.u", user) == b":1\r\n"

    def keeps_again(self, radio):
        """Waits until a membership of the radio's is kept: a new one each time, which is let in."""
        number = iter(range(100, 10000))

        def kept():
            group = str(next(number))
            radio.join(group)
            time.sleep(0.05)  # some tries, not a few thousand
            return self.has_member(radio.name, group)

        eventually(kept, "a membership is kept again")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def standing_still(self):
        """It answers nobody."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def end_and_start(self):
        """As after a crash of its own; give it options by which it keeps anything."""
        self.process.kill()
        self.process.wait()
        self.start()


class SecureRedis(Redis):
    """Over TLS alone, with a certificate for localhost."""

    def __init__(self, folder, cert, key, *options):
        self.cert, self.key = cert, key
        super().__init__(folder, *options)

    def where(self):
        return ["--port", 0, "--tls-port", self.port, "--tls-cert-file", self.cert,
                "--tls-key-file", self.key, "--tls-auth-clients", "no"]

    def connect(self):  # whomever its certificate names: that is for Parley to judge
        return ssl._create_unverified_context().wrap_socket(super().connect())

    @property
    def url(self):
        return f"rediss://localhost:{self.port}?ca={self.cert}"


class Sentinel(Redis):
    """Watches over `master`, and makes a replica the master once that is gone."""

    def __init__(self, folder, master):
        self.master = master
        super().__init__(folder)

    def launch(self):
        config = pathlib.Path(self.folder) / "sentinel.conf"  # it writes into it
        config.write_text(f"""port {self.port}
bind 127.0.0.1
sentinel monitor radios 127.0.0.1 {self.master.port} 1
sentinel down-after-milliseconds radios 500
sentinel failover-timeout radios 5000
""")
        self.process = subprocess.Popen(["redis-server", str(config), "--sentinel"],
                                        stdout=subprocess.DEVNULL)

    def knows_replicas(self):
        return b"runid" in self.ask("SENTINEL", "REPLICAS", "radios")

    @property
    def url(self):
        return f"redis+sentinel://127.0.0.1:{self.port}/radios"


class File:
    """A file of SQLite's."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "parley.db"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @property
    def url(self):
        return f"sqlite:{self.path}"

    @contextlib.contextmanager
    def standing_still(self):
        """Somebody else holds its lock, so no commit comes through."""
        lock = sqlite3.connect(self.path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            lock.execute("ROLLBACK")
            lock.close()


def kinds():
    """The stores that this machine can have, by name: to be made in a folder of their own."""
    return {"sqlite": File} | ({"redis": Redis} if shutil.which("redis-server") else {})
