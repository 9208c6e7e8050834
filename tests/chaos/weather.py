"""What befalls the server: each function is one kind of bad weather for some seconds, with the radios
talking on meanwhile, and says by itself whether the server bore it. Everything happens in the network
namespace that the test made."""
import contextlib
import json
import resource
import signal
import socket
import subprocess
import time

import ledger
from parley_testing import BINARY, PING, Failed, WebSocket, check, frame, pack

MIB = 1 << 20
NOTICED_MAX_S = 5  # a socket that is destroyed says so at once
FILLED_MAX_S = 30
REFUSED_FROM = 0.8 - 0.02  # of the memory there may be; left two hundredths below where it is entered
DROPPED_MAX_S = 30  # the kernel holds what is read in a few seconds; a loaded machine talks slowly


def command(*parts):
    done = subprocess.run([str(part) for part in parts], capture_output=True, text=True, timeout=20)
    check(done.returncode == 0, " ".join(map(str, parts)), done.stderr)
    return done.stdout


def calm(field, server, seconds):
    """Nobody loses a session, nobody a frame."""
    lost, missed = field.ledger.counts["sessions lost"], field.ledger.counts["frames missed"]
    field.run_for(seconds)
    check(field.ledger.counts["sessions lost"] == lost, "sessions were lost in fine weather")
    check(field.ledger.counts["frames missed"] == missed, "voice was lost in fine weather")


@contextlib.contextmanager
def packet_loss(port, percent):
    """Of all segments from and to the server."""
    command("nft", "add", "table", "inet", "weather")
    try:
        command("nft", "add", "chain", "inet", "weather", "in",
                "{ type filter hook input priority 0; }")
        for side in ("dport", "sport"):
            command("nft", "add", "rule", "inet", "weather", "in", "tcp", side, port, "numgen",
                    "random", "mod", 100, "<", percent, "drop")
        yield
    finally:
        command("nft", "delete", "table", "inet", "weather")


def losing(percent):
    def weather(field, server, seconds):
        with packet_loss(server.address[1], percent):
            field.run_for(seconds)

    weather.__doc__ = f"{percent} % of all segments are lost."
    return weather


def killed_sockets(field, server, seconds):
    """`ss -K` ends connections under the server, some each second."""
    due = [time.monotonic()]
    killed = []

    def kill():
        if time.monotonic() < due[0]:
            return
        due[0] += 0.3
        radio = field.random.choice(field.radios)
        if radio.state != "ready":
            return
        port = radio.socket.getsockname()[1]
        command("ss", "-K", "state", "established", f"( sport = :{port} or dport = :{port} )")
        killed.append(port)

    lost = field.ledger.counts["sessions lost"]
    field.run_for(seconds, kill)
    check(killed, "no socket was killed")
    field.run_until(lambda: field.ledger.counts["sessions lost"] - lost >= len(killed), NOTICED_MAX_S)
    lost = field.ledger.counts["sessions lost"] - lost
    check(lost >= len(killed), f"{len(killed)} sockets were killed, and {lost} sessions lost")


class SlowReader:
    """A member of a group who reads 1,000 bytes a second (8 kbit/s) through a small window."""

    def __init__(self, server, group):
        name = f"slow{group}"
        wire = WebSocket(server.address, [("VoicePingToken", name)], receive_buffer=1024)
        wire.send_frame(BINARY, pack([0, 15, name, str(group)]))
        self.socket = wire.socket
        self.socket.setblocking(False)
        self.due = time.monotonic()

    def sip(self):
        if time.monotonic() < self.due:
            return
        self.due += 0.1
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self.socket.recv(100)


def slow_readers(field, server, seconds):
    """Some members of busy groups read hardly anything, while talkers say as much as they may. It goes
    on until the server has dropped voice for them, as it must; nobody else misses any."""
    lost, missed = field.ledger.counts["sessions lost"], field.ledger.counts["frames missed"]
    dropped = server.sums()["voice_dropped"]
    readers = [SlowReader(server, group) for group in range(3)]
    field.voice_bytes = ledger.FAT_VOICE_BYTES
    try:
        field.run_for(seconds, lambda: [reader.sip() for reader in readers])
        end = time.monotonic() + DROPPED_MAX_S
        while server.sums()["voice_dropped"] == dropped and time.monotonic() < end:
            field.run_for(0.5, lambda: [reader.sip() for reader in readers])
    finally:
        field.voice_bytes = ledger.VOICE_BYTES
        for reader in readers:
            reader.socket.close()
    dropped = server.sums()["voice_dropped"] - dropped
    field.ledger.counts["frames dropped for slow readers"] += dropped
    check(dropped > 0, "the server dropped nothing: nobody was slow")
    check(field.ledger.counts["sessions lost"] == lost, "others lost their sessions")
    check(field.ledger.counts["frames missed"] == missed, "others missed voice")


def stopped(field, server, seconds):
    """The process is stopped for 5 s (SIGSTOP); when it goes on, nobody is taken for dead."""
    lost = field.ledger.counts["sessions lost"]
    server.process.send_signal(signal.SIGSTOP)
    try:
        field.run_for(min(5, seconds / 2))
    finally:
        server.process.send_signal(signal.SIGCONT)
    field.run_for(seconds / 2)
    check(field.ledger.counts["sessions lost"] == lost, "sessions were lost to a pause")


