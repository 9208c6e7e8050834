#!/usr/bin/env python3
"""Shows that what was acknowledged is delivered, whatever ends the server in between, and that a
store which stands still is never taken for one that has stored. In a file, and in a Redis.

Usage: messages_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import json
import signal
import subprocess
import sys
import tempfile

from parley_testing import (DELIVERED, GROUP, IMAGE, PRIVATE, READ, TEXT_ACK, TEXT_MESSAGE,
                            UNAUTHORIZED_GROUP, UNLIMITED, Cases, Radio, Server, check, check_equal,
                            run, talk)
from stores import Redis, kinds


def serve(parley, store):
    return Server.trusting(parley, "--join", "open", "--shards", "2", "--store", store.url,
                           *UNLIMITED)


def write(radio, to, text, message_id):
    """Says it, and gives the id that the server acknowledges."""
    radio.say(PRIVATE, TEXT_MESSAGE, radio.name, to, message_id, text)
    answer = radio.hear()
    check_equal(answer[:4] + answer[5:], [PRIVATE, TEXT_ACK, radio.name, to, "Acknowledged"], "ack")
    return answer[4]


def read(radio):
    heard = radio.hear()
    check_equal(heard[1], TEXT_MESSAGE, f"what {radio.name} heard: {heard}")
    return json.loads(heard[-1])


def killed_between_ack_and_delivery(parley, store):
    ids = []
    for life in range(5):
        with serve(parley, store) as server, Radio(server, "alice") as alice:
            ids += [write(alice, "bob", f"text {life}.{i}", f"{life}.{i}") for i in range(10)]
            # Said, and perhaps stored, and nobody was told: the radio says it again later.
            alice.say(PRIVATE, TEXT_MESSAGE, "alice", "bob", f"{life}.open", f"text {life}.open")
            server.end(signal.SIGKILL, status=-signal.SIGKILL)
        with serve(parley, store) as server, Radio(server, "alice") as alice:
            ids.append(write(alice, "bob", f"text {life}.open", f"{life}.open"))
            check_equal(write(alice, "bob", f"text {life}.3", f"{life}.3"), ids[life * 11 + 3],
                        "the id of what is sent again")
            server.end()
    with serve(parley, store) as server, Radio(server, "bob") as bob, \
            Radio(server, "alice") as alice:
        seen = [read(bob) for _ in ids]
        check_equal([each["message_id"] for each in seen], ids, "what Bob gets")
        for each in seen:
            bob.say(PRIVATE, DELIVERED, "bob", "alice", each["message_id"])
        for each in seen:
            alice.expect_message(PRIVATE, DELIVERED, "bob", "alice", each["message_id"])
        bob.fence()  # and no more
        server.end()
    with serve(parley, store) as server, Radio(server, "bob") as bob:
        bob.fence()  # nothing comes again
        server.end()


def killed_after_delivery_without_proof(parley, store):
    with serve(parley, store) as server, Radio(server, "alice") as alice, \
            Radio(server, "bob") as bob:
        told = write(alice, "bob", "seen, and not answered for", "1")
        check_equal(read(bob)["message_id"], told, "the id")
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    with serve(parley, store) as server, Radio(server, "bob") as bob:
        check_equal(read(bob)["message_id"], told, "the id by which Bob knows it")
        server.end()


def large_image(parley, store):
    picture = bytes(range(256)) * 800  # 200 KiB
    with serve(parley, store) as server, Radio(server, "alice") as alice:
        alice.say(PRIVATE, IMAGE, "alice", "bob", picture)
        write(alice, "bob", "behind it", "1")
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    with serve(parley, store) as server, Radio(server, "bob") as bob:
        bob.expect_message(PRIVATE, IMAGE, "alice", "bob", picture)
        check_equal(read(bob)["text"], "behind it", "what follows")
        server.end()


def to_a_group(parley, store):
    """Who is away gets what was said in the group; what was said there to who is here is not said
    again."""
    with serve(parley, store) as server, Radio(server, "alice") as alice, \
            Radio(server, "bob") as bob:
        with Radio(server, "carol") as carol:
            carol.join("18")
        with Radio(server, "carol") as carol:
            carol.take_floor("18")
        for radio in alice, bob:
            radio.join("18")
        told = []
        for i in range(3):
            alice.say(GROUP, TEXT_MESSAGE, "alice", "18", str(i), f"text {i}")
            told.append(alice.hear()[4])
            seen = read(bob)
            check_equal(seen["message_id"], told[-1], "the id")
        bob.fence()
        with Radio(server, "carol") as carol:
            check_equal([read(carol)["message_id"] for _ in told], told, "what Carol gets")
            carol.fence()
        server.end()


def receipts_wait_too(parley, store):
    with serve(parley, store) as server:
        with Radio(server, "alice") as alice:
            told = write(alice, "bob", "words", "1")
        with Radio(server, "bob") as bob:
            check_equal(read(bob)["message_id"], told, "the id")
            bob.say(PRIVATE, DELIVERED, "bob", "alice", told)
            bob.say(PRIVATE, READ, "bob", "alice", told)
            bob.fence()
        server.end()
    with serve(parley, store) as server, Radio(server, "alice") as alice:
        alice.expect_message(PRIVATE, DELIVERED, "bob", "alice", told)
        alice.expect_message(PRIVATE, READ, "bob", "alice", told)
        server.end()


def write_until_stored(radio, to, text, message_id):
    """Says it again for as long as the answer is that it was not stored."""
    while True:
        radio.say(PRIVATE, TEXT_MESSAGE, radio.name, to, message_id, text)
        answer = radio.hear()
        if answer[1] == TEXT_ACK:
            return answer[4]
        check_equal(answer[5:], ["Not Stored"], "the answer")


def stalled_store(parley, store):
    with serve(parley, store) as server, Radio(server, "alice") as alice, \
            Radio(server, "bob") as bob:
        alice.join("18")
        bob.join("18")
        write(alice, "carol", "before", "1")
        with store.standing_still():
            alice.say(PRIVATE, TEXT_MESSAGE, "alice", "carol", "2", "meanwhile")
            talk(alice, bob, "18", [b"one", b"two"])  # voice does not wait for it
            alice.expect_message(GROUP, UNAUTHORIZED_GROUP, "alice", "carol", "2", "Not Stored")
        write_until_stored(alice, "carol", "meanwhile", "2")
        with Radio(server, "carol") as carol:
            check_equal([read(carol)["text"] for _ in range(2)], ["before", "meanwhile"], "each once")
            carol.fence()
        server.end()


def killed_redis(parley, folder):
    """It writes all to its disk before it answers, as docs/operations/redis.md says."""
    with Redis(folder, "--appendonly", "yes", "--appendfsync", "always") as store:
        with serve(parley, store) as server, Radio(server, "alice") as alice:
            told = []
            for life in range(3):
                told += [write_until_stored(alice, "bob", f"text {life}.{i}", f"{life}.{i}")
                         for i in range(10)]
                store.end_and_start()
            with Radio(server, "bob") as bob:
                check_equal([read(bob)["message_id"] for _ in told], told, "what Bob gets")
                bob.fence()
            server.end()


def through_the_command(parley, store):
    with serve(parley, store) as server, Radio(server, "alice") as alice:
        alice.join("18")
        for i in range(20):
            write(alice, "bob", f"text {i}", str(i))
        server.end()
    with tempfile.TemporaryDirectory() as folder:
        other = f"sqlite:{folder}/other.db"
        exported = run([parley, "store", "export", "--store", store.url])
        check_equal(exported.returncode, 0, exported.stderr)

        def imports():
            return subprocess.run([parley, "store", "import", "--store", other], text=True,
                                  input=exported.stdout, capture_output=True, timeout=60,
                                  check=False)

        imported = imports()
        check_equal((imported.returncode, imported.stderr), (0, ""), "import")
        check_equal(run([parley, "store", "export", "--store", other]).stdout, exported.stdout,
                    "export")
        for url in store.url, other:
            info = run([parley, "store", "info", "--store", url]).stdout
            check("messages       20\n" in info and "queued         20\n" in info, info)
            check_equal(run([parley, "store", "verify", "--store", url]).returncode, 0, "verify")
        again = imports()
        check(again.returncode == 1 and "--merge" in again.stderr, again.stderr)
        missing = run([parley, "store", "verify", "--store", f"sqlite:{folder}/none.db"])
        check(missing.returncode == 1 and "there is no store" in missing.stderr, missing.stderr)
    check_equal(run([parley, "store"]).returncode, 2, "a command line without a command")


CASES = (("SIGKILL between ack and delivery loses nothing and doubles nothing",
          killed_between_ack_and_delivery),
         ("what nobody has answered for comes again", killed_after_delivery_without_proof),
         ("what was said in a group waits for its absent members", to_a_group),
         ("receipts wait for who is away", receipts_wait_too),
         ("an image of 200 KiB waits for who is away", large_image),
         ("a store that stands still is told as such, and voice goes on", stalled_store),
         ("parley store export, import, info and verify", through_the_command))


def main():
    parley = sys.argv[1]
    cases = Cases()
    for kind, make in kinds().items():
        for name, case in CASES:
            with tempfile.TemporaryDirectory() as folder, make(folder) as store:
                cases.run(f"{kind}: {name}", case, parley, store)
    if "redis" in kinds():
        with tempfile.TemporaryDirectory() as folder:
            cases.run("redis: SIGKILL of Redis loses nothing that it was to write to its disk",
                      killed_redis, parley, folder)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
