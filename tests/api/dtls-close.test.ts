import { createSocket } from 'node:dgram';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DtlsCloseOptions,
  dtlsClose,
  judge,
  type RunningServer,
  serve,
  type TimelineEvent,
  toReport,
  UsageError,
} from '../../src/index.ts';

const started = new Map<string, Promise<RunningServer>>();
afterAll(async () => {
  for (const running of started.values()) await (await running).close();
});

/** One server for each behaviour. */
function server(behaviour: string): Promise<RunningServer> {
  const running = started.get(behaviour) ?? serve({ protocol: 'dtls', behaviour });
  started.set(behaviour, running);
  return running;
}

async function close(behaviour: string, options: Partial<DtlsCloseOptions> = {}) {
  const to = await server(behaviour);
  return dtlsClose({
    target: { host: 'localhost', port: to.port },
    connectTo: to.host,
    ca: to.certificate,
    ...options,
  });
}

const SHORT = { limits: { close: 300 } };

describe.each(['1.2', '1.3'] as const)('dtlsClose on real sockets, DTLS %s', (version) => {
  const versions = [version];

  it('verifies the certificate, gets past the cookie and closes cleanly', async () => {
    const result = await close('well-behaved', { versions });
    expect(result.outcome).toMatchObject({ class: 'clean', closedFirst: 'local', exitCode: 0 });
    expect(result.findings).toEqual([]);
    const completed = result.events.find((event) => event.kind === 'handshake.completed');
    expect(completed).toMatchObject({ version: `DTLSv${version}` });
    expect(result.events.find((event) => event.kind === 'certificate')).toMatchObject({ verified: 'ok' });
    expect(result.events.filter((event) => event.kind === 'transport.fin')).toEqual([]);
  });

  it('sends and gets data back, and closes', async () => {
    const send = new Uint8Array(100).fill(0x61);
    const result = await close('well-behaved', { versions, send, readUntil: 100 });
    expect(result.outcome).toMatchObject({ class: 'clean', bytesReceived: 100, truncationPossible: 'no' });
  });

  it.each(['never-reply', 'vanish'])('finds %s silent', async (behaviour) => {
    const result = await close(behaviour, { versions, ...SHORT });
    expect(result.outcome).toMatchObject({ class: 'silent', exitCode: 1, peerCloseNotify: 'none' });
  });

  it('finds an association that works on after our close_notify', async () => {
    const options = { versions, send: new Uint8Array(20), readUntil: 20, ...SHORT };
    const { outcome, findings } = await close('ignore-close-notify', options);
    expect(outcome).toMatchObject({ class: 'alive-after-close', exitCode: 1, peerCloseNotify: 'none' });
    expect(findings.map(({ who, grade }) => `${who} ${grade}`)).toEqual(['peer warn', 'local info']);
  });

  it('does not believe a close_notify in the clear', async () => {
    const result = await close('forged-close', { versions, ...SHORT });
    expect(result.outcome).toMatchObject({ class: 'silent', forgedAlerts: 1 });
    expect(result.findings.map(({ who, grade }) => `${who} ${grade}`)).toEqual(['network info']);
  });

  it('sees what comes after the close_notify of the peer', async () => {
    const late = await close('data-after-own-close-notify', { versions, lingerMs: 200 });
    expect(late.outcome.class).toBe('clean');
    const seen = late.events.filter(
      (event) => (event.kind === 'data' || event.kind === 'dropped') && event.by === 'peer',
    );
    expect(seen).not.toEqual([]);
    const overtaken = await close('close-reordered', { versions, lingerMs: 200 });
    expect(overtaken.outcome.class).toBe('clean');
    expect(overtaken.findings.filter(({ grade }) => grade === 'fail')).toEqual([]);
  });

  it('resumes', async () => {
    const result = await close('well-behaved', { versions, resume: true });
    expect(result.resumption).toEqual({ eligible: true, offered: true, accepted: true });
    expect(judge(result.events, 'resume').class).toBe('clean');
  });

  it('leaves in each way that does not look', async () => {
    for (const mode of ['rapid', 'quiet', 'vanish'] as const) {
      const { outcome, events } = await close('well-behaved', { versions, mode });
      expect(outcome).toMatchObject({ class: 'not-observed', exitCode: 0 });
      const alerts = events.filter((event) => event.kind === 'alert' && event.by === 'local');
      expect(alerts).toHaveLength(mode === 'rapid' ? 1 : 0);
    }
  });

  it('fits its flights to a small MTU, and agrees on connection IDs', async () => {
    const result = await close('well-behaved', { versions, mtu: 300, connectionId: true, capture: true });
    expect(result.outcome.class).toBe('clean');
    const sizes = result.events.flatMap((event) =>
      event.kind === 'transport.bytes' && event.by === 'local' ? [event.bytes] : [],
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300);
  });

  it.each([
    ['X25519MLKEM768 in 1200 bytes', { groups: ['X25519MLKEM768', 'x25519', 'P-256'] }],
    ['X25519MLKEM768 in 228 bytes', { groups: ['X25519MLKEM768', 'x25519', 'P-256'], mtu: 228 }],
    ['228 bytes', { mtu: 228 }],
  ])('gets past the cookie with a ClientHello in pieces: %s', async (_name, options) => {
    const result = await close('well-behaved', { versions, ...options });
    expect(result.outcome.class).toBe('clean');
    expect(result.events.filter((event) => event.kind === 'retransmission')).toEqual([]);
    const completed = result.events.find((event) => event.kind === 'handshake.completed');
    const group = 'groups' in options && version === '1.3' ? 'x25519mlkem768' : 'x25519';
    expect(completed).toMatchObject({ group: expect.stringMatching(new RegExp(`^${group}$`, 'iu')) });
  });
});

