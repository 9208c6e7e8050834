"""What is tested for RFC 7692: the echo program and the real server, a client that compresses, with a
zlib for each direction, and what a server answers to offers of compression.
"""
import itertools
import pathlib
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from parley_testing import (  # noqa: E402: the folder has to be named first
    BINARY, DEADLINE_S, TEXT, UNLIMITED, Cases, Frame, Server, WebSocket, check, check_equal, frame,
    pack)

CONTINUATION = 0x0
RSV1 = 4
MIB = 1 << 20
TAIL = b"\x00\x00\xff\xff"
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

    def read_frame(self, seconds=DEADLINE_S):
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

    def __init__(self, server, deflate):
        self.server = server
        self.address = server.address
        self.deflate = deflate
        self.takeover = deflate == "takeover"

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


def main(usage, run_all, settings=("on", "takeover")):
    """A test's: starts what the command line names with each setting of --deflate, runs all cases,
    and ends it."""
    kinds = {kind.name: kind for kind in (Echo, Serve)}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit(usage)
    kind = kinds[sys.argv[1]]
    cases = Cases()
    for deflate in settings:
        with kind.start(sys.argv[2], deflate) as server:
            run_all(cases, kind(server, deflate))
            cases.run(f"it ends in order, with --deflate {deflate}", server.end)
    return cases.finish()
