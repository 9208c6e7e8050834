// ws_relay: what a push-to-talk relay in Node on the npm package ws cannot do without, and nothing
// else: each AUDIO frame is sent to every other member of the sender's group as it came.
//
// The VoicePing router is written on the same library and does more for each frame (it decodes it,
// encodes it anew, asks who may speak, and logs). So what Parley gains on this relay is a lower
// bound of what it gains on the router.
//
//   node ws_relay.js [PORT]        prints "listening on ws://127.0.0.1:PORT"
'use strict';
const path = require('path');
const installed = path.join(__dirname, '../../tests/integration/clients/node_modules/ws');
const { WebSocketServer } = require(installed);

const START = 1, STOP = 2, AUDIO = 3, START_ACK = 6, STOP_ACK = 7;
const USER_ADD = 15, CONNECTION_TEST = 25, CONNECTION_ACK = 26;
const NIL = Buffer.from([0xc0]);
const FIVE_ELEMENTS = 0x95;

const groups = new Map(); // name → Set of sockets

/** The end of the MessagePack str that begins at `at`, and its text. */
function readText(message, at) {
    const long = message[at] === 0xd9;
    const size = long ? message[at + 1] : message[at] & 0x1f;
    const begin = at + (long ? 2 : 1);
    return { text: message.toString('latin1', begin, begin + size), end: begin + size };
}

function join(socket, message) {
    const name = readText(message, readText(message, 3).end).text;
    if (!groups.has(name)) groups.set(name, new Set());
    socket.group = groups.get(name);
    socket.group.add(socket);
}

/** The message itself with another type, made five elements long if it had four. */
function answer(socket, message, type) {
    const short = message[0] !== FIVE_ELEMENTS;
    const reply = short ? Buffer.concat([message, NIL]) : Buffer.from(message);
    reply[0] = FIVE_ELEMENTS;
    reply[2] = type;
    socket.send(reply);
}

function onMessage(socket, message) {
    switch (message[2]) {
        case AUDIO:
            for (const member of socket.group) if (member !== socket) member.send(message);
            break;
        case USER_ADD: return join(socket, message);
        case START: return answer(socket, message, START_ACK);
        case STOP: return answer(socket, message, STOP_ACK);
        case CONNECTION_TEST: return answer(socket, message, CONNECTION_ACK);
    }
}

const server = new WebSocketServer({
    host: '127.0.0.1', port: Number(process.argv[2] || 0), backlog: 4096,
    perMessageDeflate: false, clientTracking: false,
});
server.on('listening', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
server.on('connection', (socket) => {
    socket.on('message', (message) => onMessage(socket, message));
    socket.on('close', () => socket.group && socket.group.delete(socket));
    socket.on('error', () => socket.terminate());
});
