#!/usr/bin/env python3
"""Kills the server with SIGKILL at random moments while people write, and looks what reaches who was
away: everything that was acknowledged, once, in the order in which it was said.

    messages_kill_test.py PARLEY [KILLS [SEED [STORE]]]

In each life of the server three talkers write in turn to a user who is away and to a group with an
absent member, until so many of their messages were acknowledged. What was on its way then is said
again in the next life, under the same message id. Then those who were away sign in.
"""
import json
import random
import signal
import sys
import tempfile
import threading

from parley_testing import (DEADLINE_S, GROUP, PRIVATE, TEXT_ACK,
                            TEXT_MESSAGE, UNLIMITED, Cases, Failed, Radio, Server, check,
                            check_equal, short)
from stores import kinds

KILLS = 12
SEED = 1
ACKS_MAX = 150  # in one life, of all talkers together


class Life:
    """What was said in one life of the server. Names are its own: a user is in 128 groups at most."""

    def __init__(self, number):
        self.number = number
        self.friend = f"friend{number}"  # who is away
        self.member = f"member{number}"  # likewise, but in the groups
        self.talkers = [f"{name}{number}" for name in ("ann", "ben", "cat")]
        self.said = {(talker, scope): [] for talker in self.talkers for scope in (PRIVATE, GROUP)}
        self.unanswered = {}  # by talker: scope, message id, text

    def group(self, talker):
        return f"group-{talker}"

    def receiver(self, talker, scope):
        return self.friend if scope == PRIVATE else self.group(talker)


def say(radio, life, scope, message_id, text):
    """Says it until it is stored, and notes the id by which the server acknowledges it."""
    life.unanswered[radio.name] = scope, message_id, text
    answer = None
    while answer is None or answer[5:] == ["Not Stored"]:  # that store is slow, on a slow machine
        radio.say(scope, TEXT_MESSAGE, radio.name, life.receiver(radio.name, scope), message_id, text)
        answer = radio.hear()
    check_equal(answer[1], TEXT_ACK, f"the answer {answer}")
    life.said[radio.name, scope].append((answer[4], text))
    del life.unanswered[radio.name]


def go_on_writing(server, life, name, answered):
    try:
        with Radio(server, name) as radio:
            radio.join(life.group(name))
            number = 0
            while True:
                scope = (PRIVATE, GROUP)[number % 2]
                say(radio, life, scope, str(number), f"{name}: {number}")
                answered.release()
                number += 1
    except (Failed, OSError):
        pass  # the server is gone; whether it should be, the ledger tells


def live(parley, store, life, acks):
    """Ends with SIGKILL after so many acknowledgements."""
    with serve(parley, store) as server:
        with Radio(server, life.member) as member:
            for name in life.talkers:
                member.join(life.group(name))
        with Radio(server, life.member) as member:
            for name in life.talkers:
                member.take_floor(life.group(name))
        answered = threading.Semaphore(0)
        talkers = [threading.Thread(target=go_on_writing, args=(server, life, name, answered))
                   for name in life.talkers]
        for talker in talkers:
            talker.start()
        enough = all(answered.acquire(timeout=DEADLINE_S) for _ in range(acks))
        server.end(signal.SIGKILL, status=-signal.SIGKILL)
        for talker in talkers:
            talker.join()
        check(enough, "an acknowledgement did not come")


def listen(reader, talkers, count):
    """So many messages, or what comes of them, by who said it: in order, by id and text."""
    seen = {name: [] for name in talkers}
    try:
        for _ in range(count):
            heard = reader.hear()
            words = json.loads(heard[-1])
            seen[heard[2]].append((words["message_id"], words["text"]))
    except Failed:
        pass  # the comparison says what did not come
    return seen


def compare(what, seen, wanted):
    lost = [each for each in wanted if each not in seen]
    strange = [each for each in seen if each not in wanted]
    check(not lost, what, "did not get", short(lost), "of", len(wanted))
    check(not strange, what, "got what nobody was told of:", short(strange))
    check(len(seen) == len(wanted), what, "got some twice:", short(seen))
    check_equal(seen, wanted, what + " got, in another order: it")


def look_after(parley, store, life):
    """In the next life: says the rest, and compares."""
    with serve(parley, store) as server:
        for name, (scope, message_id, text) in list(life.unanswered.items()):
            with Radio(server, name) as radio:
                say(radio, life, scope, message_id, text)
        for who, scope in (life.friend, PRIVATE), (life.member, GROUP):
            with Radio(server, who) as reader:
                wanted = {name: life.said[name, scope] for name in life.talkers}
                seen = listen(reader, life.talkers, sum(map(len, wanted.values())))
                for name in life.talkers:
                    compare(f"life {life.number}: of what {name} said, {who}", seen[name],
                            wanted[name])
                reader.fence()  # and no more
                for name in life.talkers if scope == GROUP else ():
                    reader.take_floor(life.group(name))
        server.end()


def serve(parley, store):
    return Server.trusting(parley, "--join", "open", "--shards", "2", "--store", store.url,
                           *UNLIMITED)


def killed(parley, store, kills, seed):
    moments = random.Random(seed)
    acknowledged = 0
    said_again = 0
    for number in range(kills):
        life = Life(number)
        live(parley, store, life, moments.randrange(1, ACKS_MAX))
        said_again += len(life.unanswered)
        look_after(parley, store, life)
        acknowledged += sum(map(len, life.said.values()))
    check(said_again > 0, "nothing was ever on its way: the kills come too late")
    print(f"      {kills} kills, {acknowledged} messages acknowledged, {said_again} of them said "
          "again; 0 lost, 0 twice")


def main():
    parley = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else SEED
    cases = Cases()
    for kind, make in kinds().items():
        if kind in (sys.argv[4:] or kinds()):
            with tempfile.TemporaryDirectory() as folder, make(folder) as store:
                cases.run(f"{kind}: {kills} times SIGKILL while people write", killed, parley, store,
                          kills, seed)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
