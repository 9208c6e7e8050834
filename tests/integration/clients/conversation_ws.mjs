// A group conversation through npm `ws`: START, AUDIO, STOP, TEXT, IMAGE, their acks, busy refusal
// and leaving, once with string ids and once with integer ids. Every message is compared whole and
// in order, so one that should not have been sent fails the test too. The second time all is said
// with permessage-deflate, which `ws` negotiates and decodes by itself; to a server that keeps
// context as well.
import assert from 'node:assert/strict';
import {
  Radio, run, start_server, GROUP, START, STOP, AUDIO, START_ACK, STOP_ACK, START_FAILED, USER_ADD,
  USER_REMOVE, TEXT, IMAGE, TEXT_ACK, UNAUTHORIZED_GROUP,
} from './radio.mjs';

const STARTED = 1700000000123;
const voice = (n) => ({ bin: Buffer.from(`packet ${n}`).toString('hex') });

/** STOP as the talker and the listeners must hear it; returns the id of the talk. */
async function expect_stop(talker, listeners, from, group) {
  const ack = await talker.next();
  const id = ack[4];
  assert.deepEqual(ack, [GROUP, STOP_ACK, from, group, id, 'Acknowledged']);
  assert.match(id, new RegExp(`^0_3_${group}_${from}_\\d{13}_\\d+ms\\.opus$`));
  for (const listener of listeners) {
    const stop = await listener.next();
    assert.deepEqual(stop.slice(0, 4), [GROUP, STOP, from, group]);
    assert.equal(stop.length, 5);
    const { duration } = JSON.parse(stop[4]);
    assert.ok(Number.isInteger(duration) && duration >= 0);
    assert.equal(stop[4], `{"duration":${duration},"message_id":"${id}"}`);
  }
  return id;
}

