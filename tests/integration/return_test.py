#!/usr/bin/env python3
"""Shows that who is sent away comes back no faster than the drain's rate: every client of a server
that ends really comes back to the next one when it was told to, and the times at which they come are
measured.

  leave  ▁▃▃▃▃▃▁            at most the rate, or all within the drain's time
  return      ▁▃▃▃▃▃▁       5 s later (radios), or after `reconnect_ms` (sockets of a handler)

Usage: return_test.py PARLEY ECHO [CONNECTIONS]
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed. With CONNECTIONS only
the radios are run, so many of them, at 2,000 a second.
"""
import heapq
import itertools
import os
import pathlib
import re
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time

from crowd import busiest
from parley_testing import (DEADLINE_S, NOTHING_KEPT, UNLIMITED, Cases, Server, check, check_equal,
                            upgrade_request)

SDK_RETRY_S = 5  # VoicePing's Android SDK after a plain end
SPAN_S = 0.5
MARGIN = 2  # a server that stood still for a moment makes up for it
SPREAD = 0.75  # of the time that the rate asks for; who stood still is late for the first
HANDLER_RATE = 2000  # parley-echo's, which has the default


class Client:
    def __init__(self, number):
        self.number = number
        self.socket = None
        self.received = b""
        self.is_in = False
        self.left = self.came = None  # when: (not before, not after)


class Clients:
    """Many clients in one loop, who each come back once."""

    def __init__(self, address, count, delay_of):
        """`delay_of(bytes)`: in how many seconds to come back, by what was said before the end; None
        while that is not over."""
        self.address, self.delay_of = address, delay_of
        self.poll = select.epoll()
        self.by_descriptor = {}
        self.due = []  # (when, tie-breaker, client)
        self.order = itertools.count()
        self.looked = time.monotonic()  # what has happened to any was known by then
        self.refused = 0
        self.clients = [Client(number) for number in range(count)]
        for first in range(0, count, 200):  # within any listen backlog
            some = self.clients[first : first + 200]
            for client in some:
                self.connect(client)
            self.run_until(lambda: all(client.is_in for client in some))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.by_descriptor.values():
            client.socket.close()
        self.poll.close()

    def connect(self, client):
        try:
            client.socket = socket.create_connection(self.address, timeout=DEADLINE_S)
        except ConnectionRefusedError:
            self.refused += 1
            return self.come_later(client, 0.1)
        client.socket.sendall(upgrade_request("/", [("VoicePingToken", f"radio-{client.number}")]))
        client.socket.setblocking(False)
        client.received, client.is_in = b"", False
        self.by_descriptor[client.socket.fileno()] = client
        self.poll.register(client.socket.fileno(), select.EPOLLIN)

    def come_later(self, client, delay):
        heapq.heappush(self.due, (time.monotonic() + delay, next(self.order), client))

    def come_back(self, client):
        if client.came is None:
            # Had it known at once that it was sent away, it might have come as much earlier.
            not_after = time.monotonic()
            client.came = (client.left[0] + client.delay, not_after)
        self.connect(client)

    def on_ready(self, client):
        try:
            some = client.socket.recv(65536)
        except BlockingIOError:
            return
        client.received += some
        if not client.is_in:
            check(some, f"refused: {client.received}")
            head, end, rest = client.received.partition(b"\r\n\r\n")
            if end:
                check(head.startswith(b"HTTP/1.1 101"), head[:40])
                client.is_in, client.received = True, rest
        elif client.left is None:
            delay = self.delay_of(client.received, not some)
            if delay is not None:
                self.leave(client, delay)
        else:
            check(False, f"the second server sent {some!r}")

    def leave(self, client, delay):
        client.left, client.delay, client.is_in = (self.looked, time.monotonic()), delay, False
        self.poll.unregister(client.socket.fileno())
        del self.by_descriptor[client.socket.fileno()]
        client.socket.close()
        self.come_later(client, delay)

    def run_until(self, condition, seconds=DEADLINE_S):
        deadline = time.monotonic() + seconds
        while not condition():
            check(time.monotonic() < deadline, "not all came in time")
            wait = self.due[0][0] - time.monotonic() if self.due else 0.1
            ready = self.poll.poll(min(0.1, max(0, wait)), len(self.clients))
            for number, _ in ready:
                self.on_ready(self.by_descriptor[number])
            self.looked = time.monotonic()
            while self.due and self.due[0][0] <= time.monotonic():
                self.come_back(heapq.heappop(self.due)[2])

    def all_come_back(self, seconds):
        self.run_until(lambda: all(client.came and client.is_in for client in self.clients), seconds)

    def check_slope(self, rate):
        left = sorted(client.left[1] for client in self.clients)
        came = sorted(client.came[1] for client in self.clients)
        most = busiest([client.came for client in self.clients], SPAN_S)
        print(f"      {len(left)} left within {left[-1] - left[0]:.2f} s and came back within "
              f"{came[-1] - came[0]:.2f} s, the first {came[0] - left[0]:.2f} s after it had left; in "
              f"the busiest half second {most} came, where the rate allows {rate * SPAN_S:.0f}; "
              f"{self.refused} connects were refused")
        check(most <= rate * SPAN_S * MARGIN, f"{most} came back in half a second")
        check(came[-1] - came[0] >= SPREAD * len(came) / rate, "they came back all at once")


