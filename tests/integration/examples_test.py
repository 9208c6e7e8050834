#!/usr/bin/env python3
"""Shows that the example programs, which use the public API alone, do what they say.

Usage: examples_test.py PARLEY_ECHO EMBED
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import re
import signal
import subprocess
import sys

from parley_testing import (
    BINARY, CLOSE, TEXT, Cases, Program, Radio, Server, WebSocket, check, check_equal, run, talk)


def echo_echoes(echo):
    for stop in (signal.SIGTERM, signal.SIGINT):
        with Server([echo, "--listen", "127.0.0.1:0"]) as server:
            with WebSocket(server.address) as client:
                for payload in (b"", b"hello", b"x" * 100_000):
                    client.send_frame(TEXT, payload)
                    client.expect(TEXT, payload)
                    client.send_frame(BINARY, payload)
                    client.expect(BINARY, payload)
                server.process.send_signal(stop)
                left = client.read_frame()
                check_equal((left.opcode, left.payload[:2]), (CLOSE, b"\x03\xe9"), "the close")
                # When to come back: a second after a server that has nobody else, and some jitter.
                hint = re.fullmatch(rb"reconnect_ms=(\d+)", left.payload[2:])
                check(hint and 900 <= int(hint[1]) < 1200, left)
                client.read_end()
            server.end(with_signal=None)


def echo_explains_itself(echo):
    done = run([echo, "--help"])
    check_equal((done.returncode, done.stderr), (0, ""), "the outcome of --help")
    check("--listen" in done.stdout, done.stdout)
    for arguments in (["--listen"], ["--port", "1"], ["x"], ["--listen", "nonsense"]):
        done = run([echo, *arguments])
        check_equal((done.returncode, done.stdout), (2, ""), f"the outcome of {arguments}")
        check(done.stderr.startswith("parley-echo: "), done.stderr)


def embedded_relay_relays(embed):
    """Started, talked through, and ended by Enter or by the end of its input."""
    for goodbye in (b"\n", b""):
        with Program([embed], stdin=subprocess.PIPE) as program:
            found = program.wait_for_output(r"ws://([0-9.]+):(\d+)\n")
            program.address = (found[1], int(found[2]))
            with Radio(program, "alice") as alice, Radio(program, "bob") as bob:
                alice.join("18")
                bob.join("18")
                talk(alice, bob, "18", [b"voice"] * 3)
                program.process.stdin.write(goodbye)
                program.process.stdin.close()
                alice.read_end()
                bob.read_end()
            program.end(with_signal=None)


def main():
    echo, embed = sys.argv[1:3]
    cases = Cases()
    cases.run("parley-echo echoes, and ends on a signal", echo_echoes, echo)
    cases.run("parley-echo explains itself", echo_explains_itself, echo)
    cases.run("the embedded relay relays, and ends with its input", embedded_relay_relays, embed)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
