"""What the Python tests share: programs under test, a raw WebSocket client, VoicePing arrays, and
a runner of cases named by sentences.

Written from the RFCs and the protocol's description, with nothing of the server's code: a mistake
there must not hide itself here. Only the standard library is used. Whatever waits, waits for
something that must happen, and gives up after DEADLINE_S.
"""
import base64
import contextlib
import hashlib
import json
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

# The answers take milliseconds; a loaded machine and a sanitizer may stretch that ten thousandfold.
# What takes longer is broken, so it may be long: only a test that fails waits for it.
DEADLINE_S = 60.0
# No test may keep anything in the folder of who runs it: programs take this from the environment.
NOTHING_KEPT = {"PARLEY_STORE": "memory"}
os.environ.update(NOTHING_KEPT)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455 section 1.3
SKIPPED = 77  # what meson takes for "skipped"

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
GROUP, PRIVATE = 0, 1
START, STOP, AUDIO, CONNECTION, START_ACK, STOP_ACK, START_FAILED = 1, 2, 3, 4, 6, 7, 8
USER_ADD, USER_REMOVE, TEXT_MESSAGE, IMAGE, DELIVERED, READ = 15, 16, 17, 18, 20, 21
TEXT_ACK, INTERACTIVE, INTERACTIVE_ACK, CONNECTION_TEST = 22, 23, 24, 25
CONNECTION_ACK, UNAUTHORIZED_GROUP = 26, 27


# Options of `parley serve` for tests that say more in a moment than anybody does.
UNLIMITED = [word for option in ("control", "text", "joins", "audio-frames", "audio-bits")
             for word in (f"--limit-{option}", "0")]


class Failed(Exception):
    """What was seen is not what should have been seen."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(map(str, what)))


def check_equal(seen, wanted, what):
    check(seen == wanted, f"{what} is {short(seen)}, expected {short(wanted)}")


def short(value):
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + f"... ({len(text)} characters)"


def free_port():
    """A port for a server that is to come back to it. It lies below those that the kernel gives
    unasked: a connection of another test could have one of them the moment it is free."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def eventually(condition, what, seconds=DEADLINE_S):
    """Waits until `condition()` is true; returns what it gave. For what nobody announces, such as
    the memory of another process."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}")
        time.sleep(0.01)


# --- programs -------------------------------------------------------------------------------------


class Program:
    """A program that runs beside the test, and ends with it."""

    tls = None  # an ssl.SSLContext: how clients of the tests connect to it, if it is a server

    def __init__(self, command, environment=None, stdin=subprocess.DEVNULL):
        self.command = [str(part) for part in command]
        # A file, not a pipe: nobody has to read it for the program to go on.
        self.errors_file = tempfile.TemporaryFile()
        self.process = self.start(stdin=stdin, stdout=subprocess.PIPE, stderr=self.errors_file,
                                  env=environment)
        self.pid = self.process.pid
        self.output = b""

    def start(self, **how):
        return subprocess.Popen(self.command, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.errors_file.close()

    def errors(self):
        self.errors_file.seek(0)
        return self.errors_file.read().decode(errors="replace")

    def wait_for_errors(self, pattern):
        """Waits until it has written `pattern` to standard error."""
        eventually(lambda: re.search(pattern, self.errors()), f"{pattern!r} on standard error")

    def wait_for_output(self, pattern):
        """The match of `pattern` in what the program has printed, as soon as there is one."""
        deadline = time.monotonic() + DEADLINE_S
        printing = select.poll()  # unlike select(), of any descriptor
        printing.register(self.process.stdout, select.POLLIN)
        while True:
            found = re.search(pattern, self.output.decode(errors="replace"))
            if found:
                return found
            left = deadline - time.monotonic()
            check(left > 0, f"{self.command} did not print {pattern}; but: {self.output}")
            if printing.poll(left * 1000):
                some = os.read(self.process.stdout.fileno(), 65536)
                check(some, f"{self.command} ended before it printed {pattern}: {self.errors()}")
                self.output += some

    def end(self, with_signal=signal.SIGTERM, status=0, seconds=DEADLINE_S):
        """Asks the program to end, and checks that it does so in order."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        try:
            seen = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.command} did not end within {seconds} s") from None
        check(seen == status, f"{self.command} ended with {seen}, expected {status}:",
              self.errors())
        check("runtime error:" not in self.errors(), self.errors())  # UBSan's words

    def rss_bytes(self):
        """Resident memory, from /proc."""
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_sanitized(self):
        """A sanitizer keeps freed memory for a while: sizes then mean little."""
        with open(f"/proc/{self.pid}/maps") as file:
            return re.search(r"lib[atu]+san", file.read()) is not None


