// Clients that come back, through npm `ws`, while one server takes over from another: radios that
// connect again when their connection ends, however that is. None of their attempts may fail, and
// the first server ends in order.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { ANSWER_MAX_MS, run, start_server, within } from './radio.mjs';

const RADIOS = 50;

await run(async (binary) => {
  const path = join(tmpdir(), `parley-drain-${process.pid}.sock`);
  const first = await start_server(binary, ['--take-over', path]);
  const address = first.url.slice('ws://'.length);
  const codes = [];
  const failures = [];
  let open = 0;
  let returned = 0;
  let wake = () => {};
  const changed = () => new Promise((resolve) => { wake = resolve; });
  const until = async (condition, what) => within(ANSWER_MAX_MS, (async () => {
    while (!condition()) await changed();
  })(), what);

  let ending = false;
  const connect = (user, again) => {
    const ws = new WebSocket(first.url, { headers: { VoicePingToken: user } });
    ws.on('open', () => { ++open; if (again) ++returned; wake(); });
    ws.on('error', (error) => { if (!ending) failures.push(error.message); wake(); });
    ws.on('close', (code) => {
      --open;
      codes.push(code);
      if (!ending) connect(user, true);
      wake();
    });
  };
  for (let i = 0; i < RADIOS; ++i) connect(`radio-${i}`, false);
  await until(() => open === RADIOS, 'the radios');

  const second = await start_server(binary, ['--take-over', path, '--listen', address]);
  await until(() => returned === RADIOS && open === RADIOS, 'the radios that come back');
  assert.deepEqual(failures, []);
  // The end of the stream without a close frame, as the Android SDK needs it.
  assert.deepEqual(codes, Array(RADIOS).fill(1006));
  assert.deepEqual(await within(ANSWER_MAX_MS, first.ended, 'the end of the first server'),
    { code: 0, signal: null });
  ending = true;
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
  rmSync(path, { force: true });
});
