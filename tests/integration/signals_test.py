#!/usr/bin/env python3
"""Shows what signals do not do: SIGHUP again and again beside a load, with other certificates each
time, closes no connection and loses no frame; and a reader of the log that goes away (SIGPIPE) takes
nobody with it.

Usage: signals_test.py PARLEY PARLEY_LOAD
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import certificates
from parley_testing import DEADLINE_S, Cases, Radio, Server, check, check_equal

LOAD_S = 2
EVERY_S = 0.05


def hung_up_beside_a_load(parley, load):
    """A load over TLS, while the files change and SIGHUP comes twenty times a second."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        made = [certificates.make(folder, name, "IP:127.0.0.1") for name in ("one", "two")]
        cert, key = folder / "now.pem", folder / "now.key"

        def put(number):
            for source, target in zip(made[number % 2], (cert, key)):
                shutil.copy(source, target)

        put(0)
        with Server.trusting(parley, "--join", "open", "--shards", "2", "--tls-cert", cert,
                             "--tls-key", key) as server:
            hung_up = 0
            with subprocess.Popen(
                    [load, "fanout", "--server", server.url, "--tls-insecure", "--connections", "60",
                     "--group-size", "20", "--talkers", "3", "--pace", "50", "--seconds", str(LOAD_S),
                     "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    text=True) as process:
                deadline = time.monotonic() + DEADLINE_S
                while process.poll() is None and time.monotonic() < deadline:
                    hung_up += 1
                    put(hung_up)
                    server.process.send_signal(signal.SIGHUP)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(EVERY_S)
                process.kill()
                result = json.loads(process.stdout.read())
            print(f"      {hung_up} signals beside {result['deliveries']} deliveries")
            check_equal(result["passed"], True, f"the load ({result['failure']})")
            check(hung_up > 10 and result["deliveries"] > 100, "it was no load")
            server.end()


class UnreadServer(Server):
    """A server whose standard error nobody reads any more, from the beginning on."""

    def start(self, **how):
        ours, theirs = os.pipe()
        os.close(ours)
        try:
            return super().start(**{**how, "stderr": theirs})
        finally:
            os.close(theirs)


def nobody_reads_the_log(parley):
    """What it says on SIGHUP and when it drains goes nowhere, and so does what it says to a peer who
    has gone; it serves on, and ends in order."""
    with UnreadServer([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--join",
                       "open"]) as server, Radio(server, "alice") as alice:
        for number in range(20):
            server.process.send_signal(signal.SIGHUP)
            gone = Radio(server, f"gone{number}")
            gone.join("18")
            gone.reset()
            alice.join("18")
        check(server.process.poll() is None, "the server has ended")
        alice.fence()
        server.end()


def main():
    parley, load = sys.argv[1:3]
    cases = Cases()
    if shutil.which("openssl"):
        cases.run("SIGHUP beside a load closes nothing", hung_up_beside_a_load, parley, load)
    else:
        print("skip  SIGHUP beside a load: there is no openssl program here")
    cases.run("SIGPIPE ends nothing", nobody_reads_the_log, parley)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
