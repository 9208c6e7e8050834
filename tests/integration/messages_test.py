#!/usr/bin/env python3
"""Shows that what was acknowledged is delivered, whatever ends the server in between, and that a
store which stands still is never taken for one that has stored.

Usage: messages_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile

from parley_testing import (GROUP, PRIVATE, UNLIMITED, Cases, Radio, Server, check, check_equal, run,
                            talk)

TEXT, IMAGE, DELIVERED, TEXT_ACK, UNAUTHORIZED_GROUP = 17, 18, 20, 22, 27


def serve(parley, folder):
    return Server.trusting(parley, "--join", "open", "--shards", "2", "--store",
                           f"sqlite:{folder}/parley.db", *UNLIMITED)


def write(radio, to, text, message_id):
    """Says it, and gives the id that the server acknowledges."""
    radio.say(PRIVATE, TEXT, radio.name, to, message_id, text)
    answer = radio.hear()
    check_equal(answer[:4] + answer[5:], [PRIVATE, TEXT_ACK, radio.name, to, "Acknowledged"], "ack")
    return answer[4]


def read(radio):
    heard = radio.hear()
    check_equal(heard[1], TEXT, f"what {radio.name} heard: {heard}")
    return json.loads(heard[-1])


def killed_between_ack_and_delivery(parley, folder):
    ids = []
    for life in range(5):
        with serve(parley, folder) as server, Radio(server, "alice") as alice:
            ids += [write(alice, "bob", f"text {life}.{i}", f"{life}.{i}") for i in range(10)]
            # Said, and perhaps stored, and nobody was told: the radio says it again later.
            alice.say(PRIVATE, TEXT, "alice", "bob", f"{life}.open", f"text {life}.open")
            server.end(signal.SIGKILL, status=-signal.SIGKILL)
        with serve(parley, folder) as server, Radio(server, "alice") as alice:
            ids.append(write(alice, "bob", f"text {life}.open", f"{life}.open"))
            check_equal(write(alice, "bob", f"text {life}.3", f"{life}.3"), ids[life * 11 + 3],
                        "the id of what is sent again")
            server.end()
    with serve(parley, folder) as server, Radio(server, "bob") as bob, \
            Radio(server, "alice") as alice:
        seen = [read(bob) for _ in ids]
        check_equal([each["message_id"] for each in seen], ids, "what Bob gets")
        for each in seen:
            bob.say(PRIVATE, DELIVERED, "bob", "alice", each["message_id"])
        for each in seen:
            alice.expect_message(PRIVATE, DELIVERED, "bob", "alice", each["message_id"])
        bob.fence()  # and no more
        server.end()
    with serve(parley, folder) as server, Radio(server, "bob") as bob:
        bob.fence()  # nothing comes again
        server.end()


def killed_after_delivery_without_proof(parley, folder):
    with serve(parley, folder) as server, Radio(server, "alice") as alice, \
            Radio(server, "bob") as bob:
        told = write(alice, "bob", "seen, and not answered for", "1")
        check_equal(read(bob)["message_id"], told, "the id")
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    with serve(parley, folder) as server, Radio(server, "bob") as bob:
        check_equal(read(bob)["message_id"], told, "the id by which Bob knows it")
        server.end()


def large_image(parley, folder):
    picture = bytes(range(256)) * 800  # 200 KiB
    with serve(parley, folder) as server, Radio(server, "alice") as alice:
        alice.say(PRIVATE, IMAGE, "alice", "bob", picture)
        write(alice, "bob", "behind it", "1")
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
    with serve(parley, folder) as server, Radio(server, "bob") as bob:
        bob.expect_message(PRIVATE, IMAGE, "alice", "bob", picture)
        check_equal(read(bob)["text"], "behind it", "what follows")
        server.end()


def stalled_store(parley, folder):
    """Somebody else holds the file's lock, so no commit comes through."""
    with serve(parley, folder) as server, Radio(server, "alice") as alice, \
            Radio(server, "bob") as bob:
        alice.join("18")
        bob.join("18")
        write(alice, "carol", "before", "1")
        lock = sqlite3.connect(pathlib.Path(folder) / "parley.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        alice.say(PRIVATE, TEXT, "alice", "carol", "2", "meanwhile")
        talk(alice, bob, "18", [b"one", b"two"])  # voice does not wait for it
        alice.expect_message(GROUP, UNAUTHORIZED_GROUP, "alice", "carol", "2", "Not Stored")
        lock.execute("ROLLBACK")
        lock.close()
        answer = None
        while answer is None or answer[1] != TEXT_ACK:  # until it is back
            alice.say(PRIVATE, TEXT, "alice", "carol", "2", "meanwhile")
            answer = alice.hear()
        with Radio(server, "carol") as carol:
            check_equal([read(carol)["text"] for _ in range(2)], ["before", "meanwhile"], "each once")
            carol.fence()
        server.end()


def through_the_command(parley, folder):
    with serve(parley, folder) as server, Radio(server, "alice") as alice:
        alice.join("18")
        for i in range(20):
            write(alice, "bob", f"text {i}", str(i))
        server.end()
    source = f"sqlite:{folder}/parley.db"
    other = f"sqlite:{folder}/other.db"
    exported = run([parley, "store", "export", "--store", source])
    check_equal(exported.returncode, 0, exported.stderr)
    imported = subprocess.run([parley, "store", "import", "--store", other], text=True,
                              input=exported.stdout, capture_output=True, timeout=60, check=False)
    check_equal((imported.returncode, imported.stderr), (0, ""), "import")
    check_equal(run([parley, "store", "export", "--store", other]).stdout, exported.stdout, "export")
    info = run([parley, "store", "info", "--store", other]).stdout
    check("messages       20\n" in info and "queued         20\n" in info, info)
    check_equal(run([parley, "store", "verify", "--store", other]).returncode, 0, "verify")
    again = subprocess.run([parley, "store", "import", "--store", other], text=True,
                           input=exported.stdout, capture_output=True, timeout=60, check=False)
    check(again.returncode == 1 and "--merge" in again.stderr, again.stderr)
    missing = run([parley, "store", "verify", "--store", f"sqlite:{folder}/none.db"])
    check(missing.returncode == 1 and "there is no store" in missing.stderr, missing.stderr)
    check_equal(run([parley, "store"]).returncode, 2, "a command line without a command")


def main():
    parley = sys.argv[1]
    cases = Cases()
    for name, case in (
            ("SIGKILL between ack and delivery loses nothing and doubles nothing",
             killed_between_ack_and_delivery),
            ("what nobody has answered for comes again", killed_after_delivery_without_proof),
            ("an image of 200 KiB waits for who is away", large_image),
            ("a store that stands still is told as such, and voice goes on", stalled_store),
            ("parley store export, import, info and verify", through_the_command)):
        with tempfile.TemporaryDirectory() as folder:
            cases.run(name, case, parley, folder)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
