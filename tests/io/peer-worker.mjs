// A peer that is nothing but net.Server, in a thread of its own: it acts while the event loop of the test stands still.
// The first byte a connection sends says what the peer is to do with it; the second, when: 'n' now, 'f' after the FIN.
import net from 'node:net';
import { parentPort } from 'node:worker_threads';

const record = (length) =>
  Buffer.concat([Buffer.from([23, 3, 3, length >> 8, length & 255]), Buffer.alloc(length, 0x61)]);
const DATA = Buffer.concat([record(300), record(40)]);

const acts = {
  // data, then FIN
  F: (socket) => socket.end(DATA),
  // data, then RST
  R: (socket) => socket.write(DATA, () => socket.resetAndDestroy()),
  // RST, no data
  r: (socket) => socket.resetAndDestroy(),
  // part of a record, then RST
  P: (socket) => socket.write(record(300).subarray(0, 100), () => socket.resetAndDestroy()),
  // part of a header, then RST
  H: (socket) => socket.write(record(300).subarray(0, 3), () => socket.resetAndDestroy()),
  // part of a record, then FIN
  p: (socket) => socket.end(record(300).subarray(0, 100)),
  // data, then close(2) with bytes of ours unread: the kernel makes it a RST
  U: (socket) => socket.write(DATA, () => socket.destroy()),
  // FIN, and a moment later RST
  X: (socket) => socket.end(DATA, () => setTimeout(() => socket.resetAndDestroy(), 5)),
  // FIN by close(2): what we send from then on is answered with RST
  C: (socket) => socket.end(DATA, () => socket.destroy()),
};

const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => serve(socket));
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));

parentPort.on('message', (message) => {
  if (message.dial === undefined) process.exit(0);
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
      socket.write('!', () => setTimeout(act, 15));
    } else if (when === 'f') {
      socket.on('end', act);
      socket.resume();
    } else {
      act();
    }
  });
}
