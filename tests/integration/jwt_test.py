#!/usr/bin/env python3
"""Shows that signed tokens decide who a connection is, and nothing that it says does: every
algorithm, the claims that name groups, what is refused, and that a forged sender is never relayed.

Usage: jwt_test.py PARLEY
Needs the `openssl` program for Ed25519. Prints a line for each case, then `N passed, M failed`;
exits 0 if none failed.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from parley_testing import (
    AUDIO, CONNECTION_ACK, CONNECTION_TEST, DEADLINE_S, DELIVERED, GROUP, IMAGE, INTERACTIVE, INTERACTIVE_ACK,
    PRIVATE, READ, START, START_ACK, START_FAILED, STOP, STOP_ACK, TEXT_ACK, TEXT_MESSAGE,
    UNAUTHORIZED_GROUP, UNLIMITED, USER_ADD, USER_REMOVE, Cases, Radio, Server, Wire, check,
    check_equal, talk,
    upgrade_request)

SECRET = "voiceping2359staging"
DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_text(header, claims):
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))


def token(claims, algorithm="HS256", secret=SECRET, header=None):
    text = signed_text(header or {"alg": algorithm, "typ": "JWT"}, claims)
    digest = hmac.new(secret.encode(), text.encode(), DIGESTS[algorithm]).digest()
    return f"{text}.{base64url(digest)}"


class Ed25519:
    """A key pair, and tokens signed with it, by openssl."""

    def __init__(self, folder):
        self.private = folder / "private.pem"
        self.public = folder / "public.pem"
        self.text = folder / "text"
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self.private)
        self._openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, timeout=DEADLINE_S,
                              stdout=subprocess.PIPE).stdout

    def token(self, claims):
        text = signed_text({"alg": "EdDSA", "typ": "JWT"}, claims)
        self.text.write_text(text)
        signature = self._openssl("pkeyutl", "-sign", "-inkey", self.private, "-rawin", "-in",
                                  self.text)
        return f"{text}.{base64url(signature)}"


def sign_in(server, name, groups=(), **more):
    return Radio(server, token({"uid": name, "channelIds": list(groups), **more}), name=name)


def refused(server, *tokens):
    for one in tokens:
        with Wire(server.address) as wire:
            wire.send(upgrade_request(headers=[("VoicePingToken", one)] if one else []))
            status, headers = wire.read_head()
            check_equal(status, 401, f"the answer to {one[:60]}")
            body = b"Unauthorized User" if one else b"Unauthorized"
            check_equal(wire.read_all(), body, "the body")
            check_equal(headers["connection"], "close", "what becomes of the connection")


def every_algorithm(server):
    """HS256, HS384 and HS512 with the secret, as the token's header names it."""
    for algorithm in DIGESTS:
        one = token({"uid": "alice", "channelIds": ["18"]}, algorithm)
        two = token({"userId": "bob", "channelIds": ["18"]}, algorithm)
        with Radio(server, one, name="alice") as alice, Radio(server, two, name="bob") as bob:
            alice.fence()
            bob.fence()
            talk(alice, bob, "18", [b"voice"])


def eddsa(parley, folder):
    """Ed25519 with a public key file; a secret opens nothing there, its own public key included."""
    key = Ed25519(folder)
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--jwt-public-key-file", key.public,
                 "--shards", "2"]) as server:
        one, two = (key.token({"uid": name, "channelIds": ["18"]}) for name in ("alice", "bob"))
        with Radio(server, one, name="alice") as alice, Radio(server, two, name="bob") as bob:
            alice.fence()
            bob.fence()
            talk(alice, bob, "18", [b"voice"] * 3)
        flipped = one[:-4] + ("A" if one[-4] != "A" else "B") + one[-3:]
        refused(server, token({"uid": "alice"}), flipped,
                token({"uid": "alice"}, secret=key.public.read_text()))
        server.end()


def ends_with_its_token(server):
    """A session lasts no longer than its token (F3); the floor it held is free at once, and a session
    whose token has no end stays."""
    ends_in = 6  # a loaded machine may need long to get so far
    exp = time.time() + ends_in - 30  # the leeway
    with (sign_in(server, "alice", ["18"], exp=exp) as alice, sign_in(server, "bob", ["18"]) as bob):
        alice.fence()
        bob.fence()
        alice.say(GROUP, START, "alice", "18", "now")
        alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
        bob.expect_message(GROUP, START, "alice", "18", "now")
        alice.expect_close(4401, b"the token has expired: connect with a new one")
        late = time.time() - exp - 30
        print(f"      closed {late:.2f} s after its token's end")
        check(late >= -0.01, "too early")
        bob.say(GROUP, START, "bob", "18", "mine")
        heard = bob.hear()
        while heard[1] != START_ACK:  # the end of alice's talk comes first
            check_equal(heard[:3], [GROUP, STOP, "alice"], "what bob hears")
            heard = bob.hear()
    refused(server, token({"uid": "alice", "exp": exp}))


