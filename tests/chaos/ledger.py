"""What was said and who heard it, and whether that is as it must be.

Three things are judged at every message, whatever the weather: that a frame of voice is what its
talker sent, in order and once; that nobody is heard who does not hold the floor; and that a text is
kept no more often than it was sent, and heard once on each connection: who is lost before it is known
that it heard a text hears it again. At the end of a spell, when the weather is fine again: that every
text that was acknowledged has reached everybody whose session lasted.
"""
import collections
import struct
import zlib

VOICE = struct.Struct(">HIH")  # talker, burst, number of the frame
VOICE_BYTES = 40  # what a radio's codec makes of 20 ms
FAT_VOICE_BYTES = 150  # nearly the 64 kbit/s that a user may say


def voice(talker, burst, number, size):
    head = VOICE.pack(talker, burst, number).ljust(size - 4, b"~")
    return head + zlib.crc32(head).to_bytes(4, "big")


class Ledger:
    def __init__(self):
        self.violations = []
        self.counts = collections.Counter()
        self.texts = {}  # id: Text; of this spell
        self.former = {}  # of those before: somebody may have been away until now

    def violation(self, text):
        self.counts["violations"] += 1
        if len(self.violations) < 20:
            self.violations.append(text)

    # --- voice: `seen` is the listener's memory of one session ------------------------------------

    def heard_voice(self, listener, seen, sender, payload):
        self.counts["frames heard"] += 1
        if (len(payload) not in (VOICE_BYTES, FAT_VOICE_BYTES)
                or zlib.crc32(payload[:-4]).to_bytes(4, "big") != payload[-4:]):
            return self.violation(f"{listener.name} heard a mangled frame from {sender}")
        talker, burst, number = VOICE.unpack_from(payload)
        if sender != f"radio{talker}":
            return self.violation(f"{listener.name} heard {sender} with the voice of radio{talker}")
        if seen.holder not in (None, sender):
            self.violation(f"{listener.name} heard {sender} while {seen.holder} held the floor")
        seen.holder = sender
        last = seen.frames.get((talker, burst), -1)
        if number <= last:
            self.violation(f"{listener.name} heard frame {number} of {sender} after frame {last}")
        self.counts["frames missed"] += max(0, number - last - 1)
        seen.frames[talker, burst] = number

    # --- text ---------------------------------------------------------------------------------------

    def sent_text(self, text_id, sender, now):
        text = self.texts.setdefault(text_id, Text(sender, now))
        text.attempts += 1

    def acknowledged(self, text_id):
        self.texts[text_id].acknowledged = True
        self.counts["texts acknowledged"] += 1

    def heard_text(self, listener, text_id, message_id):
        text = self.texts.get(text_id) or self.former.get(text_id)
        if text is None:
            return self.violation(f"{listener.name} heard the text {text_id}, which nobody has sent")
        if message_id in listener.seen.messages:
            self.violation(f"{listener.name} heard {text_id} twice on one connection")
        listener.seen.messages.add(message_id)
        text.heard[listener.name].add(message_id)
        if len(text.heard[listener.name]) > text.attempts:
            self.violation(f"{listener.name} heard {text_id} more often than it was sent")

    def unanswered(self):
        return [text_id for text_id, text in self.texts.items() if not text.acknowledged]

    def missing(self, radios):
        """Texts that were acknowledged, and who was there all the time and has not heard them."""
        return [(text_id, radio.name) for text_id, text in self.texts.items() if text.acknowledged
                for radio in radios
                if radio.group == text.sender.group and radio is not text.sender
                and radio.ready_since is not None and radio.ready_since < text.first_sent
                and not text.heard[radio.name]]

    def close_spell(self, radios):
        for text_id, name in self.missing(radios):
            self.violation(f"{name} never heard {text_id}, which was acknowledged")
        self.former |= self.texts
        self.texts = {}


class Text:
    def __init__(self, sender, now):
        self.sender = sender
        self.first_sent = now
        self.attempts = 0
        self.acknowledged = False
        self.heard = collections.defaultdict(set)  # by listener: ids that the server gave
