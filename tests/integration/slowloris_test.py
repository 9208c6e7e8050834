#!/usr/bin/env python3
"""Shows that peers who open a request and never end it keep nobody out: while they drip a byte each
second, more of them than a shard has places for, honest clients sign in one after the other; and each
of the slow ones is cut off 5 s after it came, dripping or not, or earlier, if its place is needed.

Usage: slowloris_test.py PARLEY [CONNECTIONS]
Prints how long the honest ones took, then `N passed, M failed`; exits 0 if none failed.
"""
import resource
import select
import socket
import sys
import time

from parley_testing import DEADLINE_S, UNLIMITED, Cases, Radio, Server, check, check_equal, upgrade_request

SLOW = 4500
PLACES = 4096  # of one shard
OPENING_S = 5  # --limit-opening
HONEST = 100


class Drips:
    """Requests that never end."""

    def __init__(self, address, count):
        self.poll = select.epoll()
        self.sockets = {}
        self.lives = []  # how long each was let live
        self.request = upgrade_request(headers=[("VoicePingToken", "slow")])[:-2]
        self.said = 20
        for _ in range(count):
            slow = socket.create_connection(address, timeout=DEADLINE_S)
            slow.sendall(self.request[: self.said])
            self.sockets[slow.fileno()] = slow, time.monotonic()
            self.poll.register(slow.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        self.due = time.monotonic() + 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for slow, _ in self.sockets.values():
            slow.close()
        self.poll.close()

    def turn(self, seconds=0.0):
        for number, _ in self.poll.poll(seconds):
            slow, came = self.sockets.pop(number)
            self.lives.append(time.monotonic() - came)
            self.poll.unregister(number)
            slow.close()
        if time.monotonic() < self.due:
            return
        self.due += 1
        for slow, _ in self.sockets.values():
            try:
                slow.send(self.request[self.said : self.said + 1])
            except OSError:
                pass  # cut, as the next poll tells
        self.said += 1


def let_in_beside(server, count):
    with Drips(server.address, count) as drips:
        took = []
        for number in range(HONEST):
            drips.turn()
            if not drips.sockets:  # a machine that is as slow as they
                break
            began = time.monotonic()
            with Radio(server, f"honest{number}") as honest:
                honest.fence()
            took.append(time.monotonic() - began)
        beside = len(drips.sockets)
        deadline = time.monotonic() + OPENING_S + DEADLINE_S
        while drips.sockets and time.monotonic() < deadline:
            drips.turn(0.1)
        took.sort()
        lives = drips.lives
        check(took, "there was no time for anybody")
        half, most = took[len(took) // 2], took[int(0.99 * (len(took) - 1))]
        print(f"      {len(took)} were let in beside {count} to {beside}, half of them within "
              f"{half * 1000:.1f} ms, 99 of 100 within {most * 1000:.1f} ms; "
              f"the slow ones lived {min(lives):.1f} to {max(lives):.1f} s")
        check_equal(len(lives), count, "the slow ones that were cut off")
        early = sum(life < OPENING_S - 0.1 for life in lives)
        check(early <= max(0, count + HONEST - PLACES), f"{early} were cut off early")


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else SLOW
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cases = Cases()
    with Server.trusting(sys.argv[1], "--shards", "1", *UNLIMITED) as server:
        cases.run(f"{count} requests that never end keep nobody out", let_in_beside, server, count)
        cases.run("it ends in order", server.end)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
