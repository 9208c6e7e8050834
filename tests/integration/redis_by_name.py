#!/usr/bin/env python3
"""Runs a server beside a Redis that only a name server knows, in namespaces made for it.

Usage: unshare --map-root-user --mount --net redis_by_name.py NAME -- PARLEY serve ...
It plays the name server, at the only address of /etc/resolv.conf, and starts Redis and the server
with --store redis://NAME:PORT. Prints "kept" once a membership is in Redis. Exits with 77 where
there is no Redis or nothing can be mounted.
"""
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

from parley_testing import SKIPPED, Radio, Server, eventually
from stores import Redis

A, IN = 1, 1


def answer(query, name):
    """To a question of DNS (RFC 1035, section 4.1): 127.0.0.1 is the only address of `name`."""
    end = query.index(b"\0", 12) + 1
    kind, = struct.unpack_from(">H", query, end)
    asked = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    known = query[12:end].lower() == asked
    found = known and kind == A
    head = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, found, 0, 0)
    record = struct.pack(">HHHIH4s", 0xC00C, A, IN, 60, 4, socket.inet_aton("127.0.0.1"))
    return head + query[12:end + 4] + (record if found else b"")


def serve_names(port, name):
    while True:
        query, who = port.recvfrom(512)
        port.sendto(answer(query, name), who)


def main():
    name, command = sys.argv[1], sys.argv[3:]
    if shutil.which("redis-server") is None:
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        resolver = pathlib.Path(folder, "resolv.conf")
        resolver.write_text("nameserver 127.0.0.1\n")
        for words in (["ip", "link", "set", "lo", "up"],
                      ["mount", "--bind", str(resolver), "/etc/resolv.conf"]):
            if subprocess.run(words, stderr=subprocess.DEVNULL).returncode != 0:
                return SKIPPED
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("127.0.0.1", 53))
        threading.Thread(target=serve_names, args=(names, name), daemon=True).start()
        with Redis(folder) as redis, Server(
                [*command, "--store", f"redis://{name}:{redis.port}"]) as server:
            with Radio(server, "alice") as alice:
                alice.join("18")
                eventually(lambda: redis.has_member("alice", "18"), "alice is in the set")
            server.end()
    print("kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