def issuer_and_audience(parley, secret_file):
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--jwt-secret-file", secret_file,
                 "--jwt-issuer", "https://login.test", "--jwt-audience", "parley"]) as server:
        right = {"uid": "alice", "iss": "https://login.test", "aud": ["other", "parley"]}
        with Radio(server, token(right), name="alice") as alice:
            alice.fence()
        refused(server, token({**right, "iss": "https://login.test.evil"}),
                token({**right, "aud": "other"}), token({"uid": "alice"}))
        server.end()


def what_is_refused(server):
    now = int(time.time())
    good = token({"uid": "alice", "exp": now + 600})
    head, payload, signature = good.split(".")
    none = signed_text({"alg": "none"}, {"uid": "alice"})
    refused(
        server, "", "alice", "a.b.c", "..", good + ".", good[:-1], f"{head}.{payload}.",
        f"{head}.{payload}.{signature}=", none + ".",
        signed_text({"alg": "nOnE"}, {"uid": "alice"}) + ".", f"{none}.{signature}",
        f"{head}.{base64url(json.dumps({'uid': 'bob'}).encode())}.{signature}",
        token({"uid": "alice"}, secret="another secret of enough bytes"),
        token({"uid": "alice"}, header={"alg": "RS256"}),
        token({"uid": "alice"}, "HS512", header={"alg": "HS256"}),
        token({"uid": "alice", "exp": now - 31}), token({"uid": "alice", "exp": 0}),
        token({"uid": "alice", "exp": str(now + 600)}), token({"uid": "alice", "nbf": now + 600}),
        token({"uid": ""}), token({"name": "alice"}), token({"uid": ["alice"]}),
        token({"uid": 1.5}), token({"uid": "a\0b"}),
        token(["alice"]), token("alice"), "." * 4000, "x" * 4097)
    just_over = int(time.time()) - 5
    with Radio(server, token({"uid": "alice", "exp": just_over}), name="alice") as alice:
        alice.fence()  # within the leeway for clocks that differ


def claims_name_the_groups(server):
    """A member by claim talks and listens; everybody else's USER_ADD changes nothing."""
    with (sign_in(server, "alice", ["18", 7]) as alice, sign_in(server, "bob", ["18"]) as bob,
          sign_in(server, "eve") as eve):
        for radio in (alice, bob, eve):
            radio.fence()
        talk(alice, bob, "18", [b"voice"] * 3)
        eve.join("18")
        bob.say(GROUP, USER_ADD, "bob", "7")
        bob.say(GROUP, USER_REMOVE, "bob", "18")
        bob.fence()
        eve.say(GROUP, START, "eve", "18", "now")
        eve.expect_message(GROUP, UNAUTHORIZED_GROUP, "eve", "18", "Unauthorized Group")
        eve.expect_message(GROUP, START_FAILED, "eve", "18", "Ack Failed")
        for radio in (bob, eve):
            radio.say(GROUP, START, radio.name, 7, "now")
            check_equal(radio.hear()[1], UNAUTHORIZED_GROUP, "the answer in group 7")
            check_equal(radio.hear()[1], START_FAILED, "the second answer in group 7")
        talk(bob, alice, "18", [b"still a member"])
        eve.fence()


def membership_survives(server):
    """A token that names no groups leaves those there were; alice reconnects and hears."""
    with sign_in(server, "carol", ["31"]) as carol:
        carol.fence()
    with (Radio(server, token({"uid": "carol"}), name="carol") as carol,
          sign_in(server, "dave", ["31"]) as dave):
        carol.fence()
        dave.fence()
        talk(dave, carol, "31", [b"voice"])


