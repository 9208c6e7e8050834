#!/usr/bin/env python3
"""Shows that a server holds against peers that ask for more than they may: the limits of a message to
the octet, lengths that are only declared, peers that never read, slow drips, and who vanishes.

Usage: hostile_peers_test.py echo PARLEY_ECHO
       hostile_peers_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys
import threading
import time

from websocket_targets import CONTINUATION, MIB, Echo, main  # which finds the next
from parley_testing import (BINARY, DEADLINE_S, PING, PONG, TEXT, Failed, Frame, Wire, check,
                            check_equal, eventually, frame, upgrade_request)


def limit_at_and_above(target):
    """Just below and at the limit a message is taken; one octet more is refused by its head."""
    for size in (target.message_bytes_max - 1, target.message_bytes_max):
        with target.open() as connection:
            message, answers = target.message(size)
            connection.send_frame(BINARY, message, key=bytes(4))
            check_equal(connection.read_frame(), answers[0], "what came back")
            connection.expect_alive()
    for size in (target.message_bytes_max + 1, target.message_bytes_max + 2):
        with target.open() as connection:
            connection.send(frame(BINARY, b"", declared=size))
            connection.expect_close(1009)


def limit_over_the_sum(target):
    """The limit is on all fragments together, to the octet."""
    half = target.message_bytes_max // 2
    rest = target.message_bytes_max - half
    with target.open() as connection:
        message, answers = target.message(target.message_bytes_max)
        connection.send_frame(BINARY, message[:half], fin=False, key=bytes(4))
        connection.send_frame(CONTINUATION, message[half:], key=bytes(4))
        check_equal(connection.read_frame(), answers[0], "what came back")
    with target.open() as connection:
        connection.send_frame(BINARY, bytes(half), fin=False, key=bytes(4))
        connection.send(frame(CONTINUATION, b"", declared=rest + 1))
        connection.expect_close(1009)
    with target.open() as connection:  # the sum must not wrap
        connection.send_frame(BINARY, b"x", fin=False)
        connection.send(frame(CONTINUATION, b"", declared=(1 << 63) - 1))
        connection.expect_close(1009)


def fragments_at_and_above(target):
    """As many fragments as allowed are one message; one more ends the connection."""
    count = target.fragments_max
    for extra in (0, 1):
        with target.open() as connection:
            message, answers = target.message(100)
            connection.send(frame(BINARY, message, fin=False)
                            + frame(CONTINUATION, fin=False) * (count - 2 + extra)
                            + frame(CONTINUATION))
            if extra:
                connection.expect_close(1008)
            else:
                check_equal(connection.read_frame(), answers[0], "what came back")
                connection.expect_alive()


def large_messages(target):
    """What the conformance suites ask of an echo: 16 MiB at once, and in 65,536 fragments."""
    size = 16 * MIB
    message, answers = target.message(size)
    with target.open() as connection:
        connection.send_frame(BINARY, message)
        check_equal(connection.read_frame(), answers[0], "what came back")
        piece = size // 65536
        pieces = [frame(CONTINUATION if i else BINARY, message[i * piece : (i + 1) * piece],
                        fin=i == 65535) for i in range(65536)]
        connection.send(b"".join(pieces))
        check_equal(connection.read_frame(), answers[0], "what came back")
        text = "κ".encode() * (size // 2)
        connection.send_frame(TEXT, text)
        check_equal(connection.read_frame(), Frame(TEXT, text), "what came back")


# --- hostile peers --------------------------------------------------------------------------------


def declared_only(target):
    """100 peers that each declare the largest message and send one octet of it cost nothing."""
    with target.open() as first:
        first.expect_alive()
        before = target.rss_bytes()
        peers = [target.open() for _ in range(100)]
        try:
            for peer in peers:
                peer.send(frame(BINARY, b"x", declared=target.message_bytes_max))
            for peer in peers:  # a control frame cannot pass it: so ask somebody else
                peer.send(b"y")
            first.expect_alive()
            target.check_growth(before, "100 declared lengths")
        finally:
            for peer in peers:
                peer.socket.close()


def endless_fragments(target):
    """Text in fragments of one octet, without an end: closed at the limit, and cheap (V1)."""
    with target.open() as connection, target.open() as other:
        other.expect_alive()
        before = target.rss_bytes()
        connection.send(frame(TEXT, b"a", fin=False))
        connection.send(frame(CONTINUATION, b"a", fin=False) * (target.fragments_max - 1))
        other.expect_alive()
        target.check_growth(before, "fragments of one octet")
        connection.send(frame(CONTINUATION, b"a", fin=False))
        connection.expect_close(1008)


def never_read(target, opcode):
    """A peer that asks and asks and reads nothing: its share of memory is bounded, and others are
    served meanwhile."""
    if opcode == PING:
        sent = frame(PING, b"x" * 125) * 64
    else:
        message, _ = target.message(1000)
        sent = frame(BINARY, message) * 64
    with target.open() as other:
        other.expect_alive()
        before = target.rss_bytes()
        with target.open() as deaf:
            ended = push(deaf, sent, 64 * MIB)
            other.expect_alive()
            target.check_growth(before, "a peer that never reads")
            check(ended, "64 MiB of requests were taken from a peer that never reads")
        other.expect_alive()


def push(connection, data, bytes_max):
    """Sends `data` again and again without reading. True if the server ended the connection, or
    stopped reading from it; false if it took everything."""
    connection.socket.settimeout(3.0)
    sent = 0
    try:
        while sent < bytes_max:
            connection.socket.sendall(data)
            sent += len(data)
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        return True
    return False


def slow_heads(target):
    """A head that drips in, one that stops in the middle and none at all: each is cut off about
    five seconds after the connection was made, and others are served meanwhile."""
    outcomes = {}

    def wait(name, first, drip):
        try:
            began = time.monotonic()  # before the server can know of it
            with Wire(target.address) as wire:
                wire.send(first)
                wire.socket.settimeout(0.1)
                while True:
                    try:
                        if not wire.socket.recv(4096):
                            break
                    except TimeoutError:
                        if drip:
                            wire.socket.send(b"x")
                    except (ConnectionResetError, BrokenPipeError):
                        break
                    check(time.monotonic() - began < DEADLINE_S, "nobody cuts it off")
                outcomes[name] = time.monotonic() - began
        except (OSError, Failed) as problem:
            outcomes[name] = problem

    kinds = (("silent", b"", False), ("stopped", b"GET / HT", False),
             ("dripping", upgrade_request()[:-2] + b"X: ", True))
    threads = [threading.Thread(target=wait, args=kind) for kind in kinds]
    for thread in threads:
        thread.start()
    with target.open() as other:
        other.expect_alive()
    for thread in threads:
        thread.join()
    for name, seconds in outcomes.items():
        check(isinstance(seconds, float), f"{name}: {seconds}")
        check(seconds > 4.5, f"the {name} one was cut off after {seconds:.1f} s already")


def resets_at_any_time(target):
    """Peers that vanish with RST in the middle of everything harm nobody."""
    message, _ = target.message(500)
    whole = upgrade_request(headers=target.token_headers())
    whole += frame(BINARY, message) + frame(PING, b"x")
    descriptors = target.server.descriptors()
    for cut in range(0, len(whole), 13):
        wire = Wire(target.address)
        wire.send(whole[:cut])
        wire.reset()
    with target.open() as other:
        other.expect_alive()
    eventually(lambda: target.server.descriptors() <= descriptors, "all descriptors are given back")


def one_after_the_other(target):
    """Thousands of short connections, each of which takes the descriptor that another one just gave
    up: what is still under way for the old one must not meet the new one. (Once a shutdown was left
    to a worker thread, which looked the descriptor up when it got there.)"""
    for _ in range(300):
        wires = [Wire(target.address) for _ in range(32)]
        try:
            for wire in wires:
                wire.send(upgrade_request(headers=target.token_headers()))
                check_equal(wire.read_head()[0], 101, "the answer to an upgrade")
            for wire in wires:
                wire.send(frame(PING, b"still here"))
                check_equal(wire.read_frame(), Frame(PONG, b"still here"), "what came back")
        finally:
            for wire in wires:  # all at once: many descriptors become free
                wire.socket.close()


def run_all(cases, target):
    cases.run("a message at the limit is taken, one above is not", limit_at_and_above, target)
    cases.run("the limit holds over all fragments together", limit_over_the_sum, target)
    cases.run("declared lengths cost no memory", declared_only, target)
    if isinstance(target, Echo):
        cases.run("16 MiB come back, in one piece and in 65,536", large_messages, target)
    else:
        cases.run("1,024 fragments are taken, 1,025 are not", fragments_at_and_above, target)
        cases.run("fragments of one octet cost little memory", endless_fragments, target)
        cases.run("a peer that pings and never reads is bounded", never_read, target, PING)
        cases.run("a peer that asks and never reads is bounded", never_read, target, BINARY)
    cases.run("heads that never end are cut off in time", slow_heads, target)
    cases.run("a connection is not harmed by the one before it", one_after_the_other, target)
    cases.run("peers that vanish at any time leave nothing behind", resets_at_any_time, target)


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
