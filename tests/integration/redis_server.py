"""A real `redis-server` for tests, on a free port of loopback, with its data in memory."""
import socket
import subprocess

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

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.folder, *self.options], stdout=subprocess.DEVNULL)
        eventually(self.answers, "redis-server answers")

    def answers(self):
        check(self.process.poll() is None, "redis-server ended by itself")
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def ask(self, *words):
        """What it says to one command."""
        parts = [str(word).encode() for word in words]
        text = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S) as connection:
            connection.sendall(text)
            return connection.recv(65536)

    def has_member(self, user, group):
        return self.ask("SISMEMBER", f"g.{group}.u", user) == b":1\r\n"

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"
