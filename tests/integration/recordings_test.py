#!/usr/bin/env python3
"""Recordings, from what was said to what a player and a stranger get of them.

Usage: recordings_test.py PARLEY PARLEY_TALK SPEECH.wav
"""
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import urllib.parse

from parley_testing import (AUDIO, DEADLINE_S, GROUP, PRIVATE, SKIPPED, START, START_ACK, STOP, STOP_ACK,
                            Cases, Radio, Server, check, check_equal, eventually, run)
from speech_test import best_match, read_wav

PARLEY, PARLEY_TALK, SPEECH = sys.argv[1:4]
PACKET = bytes([0x4b, 0x41, 0x13]) * 20  # an Opus packet of 20 ms, to a muxer


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="parley-recordings-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def serve(data, *more):
    """With a store of its own, or nobody would be a member of anything after a restart."""
    return Server.trusting(PARLEY, "--data", data, "--store", f"sqlite:{data}/parley.db", "--record",
                           "all", "--shards", "2", *more)


def get(server, target, user=None, headers=(), method="GET"):
    connection = http.client.HTTPConnection(*server.address, timeout=DEADLINE_S)
    fields = dict(headers, **({"Authorization": f"Bearer {user}"} if user else {}))
    connection.request(method, target, headers=fields)
    answer = connection.getresponse()
    return answer, answer.read()


def path_of(recording):
    return "/recordings/" + urllib.parse.quote(recording, safe="")


def say_speech(server, group):
    """The id that the server gave to recorded speech."""
    said = run([PARLEY_TALK, "--server", server.url, "--user", "alice", "--group", group,
                "--say", SPEECH, "--json"], seconds=60)
    check_equal(said.returncode, 0, f"parley-talk's status ({said.stderr})")
    return json.loads(said.stdout)["message_id"]


def listed(server, group, user, more=""):
    answer, body = get(server, f"/recordings/?group={group}{more}", user)
    check_equal(answer.status, 200, f"the status of a list ({body})")
    return json.loads(body)


def fetched(server, recording, user):
    """The recording, as soon as it is whole."""
    def whole():
        answer, body = get(server, path_of(recording), user)
        return body if answer.status == 200 else None
    return eventually(whole, f"{recording} is there")


def players_agree(folder):
    with serve(folder) as server:
        recording = say_speech(server, "18")
        sound = fetched(server, recording, "alice")
        server.end()
    file = os.path.join(folder, "got.opus")
    with open(file, "wb") as out:
        out.write(sound)
    info = run(["opusinfo", file])
    check("WARNING" not in info.stdout and info.returncode == 0, info.stdout)
    probe = run(["ffprobe", "-v", "error", "-show_entries", "format=duration:stream=codec_name",
                 "-of", "json", file])
    check_equal(probe.stderr, "", "what ffprobe finds wrong")
    found = json.loads(probe.stdout)
    check_equal(found["streams"], [{"codec_name": "opus"}], "the streams")
    said, rate = read_wav(SPEECH)
    seconds = len(said) / rate
    check(abs(float(found["format"]["duration"]) - seconds) < 0.2, found, seconds)
    heard = os.path.join(folder, "heard.wav")
    check_equal(run(["opusdec", "--quiet", "--rate", str(rate), file, heard]).returncode, 0,
                "opusdec's status")
    samples, heard_rate = read_wav(heard)
    match, lag = best_match(said, samples, heard_rate)
    check(match > 0.9, f"correlation {match} at {1000 * lag / rate} ms")