def open_with_tokens(parley, secret_file):
    """--join open with signed ids: members come and go by themselves."""
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--jwt-secret-file", secret_file,
                 "--join", "open", "--shards", "2"]) as server:
        with sign_in(server, "alice") as alice, sign_in(server, "bob") as bob:
            alice.join("18")
            bob.join("18")
            talk(alice, bob, "18", [b"voice"] * 3)
            bob.say(GROUP, USER_REMOVE, "bob", "18")
            bob.fence()
            alice.say(GROUP, START, "alice", "18", "again")
            alice.expect_message(GROUP, START_ACK, "alice", "18", "again")
            bob.fence()
        refused(server, "alice")
        server.end()


FORGED = ("bob", "nobody", "", None, 7, False)


def forged_talk(server):
    """Whoever alice claims to be when she talks, the group hears alice (F1)."""
    with (sign_in(server, "alice", ["18"]) as alice, sign_in(server, "bob", ["18"]) as bob,
          sign_in(server, "carol", ["18"]) as carol):
        for radio in (alice, bob, carol):
            radio.fence()
        for forged in FORGED:
            alice.say(GROUP, START, forged, "18", "now")
            alice.expect_message(GROUP, START_ACK, "alice", "18", "now")
            alice.say(GROUP, AUDIO, forged, "18", b"voice")
            bob.say(GROUP, STOP, "alice", "18")  # whose talk is not bob's to end
            check_equal(bob.hear()[:3], [GROUP, START, "alice"], "what bob hears")
            bob.expect_message(GROUP, AUDIO, "alice", "18", b"voice")
            check_equal(bob.hear()[:3], [GROUP, STOP_ACK, "bob"], "the answer to bob's STOP")
            bob.say(GROUP, START, "alice", "18", "now")
            bob.expect_message(GROUP, START_FAILED, "bob", "18", "Busy")
            alice.say(GROUP, STOP, forged, "18")
            check_equal(alice.hear()[:3], [GROUP, STOP_ACK, "alice"], "the answer to STOP")
            for radio in (bob, carol):
                if radio is carol:
                    check_equal(radio.hear()[:3], [GROUP, START, "alice"], "what carol hears")
                    radio.expect_message(GROUP, AUDIO, "alice", "18", b"voice")
                check_equal(radio.hear()[:3], [GROUP, STOP, "alice"], "the end of the talk")
        for radio in (alice, bob, carol):
            radio.fence()


def forged_messages(server):
    """The same for every other message, to the group and to one user."""
    with (sign_in(server, "alice", ["18"]) as alice, sign_in(server, "bob", ["18"]) as bob,
          sign_in(server, "carol", ["18"]) as carol):
        for radio in (alice, bob, carol):
            radio.fence()
        for forged in FORGED:
            for channel, to in ((GROUP, "18"), (PRIVATE, "carol")):
                for kind, answer in ((TEXT_MESSAGE, TEXT_ACK), (INTERACTIVE, INTERACTIVE_ACK),
                                     (IMAGE, None)):
                    alice.say(channel, kind, forged, to, "hello")
                    if answer is not None:
                        check_equal(alice.hear()[:3], [channel, answer, "alice"], "the answer")
                    check_equal(carol.hear()[:3], [channel, kind, "alice"], "what carol hears")
                    if channel == GROUP:
                        check_equal(bob.hear()[:3], [channel, kind, "alice"], "what bob hears")
            for kind in (DELIVERED, READ, AUDIO):
                alice.say(PRIVATE, kind, forged, "carol", "x")
                check_equal(carol.hear()[:3], [PRIVATE, kind, "alice"], "what carol hears")
            alice.say(PRIVATE, START, forged, "carol", "now")
            check_equal(alice.hear()[:3], [PRIVATE, START_ACK, "alice"], "the answer to START")
            check_equal(carol.hear()[:3], [PRIVATE, START, "alice"], "what carol hears")
            alice.say(PRIVATE, STOP, forged, "carol")
            check_equal(alice.hear()[:3], [PRIVATE, STOP_ACK, "alice"], "the answer to STOP")
            check_equal(carol.hear()[:3], [PRIVATE, STOP, "alice"], "what carol hears")
            alice.say(GROUP, CONNECTION_TEST, forged, 0, "who am I")
            alice.expect_message(PRIVATE, CONNECTION_ACK, 0, "alice", "who am I")
        for radio in (alice, bob, carol):
            radio.fence()