def no_descriptors(field, server, seconds):
    """The process has no descriptor left for new connections; those it has go on, it does not spin,
    and it accepts again as soon as there are some."""
    lost = field.ledger.counts["sessions lost"]
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (server.descriptors() + 2, hard))
    strangers = []
    try:
        for _ in range(60):
            stranger = socket.socket()
            stranger.setblocking(False)
            stranger.connect_ex(server.address)
            strangers.append(stranger)
        field.run_for(1)  # the first are let in, and refused after 5 s for saying nothing
        before = server.cpu_seconds()
        field.run_for(max(1, seconds - 3))
        cpu = (server.cpu_seconds() - before) / max(1, seconds - 3)
        check(cpu < 0.5, f"it spins: {cpu:.0%} of a core")
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
        for stranger in strangers:
            stranger.close()
    field.run_for(1)
    with WebSocket(server.address, [("VoicePingToken", "late")]) as late:
        late.expect_alive()
    check(field.ledger.counts["sessions lost"] == lost, "sessions were lost to strangers")


def memory_attack(field, server, seconds):
    """Peers that send what is answered, and never read: the process grows by little."""
    lost = field.ledger.counts["sessions lost"]
    before = server.rss_bytes()
    attackers = []
    for number in range(20):
        attacker = WebSocket(server.address, [("VoicePingToken", f"attacker{number}")])
        attacker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        attacker.socket.setblocking(False)
        attackers.append(attacker.socket)
    flood = frame(PING, b"x" * 125) * 200

    def push():
        for attacker in attackers:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                attacker.send(flood)

    field.run_for(seconds, push)
    grown = server.rss_bytes() - before
    for attacker in attackers:
        attacker.close()
    field.ledger.counts["memory attack, KiB grown"] = max(0, grown >> 10)
    check(server.is_sanitized() or grown < len(attackers) * 4 * MIB,
          f"it grew by {grown / MIB:.1f} MiB")
    check(field.ledger.counts["sessions lost"] == lost, "sessions were lost to the attack")


def memory_ceiling(field, server, seconds):
    """Peers that begin messages of a megabyte and never end them, as many as are let in, until the
    server refuses more: it does so before its memory is full, and those who behave notice nothing."""
    lost = field.ledger.counts["sessions lost"]
    limit = server.memory_limit
    begun = frame(BINARY, b"x" * (MIB - 1000), declared=MIB)
    attackers, unsent, most, refused_at = [], [], [0], []

    def push():
        most[0] = max(most[0], server.rss_bytes())
        if len(attackers) * MIB < 2 * limit or most[0] > limit * REFUSED_FROM:
            try:
                attacker = WebSocket(server.address,
                                     [("VoicePingToken", f"hoarder{len(attackers)}")])
                attacker.socket.setblocking(False)
                attackers.append(attacker.socket)
                unsent.append(begun)
            except (OSError, Failed) as problem:
                if " 503," in str(problem):
                    refused_at.append(server.rss_bytes())
        for number, attacker in enumerate(attackers):
            with contextlib.suppress(OSError):
                unsent[number] = unsent[number][attacker.send(unsent[number][: 1 << 17]):]

    before = server.sums()["memory_refused"]
    field.run_for(seconds, push)
    end = time.monotonic() + FILLED_MAX_S
    while not refused_at and time.monotonic() < end:
        field.run_for(0.5, push)
    refused = server.sums()["memory_refused"] - before
    for attacker in attackers:
        attacker.close()
    field.ledger.counts["memory ceiling, MiB at most"] = most[0] // MIB
    field.ledger.counts["refused for want of memory"] += refused
    check(refused and refused_at, f"nobody was refused: {most[0] / MIB:.0f} of {limit / MIB:.0f} MiB")
    if not server.is_sanitized():
        check(refused_at[0] > limit * REFUSED_FROM, f"refused at {refused_at[0] / MIB:.0f} MiB already")
        check(most[0] <= limit, f"{most[0] / MIB:.1f} of {limit / MIB:.0f} MiB")
    check(field.ledger.counts["sessions lost"] == lost, "sessions were lost to the attack")


def connect_storm(load):
    def weather(field, server, seconds):
        lost = field.ledger.counts["sessions lost"]
        rate = max(100, min(1000, server.connects_per_second_max))
        with subprocess.Popen(
                [load, "churn", "--server", server.url, "--rate", str(rate), "--hold-ms", "100",
                 "--connections", str(2 * rate), "--seconds", str(max(1, int(seconds) - 2)), "--json"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as storm:
            try:
                field.run_until(lambda: storm.poll() is not None, seconds + 30)
            finally:
                if storm.poll() is None:
                    storm.kill()
            printed = storm.stdout.read()
        check(storm.returncode is not None and printed.strip(), "the storm did not end")
        field.ledger.counts["strangers"] += json.loads(printed)["ready"]
        check(field.ledger.counts["sessions lost"] == lost, "sessions were lost to the storm")

    weather.__doc__ = "Strangers connect, sign in, join and leave by the hundred each second."
    return weather
