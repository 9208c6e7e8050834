#!/usr/bin/env python3
"""Shows how a server answers the opening handshake of RFC 6455 in every variant, floods of headers,
frames that come before the answer, and plain HTTP.

Usage: handshake_test.py echo PARLEY_ECHO
       handshake_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys

from websocket_targets import OCTETS_MAX, main  # which finds the next
from parley_testing import (BINARY, CLOSE, KEY, PING, PONG, Frame, WebSocket, Wire, check, check_equal,
                            close_payload, frame, upgrade_request)


def request(change=None, value=None, first="GET / HTTP/1.1", more=()):
    """A correct upgrade, in which the header `change` is left out (value None), has another value
    (a str), or stands twice or more (a list)."""
    headers = [("Host", "localhost"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
               ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13"),
               *more]
    lines = [first]
    for name, usual in headers:
        values = [usual] if name != change else value if isinstance(value, list) else [value]
        lines += [f"{name}: {one}" for one in values if one is not None]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def handshake_table(token):
    """(what is special about the request, the request, the status of the answer)"""
    more = [token]
    for name in ("Host", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        usual = {"Host": "localhost", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
                 "Sec-WebSocket-Version": "13"}[name]
        yield f"{name} is missing", request(name, None, more=more), 400
        yield f"{name} is empty", request(name, "", more=more), 101 if name == "Host" else 400
        if name != "Connection":
            yield f"{name} stands twice", request(name, [usual, usual], more=more), 400
    yield "Upgrade stands twice", request("Upgrade", ["websocket"] * 2, more=more), 400
    for value in ("websockets", "h2c", "", "websocket, foo"):
        yield f"Upgrade is {value!r}", request("Upgrade", value, more=more), 400
    yield "Upgrade is WebSocket", request("Upgrade", "WebSocket", more=more), 101
    yield "Upgrade is missing: then it is a plain request", request("Upgrade", None, more=more), 200
    for value, status in (("keep-alive, Upgrade", 101), ("UPGRADE", 101), (" , Upgrade ,", 101),
                          ("keep-alive", 400), ("Upgraded", 400), ("close", 400)):
        yield f"Connection is {value!r}", request("Connection", value, more=more), status
    yield ("Connection stands twice, once with upgrade",
           request("Connection", ["keep-alive", "Upgrade"], more=more), 101)
    # The conversations recorded with existing clients have 400 here, not 426 (decision 2).
    for value, status in (("8", 101), ("12", 400), ("14", 400), ("7", 400), ("0", 400),
                          ("013", 400), ("13, 8", 400), ("13.0", 400), ("-13", 400), ("x", 400),
                          (" 13 ", 101)):
        yield (f"Sec-WebSocket-Version is {value!r}",
               request("Sec-WebSocket-Version", value, more=more), status)
    yield "the key is 128 characters", request("Sec-WebSocket-Key", "k" * 128, more=more), 101
    yield "the key is 129 characters", request("Sec-WebSocket-Key", "k" * 129, more=more), 400
    yield "the key has a blank inside", request("Sec-WebSocket-Key", "a b", more=more), 400
    for method in ("POST", "PUT", "HEAD", "OPTIONS", "get"):
        yield f"the method is {method}", request(first=f"{method} / HTTP/1.1", more=more), 400
    yield "it is HTTP/1.0", request(first="GET / HTTP/1.0", more=more), 400
    yield "it is HTTP/1.9", request(first="GET / HTTP/1.9", more=more), 101
    yield "it is HTTP/2.0", request(first="GET / HTTP/2.0", more=more), 505
    yield ("the target is a path with a query",
           request(first="GET /a/b?c=d HTTP/1.1", more=more), 101)
    yield ("the target is absolute",
           request(first="GET http://localhost/x HTTP/1.1", more=more), 101)
    yield "there is no target", request(first="GET HTTP/1.1", more=more), 400
    yield "the target has a blank", request(first="GET /a b HTTP/1.1", more=more), 400
    yield "the request announces a body", request(more=[*more, ("Content-Length", "5")]), 400
    yield "the request announces an empty body", request(more=[*more, ("Content-Length", "0")]), 101
    yield ("the request announces chunks",
           request(more=[*more, ("Transfer-Encoding", "chunked")]), 400)
    yield ("Content-Length comes twice and differs",
           request(more=[*more, ("Content-Length", "0"), ("Content-Length", "1")]), 400)
    yield "a header has a blank before its colon", request(more=[*more, ("X ", "y")]), 400
    yield "a header has no name", request(more=[*more, ("", "y")]), 400
    yield "a header is folded", request(more=[*more, ("X", "y\r\n z")]), 400
    yield "a header has a NUL", request(more=[*more, ("X", "a\0b")]), 400
    yield "a header has a lone CR", request(more=[*more, ("X", "a\rb")]), 400
    yield "lines end in LF alone", request(more=more).replace(b"\r\n", b"\n"), 400
    yield "an empty line comes first", b"\r\n" + request(more=more), 101
    yield "names of headers are in capitals", shout(request(more=more)), 101
    yield ("it is TLS",
           b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 40 + b"\r\n\r\n", 400)
    many = [("X", "y")] * (64 - 5 - len(more))
    yield "there are 64 headers", request(more=[*more, *many]), 101
    yield "there are 65 headers", request(more=[*more, *many, ("X", "y")]), 431
    yield "there are 2,000 headers", request(more=[*more, *[("X", "y")] * 2000]), 431
    room = 8192 - len(request(more=[*more, ("X", "")]))
    yield "the head has 8 KiB", request(more=[*more, ("X", "y" * room)]), 101
    yield "the head has 8 KiB and an octet", request(more=[*more, ("X", "y" * (room + 1))]), 431
    yield "a header never ends", request(more=more)[:-2] + b"X: " + b"y" * 100_000, 431
    for name in ("Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"):
        for filling in (" ", ";", ",", "a,"):  # V3
            content = filling * (20480 // len(filling))
            yield (f"{name} has 20 KiB of {filling!r}", request(more=[*more, (name, content)]), 431)
    yield ("17 subprotocols are offered",
           request(more=[*more, ("Sec-WebSocket-Protocol", ", ".join(map(str, range(17))))]), 400)


def shout(request_bytes):
    """The names of the headers in capitals, their values as they were."""
    lines = request_bytes.decode("latin-1").split("\r\n")
    named = [name.upper() + colon + value for name, colon, value in
             (line.partition(":") for line in lines[1:])]
    return "\r\n".join([lines[0], *named]).encode("latin-1")


def handshake(target, sent, status, octets):
    with Wire(target.address) as wire:
        if octets:
            wire.send_octets(sent)
        else:
            wire.send(sent)
        seen, headers = wire.read_head()
        check_equal(seen, status, "the status")
        if status != 101:
            check_equal(headers.get("connection", "").lower(), "close", "what becomes of it")
            return wire.read_all()
        check("sec-websocket-extensions" not in headers, "an extension was accepted")
        wire.send(frame(PING, b"?"))
        check_equal(wire.read_frame(), Frame(PONG, b"?"), "the answer to a ping")


def subprotocol_echoed(target):
    """The first subprotocol offered comes back, or a browser would hang up."""
    for offer, first in (("one", "one"), ("one, two", "one"), (" one ,two", "one"),
                         (",one", "one")):
        with WebSocket(target.address, [("Sec-WebSocket-Protocol", offer)]) as peer:
            check_equal(peer.headers.get("sec-websocket-protocol"), first, "the subprotocol")
    with target.open() as peer:
        check("sec-websocket-protocol" not in peer.headers, "a subprotocol was made up")


def frames_before_the_answer(target):
    """What a client sends behind its request, before the answer, is read after it."""
    user = f"early-{next(target.users)}"
    target.user = user
    for octets in (False, True):
        for parts in (1, 12):
            with Wire(target.address) as wire:
                message, answers = target.message(900 if parts > 1 else 60)
                sent = upgrade_request(headers=[("VoicePingToken", user)])
                sent += (frame(BINARY, message) + frame(PING, b"early")) * parts
                if octets and parts == 1:
                    wire.send_octets(sent)
                else:
                    wire.send(sent)
                check_equal(wire.read_head()[0], 101, "the answer")
                for _ in range(parts):
                    check_equal(wire.read_frame(), answers[0], "the answer to an early message")
                    check_equal(wire.read_frame(), Frame(PONG, b"early"), "the early pong")


def half_a_frame_before_the_answer(target):
    """The request and the beginning of a frame come together, its end later."""
    with Wire(target.address) as wire:
        message = frame(PING, b"in two pieces")
        wire.send(upgrade_request(headers=target.token_headers()) + message[:7])
        check_equal(wire.read_head()[0], 101, "the answer")
        wire.send(message[7:])
        check_equal(wire.read_frame(), Frame(PONG, b"in two pieces"), "the pong")


def broken_frame_before_the_answer(target):
    with Wire(target.address) as wire:
        wire.send(upgrade_request(headers=target.token_headers()) + frame(PING, b"x", key=None))
        check_equal(wire.read_head()[0], 101, "the answer")
        check_equal(wire.read_frame(), Frame(CLOSE, close_payload(1002)), "the close")
        wire.read_end()


def plain_http(target):
    """What is no upgrade is answered as HTTP, and closed."""
    for first, status, body in (
            ("GET / HTTP/1.1", 200, b"Welcome to VoicePing Router 1.0.0"),
            ("HEAD / HTTP/1.1", 200, b""),
            ("GET /healthz HTTP/1.1", 200, b"ok"), ("GET /x HTTP/1.1", 404, b"Not Found"),
            ("HEAD /x HTTP/1.1", 404, b""), ("POST / HTTP/1.1", 403, b"Forbidden"),
            ("DELETE /x HTTP/1.1", 403, b"Forbidden")):
        with Wire(target.address) as wire:
            wire.send(f"{first}\r\nHost: x\r\n\r\n".encode())
            seen, headers = wire.read_head()
            check_equal(seen, status, first)
            check_equal(wire.read_all(), body, f"the body of {first}")
            if first.startswith("GET"):
                check_equal(int(headers["content-length"]), len(body), "the length")


def run_all(cases, target):
    for name, sent, status in handshake_table(target.token_headers()[0]):
        cases.run(f"an upgrade gets {status} if {name}", handshake, target, sent, status, False)
        if len(sent) <= 2 * OCTETS_MAX or status == 431:
            cases.run(f"an upgrade gets {status} if {name}, octet by octet", handshake, target,
                      sent[:9000], status, True)
    cases.run("the first subprotocol comes back", subprotocol_echoed, target)
    cases.run("frames that come before the answer are taken", frames_before_the_answer, target)
    cases.run("a frame may begin before the answer and end after it",
              half_a_frame_before_the_answer, target)
    cases.run("a broken frame before the answer gets 101 and then 1002",
              broken_frame_before_the_answer, target)
    cases.run("plain HTTP is answered as HTTP", plain_http, target)


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