class Server(Program):
    """A server on a port of its own, ready when constructed."""

    def __init__(self, command, environment=None, stdin=subprocess.DEVNULL):
        super().__init__(command, environment, stdin)
        try:
            self.url = self.wait_for_output(r"listening on (wss?://\S+)\n")[1]
        except BaseException:
            self.__exit__()
            raise
        host, _, port = self.url.partition("://")[2].rpartition(":")
        self.address = (host, int(port))

    @classmethod
    def trusting(cls, parley, *more):
        """`parley serve` whose users are who they say."""
        return cls([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", *more])


def run(command, environment=None, seconds=DEADLINE_S):
    """Runs a program to its end. Its status and what it printed."""
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds, env=environment)


# --- WebSocket ------------------------------------------------------------------------------------


def mask(payload, key):
    """The payload xor the key, repeated."""
    if key == bytes(4) or not payload:
        return bytes(payload)
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    together = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return together.to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, rsv=0, key=b"\x37\xfa\x21\x3d", length_bytes=None,
          declared=None):
    """A frame as it is told, not as it must be. `key` None: unmasked. `length_bytes` 0, 2 or 8:
    of the extended length, the fewest if not given. `declared`: the length to write, if it is to
    be another than the payload's."""
    size = len(payload) if declared is None else declared
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    code = {0: size, 2: 126, 8: 127}[length_bytes]
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, (0 if key is None else 0x80) | code])
    if length_bytes:
        head += size.to_bytes(length_bytes, "big")
    return head + (payload if key is None else key + mask(payload, key))


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


class Frame:
    """What a server sent."""

    def __init__(self, opcode, payload):
        self.opcode = opcode
        self.payload = payload

    def __eq__(self, other):
        return (isinstance(other, Frame)
                and (self.opcode, self.payload) == (other.opcode, other.payload))

    def __repr__(self):
        name = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
        return f"{name.get(self.opcode, self.opcode)} of {len(self.payload)}: {self.payload[:40]!r}"


class Wire:
    """A TCP connection, with what was received and not yet looked at."""

    def __init__(self, address, tls=None, host=None, session=None, receive_buffer=None):
        """With `tls`, an ssl.SSLContext, secured; `host` is the name to ask for. The window that the
        server is offered is as large as the `receive_buffer` that the socket had when it connected."""
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE_S)
        try:
            self.socket.connect(address)
        except BaseException:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            # An end without close_notify is no end.
            self.socket = tls.wrap_socket(self.socket, server_hostname=host or address[0],
                                          session=session, suppress_ragged_eofs=False)
        self.received = b""
        self.was_reset = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends it all; the server may have closed meanwhile, which reading will show."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_octets(self, data):
        """One octet for each write."""
        try:
            for i in range(len(data)):
                self.socket.sendall(data[i : i + 1])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _read_some(self, deadline):
        """False at the end of the stream."""
        left = deadline - time.monotonic()
        check(left > 0, f"the server said nothing more in time; unread: {short(self.received)}")
        self.socket.settimeout(left)
        try:
            some = self.socket.recv(1 << 20)
        except TimeoutError:
            raise Failed(f"the server said nothing more in time; unread: "
                         f"{short(self.received)}") from None
        except ConnectionResetError:
            self.was_reset = True
            some = b""
        self.received += some
        return bool(some)

    def _need(self, size, deadline):
        """True if `size` bytes are there; false if the stream ended right before them."""
        if len(self.received) >= size:
            return True
        parts = [self.received]
        have = len(self.received)
        while have < size:  # joined once: a message may have many megabytes
            self.received = b""
            if not self._read_some(deadline):
                self.received = b"".join(parts)
                check(have == 0, f"the stream ended inside a frame: {short(self.received)}")
                return False
            parts.append(self.received)
            have += len(self.received)
        self.received = b"".join(parts)
        return True

    def read_head(self, seconds=DEADLINE_S):
        """The status, and {lower-case name: value} of the answer to a request."""
        deadline = time.monotonic() + seconds
        while b"\r\n\r\n" not in self.received:
            check(self._read_some(deadline), f"no answer, but: {short(self.received)}")
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", first)
        check(status, f"not a status line: {first!r}")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            check(colon and name == name.strip(), f"not a header: {line!r}")
            check(name.lower() not in headers, f"header {name} comes twice")
            headers[name.lower()] = value.strip()
        return int(status[1]), headers

    def read_frame(self, seconds=DEADLINE_S):
        """The next frame; None at the end of the stream. Checks what holds for all of them."""
        deadline = time.monotonic() + seconds
        if not self._need(2, deadline):
            return None
        first, second = self.received[0], self.received[1]
        check(first & 0x80, "the server fragments")
        check(first & 0x70 == 0, "the server sets reserved bits")
        check(second & 0x80 == 0, "the server masks")
        extended = {126: 2, 127: 8}.get(second, 0)
        check(self._need(2 + extended, deadline), "the stream ended inside a frame")
        size = int.from_bytes(self.received[2 : 2 + extended], "big") if extended else second
        least = 0 if size < 126 else 2 if size < 65536 else 8
        check_equal(extended, least, f"the length of a length of {size}")
        check(self._need(2 + extended + size, deadline), "the stream ended inside a frame")
        payload = self.received[2 + extended : 2 + extended + size]
        self.received = self.received[2 + extended + size :]
        opcode = first & 0x0F
        check(opcode in (TEXT, BINARY, CLOSE, PING, PONG), f"the server sends opcode {opcode}")
        check(opcode < 8 or size <= 125, f"a control frame of {size} octets")
        return Frame(opcode, payload)

    def read_end(self, seconds=DEADLINE_S):
        """Checks that nothing more comes, and the connection ends."""
        deadline = time.monotonic() + seconds
        while self._read_some(deadline):
            check(not self.received, f"more came instead of the end: {short(self.received)}")
        check(not self.received, f"unread at the end: {short(self.received)}")

    def read_all(self, seconds=DEADLINE_S):
        """Everything up to the end of the stream."""
        deadline = time.monotonic() + seconds
        while self._read_some(deadline):
            pass
        everything, self.received = self.received, b""
        return everything


