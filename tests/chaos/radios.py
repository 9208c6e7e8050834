"""A field of radios in one thread: each keeps itself connected, talks in bursts, sends texts until
they are acknowledged, and judges by the ledger what it hears."""
import errno
import pathlib
import selectors
import socket
import sys
import time

import ledger as book

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
from parley_testing import (  # noqa: E402: found only with the path above
    AUDIO, BINARY, CLOSE, CONNECTION_ACK, CONNECTION_TEST, GROUP, PING, PONG, START, START_ACK,
    START_FAILED, STOP, STOP_ACK, TEXT_ACK, TEXT_MESSAGE, USER_ADD, frame, pack, unpack,
    upgrade_request)

FRAME_S = 0.02
BURST_FRAMES = 40
OPENING_S = 15  # with every fifth segment lost, a connect may wait for its third SYN
ANSWER_S = 20
RETRY_S = (0.1, 0.6)
TEXT_EVERY_S = (0.4, 1.2)
BURST_EVERY_S = (1.0, 4.0)


class Seen:
    """What a listener knows from one session."""

    def __init__(self):
        self.holder = None
        self.frames = {}
        self.messages = set()  # ids of the texts


class Radio:
    def __init__(self, field, number, group):
        self.field, self.number, self.group = field, number, group
        self.name = f"radio{number}"
        self.bursts = self.texts = 0
        self.pending = None  # a text that waits for its acknowledgement
        self.socket = None
        self.sessions_lost = 0
        self.wanted = True
        self._forget()

    def _forget(self):
        self.state, self.ready_since, self.seen = "away", None, Seen()
        self.received, self.unsent = b"", b""
        self.talking = None  # [burst, next frame, due]
        self.asked = False  # for the floor
        self.deadline = self.field.now + self.field.random.uniform(*RETRY_S)

    # --- connection ---------------------------------------------------------------------------------

    def connect(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.field.selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        self.state, self.deadline = "opening", self.field.now + OPENING_S
        failed = self.socket.connect_ex(self.field.address)
        if failed not in (0, errno.EINPROGRESS):
            return self.lose()
        self.unsent = upgrade_request(headers=[("VoicePingToken", self.name)])

    def lose(self):
        """The connection is gone, or is given up."""
        if self.state == "ready":
            self.sessions_lost += 1
            self.field.ledger.counts["sessions lost"] += 1
        if self.socket is not None:
            self.field.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None
        self._forget()

    def leave(self):
        self.wanted = False
        if self.state == "ready":
            self.state = "leaving"
        self.lose()

    def on_ready(self, readable, writable):
        try:
            if writable and self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent):]
            if not self.unsent:
                self.field.selector.modify(self.socket, selectors.EVENT_READ, self)
            if readable:
                some = self.socket.recv(1 << 16)
                if not some:
                    return self.lose()
                self.received += some
                self.take()
        except BlockingIOError:
            pass
        except OSError:
            self.lose()

    def send(self, data):
        if not self.unsent:
            try:
                data = data[self.socket.send(data):]
            except BlockingIOError:
                pass
            except OSError:
                return self.lose()
        self.unsent += data
        if self.unsent:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self.field.selector.modify(self.socket, both, self)

    def say(self, *elements):
        if self.socket is not None:
            self.send(frame(BINARY, pack(list(elements))))

    # --- what comes ---------------------------------------------------------------------------------

    def take(self):
        if self.state == "opening":
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.field.ledger.counts["refused"] += 1
                return self.lose()
            self.received, self.state = rest, "joining"
            self.say(GROUP, USER_ADD, self.name, self.group)
            self.say(GROUP, CONNECTION_TEST, self.name, 0, "joined")
        while self.socket is not None:
            taken = next_frame(self.received)
            if taken is None:
                return
            opcode, payload, size = taken
            self.received = self.received[size:]
            if opcode == PING:
                self.send(frame(PONG, payload))
            elif opcode == CLOSE:
                return self.lose()
            elif opcode == BINARY:
                self.on_message(unpack(payload))

    def on_message(self, message):
        scope, kind, sender, group, *rest = message
        if kind == CONNECTION_ACK and self.state == "joining":
            self.state, self.ready_since = "ready", self.field.now
            self.deadline = float("inf")
            self.next_text = self.field.now
            self.next_burst = self.field.soon(BURST_EVERY_S)
            if self.pending is not None:
                self.send_text()
        if scope != GROUP or str(group) != self.group:
            return
        if kind == AUDIO:
            self.field.ledger.heard_voice(self, self.seen, sender, rest[0])
        elif kind == START:
            self.seen.holder = sender
        elif kind == STOP:
            if self.seen.holder == sender:
                self.seen.holder = None
        elif kind == START_ACK:
            self.asked, self.seen.holder = False, self.name
            self.talking = [self.bursts, 0, self.field.now]
            self.bursts += 1
            self.field.ledger.counts["bursts"] += 1
        elif kind == START_FAILED:
            self.asked = False
            self.next_burst = self.field.soon(BURST_EVERY_S)
        elif kind == STOP_ACK:
            self.asked, self.seen.holder = False, None
        elif kind == TEXT_MESSAGE:
            self.field.ledger.heard_text(self, member_of(rest[0], "text"),
                                             member_of(rest[0], "message_id"))
        elif kind == TEXT_ACK and self.pending is not None and sender == self.name:
            self.field.ledger.acknowledged(self.pending)
            self.pending = None
            self.deadline = float("inf")
            self.next_text = self.field.soon(TEXT_EVERY_S)

    # --- what it does by itself -----------------------------------------------------------------------

    def act(self):
        now = self.field.now
        if now >= self.deadline:
            if self.state == "away":
                if self.wanted:
                    self.connect()
            else:
                self.field.ledger.counts[f"gave up {self.state}"] += 1
                self.lose()
        if self.state != "ready":
            return
        if self.talking is not None:
            self.talk(now)
        elif not self.asked and now >= self.next_burst and not self.field.quiet:
            self.asked = True
            self.next_burst = self.field.soon(BURST_EVERY_S)
            self.say(GROUP, START, self.name, self.group, int(now * 1000))
        if self.socket and self.pending is None and now >= self.next_text and not self.field.quiet:
            self.pending = f"{self.name}-{self.texts}"
            self.texts += 1
            self.send_text()

    def talk(self, now):
        burst, number, due = self.talking
        while now >= due and number < BURST_FRAMES and self.socket is not None:
            self.say(GROUP, AUDIO, self.name, self.group,
                     book.voice(self.number, burst, number, self.field.voice_bytes))
            self.field.ledger.counts["frames sent"] += 1
            number, due = number + 1, due + FRAME_S
        if self.socket is None:
            return
        self.talking = [burst, number, due]
        if number == BURST_FRAMES:
            self.talking = None
            self.say(GROUP, STOP, self.name, self.group)
            self.next_burst = self.field.soon(BURST_EVERY_S)

    def send_text(self):
        self.field.ledger.sent_text(self.pending, self, self.field.now)
        self.deadline = self.field.now + ANSWER_S
        self.say(GROUP, TEXT_MESSAGE, self.name, self.group, self.pending)


