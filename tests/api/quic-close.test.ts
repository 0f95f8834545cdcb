import { createSocket } from 'node:dgram';
import { afterAll, describe, expect, it } from 'vitest';
import {
  judge,
  type QuicCloseOptions,
  quicClose,
  type RunningServer,
  type ServedClient,
  serve,
  toReport,
  UsageError,
} from '../../src/index.ts';

const started = new Map<string, Promise<RunningServer>>();
afterAll(async () => {
  for (const running of started.values()) await (await running).close();
});

/** One server for each behaviour. */
function server(behaviour: string, retry: boolean): Promise<RunningServer> {
  const name = `${behaviour} ${retry}`;
  const running = started.get(name) ?? serve({ protocol: 'quic', behaviour, ...(retry ? { retry } : {}) });
  started.set(name, running);
  return running;
}

async function close(behaviour: string, options: Partial<QuicCloseOptions> = {}, retry = false) {
  const to = await server(behaviour, retry);
  return quicClose({
    target: { host: 'localhost', port: to.port },
    connectTo: to.host,
    ca: to.certificate,
    ...options,
  });
}

describe('quicClose on real sockets', () => {
  it.each(['v1', 'v2'] as const)('verifies, asks and closes: %s', async (version) => {
    const { outcome, findings, events } = await close('well-behaved', { quicVersions: [version] });
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'local', exitCode: 0 });
    expect(outcome.truncationPossible).toBe('no');
    expect(outcome.quic?.version).toBe(version === 'v1' ? 1 : 0x6b3343cf);
    expect(findings).toEqual([]);
    expect(events.find((event) => event.kind === 'certificate')).toMatchObject({ verified: 'ok' });
  });

  it('sends 200 kB and gets them back', async () => {
    const send = new Uint8Array(200_000).fill(0x61);
    const { outcome } = await close('well-behaved', { alpn: ['echo'], send, readUntil: 'eof' });
    expect(outcome).toMatchObject({ class: 'clean', bytesReceived: 200_000, truncationPossible: 'no' });
    expect(outcome.quic).toMatchObject({ bytesWritten: 200_000, bytesUnacknowledged: 0 });
  });

  it('proves its address where it has to', async () => {
    const { outcome } = await close('well-behaved', {}, true);
    expect(outcome).toMatchObject({ class: 'clean', quic: { token: 'accepted' } });
  });

  it.each([
    ['code-max', 'peer-closed'],
    ['close-storm', 'peer-closed'],
    ['wrong-space', 'handshake-failed'],
    ['app-close-in-handshake', 'handshake-failed'],
    ['stateless-reset', 'stateless-reset'],
    ['silent-exit', 'clean'],
  ])('%s → %s', async (behaviour, name) => {
    expect((await close(behaviour)).outcome.class).toBe(name);
  });

  it('knows a connection that is dead by its idle timeout', async () => {
    const { outcome } = await close('silent-exit', { mode: 'wait-peer', idleTimeoutMs: 300 });
    expect(outcome).toMatchObject({ class: 'idle-timeout', exitCode: 1 });
  });

  it('resumes', async () => {
    const result = await close('well-behaved', { resume: true });
    expect(result.resumption).toEqual({ eligible: true, offered: true, accepted: true });
    expect(judge(result.events, 'resume').class).toBe('clean');
  });

  it('counts the ends of several runs', async () => {
    const { distribution, runs } = await close('well-behaved', { repeat: 3, mode: 'rapid' });
    expect(distribution).toEqual({ 'not-observed': 3 });
    expect(runs).toHaveLength(3);
  });

  it('hears from ICMP that nobody listens', async () => {
    const { outcome, events } = await quicClose({ target: { host: '127.0.0.1', port: await freePort() } });
    expect(outcome).toMatchObject({ class: 'unreachable', exitCode: 3 });
    expect(events.filter((event) => event.kind === 'transport.unreachable')).toHaveLength(1);
  });

  it('is told which versions there are', async () => {
    // Somebody who knows none of ours: Version Negotiation with what we sent, the other way round.
    const socket = createSocket('udp4');
    socket.on('message', (data, from) => {
      const destination = data.subarray(6, 6 + (data[5] ?? 0));
      const at = 6 + destination.length;
      const source = data.subarray(at + 1, at + 1 + (data[at] ?? 0));
      const ids = [source.length, ...source, destination.length, ...destination];
      socket.send(Uint8Array.of(0xc0, 0, 0, 0, 0, ...ids, 0xfa, 0xce, 0xb0, 0x02), from.port, from.address);
    });
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    const { port } = socket.address();
    const { outcome } = await quicClose({ target: { host: '127.0.0.1', port } });
    socket.close();
    expect(outcome).toMatchObject({ class: 'no-version', exitCode: 3 });
    expect(outcome.summary).toContain('0xfaceb002');
  });

  it('is interrupted, and tells what was seen so far', async () => {
    const aborting = new AbortController();
    const onEvent = ({ kind }: { kind: string }): void => {
      if (kind === 'exchange') aborting.abort('SIGINT');
    };
    const { outcome } = await close('well-behaved', { idleMs: 10_000, signal: aborting.signal, onEvent });
    expect(outcome).toMatchObject({ class: 'interrupted', exitCode: 130 });
  });

  it('has a report with everything QUIC in one place', async () => {
    const result = await close('code-max');
    const { outcome } = toReport(result.events);
    expect(outcome).toMatchObject({
      class: 'peer-closed',
      quic: {
        version: 1,
        token: 'none',
        idle: { localMs: 30_000, peerMs: 30_000, effectiveMs: 30_000 },
      },
    });
    // A packet of ours that crossed the close calls for another copy of it.
    const { peerCloses = [], spacingMs } = outcome?.quic ?? {};
    expect(peerCloses[0]).toMatchObject({
      ...{ frameType: 0x1d, codeName: '0x3fffffffffffffff', space: 'application' },
    });
    expect(spacingMs).toHaveLength(peerCloses.length - 1);
  });

  it('refuses what cannot be meant before anything is sent', async () => {
    await expect(quicClose({ target: 'localhost:1', code: 2n ** 62n })).rejects.toThrow(UsageError);
    await expect(quicClose({ target: 'tls://localhost:1' })).rejects.toThrow(UsageError);
  });
});