def forged_membership(parley, secret_file):
    """Nobody joins or leaves for somebody else, where clients may join by themselves."""
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--jwt-secret-file", secret_file,
                 "--join", "open", "--shards", "2"]) as server:
        with (sign_in(server, "alice") as alice, sign_in(server, "bob") as bob,
              sign_in(server, "eve") as eve):
            alice.join("18")
            eve.say(GROUP, USER_ADD, "bob", "18")  # makes eve a member, not bob
            eve.fence()
            eve.say(GROUP, USER_REMOVE, "alice", "18")  # and this puts her out again, not alice
            eve.fence()
            eve.say(GROUP, USER_ADD, "eve", "18")
            eve.fence()
            talk(eve, alice, "18", [b"voice"])
            bob.fence()
            bob.say(GROUP, START, "alice", "18", "now")
            bob.expect_message(GROUP, UNAUTHORIZED_GROUP, "bob", "18", "Unauthorized Group")
            bob.expect_message(GROUP, START_FAILED, "bob", "18", "Ack Failed")


def own_id_in_another_type(server):
    """A claimed id of the same string form is the user's own, and keeps its type. Bob may be told once
    more what he left without a proof that he had heard it, so it is Ben who listens."""
    with sign_in(server, "7", ["18"]) as seven, sign_in(server, "ben", ["18"]) as ben:
        seven.fence()
        ben.fence()
        seven.say(GROUP, START, 7, "18", "now")
        seven.expect_message(GROUP, START_ACK, 7, "18", "now")
        ben.expect_message(GROUP, START, 7, "18", "now")


def tells_no_token(parley, secret_file):
    """Nothing of a token, taken or refused, and nothing of the secret is printed, wherever the client
    has put the token, and however noisy it is (F5)."""
    tokens = [token({"uid": "alice", "channelIds": ["18"], "nonce": "taken"}),
              token({"uid": "alice", "exp": 1}), token({"uid": "bob"}, secret="another"),
              token({"uid": "x" * 300})]
    with Server([parley, "serve", "--listen", "127.0.0.1:0", "--jwt-secret-file", secret_file,
                 "--limit-violations", "3"]) as server:
        for one in tokens:
            places = [("/", [("VoicePingToken", one)]), ("/", [("token", one)]),
                      ("/", [("Authorization", f"Bearer {one}")]),
                      ("/", [("Sec-WebSocket-Protocol", one)]), (f"/?token={one}", []),
                      (f"/recordings/{one}", [("Authorization", f"Bearer {one}")])]
            for path, headers in places:
                with Wire(server.address) as wire:
                    wire.send(upgrade_request(path, headers))
                    wire.read_head()
                    wire.send_octets(b"\x00" * 20)  # what is no frame
        with sign_in(server, "alice", ["18"]) as alice:
            alice.fence()
        server.end()
        printed = server.output + server.process.stdout.read() + server.errors().encode()
    check(b"listening on" in printed, "what was printed is not seen")
    check(SECRET.encode() not in printed, "the secret is printed")
    for one in tokens:
        for part in (one, one.split(".")[2]):
            check(part.encode() not in printed, f"a token is printed: {part}")


def main():
    parley = sys.argv[1]
    cases = Cases()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        secret_file = folder / "secret"
        secret_file.write_text(SECRET + "\n")
        with Server([parley, "serve", "--listen", "127.0.0.1:0", "--auth", "jwt",
                     "--jwt-secret-file", secret_file, "--shards", "2", *UNLIMITED]) as server:
            for name, test in (
                    ("HS256, HS384 and HS512 tokens are taken", every_algorithm),
                    ("what is not signed, not now, or names nobody gets 401", what_is_refused),
                    ("a session ends with its token, and its floor is free", ends_with_its_token),
                    ("claims make members, USER_ADD does not", claims_name_the_groups),
                    ("membership survives a reconnect", membership_survives),
                    ("a forged sender talks as who he is", forged_talk),
                    ("a forged sender writes as who he is", forged_messages),
                    ("one's own id keeps its type", own_id_in_another_type)):
                cases.run(name, test, server)
            cases.run("the server ends in order", server.end)
        if shutil.which("openssl"):
            cases.run("EdDSA tokens are taken with a public key file", eddsa, parley, folder)
        else:
            print("skip  EdDSA: there is no openssl program here")
        cases.run("with --join open tokens and USER_ADD work together", open_with_tokens, parley,
                  secret_file)
        cases.run("issuer and audience are asked for", issuer_and_audience, parley, secret_file)
        cases.run("nobody joins or leaves for somebody else", forged_membership, parley,
                  secret_file)
        cases.run("tokens and secrets stay out of what it prints", tells_no_token, parley, secret_file)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