describe('dtlsClose', () => {
  it('answers the peer that closes first', async () => {
    const { outcome } = await close('idle-alert', { mode: 'wait-peer' });
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'peer', peerCloseNotify: 'before' });
  });

  it('is told of at once by a server that vanished', async () => {
    const told: string[] = [];
    const server = await serve({
      protocol: 'dtls',
      behaviour: 'vanish',
      onClient: ({ text }) => told.push(text),
    });
    started.set('a vanishing server', Promise.resolve(server));
    await close('a vanishing server', SHORT);
    await expect.poll(() => told, { timeout: 3_000 }).toEqual(['client closed first: close_notify']);
  });

  it('gets back what it sent from a peer that closes once it is idle', async () => {
    for (const version of ['1.2', '1.3'] as const) {
      const send = new Uint8Array(10);
      const { events, outcome } = await close('idle-alert', { versions: [version], mode: 'wait-peer', send });
      expect(outcome.class).toBe('clean');
      const back = events.filter((event) => event.kind === 'data' && event.by === 'peer');
      expect(back).toEqual([expect.objectContaining({ bytes: 10, afterClose: false })]);
    }
  });

  it('sends close_notify again while nobody answers, a second and three after the first', async () => {
    const { outcome, events } = await close('never-reply', { retryClose: 2, limits: { close: 1_500 } });
    expect(outcome).toMatchObject({ class: 'silent', closeNotifySent: 2 });
    const [first = 0, second = 0] = events.flatMap((event) =>
      event.kind === 'alert' && event.by === 'local' ? [event.t] : [],
    );
    expect(second - first).toBeGreaterThanOrEqual(999);
  });

  it('hears from ICMP that nobody listens', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const { outcome } = await dtlsClose({ target: { host: '127.0.0.1', port } });
    expect(outcome).toMatchObject({ class: 'unreachable', exitCode: 3 });
    expect(outcome.summary).toContain('ECONNREFUSED');
  });

  it('says what it ran, and how the client looked from the other side', async () => {
    const told: string[] = [];
    const running = await serve({
      protocol: 'dtls',
      count: 1,
      onClient: ({ text, facts }) => told.push(`${text} (${facts.end})`),
    });
    const target = { host: running.host, port: running.port };
    const { events } = await dtlsClose({ target, insecure: true });
    await running.done;
    expect(told).toEqual(['client closed first: close_notify (none)']);
    expect(toReport(events)).toMatchObject({ command: 'dtls-close', outcome: { class: 'clean' } });
    expect(events.find((event: TimelineEvent) => event.kind === 'plan')).toMatchObject({ datagrams: true });
  });

  it('refuses what cannot be meant', async () => {
    const target = { host: 'localhost', port: 1 };
    await expect(dtlsClose({ target, mtu: 10 })).rejects.toThrow(UsageError);
    await expect(dtlsClose({ target, retryClose: -1 })).rejects.toThrow(UsageError);
    await expect(dtlsClose({ target: 'https://localhost/' })).rejects.toThrow(UsageError);
    await expect(serve({ protocol: 'dtls', behaviour: 'fin-no-close-notify' })).rejects.toThrow(UsageError);
  });
});
