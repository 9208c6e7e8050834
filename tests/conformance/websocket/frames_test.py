#!/usr/bin/env python3
"""Shows that a server reads frames as RFC 6455 says: every way to write a length, masks, reserved bits
and opcodes, control frames, fragments. Every case is sent at once, and again one octet at a time.

Usage: frames_test.py echo PARLEY_ECHO
       frames_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys

from websocket_targets import CONTINUATION, Case, main, run_tables  # which finds the next
from parley_testing import BINARY, CLOSE, PING, PONG, TEXT, Frame, close_payload, frame


def length_cases(target):
    """Every way to write a length."""
    for size in (0, 1, 2, 20, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536,
                 65537, 200000):
        message, answers = target.message(size)
        yield Case(f"a binary message of {size} octets is taken", frame(BINARY, message), answers)
    for key in (bytes(4), b"\xff" * 4, b"\x00\x01\x02\x03"):
        message, answers = target.message(300)
        yield Case(f"the mask {key.hex()} is taken off", frame(BINARY, message, key=key), answers)
    small, _ = target.message(100)
    medium, _ = target.message(400)
    for size, message, length_bytes in ((100, small, 2), (100, small, 8), (400, medium, 8)):
        sent = frame(BINARY, message, length_bytes=length_bytes)
        yield Case(f"a length of {size} in {length_bytes} octets is refused as not minimal", sent,
                   end=1002)
    yield Case("a length of 0 in 8 octets is refused", frame(BINARY, b"", length_bytes=8), end=1002)
    yield Case("a length of 125 in 2 octets is refused before its payload comes",
               frame(BINARY, b"", declared=125, length_bytes=2), end=1002)
    for declared, code in (((1 << 64) - 1, 1002), (1 << 63, 1002), ((1 << 63) - 1, 1009),
                           (1 << 62, 1009), (1 << 32, 1009), ((1 << 32) + 5, 1009)):
        head = frame(BINARY, b"", declared=declared, length_bytes=8)
        yield Case(f"a declared length of {declared:#x} ends it at once", head, end=code)
        yield Case(f"a declared length of {declared:#x} ends it at once, before the mask",
                   head[:10], end=code)


def masking_cases(target):
    """Clients must mask. Two octets are enough to know."""
    for name, opcode in (("text", TEXT), ("binary", BINARY), ("ping", PING), ("pong", PONG),
                         ("close", CLOSE)):
        whole = frame(opcode, close_payload(1000) if opcode == CLOSE else b"hi", key=None)
        yield Case(f"an unmasked {name} frame is refused", whole, end=1002)
        yield Case(f"an unmasked {name} frame is refused at its second octet", whole[:2], end=1002)
    first = frame(TEXT, b"he", fin=False)
    yield Case("an unmasked continuation is refused",
               first + frame(CONTINUATION, b"llo", key=None), end=1002)
    yield Case("what follows an unmasked frame is not read",
               frame(PING, b"a", key=None) + frame(PING, b"b"), end=1002)


def reserved_cases(target):
    for rsv in range(1, 8):
        yield Case(f"reserved bits {rsv:03b} on a text frame are refused",
                   frame(TEXT, b"hi", rsv=rsv), end=1002)
    for name, opcode in (("binary", BINARY), ("ping", PING), ("pong", PONG), ("close", CLOSE)):
        payload = close_payload(1000) if opcode == CLOSE else b"hi"
        yield Case(f"RSV1 on a {name} frame is refused", frame(opcode, payload, rsv=4), end=1002)
    yield Case("RSV1 on a continuation is refused",
               frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=4), end=1002)
    yield Case("an empty frame with RSV1 is refused", frame(BINARY, b"", rsv=4), end=1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case(f"the reserved opcode {opcode} is refused", frame(opcode, b"hi"), end=1002)
        yield Case(f"the reserved opcode {opcode} is refused in the middle of a message",
                   frame(TEXT, b"a", fin=False) + frame(opcode, b""), end=1002)
    message, answers = target.message(50)
    yield Case("a message before a broken frame is still answered",
               frame(BINARY, message) + frame(3, b""), answers, 1002)


def control_cases(target):
    for size in (0, 1, 7, 124, 125):
        payload = bytes(i * 3 & 0xFF for i in range(size))
        yield Case(f"a ping of {size} octets is answered with the same", frame(PING, payload),
                   [Frame(PONG, payload)])
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield Case(f"a {name} of 126 octets is refused", frame(opcode, b"x" * 126), end=1002)
        yield Case(f"a {name} with an extended length is refused at its second octet",
                   frame(opcode, b"", declared=1 << 20, length_bytes=8)[:2], end=1002)
        yield Case(f"a {name} in fragments is refused", frame(opcode, b"x", fin=False), end=1002)
    yield Case("a pong that nobody asked for is ignored", frame(PONG, b"hello"))
    yield Case("an empty pong is ignored", frame(PONG))
    many = [b"%d" % i for i in range(100)]
    yield Case("100 pings are answered in order", b"".join(frame(PING, one) for one in many),
               [Frame(PONG, one) for one in many])
    yield Case("a pong between pings is ignored",
               frame(PING, b"1") + frame(PONG, b"1") + frame(PING, b"2"),
               [Frame(PONG, b"1"), Frame(PONG, b"2")])


def fragmentation_cases(target):
    message, answers = target.message(90)

    def cut(*sizes):
        """The message in fragments of these sizes, the rest in the last one."""
        pieces, at = [], 0
        for size in sizes:
            pieces.append(message[at : at + size])
            at += size
        pieces.append(message[at:])
        opcodes = [BINARY] + [CONTINUATION] * (len(pieces) - 1)
        return [frame(opcode, piece, fin=i == len(pieces) - 1)
                for i, (opcode, piece) in enumerate(zip(opcodes, pieces))]

    yield Case("a message in two fragments is put together", b"".join(cut(45)), answers)
    yield Case("a message in 91 fragments is put together", b"".join(cut(*[1] * 90)), answers)
    yield Case("empty fragments first, between and last count for nothing",
               b"".join(cut(0, 0, 50, 0, 40)), answers)
    empty, empty_answers = target.message(0)
    yield Case("an empty message in three fragments is an empty message",
               frame(BINARY, b"", fin=False) + frame(CONTINUATION, b"", fin=False)
               + frame(CONTINUATION), empty_answers)
    pieces = cut(30, 30)
    yield Case("a ping between fragments is answered before the message",
               pieces[0] + frame(PING, b"here") + pieces[1] + frame(PONG, b"x") + pieces[2],
               [Frame(PONG, b"here"), *answers])
    yield Case("a close between fragments ends it",
               pieces[0] + frame(CLOSE, close_payload(1000)) + pieces[1], end=1000)
    yield Case("a continuation of nothing is refused", frame(CONTINUATION, b"x"), end=1002)
    yield Case("a continuation of nothing that is not the last is refused",
               frame(CONTINUATION, b"x", fin=False), end=1002)
    yield Case("a continuation behind a whole message is refused",
               frame(BINARY, message) + frame(CONTINUATION, b"x"), answers, 1002)
    yield Case("a continuation behind a message in fragments is refused",
               b"".join(pieces) + frame(CONTINUATION, b"x"), answers, 1002)
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        for fin in (True, False):
            yield Case(f"a {name} frame, final {fin}, inside a message is refused",
                       pieces[0] + frame(opcode, b"x", fin=fin), end=1002)
    yield Case("two messages in fragments are two messages", b"".join(pieces + pieces),
               answers + answers)


def run_all(cases, target):
    run_tables(cases, target, (length_cases, masking_cases, reserved_cases, control_cases,
                               fragmentation_cases))


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
