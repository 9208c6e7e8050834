#!/usr/bin/env python3
"""Shows that a server that takes compressed messages holds against peers that break RFC 7692: RSV1
where it may not stand, corrupt data, limits of what a message becomes, bombs, messages that only
begin.

Usage: deflate_hostile_test.py echo PARLEY_ECHO
       deflate_hostile_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import random
import re
import sys
import zlib

from deflate_targets import CONTINUATION, MIB, NAME, RSV1, Echo, main  # which finds the next
from parley_testing import (BINARY, CLOSE, PING, PONG, TEXT, Frame, WebSocket, check, check_equal,
                            close_payload, frame)

# The most there may be at a time: one message at the limit, and half of it once more while its
# memory grows. A server that inflated first and judged then would need 256 MiB for the bomb.
BOMB_GROWTH_MAX = 2 * MIB


def broken_cases():
    """(name, frames, how it must end)"""
    def deflated(data):
        made = zlib.compressobj(6, zlib.DEFLATED, -15)
        return (made.compress(data) + made.flush(zlib.Z_SYNC_FLUSH))[:-4]

    good = deflated(b"hello " * 200)
    for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE)):
        payload = close_payload(1000) if opcode == CLOSE else b"hi"
        yield f"RSV1 on a {name}", frame(opcode, payload, rsv=RSV1), 1002
        yield (f"RSV1 on a {name} inside a message",
               frame(TEXT, good[:5], fin=False, rsv=RSV1) + frame(opcode, payload, rsv=RSV1), 1002)
    yield ("RSV1 on a continuation of a plain message",
           frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=RSV1), 1002)
    yield ("RSV1 on a continuation of a compressed message",
           frame(TEXT, good[:5], fin=False, rsv=RSV1) + frame(CONTINUATION, good[5:], rsv=RSV1),
           1002)
    for rsv in (1, 2, 3, 5, 6, 7):
        yield f"reserved bits {rsv:03b}", frame(TEXT, good, rsv=rsv), 1002
    for name, payload in (("no such block", b"\x07"), ("half of a message", good[: len(good) // 2]),
                          ("a message and more", good + b"\x07"),
                          ("a reference to nothing", b"\x63\x00\x00\x03"),
                          ("plain text", b"this was never compressed at all"),
                          ("a zlib header", zlib.compress(b"hello " * 200))):
        yield f"{name}", frame(BINARY, payload, rsv=RSV1), 1007
        yield (f"{name}, in two fragments",
               frame(BINARY, payload[:1], fin=False, rsv=RSV1) + frame(CONTINUATION, payload[1:]),
               1007)
    for name, text in (("a surrogate", b"\xed\xa0\x80"), ("half a character", b"x" * 400 + b"\xc3"),
                       ("the octet ff", b"\xff")):
        yield f"text with {name}", frame(TEXT, deflated(text), rsv=RSV1), 1007
    early = deflated(b"\xff" + random.Random(1).randbytes(9000))
    yield ("bad text, before its frame is whole", frame(TEXT, early, rsv=RSV1)[:3000], 1007)


def broken(target, sent, code, octets):
    with target.open() as peer:
        if octets:
            peer.send_octets(sent)
        else:
            peer.send(sent)
        peer.expect_close(code)


def without_octets(target):
    """A compressed message of no octets is answered (as an empty one), and what follows is read."""
    with target.open() as peer:
        peer.send(frame(TEXT, b"", rsv=RSV1) + frame(TEXT, b"", fin=False, rsv=RSV1)
                  + frame(CONTINUATION, b""))
        if isinstance(target, Echo):
            for _ in range(2):
                check_equal(peer.read_frame(), Frame(TEXT, b""), "what came back")
        peer.expect_alive()
        kind, sent, back = target.exchange(b"after " * 99)
        peer.send_deflated(kind, sent)
        check_equal(peer.read_frame(), Frame(kind, back), "what came back")


def limit_to_the_octet(target):
    """Sizes around the limit, compressed and plain: taken whole, or refused (V8)."""
    most = target.message_bytes_max
    for size in (most - 1, most, most + 1, most + 2):
        for level in (None, 0, 6):
            with target.open() as peer:
                kind, sent, back = target.message_of(size)
                check_equal(len(sent), size, "the size")
                if level is None:
                    peer.send_frame(kind, sent, key=bytes(4))
                else:
                    peer.send_deflated(kind, sent, pieces=1 + level, level=level)
                if size <= most:
                    check_equal(peer.read_frame(), Frame(kind, back), f"{size} at level {level}")
                    peer.expect_alive()
                else:
                    peer.expect_close(1009)


def reset_peak(server):
    with open(f"/proc/{server.pid}/clear_refs", "w") as file:
        file.write("5")


def peak_bytes(server):
    """The most resident memory since then."""
    with open(f"/proc/{server.pid}/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024


def bomb(target, pieces):
    """256 MiB in 254 KiB (V7): refused, and no more than one message is ever held."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(MIB)
    payload = b"".join(made.compress(block) for _ in range(256)) + made.flush(zlib.Z_SYNC_FLUSH)
    payload = payload[:-4]
    check(250 * 1024 < len(payload) < 270 * 1024, f"the bomb has {len(payload)} octets")
    with target.open() as first:
        kind, sent, back = target.exchange(b"warm " * 99)
        first.send_deflated(kind, sent)
        check_equal(first.read_frame(), Frame(kind, back), "what came back")
        before = target.server.rss_bytes()
        reset_peak(target.server)
        size = -(-len(payload) // pieces)
        cuts = [payload[i : i + size] for i in range(0, len(payload), size)]
        for _ in range(10):
            with target.open() as peer:
                peer.send(b"".join(frame(CONTINUATION if i else BINARY, cut, fin=i == len(cuts) - 1,
                                         rsv=0 if i else RSV1) for i, cut in enumerate(cuts)))
                peer.expect_close(1009)
        first.expect_alive()
        grown = peak_bytes(target.server) - before
        print(f"      grew by {grown / MIB:.2f} MiB")
        if not target.server.is_sanitized():
            check(grown <= BOMB_GROWTH_MAX, f"bombs cost {grown / MIB:.1f} MiB")


def many_beginnings(target):
    """A thousand connections that each begin a compressed message and stop take little."""
    with target.open() as first:
        first.expect_alive()
        before = target.server.rss_bytes()
        peers = []
        try:
            made = zlib.compressobj(6, zlib.DEFLATED, -15)
            begun = made.compress(random.Random(3).randbytes(600)) + made.flush(zlib.Z_SYNC_FLUSH)
            for _ in range(500):
                peers.append(target.open())
                peers[-1].send(frame(BINARY, begun, fin=False, rsv=RSV1))
                peers[-1].expect_alive()
            grown = target.server.rss_bytes() - before
            print(f"      grew by {grown / MIB:.2f} MiB")
            # Two shards lend 256 inflaters of 40 KiB each; the connections themselves are small.
            if not target.server.is_sanitized() and not target.takeover:
                check(grown <= 24 * MIB, f"500 beginnings cost {grown / MIB:.1f} MiB")
            # Those that had to wait for an inflater end like the others.
            for peer in (peers[0], peers[-1]):
                peer.send(frame(CONTINUATION, b"\x07"))
                peer.expect_close(1007)
        finally:
            for peer in peers:
                peer.socket.close()


def plain_is_cheap(target):
    """Who agreed on compression without context takes no more than who did not."""
    def cost(offer, count=500):
        headers = [] if offer is None else [("Sec-WebSocket-Extensions", offer)]
        users = [f"cost-{next(target.users)}" for _ in range(count)]
        before = target.server.rss_bytes()
        peers = [WebSocket(target.address, [("VoicePingToken", user), *headers]) for user in users]
        for peer in peers:
            peer.expect_alive()
        grown = target.server.rss_bytes() - before
        for peer in peers:  # in order: what is still there would count as the next ones'
            peer.send_frame(CLOSE, close_payload(1000))
            peer.expect_close(1000)
            peer.socket.close()
        return grown

    cost(None)
    plain, compressed = cost(None), cost(NAME)
    print(f"      500 plain: {plain / 1024:.0f} KiB, 500 compressed: {compressed / 1024:.0f} KiB")
    if not target.server.is_sanitized():
        check(compressed <= plain + 512 * 1024, "compression costs memory when idle")


def run_all(cases, target):
    for name, sent, code in broken_cases():
        cases.run(f"{name}: closed with {code}", broken, target, sent, code, False)
        if len(sent) < 1500:
            cases.run(f"{name}, octet by octet: closed with {code}", broken, target, sent, code, True)
    cases.run("a compressed message of no octets is an empty one", without_octets, target)
    if isinstance(target, Echo):
        return
    cases.run("the limit holds to the octet for what a message becomes", limit_to_the_octet, target)
    for pieces in (1, 40):
        cases.run(f"256 MiB in 254 KiB and {pieces} frames are refused", bomb, target, pieces)
    cases.run("compressed messages that only begin are bounded", many_beginnings, target)
    if not target.takeover:
        cases.run("an idle connection pays nothing for compression", plain_is_cheap, target)


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
