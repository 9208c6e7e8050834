#!/usr/bin/env python3
"""Says recorded speech with one parley-talk and hears it with another: it must be the same speech.

Usage: speech_test.py PARLEY PARLEY_TALK SPEECH.wav
Starts a server of its own on a free port. Exits 0 if the speech came through, 1 if not, and 77
(skipped) if the recording is not installed. Only the standard library is needed.
"""
import array
import json
import math
import operator
import os
import signal
import subprocess
import sys
import tempfile
import wave

CORRELATION_MIN = 0.9
LAG_SECONDS_MAX = 0.1  # codec delay is under 10 ms; anything near this bound is a failure too
LATE_MS = 10_000       # whether the machine is busy is not what is tested here
TIMEOUT_SECONDS = 60


def read_wav(path):
    """The samples of one channel as floats, and their rate."""
    with wave.open(path) as file:
        if file.getsampwidth() != 2:
            sys.exit(f"{path}: not 16 bit")
        samples = array.array("h", file.readframes(file.getnframes()))
        return [float(sample) for sample in samples[:: file.getnchannels()]], file.getframerate()


def decimate(samples, factor):
    """Averages of `factor` neighbours: enough of a low-pass to find the coarse alignment."""
    whole = len(samples) - len(samples) % factor
    return [sum(samples[i : i + factor]) / factor for i in range(0, whole, factor)]


def correlation(a, b, lag):
    """How well b, moved `lag` samples to the left, matches a: 1 is equal up to a factor."""
    if lag < 0:
        a, b = b, a
        lag = -lag
    b = b[lag:]
    size = min(len(a), len(b))
    a, b = a[:size], b[:size]
    energy = math.sqrt(sum(map(operator.mul, a, a)) * sum(map(operator.mul, b, b)))
    return sum(map(operator.mul, a, b)) / energy if energy > 0 else 0.0


def best_match(said, heard, rate):
    """The highest correlation over all lags, and the lag in samples: coarsely, then exactly."""
    factor = max(1, rate // 4000)
    a, b = decimate(said, factor), decimate(heard, factor)
    bound = int(LAG_SECONDS_MAX * rate / factor)
    coarse = max(range(-bound, bound + 1), key=lambda lag: correlation(a, b, lag)) * factor
    near = range(coarse - 2 * factor, coarse + 2 * factor + 1)
    return max((correlation(said, heard, lag), lag) for lag in near)


def start(command, **options):
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def wait_for(stream, word):
    """The first line that holds `word`; exits if the stream ends before."""
    for line in stream:
        if word in line:
            return line
    sys.exit(f"the program ended before it said '{word}'")


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    return process.communicate(timeout=TIMEOUT_SECONDS)[0]


def talk(parley_talk, url, speech, heard_path):
    """One listener, one talker; what each of them counted."""
    common = ["--server", url, "--group", "18", "--json"]
    listener = start(
        [parley_talk, *common, "--user", "bob", "--listen", "--out", heard_path,
         "--late-ms", str(LATE_MS)],
        stderr=subprocess.PIPE)
    try:
        wait_for(listener.stderr, "listening")
        talker = subprocess.run(
            [parley_talk, *common, "--user", "alice", "--say", speech],
            stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS, check=True)
        said = json.loads(talker.stdout)
        wait_for(listener.stderr, "ended")
    finally:
        output = stop(listener)
    if listener.returncode != 0:
        sys.exit(f"the listener failed with status {listener.returncode}")
    return said, json.loads(output)


def main():
    parley, parley_talk, speech = sys.argv[1:4]
    if not os.path.exists(speech):
        print(f"skipped: {speech} is not installed")
        return 77
    server = start([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--store",
                    "memory",
                    "--join", "open"])
    try:
        url = wait_for(server.stdout, "listening on ws://").split()[-1]
        with tempfile.TemporaryDirectory() as folder:
            heard_path = os.path.join(folder, "heard.wav")
            said, heard = talk(parley_talk, url, speech, heard_path)
            source, rate = read_wav(speech)
            result, result_rate = read_wav(heard_path)
    finally:
        server.terminate()
        server.wait(timeout=TIMEOUT_SECONDS)

    print(f"said {said}\nheard {heard}")
    if rate != result_rate:
        sys.exit(f"the recording has {rate} Hz, and what was heard {result_rate} Hz")
    match, lag = best_match(source, result, rate)
    print(f"correlation {match:.4f} at a delay of {1000 * lag / rate:.2f} ms")
    problems = [name for name in ("lost", "late", "out_of_order", "malformed") if heard[name] != 0]
    if heard["frames"] != said["packets"]:
        problems.append(f"{said['packets']} packets said, {heard['frames']} heard")
    if len(result) < len(source) + lag:
        problems.append("the end is missing")
    if match <= CORRELATION_MIN:
        problems.append("what was heard is not what was said")
    if problems:
        sys.exit("failed: " + ", ".join(problems))
    return 0


if __name__ == "__main__":
    sys.exit(main())
