#!/usr/bin/env python3
"""What an operator is told: by `parley serve` at its start and while it runs, and by the clients of
the command line about its answers.

Usage: operator_test.py PARLEY PARLEY_TALK PARLEY_LOAD
"""
import os
import shlex
import subprocess
import sys
import tempfile

from parley_testing import (NOTHING_KEPT, Cases, Radio, Server, Wire, check, check_equal, run,
                            upgrade_request)

PARLEY, PARLEY_TALK, PARLEY_LOAD = sys.argv[1:4]
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith("PARLEY_")} | NOTHING_KEPT
LISTEN = ["--listen", "127.0.0.1:0"]


def serve(*arguments, **environment):
    listen = () if "--listen" in arguments else LISTEN
    return Server([PARLEY, "serve", *listen, "--shards", "2", *arguments],
                  {**CLEAN, **environment})


def refused(*arguments, status=2, **environment):
    """What it says."""
    done = run([PARLEY, "serve", *LISTEN, *arguments], {**CLEAN, **environment})
    check_equal(done.returncode, status, f"the status ({done.stderr})")
    return done.stderr


def secret_in(folder):
    path = os.path.join(folder, "secret")
    with open(path, "w") as file:
        file.write("s" * 32 + "\n")
    return path


def status_of(server, token):
    with Wire(server.address, server.tls) as wire:
        wire.send(upgrade_request(headers=[("VoicePingToken", token)]))
        return wire.read_head()[0]


# --- --dev


def hint_of(*arguments, **environment):
    with serve("--dev", *arguments, **environment) as server:
        server.wait_for_output(r"--say \S+\n")
        server.end()
        return server.output.decode()


def key_wins_over_dev(folder):
    with serve("--dev", "--jwt-secret-file", secret_in(folder)) as server:
        check_equal(status_of(server, "alice"), 401, "the answer to who has no token")
        server.end()
    said = refused("--dev", "--auth", "trust", "--jwt-secret-file", secret_in(folder))
    check("leave one of them away" in said, said)


def dev_says_what_holds(folder):
    plain = hint_of(PARLEY_STORE="")
    check("Everybody is trusted and nothing is kept: for trying out, on this machine only." in plain,
          plain)
    check("--token" not in plain and "--tls" not in plain, plain)
    checked = hint_of("--jwt-secret-file", secret_in(folder))
    check("signed token" in checked and "--token TOKEN" in checked, checked)
    check("trusted" not in checked, checked)
    kept = hint_of("--data", folder, PARLEY_STORE="")
    check(f"memberships are kept in {folder}" in kept, kept)
    check(f"talk is recorded in {folder}" in hint_of("--data", folder, "--record", "all"), "record")
    wide = hint_of("--listen", "0.0.0.0:0", "--trust-the-network")
    check("this machine only" not in wide and "ws://127.0.0.1:" in wide, wide)


def dev_commands_work(folder):
    """As they are printed, but for where the program and the file are."""
    speech = os.path.join(folder, "speech.wav")
    with open(speech, "wb") as wav:  # a tenth of a second of nothing, 8 kHz
        wav.write(b"RIFF" + (36 + 1600).to_bytes(4, "little") + b"WAVEfmt " +
                  (16).to_bytes(4, "little") + bytes([1, 0, 1, 0]) + (8000).to_bytes(4, "little") +
                  (16000).to_bytes(4, "little") + bytes([2, 0, 16, 0]) + b"data" +
                  (1600).to_bytes(4, "little") + bytes(1600))
    for secured in ((), ("--tls-self-signed",)):
        with serve("--dev", *secured) as server:
            line = server.wait_for_output(r"build/bin/parley-talk (.*--user alice.*)\n")[1]
            words = shlex.split(line)
            words[words.index("--say") + 1] = speech
            done = run([PARLEY_TALK, *words])
            check_equal(done.returncode, 0, f"the status of parley-talk ({done.stderr})")
            server.end()


# --- files and the environment


def pipes_are_not_waited_for(folder):
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    for option in ("--jwt-secret-file", "--jwt-public-key-file"):
        check("a pipe that nobody writes to" in refused(option, fifo), option)
    data = os.path.join(folder, "data")
    said = refused("--auth", "trust", "--data", data, "--record", "all", "--seal-key", fifo)
    check("a pipe that nobody writes to" in said, said)


class PipedServer(Server):
    """Has its secret from a pipe."""

    def __init__(self, secret):
        self.secret = secret
        super().__init__([PARLEY, "serve", *LISTEN, "--jwt-secret-file", "/dev/stdin"], CLEAN,
                         stdin=subprocess.PIPE)

    def start(self, **how):
        process = super().start(**how)
        process.stdin.write(self.secret.encode())
        process.stdin.flush()
        process.stdin.close()
        return process


