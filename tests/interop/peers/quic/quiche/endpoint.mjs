// quiche over a UDP socket: what its connections say goes out, what comes in goes to them, their timers are kept.
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';

/** The native part of @matrixai/quic, without what that package builds on it. */
export const quiche = createRequire(import.meta.url)('@matrixai/quic-linux-x64');

const ID_LENGTH = 16;

/** A UDP socket on loopback, and a way to serve one connection: `on.turn` after everything that happened to it, `on.end` once. */
export async function bind() {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const local = { host: '127.0.0.1', port: socket.address().port };
  const host = { socket, local };
  return {
    ...host,
    serve: (...parts) => serve(host, ...parts),
    connect: (...parts) => connect(host, ...parts),
  };
}

export function configuration({ certificate, key, authority, alpn }) {
  const config = new quiche.Config();
  if (certificate !== undefined) {
    config.loadCertChainFromPemFile(certificate);
    config.loadPrivKeyFromPemFile(key);
  }
  if (authority !== undefined) config.loadVerifyLocationsFromFile(authority);
  config.verifyPeer(authority !== undefined);
  config.setApplicationProtos(alpn);
  config.setMaxIdleTimeout(30_000);
  config.setMaxRecvUdpPayloadSize(1350);
  config.setMaxSendUdpPayloadSize(1350);
  config.setInitialMaxData(1 << 20);
  config.setInitialMaxStreamDataBidiLocal(1 << 19);
  config.setInitialMaxStreamDataBidiRemote(1 << 19);
  config.setInitialMaxStreamDataUni(1 << 16);
  config.setInitialMaxStreamsBidi(16);
  config.setInitialMaxStreamsUni(16);
  return config;
}

/** Answers whoever comes: with a Retry first, when it is asked for. `accepted(connection)` gives what is done with it. */
function serve(host, config, { retry, accepted }) {
  const { socket, local } = host;
  const secret = randomBytes(32);
  const known = new Map();
  const mac = (text) => createHmac('sha256', secret).update(text).digest();
  socket.on('message', (data, { address, port }) => {
    const remote = { host: address, port };
    let header;
    try {
      header = quiche.Header.fromSlice(data, ID_LENGTH);
    } catch {
      return;
    }
    let kept = known.get(hex(header.dcid));
    if (kept === undefined) {
      if (header.ty !== quiche.Type.Initial && header.ty !== quiche.Type.ZeroRTT && !isLong(data)) return;
      if (!quiche.versionIsSupported(header.version)) {
        const out = Buffer.alloc(1200);
        const length = quiche.negotiateVersion(header.scid, header.dcid, out);
        socket.send(out.subarray(0, length), port, address);
        return;
      }
      if (header.ty !== quiche.Type.Initial) return;
      let id = mac(header.dcid).subarray(0, ID_LENGTH);
      kept = known.get(hex(id));
      let original;
      if (kept === undefined && retry) {
        const token = Buffer.from(header.token ?? []);
        original = token.subarray(32);
        if (token.length <= 32 || !mac(original).equals(token.subarray(0, 32))) {
          const out = Buffer.alloc(1200);
          const made = Buffer.concat([mac(header.dcid), header.dcid]);
          const length = quiche.retry(header.scid, header.dcid, id, made, header.version, out);
          socket.send(out.subarray(0, length), port, address);
          return;
        }
        id = Buffer.from(header.dcid);
      }
      if (kept === undefined) {
        const connection = quiche.Connection.accept(id, original ?? null, local, remote, config);
        kept = keep(host, connection, accepted(connection), () => known.delete(hex(id)));
        known.set(hex(id), kept);
      }
    }
    kept.receive(data, remote);
  });
}

function connect(host, config, { name, port, session }, on) {
  const remote = { host: '127.0.0.1', port };
  const connection = quiche.Connection.connect(name, randomBytes(ID_LENGTH), host.local, remote, config);
  if (session !== undefined) connection.setSession(session);
  const kept = keep(host, connection, on, () => host.socket.close());
  host.socket.on('message', (data) => kept.receive(data, remote));
  kept.turn();
}

/** One connection's turns. */
function keep({ socket, local }, connection, on, forget) {
  let timer;
  let over = false;
  const out = Buffer.alloc(1350);
  const turn = () => {
    if (over) return;
    on.turn(connection);
    for (;;) {
      const sent = connection.send(out);
      if (sent === null) break;
      socket.send(Buffer.from(out.subarray(0, sent[0])), sent[1].to.port, sent[1].to.host);
    }
    clearTimeout(timer);
    if (connection.isClosed()) {
      over = true;
      forget();
      on.end(connection);
      return;
    }
    const wait = connection.timeout();
    if (wait === null) return;
    timer = setTimeout(() => {
      connection.onTimeout();
      turn();
    }, Math.ceil(wait));
  };
  const receive = (data, from) => {
    try {
      connection.recv(data, { from, to: local });
    } catch (error) {
      console.log('fault:', error.message);
    }
    turn();
  };
  return { receive, turn };
}

/** How a connection ended, in one line. */
export function describe(connection) {
  const theirs = connection.peerError();
  const error = theirs ?? connection.localError();
  if (error === null) return connection.isTimedOut() ? 'timed out' : 'without a word';
  const layer = error.isApp ? 'application' : 'transport';
  const reason = JSON.stringify(Buffer.from(error.reason).toString());
  return `${layer} ${error.errorCode} ${reason} ${theirs === null ? 'by us' : 'by the peer'}`;
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const isLong = (data) => (data[0] & 0x80) !== 0;
