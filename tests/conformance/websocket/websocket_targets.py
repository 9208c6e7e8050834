"""What is tested for RFC 6455: the echo program, where every message comes back, and the real server,
whose binary messages are VoicePing connection tests, which come back too; and a case of a table.
"""
import itertools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
from parley_testing import (  # noqa: E402: the folder has to be named first
    BINARY, UNLIMITED, Cases, Frame, Server, WebSocket, check, check_equal, pack)

CONTINUATION = 0x0
MIB = 1 << 20
# A server that reserved what was declared, or kept more than it should, would exceed this at once.
GROWTH_MAX = 4 * MIB
# Longer byte streams are not sent octet by octet: it would only take time.
OCTETS_MAX = 1500
ALIVE = "alive"  # how a case may end, beside the code of a close frame
EMPTY_CLOSE = None


class Target:
    """The server under test, and what its answers look like."""

    users = itertools.count()

    def __init__(self, server):
        self.server = server
        self.address = server.address

    def token_headers(self):
        return [("VoicePingToken", f"user-{next(self.users)}")]

    def open(self, _user=None):
        return WebSocket(self.address, self.token_headers())

    def rss_bytes(self):
        return self.server.rss_bytes()

    def check_growth(self, before, what):
        grown = self.rss_bytes() - before
        if not self.server.is_sanitized():
            check(grown <= GROWTH_MAX, f"{what} cost {grown / MIB:.1f} MiB")


class Echo(Target):
    name = "echo"
    message_bytes_max = 64 * MIB
    fragments_max = 1 << 20
    text_comes_back = True

    @staticmethod
    def start(program):
        return Server([program, "--listen", "127.0.0.1:0"])

    def message(self, size):
        """A binary message of `size` octets, and what comes back."""
        message = bytes(i * 7 & 0xFF for i in range(min(size, 4096))) * (size // 4096 + 1)
        return message[:size], [Frame(BINARY, message[:size])]


class Serve(Target):
    name = "serve"
    message_bytes_max = MIB + 4096
    fragments_max = 1024
    text_comes_back = False  # such text is no message of the protocol, and is dropped

    @staticmethod
    def start(program):
        # Messages of one size for every kind.
        return Server.trusting(program, "--shards", "2", "--limit-message-bytes",
                               str(Serve.message_bytes_max), *UNLIMITED)

    def open(self, user=None):
        self.user = user or f"user-{next(self.users)}"
        return WebSocket(self.address, [("VoicePingToken", self.user)])

    def message(self, size):
        """Asks for a connection test; the smallest messages can ask for nothing."""
        for pad in range(4):
            for head in (2, 3, 5):  # of a bin of up to 2^8, 2^16, 2^32 octets
                space = size - len(pack([0, 25, "", "x" * pad])) - head
                if space < 0:
                    continue
                content = bytes(i * 5 & 0xFF for i in range(min(space, 4096)))
                content = (content * (space // 4096 + 1))[:space]
                message = pack([0, 25, "", "x" * pad, content])
                if len(message) == size:
                    answer = pack([1, 26, 0, self.user, content])
                    return message, [Frame(BINARY, answer)]
        return b"\xc1" * size, []  # no MessagePack: dropped, without an answer


class Case:
    """Frames to send, the frames that must come back, and how it must end."""

    def __init__(self, name, sent, answers=(), end=ALIVE, reason=None):
        self.name = name
        self.sent = sent
        self.answers = list(answers)
        self.end = end
        self.reason = reason

    def play(self, connection, octets):
        if octets:
            connection.send_octets(self.sent)
        else:
            connection.send(self.sent)
        for answer in self.answers:
            check_equal(connection.read_frame(), answer, "what came back")
        if self.end == ALIVE:
            connection.expect_alive()
        else:
            connection.expect_close(self.end, self.reason)


def run_case(target, case, octets):
    with target.open("tester") as connection:
        case.play(connection, octets)


def run_tables(cases, target, tables):
    """Each case is sent at once, and again one octet at a time."""
    target.user = "tester"  # whom the messages of the tables are from
    for table in tables:
        for case in table(target):
            cases.run(case.name, run_case, target, case, octets=False)
            if len(case.sent) <= OCTETS_MAX:
                cases.run(case.name + ", octet by octet", run_case, target, case, octets=True)


def main(usage, run_all):
    """A test's: starts what the command line names, runs all cases, and ends it."""
    kinds = {kind.name: kind for kind in (Echo, Serve)}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit(usage)
    kind = kinds[sys.argv[1]]
    cases = Cases()
    with kind.start(sys.argv[2]) as server:
        run_all(cases, kind(server))
        cases.run("the server still runs, and ends in order", server.end)
    return cases.finish()
