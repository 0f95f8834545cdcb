import { describe, expect, it } from 'vitest';
import { sleepUntil } from '../../src/driver/task.ts';
import {
  afterHandshake,
  answers,
  isClosure,
  isData,
  runClose,
  type Script,
  say,
  sayAlert,
  take,
  takeUntil,
} from './close-world.ts';

describe('before the close', () => {
  it('--send and --read-until take as much as was asked', () => {
    const script = afterHandshake(function* (server) {
      yield* takeUntil(server, isData);
      say(server, 30);
      yield* takeUntil(server, isClosure);
      sayAlert(server, 1, 0);
      server.channel.transport.fin();
    });
    const send = Uint8Array.of(1, 2, 3);
    const bytes = runClose({ plan: { send, readUntil: 30 }, script });
    expect(bytes.calls.slice(1, 4)).toEqual(['SSL_write 3', 'SSL_read 30', 'SSL_shutdown 0 WANT_READ']);
    const idle = runClose({ plan: { send, readUntil: 'idle' }, script });
    expect(idle.calls.slice(1, 4)).toEqual(['SSL_write 3', 'SSL_read 30', 'SSL_shutdown 0 WANT_READ']);
    for (const { outcome } of [bytes, idle])
      expect(outcome).toMatchObject({ class: 'clean', bytesReceived: 30 });
  });

  it('--read-until eof reads to the end of the peer', () => {
    const { calls, outcome } = runClose({
      plan: { readUntil: 'eof' },
      script: afterHandshake(function* (server) {
        say(server, 5);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      }),
    });
    expect(calls.slice(1)).toEqual(['SSL_read 5', 'SSL_read 0 ZERO_RETURN', 'SSL_shutdown 1']);
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'peer' });
  });

  it('makes no further call after one that failed', () => {
    const { calls, outcome } = runClose({
      plan: { readUntil: 'eof' },
      script: afterHandshake(function* (server) {
        say(server, 5);
        server.channel.transport.fin();
        yield* takeUntil(server, () => false);
      }),
    });
    expect(calls.slice(1)).toEqual(['SSL_read 5', 'SSL_read 0 SSL']);
    expect(outcome).toMatchObject({ class: 'fin', closedFirst: 'peer', truncationPossible: 'yes' });
  });

  it('stops reading at the cap, and says so', () => {
    const { events, outcome } = runClose({
      plan: { readCap: 1000 },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        for (let i = 0; i < 50; i++) say(server, 100);
        yield* takeUntil(server, () => false);
      }),
    });
    expect(events.some((event) => event.kind === 'note' && event.code === 'read-cap')).toBe(true);
    expect(outcome.class).toBe('silent');
    expect(outcome.bytesReceived).toBeLessThan(1200);
  });

  it('--idle waits before the close', () => {
    const { events } = runClose({ plan: { idleMs: 300 }, script: answers });
    const times = events.flatMap((event) => (event.kind === 'phase' ? [[event.name, event.t] as const] : []));
    const at = new Map(times);
    expect((at.get('close') ?? 0) - (at.get('idle') ?? 0)).toBe(300);
  });
});

