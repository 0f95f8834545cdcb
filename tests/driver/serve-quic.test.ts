import { describe, expect, it } from 'vitest';
import { behaviourName } from '../../src/catalog/behaviours/find.ts';
import { QUIC_BEHAVIOURS } from '../../src/catalog/behaviours/quic.ts';
import type { QuicCloseOptions } from '../../src/driver/close/quic-plan.ts';
import type { OutcomeClass } from '../../src/timeline/outcome.ts';
import { only, type QuicSetting, type QuicTold, runQuicClose } from './quic-world.ts';

// Each behaviour against our own client, in virtual time: what the client takes it for, and what the server says the client did.

/** A GET and a close · a GET, then the server is to close · a client that says nothing and closes. */
type Row = { name: string; asks: OutcomeClass; waits: OutcomeClass; closes: OutcomeClass; finds?: string };
const ROWS: readonly Row[] = [
  { name: 'well-behaved', asks: 'clean', waits: 'peer-closed', closes: 'clean' },
  { name: 'closes-first', asks: 'clean', waits: 'peer-closed', closes: 'clean' },
  { name: 'never-closes', asks: 'clean', waits: 'idle-timeout', closes: 'clean' },
  { name: 'close-lost', asks: 'clean', waits: 'idle-timeout', closes: 'clean' },
  {
    name: 'close-storm',
    asks: 'peer-closed',
    waits: 'peer-closed',
    closes: 'clean',
    finds: 'quic-10.2.1-closing-rate-limited',
  },
  { name: 'mute-closing', asks: 'peer-closed', waits: 'peer-closed', closes: 'clean' },
  {
    name: 'wrong-space',
    asks: 'handshake-failed',
    waits: 'handshake-failed',
    closes: 'handshake-failed',
    finds: 'quic-10.2.3-1d-becomes-1c',
  },
  {
    name: 'app-close-in-handshake',
    asks: 'handshake-failed',
    waits: 'handshake-failed',
    closes: 'handshake-failed',
  },
  {
    name: 'stateless-reset',
    asks: 'stateless-reset',
    waits: 'stateless-reset',
    closes: 'stateless-reset',
    finds: 'quic-10.3-may-send',
  },
  { name: 'bad-reset', asks: 'clean', waits: 'idle-timeout', closes: 'clean' },
  { name: 'silent-exit', asks: 'clean', waits: 'idle-timeout', closes: 'clean' },
  {
    name: 'reason-invalid-utf8',
    asks: 'peer-closed',
    waits: 'peer-closed',
    closes: 'clean',
    finds: 'quic-19.19-reason-utf8',
  },
  { name: 'code-max', asks: 'peer-closed', waits: 'peer-closed', closes: 'clean' },
  { name: 'close-before-data-acked', asks: 'peer-closed', waits: 'peer-closed', closes: 'clean' },
  { name: 'reset-streams-first', asks: 'clean', waits: 'peer-closed', closes: 'clean' },
  { name: 'slow-ack', asks: 'clean', waits: 'peer-closed', closes: 'clean' },
  { name: 'never-ack', asks: 'idle-timeout', waits: 'idle-timeout', closes: 'clean' },
];

const IDLE = { idleTimeoutMs: 3_000 };

/** Titles are made without the options: a bigint in them cannot be shown. */
function rows(table: readonly [string, Partial<QuicCloseOptions>, string][]) {
  return table.map(([behaviour, options, text]) => ({ behaviour, options, text }));
}

function serve(behaviour: string, options: Partial<QuicCloseOptions> = {}, more: QuicSetting = {}): QuicTold {
  return runQuicClose({ behaviour, options: { ...IDLE, ...options }, ...more });
}

describe('every way of closing that serve quic knows', () => {
  it('is in the table below', () => {
    expect(ROWS.map(({ name }) => name)).toEqual(QUIC_BEHAVIOURS.map(behaviourName));
  });

  it.each(ROWS)('$name: a GET, then the client closes → $asks', ({ name, asks, finds }) => {
    const { outcome, findings } = serve(name);
    expect(outcome.class).toBe(asks);
    expect(findings.map(({ rule }) => rule)).toEqual(finds === undefined ? [] : [finds]);
  });

  it.each(ROWS)('$name: a GET, and the server is to close → $waits', ({ name, waits }) => {
    expect(serve(name, { mode: 'wait-peer' }).outcome.class).toBe(waits);
  });

  it.each(ROWS)('$name: the client asks for nothing and closes → $closes', ({ name, closes }) => {
    expect(serve(name, { request: false, alpn: ['sslshut'] }).outcome.class).toBe(closes);
  });
});

