// What the client tests share: a server of their own, and radios that speak through npm `ws`.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import assert from 'node:assert/strict';
import WebSocket from 'ws';

// The typed MessagePack codec of the replayer: integers, str, bin and nil stay apart, and it tells
// whether every header has its shortest form.
export const mp = createRequire(import.meta.url)('../../conformance/voiceping/replay/mp.js');

export const START = 1, STOP = 2, AUDIO = 3, CONNECTION = 4, START_ACK = 6, STOP_ACK = 7,
  START_FAILED = 8, LOGIN_DUPLICATED = 9, USER_ADD = 15, USER_REMOVE = 16, TEXT = 17, IMAGE = 18,
  READ = 21, TEXT_ACK = 22, CONNECTION_TEST = 25, CONNECTION_ACK = 26, UNAUTHORIZED_GROUP = 27;
export const GROUP = 0, PRIVATE = 1;

export const ANSWER_MAX_MS = 60_000; // answers take milliseconds: what takes longer is broken

/** Rejects with `what` unless the promise settles in time. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A certificate for 127.0.0.1, if the test was asked to go over TLS: where it is, and its text. */
function make_certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=parley', '-addext',
    'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  return { args: ['--tls-cert', cert, '--tls-key', key], ca: readFileSync(cert) };
}
export const tls = process.argv[3] === 'tls' ? make_certificate() : null;

/** Starts `parley serve` on a free port and waits for the line that names it. */
export async function start_server(binary, extra = []) {
  const listen = extra.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  const args = ['serve', ...listen, '--auth', 'trust', '--join', 'open', '--shards', '2', ...(tls?.args ?? []), ...extra];
  const env = { ...process.env, PARLEY_STORE: 'memory' };
  const child = spawn(resolve(binary), args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const exited = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  const url = await within(ANSWER_MAX_MS, new Promise((found, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const line = /listening on (wss?:\/\/\S+)/.exec(text);
      if (line) found(line[1]);
    });
    exited.then((how) => reject(new Error(`the server ended at once: ${JSON.stringify(how)}`)));
  }), 'the server');
  return {
    url,
    pid: child.pid,
    ended: exited,
    stop: () => {
      child.kill('SIGTERM');
      return within(ANSWER_MAX_MS, exited, 'end of the server after SIGTERM');
    },
  };
}

/** One connection. Messages are kept in order; `next` waits for one, nothing is ever skipped. */
export class Radio {
  #inbox = [];
  #waiting = null;

  static async connect(url, name, headers, options = {}) {
    const radio = new Radio();
    radio.name = name;
    radio.ws = new WebSocket(url, { headers, ca: tls?.ca, ...options });
    radio.closed = new Promise((resolve) => radio.ws.on('close', (code) => resolve(code)));
    radio.ws.on('message', (data, is_binary) => {
      radio.#inbox.push({ data, is_binary });
      radio.#waiting?.();
    });
    await within(ANSWER_MAX_MS, new Promise((resolve, reject) => {
      radio.ws.on('open', resolve);
      radio.ws.on('error', reject);
    }), `${name}: upgrade`);
    return radio;
  }

  send(...messages) {
    for (const message of messages) this.ws.send(mp.encode(message));
  }

  send_bytes(...all) {
    for (const bytes of all) this.ws.send(bytes);
  }

  /** The bytes of the next message. */
  async next_bytes() {
    while (this.#inbox.length === 0) {
      await within(ANSWER_MAX_MS, new Promise((resolve) => { this.#waiting = resolve; }), this.name);
    }
    const { data, is_binary } = this.#inbox.shift();
    assert.ok(is_binary, `${this.name}: a text frame`);
    return data;
  }

  /** The next message, decoded; it must be one canonical MessagePack array. */
  async next() {
    const bytes = await this.next_bytes();
    const { v, rest, canonical } = mp.decode(bytes);
    assert.ok(Array.isArray(v) && rest === 0 && canonical, `${this.name}: ${bytes.toString('hex')}`);
    return v;
  }

  /** The next message must be this one. */
  async expect(...message) {
    assert.deepEqual(await this.next(), message, this.name);
  }

  /** Nothing else has come up to here: the answer to a connection test is the next message. */
  async expect_silence(id) {
    this.send([PRIVATE, CONNECTION_TEST, id, 0, 'still there?']);
    await this.expect(PRIVATE, CONNECTION_ACK, 0, id, 'still there?');
  }

  close() {
    this.ws.terminate();
  }
}

/** Runs the test, prints the outcome and ends the process, whatever is still open. */
export async function run(test) {
  const binary = process.argv[2];
  if (!binary) {
    console.error(`usage: node ${process.argv[1]} PARLEY`);
    process.exit(2);
  }
  try {
    await within(90_000, test(binary), 'the whole test');
    console.log('ok');
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
