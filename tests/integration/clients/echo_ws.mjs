// parley-echo through npm `ws` with permessage-deflate: every kind of offer that the library can make,
// messages of every size, text and binary, in one piece and in several.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import WebSocket from 'ws';
import { ANSWER_MAX_MS, run, within } from './radio.mjs';

const OFFERS = [
  {}, { serverNoContextTakeover: true }, { clientNoContextTakeover: true },
  { serverMaxWindowBits: 9 }, { serverMaxWindowBits: 15 }, { clientMaxWindowBits: 9 }, { clientMaxWindowBits: 15 },
  { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
];
const SIZES = [0, 1, 255, 256, 1024, 65535, 65536, 1_000_000];

async function start_echo(binary, deflate) {
  const child = spawn(resolve(binary), ['--listen', '127.0.0.1:0', '--deflate', deflate],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const url = await within(ANSWER_MAX_MS, new Promise((found) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const line = /listening on (ws:\/\/\S+)/.exec(text);
      if (line) found(line[1]);
    });
  }), 'parley-echo');
  return { url, child };
}

async function converse(url, offer) {
  const ws = new WebSocket(url, { perMessageDeflate: { threshold: 0, ...offer } });
  await within(ANSWER_MAX_MS, new Promise((done, reject) => { ws.on('open', done); ws.on('error', reject); }), 'upgrade');
  assert.equal(ws.extensions, 'permessage-deflate');
  const next = () => within(ANSWER_MAX_MS, new Promise((done, reject) => {
    ws.once('message', (data, is_binary) => done({ data, is_binary }));
    ws.once('close', (code) => reject(new Error(`closed with ${code}`)));
  }), 'an echo');
  for (const size of SIZES) {
    const text = 'the north gate, over. κόσμε '.repeat(size / 28 + 1).slice(0, size);
    for (const [sent, is_binary] of [[text, false], [Buffer.from(text), true], [Buffer.alloc(size, 'z'), true]]) {
      const heard = next();
      ws.send(sent);
      const echo = await heard;
      assert.equal(echo.is_binary, is_binary);
      assert.ok(echo.data.equals(Buffer.from(sent)), `${size} bytes`);
    }
    const heard = next();
    ws.send(text, { fin: false });
    ws.send('', { fin: false });
    ws.send(text, { fin: true });
    assert.ok((await heard).data.equals(Buffer.from(text + text)), `${size} bytes twice`);
  }
  ws.removeAllListeners('close');
  const closed = new Promise((done) => ws.on('close', done));
  ws.close(1000);
  assert.equal(await within(ANSWER_MAX_MS, closed, 'the close'), 1000);
}

run(async (binary) => {
  for (const deflate of ['on', 'takeover']) {
    const { url, child } = await start_echo(binary, deflate);
    for (const offer of OFFERS) await converse(url, offer);
    child.kill('SIGTERM');
  }
});
