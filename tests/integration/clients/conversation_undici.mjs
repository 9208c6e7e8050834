// HTTP and a WebSocket through undici, what Node's own fetch and WebSocket are made of: two radios,
// one talk, an image of a megabyte. Usage: conversation_undici.mjs PARLEY [tls]
import assert from 'node:assert/strict';
import { Agent, fetch, WebSocket } from 'undici';
import {
  ANSWER_MAX_MS, mp, run, start_server, tls, within, GROUP, START, STOP, AUDIO, START_ACK, USER_ADD,
  IMAGE, PRIVATE, CONNECTION_TEST, CONNECTION_ACK,
} from './radio.mjs';

class Radio {
  #inbox = [];
  #waiting = null;

  static async connect(url, name, dispatcher) {
    const radio = new Radio();
    radio.name = name;
    radio.ws = new WebSocket(url, { headers: { token: name, device_id: name }, dispatcher });
    radio.ws.binaryType = 'arraybuffer';
    radio.closed = new Promise((resolve) => radio.ws.addEventListener('close', (e) => resolve(e.code)));
    radio.ws.addEventListener('message', (event) => {
      radio.#inbox.push(Buffer.from(event.data));
      radio.#waiting?.();
    });
    await within(ANSWER_MAX_MS, new Promise((resolve, reject) => {
      radio.ws.addEventListener('open', resolve);
      radio.ws.addEventListener('error', (event) => reject(event.error ?? new Error('refused')));
    }), name);
    return radio;
  }

  say(...message) { this.ws.send(mp.encode(message)); }

  async expect(...message) {
    while (this.#inbox.length === 0) {
      await within(ANSWER_MAX_MS, new Promise((resolve) => { this.#waiting = resolve; }), this.name);
    }
    assert.deepEqual(this.#inbox.shift(), Buffer.from(mp.encode(message)), this.name);
  }

  async fence() {
    this.say(PRIVATE, CONNECTION_TEST, this.name, 0, 'there?');
    await this.expect(PRIVATE, CONNECTION_ACK, 0, this.name, 'there?');
  }
}

run(async (binary) => {
  const server = await start_server(binary);
  const dispatcher = new Agent({ connect: { ca: tls?.ca } });
  const page = await fetch(server.url.replace(/^ws/, 'http') + '/healthz', { dispatcher });
  assert.equal(page.status, 200);
  assert.equal(await page.text(), 'ok');

  const alice = await Radio.connect(server.url, 'alice', dispatcher);
  const bob = await Radio.connect(server.url, 'bob', dispatcher);
  for (const radio of [alice, bob]) {
    radio.say(GROUP, USER_ADD, radio.name, 'g');
    await radio.fence();
  }
  alice.say(GROUP, START, 'alice', 'g', 7);
  await alice.expect(GROUP, START_ACK, 'alice', 'g', '7');
  await bob.expect(GROUP, START, 'alice', 'g', 7);
  for (let n = 0; n < 50; n++) alice.say(GROUP, AUDIO, 'alice', 'g', { bin: Buffer.alloc(60, n).toString('hex') });
  for (let n = 0; n < 50; n++) await bob.expect(GROUP, AUDIO, 'alice', 'g', { bin: Buffer.alloc(60, n).toString('hex') });
  const image = { bin: Buffer.alloc(1024 * 1024, 0xd8).toString('hex') };
  alice.say(GROUP, IMAGE, 'alice', 'g', image);
  await bob.expect(GROUP, IMAGE, 'alice', 'g', image);

  const ended = server.stop();
  for (const radio of [alice, bob]) assert.equal(await radio.closed, 1006, radio.name);
  assert.deepEqual(await ended, { code: 0, signal: null });
  await dispatcher.close();
});
