import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  judge,
  type RunningServer,
  serve,
  type TimelineEvent,
  type TlsCloseOptions,
  tlsClose,
  toReport,
  UsageError,
} from '../../src/index.ts';

let server: RunningServer;
const started: RunningServer[] = [];

async function start(behaviour: string): Promise<RunningServer> {
  const running = await serve({ behaviour });
  started.push(running);
  return running;
}

beforeAll(async () => {
  server = await start('well-behaved');
});
afterAll(async () => {
  await Promise.all(started.map((running) => running.close()));
});

function close(options: Partial<TlsCloseOptions> = {}, to: RunningServer = server) {
  return tlsClose({
    target: { host: 'localhost', port: to.port },
    connectTo: to.host,
    ca: to.certificate,
    ...options,
  });
}

describe('tlsClose on real sockets', () => {
  it.each([
    '1.2',
    '1.3',
  ] as const)('verifies the certificate and closes cleanly over TLS %s', async (version) => {
    const result = await close({ versions: [version] });
    expect(result.outcome).toMatchObject({ class: 'clean', closedFirst: 'local', exitCode: 0 });
    expect(result.findings).toEqual([]);
    const completed = result.events.find((event) => event.kind === 'handshake.completed');
    expect(completed).toMatchObject({ version: `TLSv${version}` });
    expect(result.events.find((event) => event.kind === 'certificate')).toMatchObject({ verified: 'ok' });
  });

  it.each([
    ['fin-no-close-notify', 'fin'],
    ['rst-no-close-notify', 'reset'],
    ['rst-after-close-notify', 'reset-after-close'],
    ['fin-mid-record', 'fin-mid-record'],
    ['never-reply', 'silent'],
    ['reply-late', 'late'],
  ])('tells %s: %s', async (behaviour, expected) => {
    const { outcome } = await close({ limits: { close: 2500 }, lateMs: 200 }, await start(behaviour));
    expect(outcome.class).toBe(expected);
  });

  it('names data after close_notify', async () => {
    const { findings } = await close({}, await start('data-after-own-close-notify'));
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'tls13-6.1-data-after-close-notify-ignored',
        grade: 'fail',
        who: 'peer',
      }),
    );
  });

  it('begins its timeline with the run and ends it with the outcome', async () => {
    const seen: TimelineEvent[] = [];
    const { events, outcome } = await close({ onEvent: (event) => seen.push(event) });
    expect(seen).toEqual(events);
    expect(events[0]).toMatchObject({ kind: 'run', schema: 'sslshut/1', target: `localhost:${server.port}` });
    expect(events.at(-1)).toMatchObject({ kind: 'outcome', outcome });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
  });

  it('can be judged again from the recorded timeline alone', async () => {
    const { events, outcome } = await close();
    const recorded = JSON.parse(JSON.stringify(events)) as TimelineEvent[];
    expect(judge(recorded)).toEqual(outcome);
    expect(toReport(recorded).outcome).toEqual(outcome);
  });

  it.each([
    '1.2',
    '1.3',
  ] as const)('resumes the session of the first connection over TLS %s', async (version) => {
    const { resumption, events, session } = await close({ versions: [version], resume: true });
    expect(resumption).toEqual({ eligible: true, offered: true, accepted: true });
    const resumed = events.find((event) => event.kind === 'handshake.completed' && event.conn === 'resume');
    expect(resumed).toMatchObject({ resumed: true });
    const again = await close({ versions: [version], ...(session === undefined ? {} : { session }) });
    expect(again.events.find((event) => event.kind === 'handshake.completed')).toMatchObject({
      resumed: true,
    });
  });

  it('judges the second connection by the same plan', async () => {
    const { events, outcome, resumption } = await close({ versions: ['1.2'], mode: 'rapid', resume: true });
    expect(resumption).toMatchObject({ accepted: true });
    expect(outcome).toMatchObject({ class: 'not-observed', exitCode: 0 });
    const note = events.find((event) => event.kind === 'note' && event.conn === 'resume');
    expect(note).toMatchObject({ text: expect.stringContaining('the second connection ended not-observed') });
  });

  it('says when there is no session to resume', async () => {
    const { resumption } = await close({ mode: 'rapid', resume: true, versions: ['1.3'] });
    expect(resumption).toEqual({ eligible: false, offered: false, accepted: false });
  });

  it('repeats, and counts the classes', async () => {
    const runs: number[] = [];
    const result = await close({
      repeat: 3,
      onEvent: (event, run) => event.kind === 'run' && runs.push(run),
    });
    expect(result.runs).toHaveLength(3);
    expect(result.distribution).toEqual({ clean: 3 });
    expect(runs).toEqual([0, 1, 2]);
  });

  it('works with either crypto provider', async () => {
    for (const crypto of ['noble', 'native'] as const) {
      const { outcome, events } = await close({ crypto });
      expect(outcome.class).toBe('clean');
      expect(events[0]).toMatchObject({ tool: { crypto } });
    }
  });

  it('agrees on the groups and suites it is told', async () => {
    const { events } = await close({ groups: ['P-384'], suites: ['TLS_CHACHA20_POLY1305_SHA256'] });
    expect(events.find((event) => event.kind === 'handshake.completed')).toMatchObject({
      group: 'secp384r1',
      suite: 'TLS_CHACHA20_POLY1305_SHA256',
    });
  });
});

