// A QUIC client on quiche, for tests/interop.
// usage: client.mjs PORT AUTHORITY close|wait [again] [big]
// close: it has something sent back over ALPN "echo" (1 MiB with "big") and closes with code 7, "done". wait: it asks for "/" over
// hq-interop, and tells how the server ends the connection. "again": twice, the second time with the session of the first one.
import { randomBytes } from 'node:crypto';
import { bind, configuration, describe } from './endpoint.mjs';

const [port, authority, ...words] = process.argv.slice(2);
const waits = words[0] === 'wait';
let session;
for (let times = words.includes('again') ? 2 : 1; times > 0; times--) await converse();

async function converse() {
  const config = configuration({ authority, alpn: [waits ? 'hq-interop' : 'echo'] });
  config.setMaxIdleTimeout(5000);
  const { connect } = await bind();
  const data = waits
    ? Buffer.from('GET /\r\n')
    : words.includes('big')
      ? randomBytes(1 << 20)
      : Buffer.from('over streams');
  const piece = Buffer.alloc(65_536);
  const got = [];
  let sent = -1;
  await new Promise((resolve) => {
    connect(config, { name: 'localhost', port: Number(port), session }, { turn, end });
    function end(connection) {
      if (waits) console.log('closed:', describe(connection));
      resolve();
    }
  });

  function turn(connection) {
    if (!connection.isEstablished() || connection.isDraining()) return;
    if (sent === -1) {
      const alpn = Buffer.from(connection.applicationProto()).toString();
      console.log(`connected: v1 ${alpn} resumed=${connection.isResumed()}`);
      sent = 0;
    }
    while (sent < data.length) {
      const taken = connection.streamSend(0, data.subarray(sent), true) ?? 0;
      sent += taken;
      if (taken === 0) break;
    }
    for (const id of connection.readable()) read(connection, id);
    session = connection.session() ?? session;
  }

  function read(connection, id) {
    for (;;) {
      let some;
      try {
        some = connection.streamRecv(id, piece);
      } catch (error) {
        console.log('stream:', error.message);
        return;
      }
      if (some === null) return;
      got.push(Buffer.from(piece.subarray(0, some[0])));
      if (some[1]) {
        finish(connection, Buffer.concat(got));
        return;
      }
    }
  }

  function finish(connection, answer) {
    if (waits) console.log(`answer: ${answer.length} bytes`);
    else {
      console.log(`echo: ${answer.length} bytes, the same: ${answer.equals(data)}`);
      connection.close(true, 7, Buffer.from('done'));
    }
  }
}