def radios_delay(said, has_ended):
    check_equal(said, b"", "what a radio is told")
    return SDK_RETRY_S if has_ended else None


def handlers_delay(said, has_ended):
    """Of a whole close frame with 1001 and its hint."""
    told = re.fullmatch(rb"\x88.\x03\xe9reconnect_ms=(\d+)", said, re.DOTALL)
    check(told or not has_ended, f"the end after {said!r}")
    return int(told[1]) / 1000 if told and len(said) == 2 + said[1] else None


class Tests:
    def __init__(self, parley, echo, folder):
        self.parley, self.echo = parley, echo
        self.folder = pathlib.Path(folder)
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")} | NOTHING_KEPT

    def serve(self, listen, rate):
        return Server([self.parley, "serve", "--auth", "trust", "--shards", "2", "--listen", listen,
                       "--take-over", str(self.folder / "take-over.sock"), "--drain-rate", str(rate),
                       *UNLIMITED], self.clean)

    def radios(self, count, rate):
        """The next server takes over, and the first sends its radios away."""
        with self.serve("127.0.0.1:0", rate) as first:
            with Clients(first.address, count, radios_delay) as clients:
                with self.serve("%s:%d" % first.address, rate) as second:
                    clients.all_come_back(count / rate + SDK_RETRY_S + DEADLINE_S)
                    clients.check_slope(rate)
                    check_equal(clients.refused, 0, "the connects that were refused")
                    first.end(with_signal=None)
                    second.end()

    def handlers(self, count):
        """The next server is started when the first has ended; a machine that needs more than a
        second for it refuses some, who try again."""
        servers = [Server([self.echo, "--listen", "127.0.0.1:0"])]
        address = servers[0].address

        def replace():
            servers[0].end(with_signal=signal.SIGTERM)
            servers.append(Server([self.echo, "--listen", "%s:%d" % address]))

        try:
            with Clients(address, count, handlers_delay) as clients:
                replacement = threading.Thread(target=replace)
                replacement.start()
                try:
                    clients.all_come_back(count / HANDLER_RATE + DEADLINE_S)
                finally:
                    replacement.join()
                clients.check_slope(HANDLER_RATE)
            servers[1].end()
        finally:
            for server in servers:
                server.__exit__()


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(*sys.argv[1:3], folder)
        if len(sys.argv) > 3:
            cases.run("radios come back as they left", tests.radios, int(sys.argv[3]), 2000)
            return cases.finish()
        cases.run("radios come back as they left", tests.radios, 600, 200)
        cases.run("sockets of a handler come back when they were told to", tests.handlers, 3000)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
