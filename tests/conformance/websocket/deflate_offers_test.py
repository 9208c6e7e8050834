#!/usr/bin/env python3
"""Shows which offers of permessage-deflate (RFC 7692) a server takes and with what answer, which it
declines, and that it declines all where compression is off.

Usage: deflate_offers_test.py echo PARLEY_ECHO
       deflate_offers_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import sys
import zlib

from deflate_targets import NAME, OFFERS, RSV1, main  # which finds the next
from parley_testing import TEXT, WebSocket, check, check_equal


def offer_answered(target, offer, answers):
    wanted = answers[1 if target.takeover else 0]
    headers = [("VoicePingToken", f"user-{next(target.users)}"),
               ("Sec-WebSocket-Extensions", offer)]
    with WebSocket(target.address, headers) as peer:
        seen = peer.headers.get("sec-websocket-extensions")
        check_equal(seen, None if wanted is None else NAME + wanted, "the answer")
        peer.expect_alive()
        if wanted is None:
            peer.send_frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=RSV1)
            peer.expect_close(1002)


def offers_in_two_headers(target):
    headers = [("VoicePingToken", "two"), ("Sec-WebSocket-Extensions", "foo"),
               ("Sec-WebSocket-Extensions", f"{NAME}; server_max_window_bits=10")]
    with WebSocket(target.address, headers) as peer:
        check("server_max_window_bits=10" in peer.headers["sec-websocket-extensions"], peer.headers)


def nothing_without_an_offer(target):
    with WebSocket(target.address, [("VoicePingToken", "plain")]) as peer:
        check("sec-websocket-extensions" not in peer.headers, "an extension was made up")
        peer.send_frame(TEXT, zlib.compress(b"x")[2:], rsv=RSV1)
        peer.expect_close(1002)


def run_all(cases, target):
    if target.deflate == "off":
        for offer in OFFERS:
            cases.run(f"the offer of {offer} is declined where compression is off", offer_answered,
                      target, offer, (None, None))
        return
    for offer, answers in OFFERS.items():
        cases.run(f"the offer of {offer}", offer_answered, target, offer, answers)
    cases.run("offers may stand in two headers", offers_in_two_headers, target)
    cases.run("nothing is compressed without an offer", nothing_without_an_offer, target)


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all, ("on", "takeover", "off")))