describe('well-behaved', () => {
  it('answers over h3 and hq-interop, and sends everything else back', () => {
    const h3 = serve('well-behaved');
    expect(only(h3.events, 'exchange').map(({ by, what }) => `${by} ${what}`)).toContain('peer response');
    expect(h3.outcome.truncationPossible).toBe('no');
    const hq = serve('well-behaved', { alpn: ['hq-interop'] });
    const streams = only(hq.events, 'stream-data').filter(({ by, fin }) => by === 'peer' && fin);
    expect(streams).toHaveLength(1);
    const send = new Uint8Array(30_000).fill(0x61);
    const echo = serve('well-behaved', { alpn: ['anything'], send, readUntil: 'eof' });
    expect(echo.outcome).toMatchObject({ class: 'clean', truncationPossible: 'no', bytesReceived: 30_000 });
  });

  it('closes once nothing has been said for two seconds, with GOAWAY and H3_NO_ERROR', () => {
    const { outcome, events } = serve('well-behaved', { mode: 'wait-peer' });
    expect(outcome.quic?.peerCloses).toMatchObject([
      { frameType: 0x1d, code: 0x100n, codeName: 'H3_NO_ERROR' },
    ]);
    expect(outcome.exitCode).toBe(0);
    const goaway = only(events, 'exchange').find(({ by, what }) => by === 'peer' && what === 'goaway');
    const [close] = only(events, 'close');
    expect(close?.t).toBeGreaterThan(2_000);
    expect(close?.t).toBeLessThan(2_100);
    expect(goaway?.t).toBeLessThanOrEqual(close?.t ?? 0);
    expect(goaway?.t).toBeGreaterThan(2_000);
  });

  it('makes everybody prove an address with --retry', () => {
    const { outcome, server, events } = serve('well-behaved', {}, { retry: true });
    expect(outcome).toMatchObject({ class: 'clean', quic: { token: 'accepted' } });
    expect(only(events, 'token').map(({ what }) => what)).toContain('retry');
    expect(server[0]).toMatchObject({ kind: 'token', by: 'peer', what: 'accepted' });
  });

  it('gives up a client that does not finish the handshake', () => {
    const { server, report } = serve('well-behaved', { closeIn: 'initial', mode: 'rapid' });
    expect(report.text).toContain('client did not finish the handshake: it sent CONNECTION_CLOSE 0x1c');
    expect(only(server, 'handshake.completed')).toEqual([]);
  });
});

