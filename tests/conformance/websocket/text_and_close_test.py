#!/usr/bin/env python3
"""Shows that a server takes text that is UTF-8 and no other, the earlier the better, and ends a
connection as RFC 6455 says. Every case is sent at once, and again one octet at a time.

Usage: text_and_close_test.py echo PARLEY_ECHO
       text_and_close_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys

from websocket_targets import (  # which finds the next
    CONTINUATION, EMPTY_CLOSE, Case, main, run_tables)
from parley_testing import BINARY, CLOSE, PING, PONG, TEXT, Frame, close_payload, frame


VALID_TEXT = (
    ("ASCII", b"hello"), ("a NUL", b"a\x00b"), ("two octets", b"\xc2\x80\xdf\xbf"),
    ("three octets", b"\xe0\xa0\x80\xef\xbf\xbf"),
    ("around the surrogates", b"\xed\x9f\xbf\xee\x80\x80"),
    ("four octets", b"\xf0\x90\x80\x80"), ("the last character", b"\xf4\x8f\xbf\xbf"),
    ("a byte order mark", b"\xef\xbb\xbfx"), ("noncharacters", b"\xef\xbf\xbe\xef\xb7\x90"),
    ("Greek and an emoji", "κόσμε 👍".encode()), ("200 octets of Greek", "κ".encode() * 100),
)
INVALID_TEXT = (
    ("a continuation alone", b"\x80"), ("another continuation alone", b"\xbf"),
    ("two octets for one", b"\xc0\x80"), ("two octets for the last of one", b"\xc1\xbf"),
    ("three octets for two", b"\xe0\x9f\xbf"), ("four octets for three", b"\xf0\x8f\xbf\xbf"),
    ("the first surrogate", b"\xed\xa0\x80"), ("the last surrogate", b"\xed\xbf\xbf"),
    ("a pair of surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
    ("beyond the last character", b"\xf4\x90\x80\x80"),
    ("the lead f5", b"\xf5\x80\x80\x80"), ("the lead f8", b"\xf8\x88\x80\x80\x80"),
    ("the lead fc", b"\xfc\x84\x80\x80\x80\x80"), ("the octet fe", b"\xfe"),
    ("the octet ff", b"\xff"),
    ("a lead and no continuation", b"\xc3("), ("three octets cut to two by ASCII", b"\xe2\x82A"),
    ("a good beginning and a bad end", "κόσμε".encode() + b"\xed\xa0\x80"),
)


def text_cases(target):
    def comes_back(text):
        return [Frame(TEXT, text)] if target.text_comes_back else []

    for name, text in VALID_TEXT:
        yield Case(f"text with {name} is taken", frame(TEXT, text), comes_back(text))
        octets = [frame(CONTINUATION, text[i : i + 1], fin=i == len(text) - 1)
                  for i in range(len(text))]
        whole = frame(TEXT, b"", fin=False) + b"".join(octets)
        yield Case(f"text with {name} is taken, each octet in a fragment of its own", whole,
                   comes_back(text))
    yield Case("an empty text is taken", frame(TEXT, b""), comes_back(b""))
    for name, text in INVALID_TEXT:
        yield Case(f"text with {name} is refused", frame(TEXT, text), end=1007)
        yield Case(f"text with {name} is refused before its frame is whole",
                   frame(TEXT, b"ok " + text, declared=90), end=1007)
        yield Case(f"text with {name} is refused before its message is whole",
                   frame(TEXT, b"ok", fin=False) + frame(CONTINUATION, text + b"xx", fin=False),
                   end=1007)
        if target.text_comes_back:
            yield Case(f"a binary message may hold {name}", frame(BINARY, text),
                       [Frame(BINARY, text)])
    for name, text in (("two octets", b"\xc2"), ("three octets", b"\xe2\x82"),
                       ("four octets", b"\xf0\x90\x80")):
        yield Case(f"text that ends inside a character of {name} is refused", frame(TEXT, text),
                   end=1007)
        yield Case(f"a fragment may end inside a character of {name}, the message may not",
                   frame(TEXT, text, fin=False) + frame(CONTINUATION, b""), end=1007)


def close_cases(target):
    yield Case("an empty close is answered with an empty one", frame(CLOSE), end=EMPTY_CLOSE)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
                 4000, 4999):
        yield Case(f"a close with {code} is answered with the same",
                   frame(CLOSE, close_payload(code, b"bye")), end=code, reason=b"bye")
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case(f"a close with the forbidden code {code} is refused",
                   frame(CLOSE, close_payload(code)), end=1002)
    yield Case("a close of one octet is refused", frame(CLOSE, b"\x03"), end=1002)
    yield Case("a reason of 123 octets is given back",
               frame(CLOSE, close_payload(1000, b"r" * 123)), end=1000, reason=b"r" * 123)
    yield Case("a reason may be any text", frame(CLOSE, close_payload(1000, "κ".encode())),
               end=1000, reason="κ".encode())
    half = ("half a character", b"\xc3")
    for name, text in (INVALID_TEXT[0], INVALID_TEXT[6], INVALID_TEXT[9], half):
        yield Case(f"a reason with {name} is refused", frame(CLOSE, close_payload(1000, text)),
                   end=1007)
    message, answers = target.message(60)
    yield Case("what follows a close is not read",
               frame(CLOSE, close_payload(1000)) + frame(PING, b"x") + frame(BINARY, message),
               end=1000)
    yield Case("a second close is not answered",
               frame(CLOSE, close_payload(1000)) + frame(CLOSE, close_payload(1001)), end=1000)
    yield Case("what came before a close is answered before it",
               frame(BINARY, message) + frame(PING, b"x") + frame(CLOSE, close_payload(4000)),
               [*answers, Frame(PONG, b"x")], 4000)


def run_all(cases, target):
    run_tables(cases, target, (text_cases, close_cases))


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
