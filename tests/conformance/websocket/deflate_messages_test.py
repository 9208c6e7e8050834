#!/usr/bin/env python3
"""Shows that what was compressed comes back: messages of every size and kind under every offer, each
compressed by a zlib with the window that was agreed on and read back by one with no larger window
(the ground of the Autobahn Testsuite's categories 12 and 13), with and without context takeover;
and that words are compressed, voice and pictures never.

Usage: deflate_messages_test.py echo PARLEY_ECHO
       deflate_messages_test.py serve PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import itertools
import json
import random
import sys

from deflate_targets import (  # which finds the next
    CONTINUATION, MIB, NAME, OFFERS, RSV1, Echo, Peer, main)
from parley_testing import (BINARY, GROUP, PING, PONG, TEXT, TEXT_MESSAGE, Frame, Radio, check,
                            check_equal, frame, pack, unpack)

# For the offers that a table of sizes is run under (Autobahn's 13.1 to 13.7 and 12).
PLAYED = [offer for offer, (answer, _) in OFFERS.items() if answer is not None]

SIZES = (0, 1, 16, 64, 255, 256, 257, 1024, 4096, 8192, 32768, 65536, 131072)


def fit(text, size):
    data = text.encode()[:size].decode(errors="ignore").encode()
    return data + b"." * (size - len(data))


def texts():
    """{name: text of the largest size}: what compresses well, as nothing else does, and hardly."""
    rng = random.Random(7)
    words = ["channel", "over", "roger", "copy", "north gate", "κόσμε", "👍"]
    lines = (json.dumps({"id": i, "from": rng.choice(words), "text": rng.choice(words)},
                        ensure_ascii=False) for i in range(SIZES[-1] // 30))
    return {"JSON": "".join(lines), "one letter": "x" * SIZES[-1],
            "noise in letters": rng.randbytes(SIZES[-1] // 2).hex()}


TEXTS = texts()
MANY = [bytes(random.Random(i).choices(b"abcdefgh ", k=200 + i * 7 % 700)) for i in range(500)]


def sizes_come_back(target, offer, text, opcode, pieces):
    """Autobahn's sizes: 16 octets to 128 KiB, two of each, on one connection."""
    with target.open(offer) as peer:
        large = 0
        for size in SIZES:
            data = fit(text, size)
            for _ in range(2):
                if isinstance(target, Echo):
                    kind, sent, back = opcode, data, data
                else:
                    kind, sent, back = target.exchange(data)
                peer.send_deflated(kind, sent, pieces)
                check_equal(peer.read_frame(), Frame(kind, back), f"what came back of {size}")
                large += 300 <= len(back) <= 60000  # compressed by every target
        check(peer.compressed_frames >= large, f"{peer.compressed_frames} of {large} compressed")
        peer.expect_alive()


def many_messages(target, offer):
    """Hundreds, sent without waiting for each answer, as the suite does."""
    with target.open(offer) as peer:
        pending = []
        for i, data in enumerate(MANY):
            kind, sent, back = target.exchange(data)
            if i % 5 == 4:
                peer.send_frame(kind, sent)  # not everything need be compressed
            else:
                peer.send_deflated(kind, sent, pieces=1 + i % 3)
            pending.append(Frame(kind, back))
            if len(pending) == 20:
                for wanted in pending:
                    check_equal(peer.read_frame(), wanted, "what came back")
                pending = []
        check(peer.compressed_frames > 400, f"only {peer.compressed_frames} were compressed")


def octet_by_octet(target):
    with target.open() as peer:
        kind, sent, back = target.exchange(b"octet by octet " * 40)
        payload = peer.deflated(sent)
        peer.send_octets(frame(kind, payload[:9], fin=False, rsv=RSV1) + frame(PING, b"p")
                         + frame(CONTINUATION, payload[9:]))
        check_equal(peer.read_frame(), Frame(PONG, b"p"), "the pong between")
        check_equal(peer.read_frame(), Frame(kind, back), "what came back")


