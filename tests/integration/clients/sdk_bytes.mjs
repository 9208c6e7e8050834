// What the Android SDK 1.2.0 puts on the wire, byte for byte, and what it needs to hear in return:
// the hello of three elements, the dummy private START, joinGroup of four elements, START with a
// 64-bit time, packets of 128 bytes sent before the answer, STOP of four elements; an answer within
// 10 s, ids as str or 32-bit integers, a str as fifth element where the SDK reads one.
import assert from 'node:assert/strict';
import {
  Radio, run, start_server, START, STOP, AUDIO, START_ACK, STOP_ACK, START_FAILED, LOGIN_DUPLICATED,
} from './radio.mjs';

const hex = (text) => Buffer.from(text.replace(/\s+/g, ''), 'hex');
const JOHN = 'a961636d655f6a6f686e', JANE = 'a961636d655f6a616e65', OPS = 'a861636d655f6f7073'; // acme_...
const TIME = 'cf0000018bcfe5687b'; // 1700000000123
const hello = (id) => hex(`93 00 04 ${id}`);
const dummy = (id) => hex(`95 01 01 ${id} a53030303030 ${TIME}`);
const join_group = (id) => hex(`94 00 0f ${id} ${OPS}`);
const press = (id) => hex(`95 00 01 ${id} ${OPS} ${TIME}`);
const packet = (id, n) => Buffer.concat([hex(`95 00 03 ${id} ${OPS} c4 80`), Buffer.alloc(128, n)]);
const release = (id) => hex(`94 00 02 ${id} ${OPS}`);
const private_press = (from, to) => hex(`95 01 01 ${from} ${to} ${TIME}`);
const private_release = (from, to) => hex(`94 01 02 ${from} ${to}`);
const DEVICE = 'Google_Pixel 7_google/panther/x_slider-1_TQ3A.230901/ab farm 1'; // blanks and slashes

/** As MessageHelper.unpackMessage: throws where the SDK would lose the message. */
function sdk_reads(message) {
  const id = (v) => typeof v === 'string' || (Number.isInteger(v) && v >= -(2 ** 31) && v < 2 ** 31);
  assert.ok(message.length >= 5 && Number.isInteger(message[0]) && Number.isInteger(message[1]));
  assert.ok(id(message[2]) && id(message[3]), JSON.stringify(message));
  switch (message[1]) {
    case START: assert.ok(Number.isInteger(message[4])); break;
    case AUDIO: assert.ok(typeof message[4] === 'string' || message[4].bin !== undefined); break;
    case STOP: case STOP_ACK: case LOGIN_DUPLICATED: assert.equal(typeof message[4], 'string'); break;
    default: break;
  }
  return message;
}

async function hears_stop(radio, from) {
  const stop = sdk_reads(await radio.next());
  assert.deepEqual(stop.slice(0, 4), [0, STOP, from, 'acme_ops']);
  const json = JSON.parse(stop[4]);
  assert.deepEqual(Object.keys(json), ['duration', 'message_id']);
  assert.ok(Number.isInteger(json.duration) && typeof json.message_id === 'string');
  return json.message_id;
}

run(async (binary) => {
  const server = await start_server(binary);
  // Without the compression that only recent versions of its OkHttp offer: bytes are compared here.
  const connect = (name, device) => Radio.connect(server.url, name, { VoicePingToken: name, DeviceId: device },
    { perMessageDeflate: false });

  // Connect: hello and dummy START, without waiting for anything.
  const jane = await connect('acme_jane', DEVICE);
  jane.send_bytes(hello(JANE), dummy(JANE));
  assert.deepEqual(sdk_reads(await jane.next()), [1, START_ACK, 'acme_jane', '00000', 1700000000123]);
  jane.send_bytes(join_group(JANE), press(JANE));
  assert.deepEqual(sdk_reads(await jane.next()), [0, START_ACK, 'acme_jane', 'acme_ops', '1700000000123']);
  jane.send_bytes(release(JANE));
  assert.equal(sdk_reads(await jane.next())[1], STOP_ACK);

  const john = await connect('acme_john', DEVICE);
  assert.equal(john.ws.protocol, '');
  assert.equal(john.ws.extensions, '');
  john.send_bytes(hello(JOHN), dummy(JOHN));
  assert.deepEqual(await john.next_bytes(), hex(`95 01 06 ${JOHN} a53030303030 ${TIME}`));

  // Press and talk for a second: 17 packets go out before the answer can be there.
  const count = 17;
  const packets = Array.from({ length: count }, (_, n) => packet(JOHN, n));
  john.send_bytes(join_group(JOHN), press(JOHN), ...packets);
  assert.deepEqual(await john.next_bytes(), hex(`95 00 06 ${JOHN} ${OPS} ad 31373030303030303030313233`));
  assert.deepEqual(await jane.next_bytes(), press(JOHN));
  for (const sent of packets) assert.deepEqual(await jane.next_bytes(), sent);

  // Jane presses meanwhile: refused; she releases the button all the same.
  jane.send_bytes(press(JANE));
  assert.deepEqual(sdk_reads(await jane.next()), [0, START_FAILED, 'acme_jane', 'acme_ops', 'Busy']);
  jane.send_bytes(packet(JANE, 0), release(JANE));
  assert.deepEqual(sdk_reads(await jane.next()), [0, STOP_ACK, 'acme_jane', 'acme_ops', 'Acknowledged']);

  john.send_bytes(release(JOHN));
  const ack = sdk_reads(await john.next());
  assert.deepEqual(ack, [0, STOP_ACK, 'acme_john', 'acme_ops', ack[4], 'Acknowledged']);
  assert.equal(await hears_stop(jane, 'acme_john'), ack[4]);

  // A second phone of the same user: the first is told and closed.
  const second = await connect('acme_john', 'another phone');
  const told = sdk_reads(await john.next());
  assert.deepEqual(told.slice(0, 4), [1, LOGIN_DUPLICATED, 0, 'acme_john']);
  assert.equal(told[4], 'userId acme_john has logged in from another deviceId another phone');
  assert.equal(await john.closed, 1005);

  // It joins nothing, as the SDK after a reconnect, and still hears the group.
  second.send_bytes(hello(JOHN), dummy(JOHN));
  assert.equal(sdk_reads(await second.next())[1], START_ACK);
  jane.send_bytes(press(JANE), packet(JANE, 7));
  assert.equal(sdk_reads(await jane.next())[1], START_ACK);
  assert.deepEqual(await second.next_bytes(), press(JANE));
  assert.deepEqual(await second.next_bytes(), packet(JANE, 7));
  jane.send_bytes(release(JANE));
  assert.equal(sdk_reads(await jane.next())[1], STOP_ACK);
  await hears_stop(second, 'acme_jane');

  // Private talk needs no floor.
  second.send_bytes(private_press(JOHN, JANE));
  assert.deepEqual(await second.next_bytes(), hex(`95 01 06 ${JOHN} ${JANE} ${TIME}`));
  assert.deepEqual(await jane.next_bytes(), private_press(JOHN, JANE));
  second.send_bytes(private_release(JOHN, JANE));
  const done = sdk_reads(await second.next());
  assert.deepEqual(done, [1, STOP_ACK, 'acme_john', 'acme_jane', done[4], 'Acknowledged']);
  const stop = sdk_reads(await jane.next());
  assert.deepEqual(stop.slice(0, 4), [1, STOP, 'acme_john', 'acme_jane']);
  assert.equal(JSON.parse(stop[4]).message_id, done[4]);

  await second.expect_silence('acme_john');
  await jane.expect_silence('acme_jane');
  assert.equal((await server.stop()).code, 0);
});