def next_frame(data):
    """Opcode, payload and whole size of the first frame, or None while it is not all there."""
    if len(data) < 2:
        return None
    size, head = data[1] & 0x7F, 2
    if size >= 126:
        head = 4 if size == 126 else 10
        if len(data) < head:
            return None
        size = int.from_bytes(data[2:head], "big")
    if len(data) < head + size:
        return None
    return data[0] & 0x0F, data[head : head + size], head + size


def member_of(payload, name):
    """A string in the JSON that the server wraps a text in. The id of a text is the text itself."""
    at = payload.rfind(f'"{name}":"') + len(name) + 4
    return payload[at : payload.index('"', at)]


class Field:
    """All radios, and the loop that moves them."""

    def __init__(self, address, radios, groups, random):
        self.address, self.random = address, random
        self.selector = selectors.DefaultSelector()
        self.ledger = book.Ledger()
        self.quiet = False  # nobody begins anything
        self.voice_bytes = book.VOICE_BYTES
        self.now = time.monotonic()
        self.radios = [Radio(self, number, str(number % groups)) for number in range(radios)]

    def soon(self, span):
        return self.now + self.random.uniform(*span)

    def step(self):
        for key, events in self.selector.select(FRAME_S / 4):
            self.now = time.monotonic()
            radio = key.data
            if radio.socket is key.fileobj:
                radio.on_ready(events & selectors.EVENT_READ, events & selectors.EVENT_WRITE)
        self.now = time.monotonic()
        for radio in self.radios:
            radio.act()

    def run_for(self, seconds, each_step=lambda: None):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
            each_step()

    def run_until(self, condition, seconds):
        """Whether it came true in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.step()
        return True

    def all_ready(self):
        return all(radio.state == "ready" for radio in self.radios)

    def settled(self):
        return self.all_ready() and not any(
            radio.talking or radio.asked or radio.pending for radio in self.radios)

