"""Many radios that only wait, for tests of how they are sent away and come back."""
import select
import socket
import time

from parley_testing import DEADLINE_S, check, upgrade_request


LOOK_S = 0.02


class Crowd:
    """Many radios that only wait: on plain sockets, watched together."""

    def __init__(self, address, count, name="crowd"):
        self.poll = select.epoll()
        self.sockets = {}
        self.ends = []  # when each read the end of its stream: (not before, not after)
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
        looked = time.monotonic()
        deadline = looked + seconds
        while self.sockets:
            check(looked < deadline, f"{len(self.sockets)} are still connected")
            ready = self.poll.poll(LOOK_S, len(self.sockets))  # all that have ended
            before, looked = looked, time.monotonic()
            for number, _ in ready:
                try:
                    some = self.sockets[number].recv(65536)
                except ConnectionResetError:
                    self.resets += 1
                    some = b""
                self.said += some
                if some:
                    continue
                self.ends.append((before, looked))
                self.poll.unregister(number)
                self.sockets.pop(number).close()


def busiest(spans, seconds):
    """How many events certainly lie within so many seconds. Of each is known a span, (after, before):
    one of which the test learnt late, since it did not run itself, may lie outside."""
    spans = sorted(spans)
    most = end = 0
    for i, (first, _) in enumerate(spans):
        while end < len(spans) and spans[end][1] <= first + seconds:
            end += 1
        most = max(most, end - i)
    return most
