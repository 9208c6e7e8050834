#!/usr/bin/python3
"""A group conversation through Python's `websockets`: START, AUDIO, STOP, TEXT, their acks and a
busy refusal, once with string ids and once with integer ids. Every message is compared whole and in
order; the second time with permessage-deflate, and once more with a server that keeps context.
Usage: conversation_websockets.py PARLEY [tls]; exit code 77 if the library is not installed."""
import asyncio
import json
import os
import re
import signal
import ssl
import struct
import subprocess
import sys
import tempfile

try:
    import websockets
except ImportError:
    print("python3-websockets is not installed: skipped")
    sys.exit(77)

START, STOP, AUDIO, START_ACK, STOP_ACK, START_FAILED = 1, 2, 3, 6, 7, 8
USER_ADD, TEXT, TEXT_ACK, CONNECTION_TEST, CONNECTION_ACK, UNAUTHORIZED_GROUP = 15, 17, 22, 25, 26, 27
GROUP, PRIVATE = 0, 1
STARTED = 1700000000123
ANSWER_MAX_S = 60  # answers take milliseconds: what takes longer is broken
WHOLE_TEST_MAX_S = 90


# --- as much MessagePack as the conversation needs, written down independently of the server -------

def pack(value):
    """Shortest form of nil, bool, int, str, bytes and list."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes([value])
        for code, form, limit in ((0xCC, ">B", 1 << 8), (0xCD, ">H", 1 << 16), (0xCE, ">I", 1 << 32), (0xCF, ">Q", 1 << 64)):
            if 0 <= value < limit:
                return bytes([code]) + struct.pack(form, value)
    if isinstance(value, str):
        data = value.encode()
        if len(data) < 32:
            return bytes([0xA0 | len(data)]) + data
        return (b"\xd9" + bytes([len(data)]) if len(data) < 256 else struct.pack(">BH", 0xDA, len(data))) + data
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(pack, value))
    raise TypeError(value)


def unpack(data, at=0):
    """Returns (value, index behind it)."""
    code = data[at]
    at += 1
    if code < 0x80:
        return code, at
    if 0x90 <= code < 0xA0:
        items = []
        for _ in range(code & 15):
            item, at = unpack(data, at)
            items.append(item)
        return items, at
    if 0xA0 <= code < 0xC0:
        return data[at:at + (code & 31)].decode(), at + (code & 31)
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in (0xC4, 0xD9):
        body = data[at + 1:at + 1 + data[at]]
        return (body if code == 0xC4 else body.decode()), at + 1 + data[at]
    if code == 0xDA:
        size = struct.unpack_from(">H", data, at)[0]
        return data[at + 2:at + 2 + size].decode(), at + 2 + size
    form = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}[code]
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


class Secured:
    """A certificate for 127.0.0.1, and how clients trust it."""

    def __init__(self, folder):
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=parley",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.arguments = ["--tls-cert", cert, "--tls-key", key]
        self.context = ssl.create_default_context(cafile=cert)


class Radio:
    trust = None

    def __init__(self, socket, name):
        self.socket, self.name = socket, name

    @classmethod
    async def connect(cls, url, user, compression):
        headers = {"token": str(user), "device_id": f"radio of {user}"}
        socket = await websockets.connect(url, extra_headers=headers, compression=compression, ssl=cls.trust)
        assert len(socket.extensions) == (compression is not None), socket.extensions
        return cls(socket, str(user))

    async def send(self, *messages):
        for message in messages:
            await self.socket.send(pack(message))

    async def next(self):
        data = await asyncio.wait_for(self.socket.recv(), ANSWER_MAX_S)
        assert isinstance(data, bytes), f"{self.name}: a text frame"
        value, end = unpack(data)
        assert end == len(data) and pack(value) == data, f"{self.name}: not canonical: {data.hex()}"
        return value

    async def expect(self, *message):
        got = await self.next()
        assert got == list(message) and [type(x) for x in got] == [type(x) for x in message], \
            f"{self.name}: {got}, expected {list(message)}"

    async def expect_silence(self, user):
        await self.send([PRIVATE, CONNECTION_TEST, user, 0, "still there?"])
        await self.expect(PRIVATE, CONNECTION_ACK, 0, user, "still there?")


async def expect_stop(talker, listeners, user, group):
    ack = await talker.next()
    assert len(ack) == 6 and ack[:4] == [GROUP, STOP_ACK, user, group] and ack[5] == "Acknowledged", ack
    assert re.fullmatch(rf"0_3_{group}_{user}_\d{{13}}_\d+ms\.opus", ack[4]), ack
    for listener in listeners:
        stop = await listener.next()
        assert len(stop) == 5 and stop[:4] == [GROUP, STOP, user, group], stop
        duration = json.loads(stop[4])["duration"]
        assert type(duration) is int and stop[4] == f'{{"duration":{duration},"message_id":"{ack[4]}"}}', stop


async def conversation(url, alice, bob, group, compression):
    a, b = [await Radio.connect(url, user, compression) for user in (alice, bob)]

    # Who is not a member may not talk.
    await a.send([GROUP, START, alice, group, STARTED])
    await a.expect(GROUP, UNAUTHORIZED_GROUP, alice, group, "Unauthorized Group")
    await a.expect(GROUP, START_FAILED, alice, group, "Ack Failed")

    # Joining has no answer; what follows proves it.
    await a.send([GROUP, USER_ADD, alice, group], [GROUP, START, alice, group, STARTED])
    await a.expect(GROUP, START_ACK, alice, group, str(STARTED))
    await b.send([GROUP, USER_ADD, bob, group], [GROUP, TEXT, bob, group, "I am here"])
    ack = await b.next()
    assert ack[:4] == [GROUP, TEXT_ACK, bob, group] and ack[5:] == ["Acknowledged"], ack
    await a.expect(GROUP, TEXT, bob, group, f'{{"message_id":"{ack[4]}","text":"I am here"}}')

    # Alice holds the floor: her voice is heard, Bob is refused and is not.
    for n in range(20):
        await a.send([GROUP, AUDIO, alice, group, bytes([n]) * 60])
    for n in range(20):
        await b.expect(GROUP, AUDIO, alice, group, bytes([n]) * 60)
    await b.send([GROUP, START, bob, group, STARTED + 1])
    await b.expect(GROUP, START_FAILED, bob, group, "Busy")
    await b.send([GROUP, AUDIO, bob, group, b"not heard"], [GROUP, STOP, bob, group])
    await b.expect(GROUP, STOP_ACK, bob, group, "Acknowledged")
    await a.send([GROUP, STOP, alice, group])
    await expect_stop(a, [b], alice, group)

    # Words that are long enough for the server to compress them.
    long = " ".join(f"unit {n} at the north gate" for n in range(9))
    for _ in range(2):
        await a.send([GROUP, TEXT, alice, group, long])
        ack = await a.next()
        await b.expect(GROUP, TEXT, alice, group, f'{{"message_id":"{ack[4]}","text":"{long}"}}')

    await b.send([GROUP, START, bob, group, STARTED + 2])
    await b.expect(GROUP, START_ACK, bob, group, str(STARTED + 2))
    await a.expect(GROUP, START, bob, group, STARTED + 2)
    await b.send([GROUP, STOP, bob, group])
    await expect_stop(b, [a], bob, group)
    await a.expect_silence(alice)
    await b.expect_silence(bob)
    pong = await a.socket.ping(b"are you there")
    await asyncio.wait_for(pong, ANSWER_MAX_S)
    return [a, b]


async def test(binary, deflate, compression, arguments):
    server = await asyncio.create_subprocess_exec(
        os.path.abspath(binary), "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--join", "open", "--shards", "2",
        "--store", "memory",
        "--deflate", deflate, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        while True:
            line = (await asyncio.wait_for(server.stdout.readline(), ANSWER_MAX_S)).decode()
            assert line, "the server ended at once"
            found = re.search(r"listening on (wss?://\S+)", line)
            if found:
                break
        radios = await conversation(found[1], "alice", "bob", "eighteen", None)
        radios += await conversation(found[1], 101, 70000, 18, compression)
        server.send_signal(signal.SIGTERM)
        for radio in radios:
            await asyncio.wait_for(radio.socket.wait_closed(), ANSWER_MAX_S)
            # Without a close frame, which the Android SDK would not notice.
            assert radio.socket.close_code == 1006, radio.socket.close_code
        assert await asyncio.wait_for(server.wait(), ANSWER_MAX_S) == 0
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        more = []
        if sys.argv[2:] == ["tls"]:
            secured = Secured(folder)
            Radio.trust, more = secured.context, secured.arguments
        for choice, library_choice in (("on", "deflate"), ("takeover", "deflate"), ("off", None)):
            asyncio.run(asyncio.wait_for(test(sys.argv[1], choice, library_choice, more), WHOLE_TEST_MAX_S))
    print("ok")
