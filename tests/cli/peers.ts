import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { serve } from '../../src/index.ts';

export type Peer = {
  port: number;
  stop(): Promise<void>;
  /** Has a client closed its direction? */
  closedByClient?: Promise<void>;
};

/** A peer of another make, by name: see PEERS. */
export function startPeer(name: string): Promise<Peer> {
  const [kind = '', argument = ''] = name.split(' ');
  const start = PEERS[kind];
  if (start === undefined) throw new Error(`no peer called ${name}`);
  return start(argument);
}

const PEERS: Readonly<Record<string, (argument: string) => Promise<Peer>>> = {
  /** Nothing listens there. */
  closed: async () => {
    const peer = await listen(createServer());
    await peer.stop();
    return { port: peer.port, stop: async () => {} };
  },
  /** Answers like a web server that was sent something else than HTTP. */
  http: () =>
    listen(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
      }),
    ),
  /** Accepts, and says nothing at all. */
  mute: () => listen(createServer((socket) => socket.on('error', () => {}))),
  /** A TLS server with this certificate of fixtures/certs. */
  tls: (certificate) => listen(tlsServer(certificate)),
  /** A TLS server that takes a close_notify, and neither answers nor closes. */
  silent: async () => {
    const server = tls.createServer({ ...identity('leaf-p256'), allowHalfOpen: true });
    const closedByClient = new Promise<void>((resolve) => {
      server.on('secureConnection', (socket) => {
        socket.on('error', () => {});
        socket.on('end', resolve).resume();
      });
    });
    return { ...(await listen(server)), closedByClient };
  },
  /** No socket of UDP there. */
  'udp-closed': async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    const { port } = socket.address();
    await new Promise<void>((closed) => socket.close(() => closed()));
    return { port, stop: async () => {} };
  },
  /** Takes datagrams and says nothing. */
  'udp-mute': async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    const { port } = socket.address();
    return { port, stop: () => new Promise<void>((closed) => socket.close(() => closed())) };
  },
  /** `serve tls` with that behaviour. */
  serve: async (behaviour) => {
    const server = await serve({ behaviour });
    return { port: server.port, stop: () => server.close() };
  },
  /** `serve dtls` with that behaviour. */
  dtls: async (behaviour) => {
    const server = await serve({ protocol: 'dtls', behaviour });
    return { port: server.port, stop: () => server.close() };
  },
  /** `serve quic` with that behaviour. */
  quic: async (behaviour) => {
    const server = await serve({ protocol: 'quic', behaviour });
    return { port: server.port, stop: () => server.close() };
  },
  /** A TLS 1.2 or 1.3 server of which only so many records come through: "1.2/3". */
  stall: (argument) => {
    const [version = '1.3', records = '0'] = argument.split('/');
    return relayed(tlsServer('leaf-p256', version), stallAfter(Number(records)));
  },
  /** A TLS server; when the client's handshake is over, bytes that are no TLS record come between. */
  garbage: (version) => relayed(tlsServer('leaf-p256', version), garbageAfterHandshake(version)),
};

function tlsServer(certificate: string, version?: string): Server {
  const only =
    version === undefined || version === '' ? {} : { maxVersion: `TLSv${version}` as tls.SecureVersion };
  return tls.createServer({ ...identity(certificate), ...only }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('end', () => socket.end());
  });
}

function identity(name: string): { cert: Buffer; key: Buffer } {
  const read = (file: string) => readFileSync(new URL(`../../fixtures/certs/${file}`, import.meta.url));
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}

/** What a relay does with what goes past. */
type Relay = (client: Socket, server: Socket) => void;

function stallAfter(records: number): Relay {
  return (client, server) => {
    client.pipe(server);
    let waiting = Buffer.alloc(0);
    let left = records;
    server.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (left > 0 && waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt16BE(3)) {
        const length = 5 + waiting.readUInt16BE(3);
        client.write(waiting.subarray(0, length));
        waiting = waiting.subarray(length);
        left--;
      }
    });
  };
}

/**
 * The second flight of a client holds its Finished: in TLS 1.3 that ends the handshake for the client, in TLS 1.2 the
 * server's answer to it does.
 */
function garbageAfterHandshake(version: string): Relay {
  return (client, server) => {
    let flights = 0;
    let due = false;
    client.on('data', (chunk) => {
      flights++;
      if (flights === 2 && version === '1.3') client.write('this is no TLS record, is it');
      due = flights === 2 && version === '1.2';
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      client.write(chunk);
      if (due) client.write('this is no TLS record, is it');
      due = false;
    });
  };
}

async function relayed(server: Server, relay: Relay): Promise<Peer> {
  const behind = await listen(server);
  const front = await listen(
    createServer((client) => {
      const upstream = dial(behind.port, '127.0.0.1');
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
      relay(client, upstream);
    }),
  );
  return {
    port: front.port,
    async stop() {
      await front.stop();
      await behind.stop();
    },
  };
}

async function listen(server: Server): Promise<Peer> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
