#!/usr/bin/env python3
"""Shows how `parley serve` ends, as docs/operations/lifecycle.md says: what SIGTERM does, at what pace
its connections are sent away, and what becomes of those who talk, wait or read slowly.

Usage: drain_test.py PARLEY [CONNECTIONS]
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed. With CONNECTIONS
only the drain of that many is run, and its figures are printed.
"""
import os
import resource
import signal
import socket
import sys
import threading
import time

from crowd import Crowd, busiest
from parley_testing import (
    AUDIO, DEADLINE_S, GROUP, NOTHING_KEPT, START, START_ACK, STOP, STOP_ACK, TEXT_ACK, TEXT_MESSAGE,
    UNLIMITED, Cases, Radio, Server, Wire, check, check_equal, eventually, upgrade_request)

# A loaded machine or a sanitizer stretches everything. What is broken takes longer still.
SLACK_S = 15


class Tests:
    def __init__(self, parley):
        self.parley = parley
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")} | NOTHING_KEPT

    def server(self, *arguments, listen="127.0.0.1:0", shards=2, **environment):
        return Server([self.parley, "serve", "--auth", "trust", "--shards", str(shards), "--listen",
                       listen, *arguments], {**self.clean, **environment})

    def paced(self, count, rate, most_max, seconds_max, *options):
        """Everybody is sent away without a close frame, no faster than at the rate: at most so many
        in half a second, and in time."""
        with self.server(*options) as server, Crowd(server.address, count) as crowd:
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            crowd.watch()
            took = crowd.ends[-1][1] - began
            server.end(with_signal=None)
            ended = time.monotonic() - began
            most = busiest(crowd.ends, 0.5)
            print(f"      {count} connections: the last was sent away after {took:.2f} s, the "
                  f"process ended after {ended:.2f} s, the most in half a second were {most}")
            check_equal(crowd.said, b"", "what they were told")
            check_equal(crowd.resets, 0, "the number of resets")
            check(took >= 0.9 * count / rate, f"too fast: {took:.2f} s")
            check(ended <= seconds_max, f"too slow: {ended:.2f} s")
            check(most <= most_max, f"{most} in half a second")

    def accepts_no_more(self):
        """The port is free at once, while connections are still being sent away."""
        with self.server("--drain", "60", "--drain-rate", "1") as server, \
                Crowd(server.address, 50) as crowd:
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            while True:
                try:
                    socket.create_connection(server.address, timeout=DEADLINE_S).close()
                except ConnectionRefusedError:
                    break
                except ConnectionResetError:  # after the handshake, before the answer
                    pass
                check(time.monotonic() < began + DEADLINE_S, "it still accepts")
            refused = time.monotonic()
            print(f"      refused {(refused - began) * 1000:.1f} ms after the signal")
            check(server.process.poll() is None, "it has ended already")
            server.process.send_signal(signal.SIGTERM)  # the rest need not take as long
            crowd.watch()
            check(crowd.ends[-1][1] > refused, "all had been sent away by then")
            server.end(with_signal=None)

    def queue_is_served(self):
        """Who waits to be accepted when the signal comes is answered, not reset."""
        with self.server() as server:
            server.process.send_signal(signal.SIGSTOP)
            wires = [Wire(server.address) for _ in range(40)]
            for i, wire in enumerate(wires):
                wire.send(upgrade_request("/", [("VoicePingToken", f"waits-{i}")]))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGCONT)
            for wire in wires:
                check_equal(wire.read_head()[0], 101, "the answer")
                wire.read_end()
                wire.socket.close()
            server.end(with_signal=None)

    def not_ready(self):
        """/healthz says 503 from the signal on, to whoever can still ask."""
        def ask_an_ending_server():
            with self.server() as server, Wire(server.address) as wire:
                with Radio(server, "fence") as radio:  # accepted later
                    radio.fence()
                server.process.send_signal(signal.SIGTERM)
                server.wait_for_errors("takes no more connections")
                wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = wire.read_all()
                server.end(with_signal=None)
                return answer

        # Who has not asked a second after the signal is dropped: then the question came too late.
        answer = eventually(ask_an_ending_server, "an answer")
        check(answer.startswith(b"HTTP/1.1 503"), answer)

    def burst_goes_on(self):
        """A talk that is going on is heard to its end, by its listener too; others leave."""
        with self.server() as server, Crowd(server.address, 20) as crowd:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                bob.expect_message(GROUP, START, "alice", "18", "now")
                watcher = threading.Thread(target=crowd.watch, daemon=True)
                watcher.start()
                server.process.send_signal(signal.SIGTERM)

                def voice(packet):
                    alice.say(GROUP, AUDIO, "alice", "18", packet)
                    bob.expect_message(GROUP, AUDIO, "alice", "18", packet)

                while watcher.is_alive():  # for the others do not wait for the talk
                    voice(b"beside them")
                    watcher.join(0.06)
                check_equal(len(crowd.ends), 20, "the others that have left")
                voice(b"alone")
                stopped = time.monotonic()
                alice.say(GROUP, STOP, "alice", "18")
                check_equal(alice.hear()[:2], [GROUP, STOP_ACK], "what the talker hears")
                check_equal(bob.hear()[:2], [GROUP, STOP], "what the listener hears")
                alice.read_end()
                bob.read_end()
                check(time.monotonic() < stopped + 4, "they were kept till the talk would be cut")
            server.end(with_signal=None)

    def burst_is_cut(self):
        """A talk that does not end is cut after five seconds."""
        with self.server("--drain", "1") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                alice.say(GROUP, START, "alice", "18", "now")
                alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                bob.expect_message(GROUP, START, "alice", "18", "now")
                bob.read_end()
                check(time.monotonic() < began + 4.5, "the listener was kept as long as the talker")
                alice.read_end()
                took = time.monotonic() - began
                check(4.9 < took < 5 + SLACK_S, f"the talker was cut after {took:.1f} s")
            server.end(with_signal=None)

    def words_are_flushed(self):
        """What was said to a slow reader before the signal is all there, then the end."""
        with self.server(*UNLIMITED, "--limit-closing", "15000") as server:
            with Radio(server, "alice") as alice, Radio(server, "bob") as bob:
                alice.join("18")
                bob.join("18")
                text = "x" * 20_000
                texts = 40  # more than the sockets hold, and less than closes
                for i in range(texts):
                    alice.say(GROUP, TEXT_MESSAGE, "alice", "18", f"{i} {text}")
                    check_equal(alice.hear()[:2], [GROUP, TEXT_ACK], "the answer")
                server.process.send_signal(signal.SIGTERM)
                server.wait_for_errors("takes no more connections")
                for i in range(texts):
                    check(f'"{i} xxx' in bob.hear()[4], f"text {i} is missing")
                bob.read_end()
            server.end(with_signal=None)

    def second_signal(self):
        """A second SIGTERM ends at once what would have taken long."""
        with self.server("--drain", "60", "--drain-rate", "1") as server:
            with Crowd(server.address, 50) as crowd:
                server.process.send_signal(signal.SIGTERM)
                server.wait_for_errors("a second SIGTERM ends it at once")
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                crowd.watch()
                server.end(with_signal=None)
                check(time.monotonic() - began < 1.5 + SLACK_S, "that took too long")
                check_equal((crowd.said, crowd.resets), (b"", 0), "what they saw")

    def control_c(self):
        """Ctrl-C says what happens, and how to end it at once."""
        with self.server() as server, Crowd(server.address, 3):
            server.process.send_signal(signal.SIGINT)
            server.wait_for_errors(r"sends 3 away within 5 s; Ctrl-C again ends it at once\n")
            server.end(with_signal=None)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cases = Cases()
    tests = Tests(sys.argv[1])
    if len(sys.argv) > 2:
        count = int(sys.argv[2])
        rate = max(2000, count / 5)
        cases.run(f"{count} are sent away within 5 s, and it ends within 10", tests.paced, count,
                  rate, 0.75 * rate, 10)
        return cases.finish()
    # Without a pace all 600 would leave at once; at the rate of the second, without its time, within
    # a minute. A server that stood still for a moment makes up for it.
    cases.run("everybody is sent away at the rate, without a close frame", tests.paced, 600,
              400, 450, SLACK_S, "--drain-rate", "400")
    cases.run("faster, if the time would not do", tests.paced, 600, 600, 450, SLACK_S,
              "--drain-rate", "10", "--drain", "1")
    cases.run("SIGTERM: no connection is accepted any more", tests.accepts_no_more)
    cases.run("SIGTERM: who waits to be accepted is served", tests.queue_is_served)
    cases.run("SIGTERM: /healthz says 503", tests.not_ready)
    cases.run("SIGTERM: a talk goes on to its end", tests.burst_goes_on)
    cases.run("SIGTERM: a talk without end is cut", tests.burst_is_cut)
    cases.run("SIGTERM: words are flushed", tests.words_are_flushed)
    cases.run("a second SIGTERM ends it at once", tests.second_signal)
    cases.run("Ctrl-C says what happens", tests.control_c)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
