// Two radios talk through whatever is called WebSocket: a browser's own, or one that does as browsers do.
const GROUP = 0, START = 1, STOP = 2, AUDIO = 3, START_ACK = 6, STOP_ACK = 7, USER_ADD = 15, TEXT = 17,
  TEXT_ACK = 22, CONNECTION_TEST = 25, CONNECTION_ACK = 26;
const FRAMES = 50;

// As much of MessagePack as is said here: small numbers, short strings, short bytes.
function pack(list) {
  const bytes = [0x90 | list.length];
  for (const item of list) {
    if (typeof item === 'number') bytes.push(item);
    else if (typeof item === 'string') bytes.push(0xa0 | item.length, ...new TextEncoder().encode(item));
    else bytes.push(0xc4, item.length, ...item);
  }
  return new Uint8Array(bytes);
}

function unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  let at = 1;
  const take = (size) => bytes.subarray(at, at += size);
  const text = (size) => new TextDecoder('utf-8', { fatal: true }).decode(take(size));
  return Array.from({ length: bytes[0] & 15 }, () => {
    const code = bytes[at++];
    if (code < 0x80) return code;
    if (code >= 0xa0 && code < 0xc0) return text(code & 31);
    if (code === 0xd9) return text(bytes[at++]);
    if (code === 0xda) return text((bytes[at++] << 8) | bytes[at++]);
    if (code === 0xc4) return [...take(bytes[at++])];
    throw new Error(`unexpected MessagePack ${code.toString(16)}`);
  });
}

class Radio {
  inbox = [];
  wake = () => {};

  constructor(server, name) {
    this.name = name;
    this.socket = new WebSocket(server, [name]);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onmessage = ({ data }) => { this.inbox.push(unpack(data)); this.wake(); };
    this.open = new Promise((opened, failed) => {
      this.socket.onopen = opened;
      this.socket.onclose = ({ code }) => failed(new Error(`${name} was closed with ${code}`));
    });
    this.closed = new Promise((closed) => this.socket.addEventListener('close', closed));
  }

  say(...elements) { this.socket.send(pack(elements)); }

  async hear() {
    while (this.inbox.length === 0) await new Promise((woken) => { this.wake = woken; });
    return this.inbox.shift();
  }

  async expect(...wanted) {
    const seen = await this.hear();
    if (JSON.stringify(seen.slice(0, wanted.length)) !== JSON.stringify(wanted)) {
      throw new Error(`${this.name} heard ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
    }
    return seen;
  }
}

export async function converse(server) {
  const [alice, bob] = ['alice', 'bob'].map((name) => new Radio(server, name));
  for (const radio of [alice, bob]) {
    await radio.open;
    radio.say(GROUP, USER_ADD, radio.name, '18');
    radio.say(GROUP, CONNECTION_TEST, radio.name, 0, 'joined');
    await radio.expect(1, CONNECTION_ACK);
  }
  alice.say(GROUP, START, 'alice', '18', 'now');
  await alice.expect(GROUP, START_ACK, 'alice', '18');
  await bob.expect(GROUP, START, 'alice', '18');
  const packet = (number) => Array.from({ length: 60 }, (_, i) => (number * 7 + i) & 0xff);
  for (let number = 0; number < FRAMES; ++number) alice.say(GROUP, AUDIO, 'alice', '18', packet(number));
  for (let number = 0; number < FRAMES; ++number) {
    await bob.expect(GROUP, AUDIO, 'alice', '18', packet(number));
  }
  alice.say(GROUP, STOP, 'alice', '18');
  await alice.expect(GROUP, STOP_ACK, 'alice', '18');
  await bob.expect(GROUP, STOP, 'alice', '18');
  bob.say(GROUP, TEXT, 'bob', '18', 'heard you');
  await bob.expect(GROUP, TEXT_ACK, 'bob', '18');
  const [, , , , text] = await alice.expect(GROUP, TEXT, 'bob', '18');
  const extensions = alice.socket.extensions;
  for (const radio of [alice, bob]) radio.socket.close(1000, 'done');
  const codes = await Promise.all([alice, bob].map(async (radio) => (await radio.closed).code));
  return { frames: FRAMES, text: JSON.parse(text).text, extensions, codes };
}