def large_messages(target):
    """16 MiB, at once and in 65,536 fragments."""
    with target.open() as peer:
        data = (b"the same words again " * 3 + bytes(range(97, 110))) * (16 * MIB // 76)
        for pieces in (1, 65536):
            payload = peer.deflated(data, 1)
            size = max(1, len(payload) // pieces)
            cuts = [payload[i * size : (i + 1) * size] for i in range(pieces - 1)]
            cuts.append(payload[size * (pieces - 1) :])
            peer.send(b"".join(frame(CONTINUATION if i else TEXT, cut, fin=i == pieces - 1,
                                     rsv=0 if i else RSV1) for i, cut in enumerate(cuts)))
            check_equal(peer.read_frame(), Frame(TEXT, data), "what came back")
        check_equal(peer.compressed_frames, 2, "compressed answers")


class Listener(Peer):
    """A VoicePing client that agreed on compression, and counts what came compressed."""

    def __init__(self, target, name, offer=NAME):
        self.name = name
        super().__init__(target.address, offer, [("VoicePingToken", name)])

    def say(self, *elements):
        self.send_deflated(BINARY, pack(list(elements)))

    def hear(self):
        while True:
            seen = self.read_frame()
            check(seen is not None, f"{self.name} was disconnected")
            if seen.opcode == BINARY:
                return unpack(seen.payload)

    fence = Radio.fence
    join = Radio.join
    expect_message = Radio.expect_message


def words_are_compressed_voice_is_not(target):
    """One text to listeners of every kind: each reads the same. Voice comes as it is."""
    offers = [NAME, f"{NAME}; server_max_window_bits=9",
              f"{NAME}; server_no_context_takeover; client_max_window_bits"]
    listeners = [Listener(target, f"listener-{i}", offer) for i, offer in enumerate(offers * 2)]
    with Radio(target.server, "plain") as plain, Listener(target, "talker") as talker:
        for each in (*listeners, plain, talker):
            each.join("group")
        long = json.dumps([{"n": i, "text": "north gate, over"} for i in range(60)])
        for text in (long, long + "again", "short"):
            talker.say(GROUP, TEXT_MESSAGE, talker.name, "group", text)
            answer = talker.hear()
            check_equal(answer[5], "Acknowledged", "the acknowledgement")
            heard = [each.hear() for each in (*listeners, plain)]
            check(all(one == heard[0] for one in heard), "they heard different things")
            check_equal(json.loads(heard[0][4])["text"], text, "the text")
        for each in listeners:
            check_equal(each.compressed_frames, 2, f"compressed messages to {each.name}")
        voice = b"voice " * 100  # would compress well
        talker.say(GROUP, 1, talker.name, "group", "now")
        check_equal(talker.hear()[1], 6, "START_ACK")
        talker.say(GROUP, 3, talker.name, "group", voice)
        talker.say(GROUP, 18, talker.name, "group", voice)  # a picture
        for each in (*listeners, plain):
            check_equal(each.hear()[1], 1, "START")
            # Voice of a turn leaves at its end, a picture at once, but behind the voice.
            check_equal([each.hear()[1:5:3], each.hear()[1:5:3]], [[3, voice], [18, voice]],
                        "what came")
        for each in listeners:
            check_equal(each.compressed_frames, 2, f"compressed messages to {each.name}")
            each.socket.close()


def run_all(cases, target):
    kinds = ((TEXT, "text"), (BINARY, "binary")) if isinstance(target, Echo) else ((BINARY, "binary"),)
    rounds = itertools.cycle((1, 5, 5, 1, 2))  # odd, so that every offer meets each number
    for offer in PLAYED:
        for name, text in TEXTS.items():
            for opcode, kind in kinds:
                pieces = next(rounds)
                cases.run(f"{kind} of {name} comes back in {pieces} fragments, with {offer}",
                          sizes_come_back, target, offer, text, opcode, pieces)
        cases.run(f"hundreds of messages come back, with {offer}", many_messages, target, offer)
    cases.run("a message comes octet by octet, with a ping inside", octet_by_octet, target)
    if isinstance(target, Echo):
        cases.run("16 MiB come back, at once and in 65,536 fragments", large_messages, target)
        return
    cases.run("words are compressed, voice and pictures never", words_are_compressed_voice_is_not,
              target)


if __name__ == "__main__":
    sys.exit(main(__doc__, run_all))