describe('serve quic', () => {
  it('says of each client what it did', async () => {
    const told: ServedClient[] = [];
    const server = await serve({ protocol: 'quic', onClient: (client) => told.push(client) });
    started.set('one that tells', Promise.resolve(server));
    const target = { host: 'localhost', port: server.port };
    const wishes = { target, connectTo: server.host, ca: server.certificate };
    await quicClose({ ...wishes, code: 0x10cn, reason: 'bye' });
    await expect
      .poll(() => told.map(({ text }) => text), { timeout: 5_000 })
      .toEqual(['client closed first: CONNECTION_CLOSE 0x1d H3_REQUEST_CANCELLED (0x10c), reason "bye"']);
    expect(told[0]?.facts.quic?.ended).toBe('closed');
  });

  it('stays to answer the last client that it forgot', async () => {
    const running = await serve({ protocol: 'quic', behaviour: 'stateless-reset', count: 1 });
    const { outcome } = await quicClose({
      target: { host: 'localhost', port: running.port },
      connectTo: running.host,
      ca: running.certificate,
    });
    await running.done;
    expect(outcome.class).toBe('stateless-reset');
  });

  it('ends after so many connections', async () => {
    const counted = await serve({ protocol: 'quic', count: 1 });
    const { outcome } = await quicClose({
      target: { host: 'localhost', port: counted.port },
      connectTo: counted.host,
      ca: counted.certificate,
    });
    expect(outcome.class).toBe('clean');
    await counted.done;
  });

  it.each([
    [{ psk: { identity: Uint8Array.of(1), key: Uint8Array.of(1) } }, 'DTLS'],
    [{ versions: ['1.3'] as const }, 'TLS 1.3'],
    [{ behaviour: 'well-behaved:3' }, 'there is no behaviour called well-behaved:3'],
  ])('refuses %j', async (options, why) => {
    await expect(serve({ protocol: 'quic', ...options })).rejects.toThrow(why);
    await expect(serve({ protocol: 'tls', retry: true })).rejects.toThrow('Retry is for QUIC');
  });
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(() => closed()));
  return port;
}