describe('what never gets to a close', () => {
  it('says why there was no connection', () => {
    const { outcome } = runClose({ unreachable: 'ECONNREFUSED', script: answers });
    expect(outcome).toMatchObject({ class: 'unreachable', exitCode: 3 });
    expect(outcome.summary).toContain('refused');
  });

  it('ends a handshake that stalls, at its limit', () => {
    const { outcome, calls } = runClose({
      plan: { limits: { connect: 100, handshake: 300, exchange: 1, close: 1, fin: 1 } },
      script: function* (server) {
        yield* take(server);
      },
    });
    expect(calls).toEqual(['SSL_do_handshake blocked']);
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(outcome.summary).toContain('300 ms');
  });

  it('says that the certificate is for another name', () => {
    const { outcome } = runClose({ serverName: 'other.example', script: answers });
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(outcome.summary).toContain('other.example');
    expect(outcome.advice).toContain('--sni');
  });

  it('knows a RST that a flight of ours meets before anything was read of it', () => {
    const { outcome } = runClose({ script: answers, failingWrite: 2 });
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(outcome.summary).toBe(
      'the handshake failed: the peer reset the connection before the handshake was over; the last message from it was Finished',
    );
  });

  it('knows a FIN and a RST in the handshake', () => {
    const end = (act: (server: Parameters<Script>[0]) => void) =>
      runClose({
        script: function* (server) {
          yield* take(server);
          act(server);
        },
      }).outcome;
    expect(end(({ channel }) => channel.transport.fin())).toMatchObject({ class: 'handshake-failed' });
    expect(end(({ channel }) => channel.transport.reset({ dropPending: true }))).toMatchObject({
      class: 'handshake-failed',
    });
  });

  it('leaves a full outcome when it is interrupted', () => {
    const script = afterHandshake(function* (server) {
      yield* takeUntil(server, () => false);
    });
    const { outcome, events } = runClose({ interruptAt: 2000, script });
    expect(outcome).toMatchObject({ class: 'interrupted', exitCode: 130, closedFirst: 'local' });
    expect(events.some((event) => event.kind === 'transport.closed')).toBe(true);
  });
});

describe('after the close', () => {
  it('--then plain sends clear text on the same connection and shows the answer', () => {
    const { events, outcome } = runClose({
      // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
      plan: { then: { plain: new TextEncoder().encode('QUIT\r\n') } },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        server.core.raw.send(new TextEncoder().encode('220 plain again\r\n'));
        server.channel.flush();
        yield* sleepUntil(server.now() + 50);
        server.channel.transport.fin();
      }),
    });
    const text = events.flatMap((event) =>
      event.kind === 'transport.plaintext' ? [[event.by, event.text]] : [],
    );
    expect(text).toContainEqual(['local', 'QUIT\r\n']);
    expect(
      text
        .filter(([by]) => by === 'peer')
        .map(([, said]) => said)
        .join(''),
    ).toBe('220 plain again\r\n');
    expect(outcome.class).toBe('clean');
  });

  it('--then plain ends the connection itself, and waits for FIN from there on', () => {
    const { outcome, events } = runClose({
      // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
      plan: { then: { plain: Uint8Array.of(0x0a) }, limits: { ...LIMITS, fin: 300 } },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        server.core.raw.send(Uint8Array.of(0x0a));
        server.channel.flush();
        yield* sleepUntil(server.now() + 700);
        server.channel.transport.fin();
      }),
    });
    expect(outcome.class).toBe('clean');
    const fins = events.flatMap((event) => (event.kind === 'transport.fin' ? [event.by] : []));
    expect(fins).toEqual(['local', 'peer']);
  });

  it('--then tls shakes hands again on the same connection', () => {
    const { outcome, events } = runClose({
      // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
      plan: { then: 'tls' },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        const answer = yield* take(server);
        expect(answer.kind).not.toBe('data');
        server.channel.transport.fin();
      }),
    });
    const again = events.filter((event) => event.conn === 'again');
    expect(again.some((event) => event.kind === 'handshake.started')).toBe(true);
    expect(again.find((event) => event.kind === 'handshake.failed')).toBeDefined();
    expect(outcome.class).toBe('clean');
  });

  it('keeps a session whose tickets were read, and says whether it can be resumed', () => {
    const clean = runClose({ script: ticketThenAnswer });
    expect(clean.session?.ticket).toBeDefined();
    expect(clean.events.at(-1)).toMatchObject({ kind: 'session', what: 'eligible' });
    const rapid = runClose({ plan: { mode: 'rapid' }, script: ticketThenAnswer });
    expect(rapid.session).toBeUndefined();
    expect(rapid.events.at(-1)).toMatchObject({ kind: 'session', what: 'not-eligible' });
  });
});

const ticketThenAnswer: Script = afterHandshake(function* (server) {
  yield* takeUntil(server, isClosure);
  server.core.sendTicket(server.now());
  sayAlert(server, 1, 0);
  server.channel.transport.fin();
});

const LIMITS = { connect: 100, handshake: 1000, exchange: 1000, close: 1000, fin: 1000 };