def pipes_with_a_writer_do(folder):
    script = f'exec "$0" serve {" ".join(LISTEN)} --jwt-secret-file <(cat {secret_in(folder)})'
    with Server(["bash", "-c", script, PARLEY], CLEAN) as server:
        server.end()
    with PipedServer("s" * 32) as server:
        server.end()


def variables_are_named(folder):
    for says, status, environment in (
            ("PARLEY_SHARDS", 2, {"PARLEY_SHARDS": "two"}),
            ("PARLEY_MEMORY_MAX", 2, {"PARLEY_MEMORY_MAX": "1000"}),
            ("PARLEY_JWT_SECRET_FILE", 2, {"PARLEY_JWT_SECRET_FILE": "/nonexistent/secret"}),
            ("PARLEY_RECORD_KEEP", 2, {"PARLEY_RECORD_KEEP": "long"})):
        said = refused(*(() if "SECRET" in says else ("--auth", "trust")), status=status,
                       **environment)
        check(f"its value comes from {says} in the environment" in said, said)
    said = refused("--auth", "trust", "--shards", "x", PARLEY_SHARDS="two")
    check("in the environment" not in said, said)


# --- while it runs


def take_over_is_told(folder):
    path = os.path.join(folder, "take-over")
    with serve("--auth", "trust", "--take-over", path) as old, \
            serve("--auth", "trust", "--take-over", path) as new:
        new.wait_for_errors("has taken over from the server")
        old.wait_for_errors("another server has taken over")
        old.end(with_signal=None)
        new.end()


def refused_tokens_are_told(folder):
    with serve("--jwt-secret-file", secret_in(folder)) as server:
        for token in ("secret-of-a-stranger", "secret-of-another", "a.b.c"):
            check_equal(status_of(server, token), 401, "the answer")
        server.wait_for_errors("a token was refused: it is no JWT")
        server.end()
        check_equal(server.errors().count("it is no JWT"), 1, "how often that was said")
        check("stranger" not in server.errors(), "a token is shown")


# --- clients


def talk(server, *more):
    done = run([PARLEY_TALK, "--server", server.url, "--user", "alice", "--group", "18", "--listen",
                "--out", "/dev/null", "--for", "1", *more])
    check_equal(done.returncode, 1, "the status")
    return done.stderr


def load(server, *arguments, status=1):
    done = run([PARLEY_LOAD, "fanout", "--server", server.url, "--connections", "4",
                "--group-size", "4", "--talkers", "1", "--seconds", "1", *arguments], seconds=60)
    check_equal(done.returncode, status, f"the status ({done.stderr})")
    return done.stderr


def too_many_requests_are_named(folder):
    with serve("--auth", "trust", "--limit-control", "1", "--limit-control-burst", "1") as server:
        said = load(server)
        check("Too Many Requests" in said and "--limit-control" in said, said)
        check("not a member" not in said, said)
        server.end()


def answers_are_shown(folder):
    with serve("--auth", "trust", "--limit-sockets-per-address", "1") as server, \
            Radio(server, "first"):
        said = talk(server)
        check("429 Too Many Requests" in said and "--limit-sockets-per-address" in said, said)
        said = load(server)
        check("429 Too Many Requests" in said, said)
        server.end()
    with serve("--auth", "trust", "--tls-self-signed") as server:
        server.url = server.url.replace("wss:", "ws:")
        said = talk(server)
        check("400 Bad Request: This port speaks TLS" in said, said)
        server.end()


def histogram_is_opened_first(folder):
    with serve("--auth", "trust") as server:
        said = load(server, "--histogram", "/nonexistent/h")
        check("cannot write /nonexistent/h: No such file or directory" in said, said)
        server.end()


def main():
    cases = Cases()
    for name, case in (
            ("a key wins over --dev", key_wins_over_dev),
            ("--dev says what holds", dev_says_what_holds),
            ("what --dev prints works", dev_commands_work),
            ("a pipe without a writer is not waited for", pipes_are_not_waited_for),
            ("a pipe with a writer is read", pipes_with_a_writer_do),
            ("a mistake in the environment names its variable", variables_are_named),
            ("a take-over is told on both sides", take_over_is_told),
            ("refused tokens are told, once, and not shown", refused_tokens_are_told),
            ("clients name the limit to raise", too_many_requests_are_named),
            ("clients show what the server answers", answers_are_shown),
            ("--histogram is opened before the load", histogram_is_opened_first)):
        with tempfile.TemporaryDirectory(prefix="parley-operator-") as folder:
            cases.run(name, case, folder)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