describe('what tlsClose makes of a bad start', () => {
  it('does not trust an unknown issuer, unless it is told to go on', async () => {
    const target = { host: 'localhost', port: server.port };
    const refused = await tlsClose({ target, connectTo: server.host });
    expect(refused.outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    const insecure = await tlsClose({ target, connectTo: server.host, insecure: true });
    expect(insecure.outcome.class).toBe('clean');
    expect(insecure.events.find((event) => event.kind === 'certificate')).toMatchObject({
      verified: 'insecure',
    });
  });

  it('refuses a certificate for another name, with and without SNI', async () => {
    for (const sni of [undefined, false] as const) {
      const options = { target: { host: 'other.example', port: server.port }, ca: server.certificate };
      const result = await tlsClose({
        ...options,
        connectTo: server.host,
        ...(sni === undefined ? {} : { sni }),
      });
      expect(result.outcome.class).toBe('handshake-failed');
      expect(result.outcome.summary).toContain('other.example');
    }
  });

  it('says that nothing listens', async () => {
    const closed = await listening(() => {});
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    const { outcome } = await tlsClose({ target: `127.0.0.1:${port}` });
    expect(outcome).toMatchObject({ class: 'unreachable', exitCode: 3 });
    expect(outcome.summary).toContain('refused');
  });

  it('says that the port speaks plain HTTP', async () => {
    const http = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { outcome } = await tlsClose({ target: `127.0.0.1:${portOf(http)}` });
    http.close();
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(outcome.summary).toContain('plain HTTP');
  });

  it('ends at the signal, with all that was seen', async () => {
    const mute = await listening(() => {});
    const abort = new AbortController();
    const events: TimelineEvent[] = [];
    const running = tlsClose({
      target: `127.0.0.1:${portOf(mute)}`,
      signal: abort.signal,
      onEvent(event) {
        events.push(event);
        if (event.kind === 'handshake.message') abort.abort('SIGTERM');
      },
    });
    const { outcome, exitCode } = await running;
    mute.close();
    expect(outcome.class).toBe('interrupted');
    expect(exitCode).toBe(143);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'interrupted', signal: 'SIGTERM' }));
  });

  it('throws UsageError for what cannot be meant, before anything is sent', async () => {
    const wrong: Partial<TlsCloseOptions>[] = [
      { target: 'http://example.net' },
      { repeat: 0 },
      { suites: ['TLS_NULL'] },
      { groups: ['ffdhe2048'] },
      { cert: 'x' },
    ];
    for (const options of wrong) await expect(close(options)).rejects.toThrow(UsageError);
  });
});

function listening(onConnection: (socket: import('node:net').Socket) => void): Promise<Server> {
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  return new Promise((resolve) => listener.listen(0, '127.0.0.1', () => resolve(listener)));
}

function portOf(listener: Server): number {
  const address = listener.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