def upgrade_request(path="/", headers=(), host="localhost"):
    """A correct request to become a WebSocket, with more headers behind its own."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13",
             *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


def accept_of(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


class WebSocket(Wire):
    """A Wire whose upgrade was accepted."""

    def __init__(self, address, headers=(), path="/", tls=None, receive_buffer=None):
        super().__init__(address, tls, receive_buffer=receive_buffer)
        try:
            self.send(upgrade_request(path, headers))
            status, self.headers = self.read_head()
            check_equal(status, 101, "the answer to the upgrade")
            check_equal(self.headers.get("sec-websocket-accept"), accept_of(KEY), "the accept key")
        except BaseException:
            self.socket.close()
            raise

    def send_frame(self, opcode, payload=b"", **how):
        self.send(frame(opcode, payload, **how))

    def expect(self, opcode, payload):
        check_equal(self.read_frame(), Frame(opcode, payload), "what came")

    def expect_close(self, code, reason=None):
        """A close frame with this code (None: with none at all), then the end."""
        seen = self.read_frame()
        check(seen is not None, "the connection ended without a close frame")
        check(seen.opcode == CLOSE, f"{seen} came instead of a close frame")
        seen_code = struct.unpack(">H", seen.payload[:2])[0] if seen.payload else None
        check_equal(seen_code, code, "the close code")
        if reason is not None:
            check_equal(seen.payload[2:], reason, "the reason of the close")
        self.read_end()

    def expect_alive(self):
        """Nothing is on its way, and the server answers."""
        self.send_frame(PING, b"are you there")
        self.expect(PONG, b"are you there")


# --- VoicePing ------------------------------------------------------------------------------------


class Extension(bytes):
    """A MessagePack extension: its type octet, then its data."""


def pack(value):
    """Canonical MessagePack of None, bools, numbers, str, bytes (as bin), lists and dicts."""
    if value is None or value is False or value is True:
        return bytes([0xC0 if value is None else 0xC3 if value else 0xC2])
    if isinstance(value, int):
        if -32 <= value < 128:
            return struct.pack("b" if value < 0 else "B", value)
        for code, form in ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q")):
            if 0 <= value < 1 << 8 * struct.calcsize(form):
                return bytes([code]) + struct.pack(form, value)
        for code, form in ((0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q")):
            if value >= -(1 << 8 * struct.calcsize(form) - 1):
                return bytes([code]) + struct.pack(form, value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return _sized(data, len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB))
    if isinstance(value, bytes):
        return _sized(value, len(value), None, 0, (0xC4, 0xC5, 0xC6))
    if isinstance(value, list):
        return _sized(b"".join(map(pack, value)), len(value), 0x90, 16, (None, 0xDC, 0xDD))
    data = b"".join(pack(key) + pack(item) for key, item in value.items())
    return _sized(data, len(value), 0x80, 16, (None, 0xDE, 0xDF))


def _sized(data, count, short_code, short_max, codes):
    if short_code is not None and count < short_max:
        return bytes([short_code | count]) + data
    for code, form in zip(codes, (">B", ">H", ">I")):
        if code is not None and count < 1 << 8 * struct.calcsize(form):
            return bytes([code]) + struct.pack(form, count) + data
    raise ValueError("too long")


def unpack(data):
    """The value that the whole of `data` is; bin as bytes."""
    value, end = _unpack_at(data, 0)
    check_equal(end, len(data), "the end of a message")
    return value


def _unpack_at(data, at):
    code = data[at]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code < 0x90:
        return _unpack_map(data, at, code & 15)
    if code < 0xA0:
        return _unpack_list(data, at, code & 15)
    if code < 0xC0:
        return data[at : at + (code & 31)].decode(), at + (code & 31)
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code == 0xD4:
        return Extension(data[at : at + 2]), at + 2
    numbers = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b",
               0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
    if code in numbers:
        return struct.unpack_from(numbers[code], data, at)[0], at + struct.calcsize(numbers[code])
    widths = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2,
              0xDF: 4}
    check(code in widths, f"unexpected MessagePack {code:02x}")
    size = int.from_bytes(data[at : at + widths[code]], "big")
    at += widths[code]
    if code <= 0xC6:
        return data[at : at + size], at + size
    if code <= 0xDB:
        return data[at : at + size].decode(), at + size
    return (_unpack_list if code <= 0xDD else _unpack_map)(data, at, size)


def _unpack_list(data, at, count):
    items = []
    for _ in range(count):
        item, at = _unpack_at(data, at)
        items.append(item)
    return items, at


def _unpack_map(data, at, count):
    items = {}
    for _ in range(count):
        key, at = _unpack_at(data, at)
        items[key], at = _unpack_at(data, at)
    return items, at


class Radio(WebSocket):
    """A VoicePing client."""

    def __init__(self, server, token, headers=(), name=None):
        self.name = name or token
        super().__init__(server.address, [("VoicePingToken", token), *headers], tls=server.tls)

    def say(self, *elements):
        self.send_frame(BINARY, pack(list(elements)))

    def hear(self):
        """The next message. Pings of the server's are answered on the way."""
        while True:
            seen = self.read_frame()
            check(seen is not None, f"{self.name} was disconnected")
            if seen.opcode == PING:
                self.send_frame(PONG, seen.payload)
                continue
            check(seen.opcode == BINARY, f"{self.name} got {seen}")
            return unpack(seen.payload)

    def expect_message(self, *elements):
        check_equal(self.hear(), list(elements), f"what {self.name} heard")

    def fence(self):
        """Nothing is on its way, and everything said so far was taken."""
        self.say(GROUP, CONNECTION_TEST, self.name, 0, "fence")
        self.expect_message(PRIVATE, CONNECTION_ACK, 0, self.name, "fence")

    def join(self, group):
        """Joins a group, and waits until the group knows."""
        self.say(GROUP, USER_ADD, self.name, group)
        self.fence()

    def take_floor(self, group):
        """Is granted the floor, and gives it back. Who has joined in an earlier connection knows then
        that it was stored."""
        self.say(GROUP, START, self.name, group, "now")
        self.expect_message(GROUP, START_ACK, self.name, group, "now")
        self.say(GROUP, STOP, self.name, group)
        check_equal(self.hear()[1], STOP_ACK, "the answer to STOP")


