// A QUIC server on quiche, for tests/interop: hq-interop and "echo", version 1.
// usage: server.mjs CERTIFICATE KEY [retry]; prints "port N" when it can be talked to, then what it is asked and how each
// connection ended.
//
// A path, or the first line on a stream of "echo", can be an order: "close CODE REASON" (in a path: /close/CODE/REASON) has it
// close the connection, "reset CODE" reset the stream. Everything else on such a stream is sent back.
import { createHash } from 'node:crypto';
import { bind, configuration, describe, quiche } from './endpoint.mjs';

const HELLO = Buffer.from('hello from quiche\n');
const [certificate, key, ...words] = process.argv.slice(2);

const config = configuration({ certificate, key, alpn: ['hq-interop', 'echo'] });
const { local, serve } = await bind();
serve(config, { retry: words.includes('retry'), accepted: speak });
console.log(`port ${local.port}`);

function speak(connection) {
  const streams = new Map();
  let told = false;
  const tell = () => {
    told = true;
    const alpn = Buffer.from(connection.applicationProto()).toString();
    console.log(`accepted: v1 ${alpn} resumed=${connection.isResumed()}`);
  };
  const turn = () => {
    if (!told && connection.isEstablished()) tell();
    if (!connection.isEstablished() || connection.isDraining() || connection.isClosed()) return;
    for (const id of connection.readable()) read(connection, streams, id);
    for (const [id, stream] of streams) write(connection, streams, id, stream);
  };
  return { turn, end: () => console.log('closed:', describe(connection)) };
}

function read(connection, streams, id) {
  const stream = streams.get(id) ?? { out: [], sum: createHash('sha256'), read: 0, begun: false, fin: false };
  streams.set(id, stream);
  const piece = Buffer.alloc(65_536);
  for (;;) {
    let got;
    try {
      got = connection.streamRecv(id, piece);
    } catch (error) {
      console.log('stream:', error.message);
      streams.delete(id);
      return;
    }
    if (got === null) return;
    const data = Buffer.from(piece.subarray(0, got[0]));
    if (!stream.begun && data.length > 0) {
      stream.begun = true;
      if (begin(connection, stream, id, data)) return;
    }
    stream.sum.update(data);
    stream.read += data.length;
    stream.out.push(data);
    if (got[1]) {
      console.log(`read: ${stream.read} bytes, sha256 ${stream.sum.digest('hex')}`);
      stream.fin = true;
      return;
    }
  }
}

/** What is asked or ordered at the start of a stream; true when that was all. */
function begin(connection, stream, id, data) {
  const line = data.toString().split('\n')[0].trim();
  const path = /^GET \/(.*)$/u.exec(line)?.[1];
  if (path !== undefined) console.log(`asked: ${line}`);
  const order = path?.split('/') ?? line.split(' ');
  if (order[0] === 'close') connection.close(true, Number(order[1]), Buffer.from(order.slice(2).join(' ')));
  else if (order[0] === 'reset') {
    connection.streamShutdown(id, quiche.Shutdown.Read, Number(order[1]));
    connection.streamShutdown(id, quiche.Shutdown.Write, Number(order[1]));
  } else if (path !== undefined) {
    stream.out.push(HELLO);
    stream.fin = true;
  } else return false;
  return true;
}

function write(connection, streams, id, stream) {
  while (stream.out.length > 0) {
    const sent = connection.streamSend(id, stream.out[0], false) ?? 0;
    if (sent < stream.out[0].length) {
      stream.out[0] = stream.out[0].subarray(sent);
      return;
    }
    stream.out.shift();
  }
  if (!stream.fin) return;
  connection.streamSend(id, Buffer.alloc(0), true);
  streams.delete(id);
}