def nothing_is_plain(folder):
    with serve(folder) as server:
        recording = say_speech(server, "18")
        fetched(server, recording, "alice")
        server.end()
    for base, _, names in os.walk(os.path.join(folder, "recordings")):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                check(b"OggS" not in file.read(), f"{name} is not sealed")
    os.rename(os.path.join(folder, "seal.key"), os.path.join(folder, "elsewhere"))
    refused = run([PARLEY, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--data", folder,
                   "--record", "all"])
    check(refused.returncode == 2 and "seal.key is gone" in refused.stderr, refused)
    with open(os.path.join(folder, "seal.key"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as key:
        key.write("new:" + "ab" * 32 + "\n")
        with open(os.path.join(folder, "elsewhere")) as old:
            key.write(old.read())
    with serve(folder) as server:  # rotated
        fetched(server, recording, "alice")
        server.end()


def who_may_hear(folder):
    with serve(folder) as server:
        alice, bob = Radio(server, "alice"), Radio(server, "bob")
        alice.join("18")
        bob.join("18")
        recording = say_speech(server, "18")
        fetched(server, recording, "bob")
        for user, target, status in ((None, path_of(recording), 401),
                                     ("eve", path_of(recording), 404),
                                     ("alice", path_of(recording), 200),
                                     ("alice", "/recordings/0_3_18_alice_1_1ms.opus", 404),
                                     ("alice", "/recordings/..%2f..%2fseal.key", 404),
                                     (None, "/recordings/?group=18", 401),
                                     ("eve", "/recordings/?group=18", 403),
                                     ("eve", "/recordings/?group=nothing", 403),
                                     ("bob", "/recordings/?group=18", 200),
                                     ("bob", "/recordings/", 400)):
            answer, body = get(server, target, user)
            check_equal(answer.status, status, f"{user} asking for {target}: {body[:60]}")
        foreign, _ = get(server, path_of(recording), "alice", {"Origin": "http://evil.example"})
        check_equal(foreign.status, 403, "the status for a foreign page")
        posted, _ = get(server, path_of(recording), "alice", method="POST")
        check_equal(posted.status, 403, "the status of a POST")
        check_equal([each["id"] for each in listed(server, "18", "bob")["recordings"]], [recording],
                    "the list")
        server.end()


def of_two_users(folder):
    with serve(folder) as server:
        alice, bob = Radio(server, "alice"), Radio(server, "bob")
        bob.fence()
        alice.say(PRIVATE, START, "alice", "bob", "now")
        alice.expect_message(PRIVATE, START_ACK, "alice", "bob", "now")
        for _ in range(5):
            alice.say(PRIVATE, AUDIO, "alice", "bob", PACKET)
        alice.say(PRIVATE, STOP, "alice", "bob")
        answer = alice.hear()
        check_equal(answer[:2], [PRIVATE, STOP_ACK], "the answer to STOP")
        recording = answer[4]
        for user in ("alice", "bob"):
            check(fetched(server, recording, user).startswith(b"OggS"), "no Ogg")
        check_equal(get(server, path_of(recording), "eve")[0].status, 404, "a stranger's status")
        _, body = get(server, "/recordings/?user=alice", "bob")
        check_equal([each["id"] for each in json.loads(body)["recordings"]], [recording], "the list")
        server.end()


def ranges(folder):
    with serve(folder) as server:
        recording = say_speech(server, "18")
        sound = fetched(server, recording, "alice")
        size = len(sound)
        for field, status, part in ((None, 200, sound), ("bytes=0-99", 206, sound[:100]),
                                    (f"bytes={size - 7}-", 206, sound[-7:]),
                                    ("bytes=-300", 206, sound[-300:]),
                                    ("bytes=1000-1000", 206, sound[1000:1001]),
                                    (f"bytes=5-{size * 9}", 206, sound[5:]),
                                    (f"bytes={size}-", 416, b""), ("bytes=-0", 416, b""),
                                    ("bytes=9-3", 200, sound), ("lines=1-2", 200, sound),
                                    ("bytes=0-1,4-5", 200, sound)):
            answer, body = get(server, path_of(recording), "alice",
                               {"Range": field} if field else {})
            check_equal(answer.status, status, f"the status for {field}")
            check(body == part, f"{field}: another part")
            check_equal(answer.headers["Content-Type"], "audio/ogg", "the type")
        answer, body = get(server, path_of(recording), "alice", {"Range": "bytes=2-4"})
        check_equal(answer.headers["Content-Range"], f"bytes 2-4/{size}", "the range")
        answer, body = get(server, path_of(recording), "alice", method="HEAD")
        check_equal((answer.status, int(answer.headers["Content-Length"]), body), (200, size, b""),
                    "what HEAD gets")
        curl = run(["curl", "-sS", "-H", "token: alice", "-r", "10-19", "-o",
                    os.path.join(folder, "part"), "-w", "%{http_code}",
                    f"http://127.0.0.1:{server.address[1]}{path_of(recording)}"])
        check_equal(curl.stdout, "206", "curl's status")
        with open(os.path.join(folder, "part"), "rb") as part:
            check_equal(part.read(), sound[10:20], "what curl got")
        server.end()


def over_tls(folder):
    with Server.trusting(PARLEY, "--data", folder, "--record", "all", "--tls-self-signed") as server:
        said = run([PARLEY_TALK, "--help"])
        check("--server" in said.stdout, said)
        answer = run(["curl", "-sSk", "-H", "token: alice", "-w", "%{http_code}", "-o", "/dev/null",
                      f"https://127.0.0.1:{server.address[1]}/recordings/none"])
        check_equal(answer.stdout, "404", "the status of what is not there, over TLS")
        server.end()


def sizes(folder, ending):
    """Of the files whose names end so, by their paths."""
    return {os.path.join(base, name): os.path.getsize(os.path.join(base, name))
            for base, _, names in os.walk(folder) for name in names if name.endswith(ending)}


def talking(server, folder):
    """Alice, who has said a second and a half to her group, of which a second is in a file."""
    alice = Radio(server, "alice")
    alice.join("18")
    alice.say(GROUP, START, "alice", "18", "now")
    alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
    for _ in range(75):
        alice.say(GROUP, AUDIO, "alice", "18", PACKET)
    eventually(lambda: max(sizes(folder, ".part").values(), default=0) > 3000,
               "a second of it is in the file")
    return alice


def end_of_talk(alice):
    """She says as much again; the recording's id."""
    for _ in range(75):
        alice.say(GROUP, AUDIO, "alice", "18", PACKET)
    alice.say(GROUP, STOP, "alice", "18")
    answer = alice.hear()
    check_equal(answer[:2], [GROUP, STOP_ACK], "the answer to STOP")
    return answer[4]


def has_all(folder, sound):
    """Whether a player finds what talking() and end_of_talk() said: 150 packets of 20 ms."""
    file = os.path.join(folder, "got.opus")
    with open(file, "wb") as out:
        out.write(sound)
    info = run(["opusinfo", file])
    check("WARNING" not in info.stdout and info.returncode == 0, info.stdout)
    check_equal(sound.count(PACKET), 150, "the number of packets")


def taken_over(folder):
    path = os.path.join(folder, "take-over")
    with serve(folder, "--take-over", path) as old:
        alice = talking(old, folder)
        before = sizes(folder, ".part")
        with serve(folder, "--take-over", path) as new:
            check_equal(list(sizes(folder, ".part")), list(before), "what is being recorded")
            recording = end_of_talk(alice)
            old.end(with_signal=None)
            has_all(folder, fetched(new, recording, "alice"))
            check_equal([each["id"] for each in listed(new, "18", "alice")["recordings"]],
                        [recording], "the list")
            check_equal(sizes(folder, ".part"), {}, "what is left")
            new.end()
    notes = os.path.join(folder, "recordings")
    check_equal([os.path.getsize(os.path.join(notes, name)) for name in os.listdir(notes)
                 if name.startswith("unindexed")], [0, 0], "the bytes that the store was not told")


def no_second_server(folder):
    with serve(folder) as server:
        alice = talking(server, folder)
        for more in ((), ("--take-over", os.path.join(folder, "nobody"))):
            refused = run([PARLEY, "serve", "--listen", "127.0.0.1:0", "--auth", "trust", "--data",
                           folder, "--record", "all", "--shards", "1", *more])
            check(refused.returncode == 1 and "another server keeps what it has in" in
                  refused.stderr, refused)
        doctor = run([PARLEY, "doctor", "--listen", "127.0.0.1:0", "--auth", "trust", "--data",
                      folder, "--record", "all"])
        check("another server keeps what it has there" in doctor.stdout, doctor.stdout)
        has_all(folder, fetched(server, end_of_talk(alice), "alice"))
        server.end()


def fails_aloud(folder):
    """The folders of today and tomorrow lead nowhere, until they are made."""
    nowhere = os.path.join(folder, "nowhere")
    with serve(folder) as server:
        for day in (0, 1):
            name = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(day)).date()
            os.symlink(nowhere, os.path.join(folder, "recordings", str(name)))
        say_speech(server, "18")
        server.wait_for_errors(r"recordings fail \(No such file or directory\): voice goes on")
        answer, body = get(server, "/readyz")
        check_equal((answer.status, body), (200, b"ok, recordings: failing"), "/readyz")
        os.mkdir(nowhere)
        fetched(server, say_speech(server, "18"), "alice")
        server.wait_for_errors("recordings are kept again")
        check_equal(get(server, "/readyz")[1], b"ok", "/readyz")
        check_equal(server.errors().count("recordings fail"), 1, "how often it was said")
        server.end()


def killed(folder):
    with serve(folder) as server:
        talking(server, folder)
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    with serve(folder) as server:
        alice = Radio(server, "alice")  # whom the store knows as a member
        alice.fence()
        found = eventually(lambda: listed(server, "18", "alice")["recordings"], "it is in the list")
        check_equal([each["from"] for each in found], ["alice"], "who spoke")
        sound = fetched(server, found[0]["id"], "alice")
        file = os.path.join(folder, "got.opus")
        with open(file, "wb") as out:
            out.write(sound)
        info = run(["opusinfo", file])
        check("WARNING" not in info.stdout and info.returncode == 0, info.stdout)
        check(re.search(r"Playback length: 0m:0[01]\.", info.stdout), info.stdout)
        server.end()


def main():
    for program in ("opusinfo", "ffprobe", "opusdec", "curl"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            return SKIPPED
    if not os.path.exists(SPEECH):
        print(f"skipped: {SPEECH} is not installed")
        return SKIPPED
    cases = Cases()
    for name, case in (("players find the speech that was said", players_agree),
                       ("nothing of it lies there plain, and old keys open", nothing_is_plain),
                       ("members hear it, others do not learn that it is there", who_may_hear),
                       ("two users hear what they said", of_two_users),
                       ("any part of it can be had", ranges),
                       ("TLS is no obstacle", over_tls),
                       ("a take-over leaves a talk whole", taken_over),
                       ("no second server gets at the folder", no_second_server),
                       ("what fails is said, once", fails_aloud),
                       ("SIGKILL costs a second at most", killed)):
        with Folder() as folder:
            cases.run(name, case, folder)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
