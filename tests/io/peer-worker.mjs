// A peer that is nothing but net.Server, in a thread of its own: it acts while the event loop of the test stands still.
// The first byte a connection sends says what the peer is to do with it; the second, when: 'n' now, 'f' after the FIN.
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const record = (length) =>
  Buffer.concat([Buffer.from([23, 3, 3, length >> 8, length & 255]), Buffer.alloc(length, 0x61)]);
const DATA = Buffer.concat([record(300), record(40)]);

/** Counts what has been done: a test whose event loop stands still can wait for it. */
const counter = new Int32Array(workerData);
const did = () => {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
};
const fin = (socket, data) => socket.end(data, did);
const reset = (socket) => {
  socket.resetAndDestroy();
  did();
};
const close = (socket) => {
  socket.destroy();
  did();
};

const acts = {
  // data, then FIN
  F: (socket) => fin(socket, DATA),
  // data, then RST
  R: (socket) => socket.write(DATA, () => reset(socket)),
  // RST, no data
  r: (socket) => reset(socket),
  // part of a record, then RST
  P: (socket) => socket.write(record(300).subarray(0, 100), () => reset(socket)),
  // part of a header, then RST
  H: (socket) => socket.write(record(300).subarray(0, 3), () => reset(socket)),
  // part of a record, then FIN
  p: (socket) => fin(socket, record(300).subarray(0, 100)),
  // data, then close(2) with bytes of ours unread: the kernel makes it a RST
  U: (socket) => socket.write(DATA, () => close(socket)),
  // FIN, and later, when it is told to go on, RST
  X: (socket) => {
    fin(socket, DATA);
    waiting.push(() => reset(socket));
  },
  // FIN by close(2): what we send from then on is answered with RST
  C: (socket) => socket.end(DATA, () => close(socket)),
};

/** What waits for the word "go". */
const waiting = [];

const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => serve(socket));
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));

parentPort.on('message', (message) => {
  if (message === 'go') {
    for (const act of waiting.splice(0)) act();
    return;
  }
  // The other way round: this thread is the client, and acts as soon as it hears the server's two bytes.
  for (let i = 0; i < message.times; i++) {
    const socket = net.connect({ port: message.dial, host: '127.0.0.1', allowHalfOpen: true });
    socket.pause();
    socket.on('connect', () => serve(socket));
  }
});

function serve(socket) {
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.on('readable', () => {
    const order = socket.read(2);
    if (order === null) return;
    socket.removeAllListeners('readable');
    const [what, when] = String.fromCharCode(...order);
    const act = () => acts[what]?.(socket);
    if (what === 'U') {
      // Stay in paused mode with a full stream buffer: what comes now stays in the kernel.
      socket._handle.readStop();
      waiting.push(act);
      socket.write('!');
    } else if (when === 'f') {
      socket.on('end', act);
      socket.resume();
    } else {
      act();
    }
  });
}
