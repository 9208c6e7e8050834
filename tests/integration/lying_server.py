"""A VoicePing server of a hundred lines that tells lies when asked to, so that tests can see
whether parley-load notices. It shares no code with Parley: only asyncio and the test clients' MessagePack.

A `LyingServer` runs on a thread of its own, on a free port of loopback. Each lie is an attribute:
how often something that should happen does not, or happens twice.
"""
import asyncio
import threading

from parley_testing import (
    AUDIO, BINARY, CLOSE, CONNECTION_ACK, CONNECTION_TEST, GROUP, PING, PONG, PRIVATE, START,
    START_ACK, START_FAILED, STOP, STOP_ACK, TEXT_ACK, TEXT_MESSAGE, USER_ADD, accept_of, frame,
    mask, pack, unpack)


class LyingServer:
    def __init__(self, grant_all=False, lose_text_each=0, lose_audio_each=0, repeat_audio_each=0,
                 hear_refused=False, never_ack_text=False, drop_after=0, refuse_upgrade=False,
                 ignore_start=False, ignore_close=False):
        self.grant_all = grant_all              # a second START is granted as well
        self.hear_refused = hear_refused        # voice is relayed whoever has the floor
        self.lose_text_each = lose_text_each    # each so-many-th delivery of a text is lost
        self.lose_audio_each = lose_audio_each
        self.repeat_audio_each = repeat_audio_each
        self.never_ack_text = never_ack_text
        self.drop_after = drop_after            # connections are cut after so many messages
        self.refuse_upgrade = refuse_upgrade    # 401
        self.ignore_start = ignore_start
        self.ignore_close = ignore_close
        self.peers = set()                      # addresses that connections came from
        self.tokens = []
        self.groups = {}
        self.holders = {}
        self.counts = {}
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)

    async def serve(self):
        self.loop = asyncio.get_running_loop()
        self.stopping = asyncio.Event()
        server = await asyncio.start_server(self.client, "127.0.0.1", 0, backlog=1000)
        self.url = "ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.stopping.wait()
        server.close()

    def lies(self, what, each):
        """Whether this is an each-th one."""
        self.counts[what] = self.counts.get(what, 0) + 1
        return each and self.counts[what] % each == 0

    async def client(self, reader, writer):
        self.peers.add(writer.get_extra_info("peername")[0])
        joined = []
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            self.tokens.append(fields["VoicePingToken"])
            if self.refuse_upgrade:
                writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                return
            writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: "
                          f"{accept_of(fields['Sec-WebSocket-Key'])}\r\n\r\n").encode())
            messages = 0
            while True:
                first, second = await reader.readexactly(2)
                size = second & 127
                if size > 125:
                    size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
                key = await reader.readexactly(4)
                payload = mask(await reader.readexactly(size), key)
                if first & 15 == CLOSE and not self.ignore_close:
                    writer.write(frame(CLOSE, payload, key=None))
                    return
                if first & 15 == PING:
                    writer.write(frame(PONG, payload, key=None))
                if first & 15 == BINARY:
                    messages += 1
                    if self.drop_after and messages > self.drop_after:
                        return
                    self.on_message(unpack(payload), payload, writer, joined)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for group in joined:
                self.groups[group].remove(writer)
            writer.close()

    def tell(self, writer, *message):
        writer.write(frame(BINARY, pack(list(message)), key=None))

    def others(self, group, writer):
        return [member for member in self.groups.get(group, ()) if member is not writer]

    def on_message(self, message, payload, writer, joined):
        _, kind, user, group = message[:4]
        if kind == USER_ADD:
            self.groups.setdefault(group, []).append(writer)
            joined.append(group)
        elif kind == CONNECTION_TEST:
            self.tell(writer, PRIVATE, CONNECTION_ACK, 0, user, message[4])
        elif kind == START and not self.ignore_start:
            if self.holders.get(group, user) != user and not self.grant_all:
                self.tell(writer, GROUP, START_FAILED, user, group, "Busy")
                return
            self.holders[group] = user
            self.tell(writer, GROUP, START_ACK, user, group, str(message[4]))
        elif kind == STOP:
            if self.holders.get(group) == user:
                del self.holders[group]
                for other in self.others(group, writer):
                    self.tell(other, GROUP, STOP, user, group, None)
            self.tell(writer, GROUP, STOP_ACK, user, group, "Acknowledged")
        elif kind == AUDIO:
            if self.holders.get(group) == user or self.hear_refused or self.grant_all:
                for other in self.others(group, writer):
                    if self.lies("lose audio", self.lose_audio_each):
                        continue
                    other.write(frame(BINARY, payload, key=None))
                    if self.lies("repeat audio", self.repeat_audio_each):
                        other.write(frame(BINARY, payload, key=None))
        elif kind == TEXT_MESSAGE:
            if not self.never_ack_text:
                self.tell(writer, GROUP, TEXT_ACK, user, group, "id", "Acknowledged")
            for other in self.others(group, writer):
                if not self.lies("lose text", self.lose_text_each):
                    self.tell(other, GROUP, TEXT_MESSAGE, user, group, message[4])