def talk(talker, listener, group, packets):
    """One talk burst of `packets` from one member to the other, checked word by word. Its id."""
    talker.say(GROUP, START, talker.name, group, "now")
    talker.expect_message(GROUP, START_ACK, talker.name, group, "now")
    for packet in packets:
        talker.say(GROUP, AUDIO, talker.name, group, packet)
    talker.say(GROUP, STOP, talker.name, group)
    listener.expect_message(GROUP, START, talker.name, group, "now")
    for packet in packets:
        listener.expect_message(GROUP, AUDIO, talker.name, group, packet)
    ended = talker.hear()
    check_equal(ended[:4], [GROUP, STOP_ACK, talker.name, group], "the answer to STOP")
    ended = listener.hear()
    check_equal(ended[:4], [GROUP, STOP, talker.name, group], "the end of the talk")
    return json.loads(ended[4])["message_id"]


# --- cases ----------------------------------------------------------------------------------------


class Cases:
    """Runs functions under names that say what they show, and counts."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, name, function, *arguments, **named):
        began = time.monotonic()
        try:
            function(*arguments, **named)
        except Exception as problem:  # noqa: BLE001: whatever it is, the other cases go on
            self.failed += 1
            print(f"FAIL  {name}: {problem if isinstance(problem, Failed) else repr(problem)}")
            if not isinstance(problem, Failed):
                traceback.print_exc(file=sys.stdout)
        else:
            self.passed += 1
            print(f"pass  {name} ({time.monotonic() - began:.2f} s)")
        sys.stdout.flush()

    def finish(self):
        """Prints the sum; the status to exit with."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
