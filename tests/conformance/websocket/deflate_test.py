#!/usr/bin/env python3
"""Shows that a server keeps RFC 7692 (permessage-deflate), and holds against peers that do not.

Usage: deflate_test.py echo PARLEY_ECHO
       deflate_test.py serve PARLEY

The ground of the Autobahn Testsuite's categories 12 and 13: messages of every size and kind under
every offer, each compressed by a zlib with the window that was agreed on and read back by one with
no larger window. And what that suite does not see: RSV1 where it may not stand, limits of what a
message becomes, bombs, corrupt data, offers that must be declined. The same runs with context
takeover.

Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import itertools
import json
import pathlib
import random
import re
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from parley_testing import (  # noqa: E402: the folder has to be named first
    BINARY, CLOSE, GROUP, PING, PONG, TEXT, TEXT_MESSAGE, UNLIMITED, Cases, Frame, Radio, Server,
    WebSocket, check, check_equal, close_payload, frame, pack, unpack)

CONTINUATION = 0x0
RSV1 = 4
MIB = 1 << 20
TAIL = b"\x00\x00\xff\xff"
# The most there may be at a time: one message at the limit, and half of it once more while its
# memory grows. A server that inflated first and judged then would need 256 MiB for the bomb.
BOMB_GROWTH_MAX = 2 * MIB
NAME = "permessage-deflate"
NONE = "; server_no_context_takeover; client_no_context_takeover"
OWN = "; server_max_window_bits=12"

# offer: the answer without and with takeover, behind the name; None: declined.
OFFERS = {
    NAME: (NONE, OWN),
    f"{NAME}; client_max_window_bits": (NONE, f"{OWN}; client_max_window_bits=12"),
    f"{NAME}; client_max_window_bits=9": (NONE, f"{OWN}; client_max_window_bits=9"),
    f"{NAME}; server_no_context_takeover": (NONE, "; server_no_context_takeover"),
    f"{NAME}; client_no_context_takeover": (NONE, f"; client_no_context_takeover{OWN}"),
    f"{NAME}; server_max_window_bits=9": (
        f"{NONE}; server_max_window_bits=9", "; server_max_window_bits=9"),
    f"{NAME}; server_max_window_bits=15": (f"{NONE}; server_max_window_bits=15", OWN),
    f"{NAME}; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits": (
        f"{NONE}; server_max_window_bits=9",
        "; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=12"),
    f'{NAME}; server_max_window_bits="10"': (
        f"{NONE}; server_max_window_bits=10", "; server_max_window_bits=10"),
    f"{NAME}; server_no_context_takeover; server_max_window_bits=9, {NAME}; "
    "server_no_context_takeover, " + NAME: (
        f"{NONE}; server_max_window_bits=9",
        "; server_no_context_takeover; server_max_window_bits=9"),
    f"permessage-bzip2, {NAME}": (NONE, OWN),
    f"{NAME}; server_max_window_bits=8, {NAME}": (NONE, OWN),
    f"{NAME}; no_such_parameter, {NAME}; server_max_window_bits=11": (
        f"{NONE}; server_max_window_bits=11", "; server_max_window_bits=11"),
    **{offer: (None, None) for offer in (
        f"{NAME}; server_max_window_bits=7", f"{NAME}; server_max_window_bits=8",
        f"{NAME}; server_max_window_bits=16", f"{NAME}; server_max_window_bits=015",
        f"{NAME}; client_max_window_bits=7", f"{NAME}; client_max_window_bits=99",
        f"{NAME}; no_such_parameter", f"{NAME}; server_no_context_takeover=1",
        f"{NAME}; server_no_context_takeover; server_no_context_takeover",
        f"{NAME}; server_max_window_bits", f"{NAME}; =", "x-webkit-deflate-frame", ";;;", ", ,",
        f'x; y="z, {NAME}', '"', "permessage-deflate=1")},
}
# For the offers that a table of sizes is run under (Autobahn's 13.1 to 13.7 and 12).
PLAYED = [offer for offer, (answer, _) in OFFERS.items() if answer is not None]


class Peer(WebSocket):
    """A client that agreed on compression, with a zlib for each direction."""

    def __init__(self, address, offer=NAME, headers=()):
        super().__init__(address, [*headers, ("Sec-WebSocket-Extensions", offer)])
        answer = self.headers.get("sec-websocket-extensions", "")
        name, *parameters = [part.strip() for part in answer.split(";")]
        check_equal(name, NAME, "the extension")
        agreed = dict((part.split("=") + [""])[:2] for part in parameters)
        self.deflate_bits = int(agreed.get("client_max_window_bits", 15))
        self.inflate_bits = int(agreed.get("server_max_window_bits", 15))
        self.sends_anew = "client_no_context_takeover" in agreed
        self.reads_anew = "server_no_context_takeover" in agreed
        self.deflater = self.inflater = None
        self.compressed_frames = 0

    def deflated(self, message, level=6):
        if self.deflater is None or self.sends_anew:
            self.deflater = zlib.compressobj(level, zlib.DEFLATED, -self.deflate_bits)
        out = self.deflater.compress(message) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        check(out.endswith(TAIL), "zlib flushes as always")
        return out[: -len(TAIL)]

    def inflated(self, payload):
        if self.inflater is None or self.reads_anew:
            self.inflater = zlib.decompressobj(-self.inflate_bits)
        return self.inflater.decompress(payload + TAIL)

    def send_deflated(self, opcode, message, pieces=1, level=6):
        payload = self.deflated(message, level)
        size = max(1, -(-len(payload) // pieces))
        cuts = [payload[i : i + size] for i in range(0, len(payload), size)]
        self.send(b"".join(
            frame(CONTINUATION if i else opcode, cut, fin=i == len(cuts) - 1,
                  rsv=0 if i else RSV1) for i, cut in enumerate(cuts)))

    def read_frame(self, seconds=20.0):
        """The next frame, inflated; the compressed ones are counted."""
        if not self._need(1, time.monotonic() + seconds):
            return None
        is_compressed = self.received[0] & 0x40
        if is_compressed:
            check(self.received[0] & 0x0F in (TEXT, BINARY), "RSV1 on something else")
            self.received = bytes([self.received[0] & ~0x40]) + self.received[1:]
        seen = super().read_frame(seconds)
        if is_compressed:
            self.compressed_frames += 1
            seen = Frame(seen.opcode, self.inflated(seen.payload))
        return seen


class Target:
    users = itertools.count()

    def __init__(self, server, takeover):
        self.server = server
        self.address = server.address
        self.takeover = takeover

    def open(self, offer=NAME):
        self.user = f"user-{next(self.users)}"
        return Peer(self.address, offer, [("VoicePingToken", self.user)])


class Echo(Target):
    name = "echo"
    message_bytes_max = 64 * MIB

    @staticmethod
    def start(program, deflate):
        return Server([program, "--listen", "127.0.0.1:0", "--deflate", deflate])

    def exchange(self, data):
        """(opcode, what is sent, what comes back)"""
        return BINARY, data, data


class Serve(Target):
    name = "serve"
    message_bytes_max = MIB + 4096

    @staticmethod
    def start(program, deflate):
        return Server.trusting(program, "--shards", "2", "--deflate", deflate,
                               "--limit-message-bytes", str(Serve.message_bytes_max), *UNLIMITED)

    def exchange(self, data):
        return BINARY, pack([0, 25, "", "", data]), pack([1, 26, 0, self.user, data])

    def message_of(self, size):
        """An exchange whose message has `size` octets; 5 are the head of the bin."""
        overhead = len(pack([0, 25, "", "", bytes(1 << 16)])) - (1 << 16)
        return self.exchange(b"z" * (size - overhead))


# --- messages -------------------------------------------------------------------------------------


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
            check_equal(peer.read_frame(60), Frame(TEXT, data), "what came back")
        check_equal(peer.compressed_frames, 2, "compressed answers")


# --- the opening handshake ------------------------------------------------------------------------


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


# --- what breaks the rules ------------------------------------------------------------------------


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


# --- limits ---------------------------------------------------------------------------------------


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
        for peer in peers:
            peer.socket.close()
        return grown

    cost(None)
    plain, compressed = cost(None), cost(NAME)
    print(f"      500 plain: {plain / 1024:.0f} KiB, 500 compressed: {compressed / 1024:.0f} KiB")
    if not target.server.is_sanitized():
        check(compressed <= plain + 512 * 1024, "compression costs memory when idle")


# --- words and voice ------------------------------------------------------------------------------


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


# --- running --------------------------------------------------------------------------------------


def run_offers(cases, target):
    for offer, answers in OFFERS.items():
        cases.run(f"the offer of {offer}", offer_answered, target, offer, answers)
    cases.run("offers may stand in two headers", offers_in_two_headers, target)
    cases.run("nothing is compressed without an offer", nothing_without_an_offer, target)


def run_messages(cases, target):
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


def run_broken(cases, target):
    for name, sent, code in broken_cases():
        cases.run(f"{name}: closed with {code}", broken, target, sent, code, False)
        if len(sent) < 1500:
            cases.run(f"{name}, octet by octet: closed with {code}", broken, target, sent, code, True)
    cases.run("a compressed message of no octets is an empty one", without_octets, target)


def run_all(cases, target):
    run_offers(cases, target)
    run_messages(cases, target)
    run_broken(cases, target)
    if isinstance(target, Echo):
        cases.run("16 MiB come back, at once and in 65,536 fragments", large_messages, target)
        return
    cases.run("the limit holds to the octet for what a message becomes", limit_to_the_octet, target)
    for pieces in (1, 40):
        cases.run(f"256 MiB in 254 KiB and {pieces} frames are refused", bomb, target, pieces)
    cases.run("compressed messages that only begin are bounded", many_beginnings, target)
    if not target.takeover:
        cases.run("an idle connection pays nothing for compression", plain_is_cheap, target)
    cases.run("words are compressed, voice and pictures never", words_are_compressed_voice_is_not,
              target)


def main():
    kinds = {kind.name: kind for kind in (Echo, Serve)}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kind = kinds[sys.argv[1]]
    cases = Cases()
    for deflate in ("on", "takeover"):
        with kind.start(sys.argv[2], deflate) as server:
            target = kind(server, takeover=deflate == "takeover")
            run_all(cases, target)
            cases.run(f"it ends in order, with --deflate {deflate}", server.end)
    with kind.start(sys.argv[2], "off") as server:
        target = kind(server, takeover=False)
        for offer in OFFERS:
            cases.run(f"the offer of {offer} is declined where compression is off", offer_answered,
                      target, offer, (None, None))
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
