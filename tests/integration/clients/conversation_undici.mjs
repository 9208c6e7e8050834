// Two radios talk through undici's WebSocket, which does as browsers do.
// Usage: conversation_undici.mjs PARLEY
import assert from 'node:assert/strict';
import { WebSocket } from 'undici';
import { run, start_server } from './radio.mjs';
import { converse } from './two_radios.mjs';

run(async () => {
  globalThis.WebSocket = WebSocket;
  const server = await start_server(process.argv[2]);
  const { frames, text, codes } = await converse(server.url);
  assert.deepEqual({ frames, text, codes }, { frames: 50, text: 'heard you', codes: [1000, 1000] });
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
