import { createSocket, type Socket } from 'node:dgram';
import { afterAll, describe, expect, it } from 'vitest';
import { type DtlsCloseOptions, dtlsClose, type RunningServer, serve, UsageError } from '../../src/index.ts';
import { makeSelfSigned } from '../../src/io/self-signed.ts';
import { ascii } from '../../src/wire/bytes.ts';

const PSK = { identity: ascii('sensor'), key: new Uint8Array(16).fill(7) };
const OTHER_KEY = { ...PSK, key: new Uint8Array(16).fill(8) };

const running: RunningServer[] = [];
const relays: Relay[] = [];
afterAll(async () => {
  for (const each of running) await each.close();
  for (const each of relays) each.close();
});

async function served(options: Parameters<typeof serve>[0]): Promise<RunningServer> {
  const server = await serve({ protocol: 'dtls', ...options });
  running.push(server);
  return server;
}

function close({ host, port, certificate }: RunningServer, options: Partial<DtlsCloseOptions>) {
  const trust = certificate === '' ? {} : { ca: certificate };
  return dtlsClose({ target: { host: 'localhost', port }, connectTo: host, ...trust, ...options });
}

describe.each(['1.2', '1.3'] as const)('serve dtls with a pre-shared key, DTLS %s', (version) => {
  const versions = [version];

  it('needs no certificate', async () => {
    const server = await served({ psk: PSK });
    expect(server).toMatchObject({ certificate: '', selfSigned: false });
    const { outcome, events } = await close(server, { versions, psk: PSK, resume: true });
    expect(outcome.class).toBe('clean');
    expect(events.filter((event) => event.kind === 'certificate')).toEqual([]);
    const resumed = events.find((event) => event.kind === 'handshake.completed' && event.conn === 'resume');
    expect(resumed).toMatchObject({ resumed: true });
  });

  it('turns away who has another key, another name for it, or none', async () => {
    const server = await served({ psk: PSK });
    for (const psk of [OTHER_KEY, { ...PSK, identity: ascii('actuator') }, undefined]) {
      const wrong = await close(server, {
        versions,
        insecure: true,
        limits: { handshake: 400 },
        ...(psk && { psk }),
      });
      expect(wrong.outcome.class).toBe('handshake-failed');
    }
  });

  it('beside a certificate: the key goes first, and who has none gets the certificate', async () => {
    const made = await makeSelfSigned({ names: ['localhost'], ips: ['127.0.0.1'], keyType: 'ec' });
    const server = await served({ psk: PSK, cert: made.certPem, key: made.keyPem });
    for (const psk of [PSK, undefined]) {
      const { outcome, events } = await close(server, { versions, ...(psk && { psk }) });
      expect(outcome.class).toBe('clean');
      const shown = events.filter((event) => event.kind === 'certificate');
      expect(shown).toHaveLength(psk === undefined ? 1 : 0);
    }
  });
});

describe.each(['1.2', '1.3'] as const)('serve dtls with connection IDs, DTLS %s', (version) => {
  const options = { versions: [version], send: new Uint8Array(10), readUntil: 10, limits: { exchange: 400 } };

  it.each([true, false])('finds a client that comes from another port: %s', async (connectionIds) => {
    const server = await served({ connectionIds });
    const relay = await createRelay(server.port);
    const { outcome } = await dtlsClose({
      ...options,
      target: { host: '127.0.0.1', port: relay.port },
      insecure: true,
      connectionId: true,
      limits: { exchange: 400, close: 400 },
      onEvent: (event) => {
        if (event.kind === 'handshake.completed') relay.move();
      },
    });
    expect(outcome).toMatchObject(
      connectionIds ? { class: 'clean', bytesReceived: 10 } : { class: 'silent', bytesReceived: 0 },
    );
  });

  it('does without where the client does not ask', async () => {
    const server = await served({ connectionIds: true });
    expect((await close(server, options)).outcome).toMatchObject({ class: 'clean', bytesReceived: 10 });
  });
});

it('has neither for TLS', async () => {
  await expect(serve({ psk: PSK })).rejects.toThrow(UsageError);
  await expect(serve({ connectionIds: true })).rejects.toThrow(UsageError);
});

type Relay = { port: number; move(): void; close(): void };

/** Between a client and the server's port; after `move` the client's datagrams come from another port. Answers come back from both. */
async function createRelay(to: number): Promise<Relay> {
  const [front, first, second] = await Promise.all([bound(), bound(), bound()]);
  let out = first;
  let client: number | undefined;
  front.on('message', (data, from) => {
    client = from.port;
    out.send(data, to, '127.0.0.1');
  });
  for (const side of [first, second]) {
    side.on('message', (data) => {
      if (client !== undefined) front.send(data, client, '127.0.0.1');
    });
  }
  const relay = {
    port: front.address().port,
    move: () => {
      out = second;
    },
    close: () => [front, first, second].forEach((socket) => void socket.close()),
  };
  relays.push(relay);
  return relay;
}

function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket)));
}
