import { once } from 'node:events';
import { createServer as createTcpServer, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toServePlan } from '../../src/catalog/behaviour.ts';
import { findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { describeClient } from '../../src/catalog/client-report.ts';
import { createServerCores } from '../../src/driver/serve/core.ts';
import { chooseProvider } from '../../src/io/provider.ts';
import { createRandom } from '../../src/io/random.ts';
import { makeSelfSigned } from '../../src/io/self-signed.ts';
import { createServer, type ServerOptions } from '../../src/io/serve-tcp.ts';
import type { ServedConnection, Server } from '../../src/io/server-life.ts';
import { createTrust } from '../../src/io/trust.ts';

// The server on real sockets, with Node's own TLS as the client.

let createCore: ServerOptions['createCore'];
beforeAll(async () => {
  const provider = await chooseProvider('auto', { mlkem: false });
  const { identity } = await makeSelfSigned({ names: ['localhost'], keyType: 'ec' });
  const deps = { provider, random: createRandom(), peerAuth: createTrust({ provider, verify: false }) };
  createCore = createServerCores({ identity, deps });
});

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe('createServer', () => {
  it.each([
    'TLSv1.2',
    'TLSv1.3',
  ] as const)('answers a GET over %s and says what the client did', async (version) => {
    const { server, over } = await serve('well-behaved', { count: 1 });
    const answer = await get(server.port, { version });
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*This line is the last one\.\n$/u);
    expect(answer.errno).toBeUndefined();
    const { facts } = describeClient((await over(1))[0]!.events);
    expect(facts).toMatchObject({ handshake: 'completed', closedFirst: 'server', end: 'fin' });
    await server.done;
  });

  it('delivers everything before the reset, and loses the tail when it is to be lost', async () => {
    const whole = await serve('rst-no-close-notify');
    const short = await serve('rst-drops-tail');
    for (let i = 0; i < 20; i++) {
      expect((await get(whole.server.port)).text).toMatch(/This line is the last one\.\n$/u);
      expect((await get(short.server.port)).text).not.toContain('This line is the last one.');
    }
  });

  it('resumes sessions', async () => {
    const { server, over } = await serve('well-behaved', { count: 2 });
    const first = await get(server.port);
    const second = await get(server.port, { session: first.session });
    expect(second.reused).toBe(true);
    expect(describeClient((await over(2))[1]!.events).facts.handshake).toBe('resumed');
  });

  it('ends after so many connections, and frees its port', async () => {
    const { server } = await serve('fin-no-close-notify', { count: 3 });
    await Promise.all([1, 2, 3].map(() => get(server.port)));
    await server.done;
    const again = createTcpServer().listen(server.port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });

  it('ends after so long', async () => {
    const { server } = await serve('well-behaved', { forMs: 30 });
    await server.done;
    await expect(get(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('cuts open connections when it is closed, and reports them', async () => {
    let shaken = (): void => {};
    const completed = new Promise<void>((resolve) => {
      shaken = resolve;
    });
    const { server, over } = await serve('never-reply', {
      onEvent: (event) => event.kind === 'handshake.completed' && shaken(),
    });
    const client = tlsConnect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('error', () => {});
    await completed;
    await server.close();
    expect(describeClient((await over(1))[0]!.events).facts).toMatchObject({
      handshake: 'completed',
      end: 'open',
    });
    client.destroy();
  });

  it('turns away connections beyond its limit', async () => {
    const { server } = await serve('never-reply', { limit: 1 });
    const first = tlsConnect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    first.on('error', () => {});
    await once(first, 'secureConnect');
    const second = tcpConnect(server.port, '127.0.0.1');
    second.on('error', () => {});
    await once(second, 'close');
    first.destroy();
  });

  it('survives clients that speak no TLS', async () => {
    const { server, over } = await serve('well-behaved');
    const client = tcpConnect(server.port, '127.0.0.1', () => client.end('GET / HTTP/1.0\r\n\r\n'));
    client.on('error', () => {}).resume();
    const [{ events }] = (await over(1)) as [ServedConnection];
    expect(describeClient(events).facts.handshake).toBe('failed');
    expect((await get(server.port)).text).toContain('200 OK');
  });

  it('ends its direction at once after a fatal alert, and then watches', async () => {
    const { server } = await serve('well-behaved', {
      plan: toServePlan(findBehaviour('well-behaved')!, { limits: { observe: 60_000 } }),
    });
    const client = tcpConnect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    const pieces: Buffer[] = [];
    client.on('data', (piece) => pieces.push(piece));
    // A handshake message that a server does not take.
    client.write(Buffer.from('16030100040e000000', 'hex'));
    await once(client, 'end');
    expect(Buffer.concat(pieces).toString('hex')).toBe('1503030002020a');
    client.destroy();
  });

  it('rejects when the port is taken', async () => {
    const { server } = await serve('well-behaved');
    await expect(serve('well-behaved', { port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

async function serve(
  name: string,
  options: Partial<ServerOptions> = {},
): Promise<{ server: Server; over(count: number): Promise<ServedConnection[]> }> {
  const behaviour = findBehaviour(name);
  if (behaviour === undefined) throw new Error(`no behaviour ${name}`);
  const connections: ServedConnection[] = [];
  let woken = (): void => {};
  const server = await createServer({
    plan: toServePlan(behaviour),
    createCore,
    ...options,
    onConnection(connection) {
      connections.push(connection);
      woken();
    },
  });
  servers.push(server);
  return {
    server,
    async over(count) {
      while (connections.length < count) {
        await new Promise<void>((resolve) => {
          woken = resolve;
        });
      }
      return connections;
    },
  };
}

type Answer = { text: string; errno: string | undefined; session: Buffer | undefined; reused: boolean };

function get(
  port: number,
  options: { version?: 'TLSv1.2' | 'TLSv1.3'; session?: Buffer | undefined } = {},
): Promise<Answer> {
  const { version, session } = options;
  return new Promise((resolve, reject) => {
    let text = '';
    let saved: Buffer | undefined;
    let errno: string | undefined;
    let reused = false;
    const socket = tlsConnect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
      ...(session === undefined ? {} : { session }),
    });
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused();
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    socket.on('session', (ticket) => {
      saved = ticket;
    });
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      errno = error.code;
      if (error.code === 'ECONNREFUSED') reject(error);
    });
    socket.on('close', () => resolve({ text, errno, session: saved, reused }));
  });
}