describe('what a behaviour does', () => {
  it('close-lost: so many datagrams, and then one that arrives', () => {
    for (const count of [1, 2, 3]) {
      const told = serve(`close-lost:${count}`, { mode: 'wait-peer', keepAliveMs: 10 });
      expect(told.outcome.class).toBe('peer-closed');
      expect(only(told.server, 'transport.tapped').filter(({ rule }) => rule === 'lose-closes')).toHaveLength(
        count,
      );
    }
  });

  it('close-storm: many copies, all the same but for nothing', () => {
    const { outcome } = serve('close-storm', { mode: 'wait-peer' });
    expect(outcome.quic?.peerCloses.length).toBeGreaterThan(20);
    expect(serve('close-storm', { request: false, alpn: ['x'] }).findings.map(({ rule }) => rule)).toEqual([
      'quic-10.2.2-no-close-pingpong',
    ]);
  });

  it('mute-closing: one copy, whatever is sent to it', () => {
    const { server, outcome } = serve('mute-closing', { mode: 'full' });
    expect(only(server, 'close').filter(({ by }) => by === 'local')).toHaveLength(1);
    expect(outcome.quic?.peerCloses).toHaveLength(1);
  });

  it('app-close-in-handshake: nothing of the application gets out', () => {
    const { outcome } = serve('app-close-in-handshake');
    expect(outcome.quic?.peerCloses[0]).toMatchObject({
      frameType: 0x1c,
      codeName: 'APPLICATION_ERROR',
      reason: '',
    });
  });

  it('stateless-reset: of a request that is not answered, and of a close', () => {
    const { events } = serve('stateless-reset');
    expect(only(events, 'stateless-reset')).toMatchObject([{ by: 'peer' }]);
    const closed = serve('stateless-reset', { request: false, alpn: ['x'] });
    expect(closed.findings.map(({ rule, grade }) => `${rule} ${grade}`)).toEqual([
      'quic-10.2-server-keeps-states warn',
    ]);
  });

  it('bad-reset: dropped, every one', () => {
    const { events } = serve('bad-reset', { keepAliveMs: 500, idleMs: 1_200 });
    expect(only(events, 'stateless-reset')).toEqual([]);
    const dropped = only(events, 'dropped').filter(({ bytes }) => bytes === 21);
    expect(dropped.length).toBeGreaterThan(1);
  });

  it('reason-invalid-utf8 and code-max: as they are', () => {
    const reason = only(serve('reason-invalid-utf8').events, 'close').find(({ by }) => by === 'peer');
    expect(reason?.reasonHex).toBe('627965fffe80');
    const code = serve('code-max').outcome.quic?.peerCloses[0]?.code;
    expect(code).toBe(2n ** 62n - 1n);
  });

  it('close-before-data-acked, reset-streams-first: the answer has no end', () => {
    const truncated = serve('close-before-data-acked');
    expect(truncated.outcome).toMatchObject({ class: 'peer-closed', truncationPossible: 'yes' });
    expect(truncated.outcome.bytesReceived).toBeLessThan(262_144);
    expect(truncated.outcome.bytesReceived).toBeGreaterThan(1_000);
    const reset = serve('reset-streams-first');
    expect(reset.outcome.truncationPossible).toBe('yes');
    expect(
      only(reset.events, 'stream').filter(({ by, what }) => by === 'peer' && what === 'reset'),
    ).toMatchObject([{ code: 0x10cn, codeName: 'H3_REQUEST_CANCELLED' }]);
  });

  it('slow-ack, never-ack: a close waits for what was written to be acknowledged', () => {
    const closedAfter = ({ events }: QuicTold): number => only(events, 'close')[0]?.t ?? 0;
    expect(closedAfter(serve('slow-ack'))).toBeGreaterThan(400);
    expect(closedAfter(serve('well-behaved'))).toBeLessThan(100);
    const never = serve('never-ack', { limits: { close: 1_000 } });
    expect(never.outcome).toMatchObject({ class: 'clean', truncationPossible: 'yes' });
    expect(never.outcome.quic?.bytesAcknowledged).toBe(0);
  });
});

describe('what the server says the client did', () => {
  it.each<{ text: string; behaviour: string; options: Partial<QuicCloseOptions> }>(
    rows([
      ['well-behaved', {}, 'client closed first: CONNECTION_CLOSE 0x1d code 0x0, without a reason'],
      [
        'well-behaved',
        { code: 0x10cn, reason: 'bye' },
        'client closed first: CONNECTION_CLOSE 0x1d H3_REQUEST_CANCELLED (0x10c), reason "bye"',
      ],
      [
        'well-behaved',
        { mode: 'wait-peer' },
        'client answered our close (0x1d H3_NO_ERROR) after 10 ms: CONNECTION_CLOSE 0x1c NO_ERROR (0x0), without a reason',
      ],
      ['never-closes', { mode: 'vanish' }, 'client went silent: nothing came for 30.0 s'],
      ['stateless-reset', {}, 'client could not be watched: we forgot the connection'],
      [
        'wrong-space',
        {},
        'client did not finish the handshake: it sent CONNECTION_CLOSE 0x1c PROTOCOL_VIOLATION (0xa), reason "frame-out-of-place"',
      ],
    ]),
  )('$behaviour: $text', ({ behaviour, options, text }) => {
    const told = runQuicClose({
      behaviour,
      options: { ...(options.mode === 'vanish' ? {} : IDLE), ...options },
    });
    expect(told.report.text).toBe(text);
  });

  it('says it in facts too', () => {
    const { facts } = serve('well-behaved', { code: 7n, reason: 'bye' }).report;
    expect(facts).toMatchObject({ handshake: 'completed', closedFirst: 'client', end: 'none' });
    expect(facts.quic).toMatchObject({
      closes: [{ frameType: 0x1d, code: 7n, reason: 'bye' }],
      ended: 'closed',
      datagramsAfterOurClose: 0,
    });
    const early = serve('well-behaved', { closeIn: 'handshake', code: 7n, reason: 'secret' }).report;
    expect(early.facts).toMatchObject({ handshake: 'failed', closedFirst: 'client' });
    expect(
      early.facts.quic?.closes.every(({ frameType, reason }) => frameType === 0x1c && reason === ''),
    ).toBe(true);
  });
});