async function conversation(url, [alice, bob, carol], group, deflate) {
  const connect = async (id) => {
    const radio = await Radio.connect(url, String(id), { token: String(id), device_id: `radio of ${id}` },
      { perMessageDeflate: deflate });
    assert.equal(radio.ws.extensions, deflate ? 'permessage-deflate' : '', radio.name);
    return radio;
  };
  const [a, b, c] = [await connect(alice), await connect(bob), await connect(carol)];

  // Joining has no answer: a START that is granted proves it for the first member, a TEXT that the
  // members hear for the others.
  a.send([GROUP, USER_ADD, alice, group], [GROUP, START, alice, group, STARTED]);
  await a.expect(GROUP, START_ACK, alice, group, String(STARTED));
  a.send([GROUP, STOP, alice, group]);
  await expect_stop(a, [], alice, group);
  const members = [a];
  for (const [radio, id] of [[b, bob], [c, carol]]) {
    radio.send([GROUP, USER_ADD, id, group], [GROUP, TEXT, id, group, 'I am here']);
    const ack = await radio.next();
    assert.deepEqual(ack, [GROUP, TEXT_ACK, id, group, ack[4], 'Acknowledged']);
    assert.match(ack[4], new RegExp(`^0_17_${group}_${id}_\\d{13}\\.txt$`));
    for (const member of members) {
      await member.expect(GROUP, TEXT, id, group, `{"message_id":"${ack[4]}","text":"I am here"}`);
    }
    members.push(radio);
  }

  // Alice talks; Bob is refused and his voice is not heard; nobody else notices.
  a.send([GROUP, START, alice, group, STARTED]);
  await a.expect(GROUP, START_ACK, alice, group, String(STARTED));
  for (const radio of [b, c]) await radio.expect(GROUP, START, alice, group, STARTED);
  a.send(...[1, 2, 3].map((n) => [GROUP, AUDIO, alice, group, voice(n)]));
  for (const n of [1, 2, 3]) for (const radio of [b, c]) await radio.expect(GROUP, AUDIO, alice, group, voice(n));
  b.send([GROUP, START, bob, group, STARTED + 1]);
  await b.expect(GROUP, START_FAILED, bob, group, 'Busy');
  b.send([GROUP, AUDIO, bob, group, voice(99)]);
  b.send([GROUP, STOP, bob, group]); // the button is released after the refusal
  await b.expect(GROUP, STOP_ACK, bob, group, 'Acknowledged');
  a.send([GROUP, AUDIO, alice, group, 'my own id', voice(4)]);
  for (const radio of [b, c]) await radio.expect(GROUP, AUDIO, alice, group, 'my own id', voice(4));
  a.send([GROUP, STOP, alice, group]);
  await expect_stop(a, [b, c], alice, group);

  // The floor is free: Bob's turn.
  b.send([GROUP, START, bob, group, 'my turn'], [GROUP, AUDIO, bob, group, voice(5)]);
  await b.expect(GROUP, START_ACK, bob, group, 'my turn');
  for (const radio of [a, c]) {
    await radio.expect(GROUP, START, bob, group, 'my turn');
    await radio.expect(GROUP, AUDIO, bob, group, voice(5));
  }
  b.send([GROUP, STOP, bob, group, '']);
  await expect_stop(b, [a, c], bob, group);

  // Words and pictures.
  c.send([GROUP, TEXT, carol, group, 'cid-1', '{"text":"héllo 😀"}']);
  const ack = await c.next();
  assert.deepEqual(ack, [GROUP, TEXT_ACK, carol, group, ack[4], 'Acknowledged']);
  for (const radio of [a, b]) {
    await radio.expect(GROUP, TEXT, carol, group, 'cid-1', `{"message_id":"${ack[4]}","text":"héllo 😀"}`);
  }
  c.send([GROUP, IMAGE, carol, group, { bin: 'ffd8ffe0' }]);
  for (const radio of [a, b]) await radio.expect(GROUP, IMAGE, carol, group, { bin: 'ffd8ffe0' });

  // Words that are long enough for the server to compress them.
  const long = Array.from({ length: 50 }, (_, n) => `unit ${n} at the north gate, over`).join(' ');
  for (let again = 0; again < 2; ++again) {
    c.send([GROUP, TEXT, carol, group, long]);
    const stored = await c.next();
    for (const radio of [a, b]) {
      await radio.expect(GROUP, TEXT, carol, group, JSON.stringify({ message_id: stored[4], text: long }));
    }
  }

  // Who has left may not talk and hears nothing.
  c.send([GROUP, USER_REMOVE, carol, group], [GROUP, START, carol, group, STARTED]);
  await c.expect(GROUP, UNAUTHORIZED_GROUP, carol, group, 'Unauthorized Group');
  await c.expect(GROUP, START_FAILED, carol, group, 'Ack Failed');
  a.send([GROUP, START, alice, group, 7]);
  await a.expect(GROUP, START_ACK, alice, group, '7');
  await b.expect(GROUP, START, alice, group, 7);
  a.send([GROUP, STOP, alice, group]);
  await expect_stop(a, [b], alice, group);
  await a.expect_silence(alice);
  await b.expect_silence(bob);
  await c.expect_silence(carol);
  return [a, b, c];
}

run(async (binary) => {
  const deflate = { threshold: 0 }; // whatever the client says is compressed
  const keeping = await start_server(binary, ['--deflate', 'takeover']);
  await conversation(keeping.url, ['alice', 'bob', 'carol'], 'eighteen', deflate);
  await keeping.stop();
  const server = await start_server(binary);
  const radios = [
    ...await conversation(server.url, ['alice', 'bob', 'carol'], 'eighteen', false),
    ...await conversation(server.url, [101, 102, 70000], 18, deflate),
  ];
  const pong = new Promise((resolve) => radios[0].ws.on('pong', resolve));
  radios[0].ws.ping('are you there');
  assert.equal(String(await pong), 'are you there');
  const ended = server.stop();
  // Without a close frame, which the Android SDK would not notice.
  for (const radio of radios) assert.equal(await radio.closed, 1006, radio.name);
  assert.deepEqual(await ended, { code: 0, signal: null });
});
