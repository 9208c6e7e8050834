#!/usr/bin/python3
"""parley-echo through Python's `websockets` with permessage-deflate: every kind of offer that the
library can make, messages of every size. Usage: echo_websockets.py PARLEY_ECHO; exit code 77 if the
library is not installed."""
import asyncio
import os
import re
import sys

try:
    import websockets
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
except ImportError:
    print("python3-websockets is not installed: skipped")
    sys.exit(77)

ANSWER_MAX_S = 60  # answers take milliseconds: what takes longer is broken
WHOLE_TEST_MAX_S = 90
SIZES = (0, 1, 255, 256, 1024, 65535, 65536, 1_000_000)
OFFERS = (
    {}, {"server_no_context_takeover": True}, {"client_no_context_takeover": True},
    {"server_max_window_bits": 9}, {"server_max_window_bits": 15}, {"client_max_window_bits": True},
    {"client_max_window_bits": 9},
    {"server_no_context_takeover": True, "client_no_context_takeover": True,
     "server_max_window_bits": 10, "client_max_window_bits": 10},
)


async def converse(url, offer):
    factory = ClientPerMessageDeflateFactory(**offer)
    async with websockets.connect(url, extensions=[factory], max_size=None) as socket:
        assert len(socket.extensions) == 1, socket.extensions
        for size in SIZES:
            text = ("the north gate, over. κόσμε " * (size // 28 + 1))[:size]
            for message in (text, text.encode(), bytes(size)):
                for sent in (message, [message[: size // 3], message[size // 3:]]):
                    await socket.send(sent)
                    heard = await asyncio.wait_for(socket.recv(), ANSWER_MAX_S)
                    assert heard == message, f"{size} of {type(message)} with {offer}"
        await asyncio.wait_for(await socket.ping(b"here"), ANSWER_MAX_S)


async def test(binary, deflate):
    server = await asyncio.create_subprocess_exec(
        os.path.abspath(binary), "--listen", "127.0.0.1:0", "--deflate", deflate,
        stdout=asyncio.subprocess.PIPE)
    try:
        line = (await asyncio.wait_for(server.stdout.readline(), ANSWER_MAX_S)).decode()
        url = re.search(r"listening on (ws://\S+)", line)[1]
        for offer in OFFERS:
            await converse(url, offer)
        server.terminate()
        assert await asyncio.wait_for(server.wait(), ANSWER_MAX_S) == 0
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for choice in ("on", "takeover"):
        asyncio.run(asyncio.wait_for(test(sys.argv[1], choice), WHOLE_TEST_MAX_S))
    print("ok")
