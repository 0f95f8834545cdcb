import { describe, expect, it } from 'vitest';
import { judge } from '../../src/catalog/outcome.ts';
import { QUIC_CLAUSES } from '../../src/catalog/rules/quic-clauses.ts';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import type { Fact, Who } from '../../src/timeline/event.ts';
import { type Entry, limit, type PlanFact, plan, timeline } from './fake-timeline.ts';

type CloseFact = Extract<Fact, { kind: 'close' }>;

const close = (by: Who, changes: Partial<CloseFact> = {}): Fact => ({
  kind: 'close',
  by,
  frameType: 0x1d,
  layer: 'application',
  code: 0x100n,
  codeName: 'H3_NO_ERROR',
  reason: '',
  reasonBytes: 0,
  space: 'application',
  packet: 9,
  copy: 1,
  ...changes,
});
const state = (to: string, until?: number): Fact => ({
  kind: 'connection-state',
  from: 'open',
  to,
  why: '',
  ...(until === undefined ? {} : { until, ptoMs: 26, formula: '3 × PTO' }),
});
const packet = (by: Who, number: number, name: string, bytes = 40): Fact => ({
  kind: 'packet',
  by,
  type: '1rtt',
  number,
  bytes,
  frames: [{ name }],
});
const heard = (at: string): Fact => ({ kind: 'heard', state: at, bytes: 40, packets: ['1rtt'] });
const streamData = (by: Who, bytes: number, fin: boolean): Fact => ({
  kind: 'stream-data',
  by,
  stream: 0,
  bytes,
  fin,
});

function begun(changes: Partial<PlanFact> = {}): Entry[] {
  return [
    plan({ datagrams: true, quic: true, ...changes }),
    [1, { kind: 'transport.connected', remote: '192.0.2.1:443', local: '192.0.2.2:50000', udp: true }],
    [2, { kind: 'quic-version', what: 'chosen', version: 1 }],
  ];
}

function up(changes: Partial<PlanFact> = {}): Entry[] {
  return [
    ...begun(changes),
    [
      10,
      {
        kind: 'handshake.completed',
        version: 'TLSv1.3',
        suite: 'TLS_AES_128_GCM_SHA256',
        resumed: false,
        helloRetry: false,
        clientCertificate: false,
      },
    ],
  ];
}

const ended: Entry[] = [
  [20, close('local')],
  [20, state('closing', 98)],
  [98, state('terminated')],
];
const judged = (...entries: readonly Entry[]) => judge(timeline(...entries));
const rules = (...entries: readonly Entry[]) =>
  evaluate(timeline(...entries)).map(({ rule, grade, who }) => `${grade} ${who} ${rule}`);

describe('how a QUIC connection ended', () => {
  it('is clean when the peer went silent', () => {
    expect(judged(...up(), ...ended)).toMatchObject({
      class: 'clean',
      closedFirst: 'local',
      exitCode: 0,
      quic: { localClose: { code: 0x100n, copies: 1 }, closingMs: 78, ptoMs: 26, datagramsWhileClosing: 0 },
    });
  });

  it('is clean when the peer answered once', () => {
    const outcome = judged(
      ...up(),
      [20, close('local')],
      [20, state('closing', 98)],
      [24, close('peer')],
      [98, state('terminated')],
    );
    expect(outcome).toMatchObject({ class: 'clean', answerMs: 4, peerCloseNotify: 'after' });
    expect(outcome.summary).toContain('0x1d H3_NO_ERROR (0x100)');
  });

  it.each([
    [10, 'no'],
    [11, 'yes'],
  ] as const)('asked for %i bytes and given 10 without FIN: truncation %s', (expected, truncationPossible) => {
    const got: Entry[] = [[15, streamData('peer', 10, false)]];
    expect(judged(...up({ expected }), ...got, ...ended)).toMatchObject({ truncationPossible });
  });

  it('goes by the close in the highest space where one went out in several (RFC 9000 §10.2.3)', () => {
    const hidden = {
      frameType: 0x1c,
      layer: 'transport',
      code: 0xcn,
      codeName: 'APPLICATION_ERROR',
    } as const;
    const both = (by: Who): Entry[] => [
      [20, close(by, { ...hidden, space: 'handshake', packet: 2 })],
      [20, close(by, { code: 9n, codeName: '0x9', reason: 'told', reasonBytes: 4 })],
    ];
    expect(judged(...up(), ...both('local'), [20, state('closing', 98)]).quic).toMatchObject({
      localClose: { frameType: 0x1d, code: 9n, reason: 'told', space: 'application', copies: 2 },
    });
    const theirs = judged(...up(), ...both('peer'), [20, state('draining', 98)]);
    expect(theirs.summary).toMatch(/0x1d .*0x9.* reason "told"/);
    // Neither is a copy of the other: nothing is said of sameness.
    expect(theirs.quic).not.toHaveProperty('identical');
    const copies = [
      close('peer', { copy: 2, identical: true }),
      close('peer', { copy: 3, identical: false }),
    ];
    const judge = (more: readonly Fact[]) =>
      judged(...up(), ...both('peer'), ...more.map((fact): Entry => [30, fact])).quic?.identical;
    expect([judge(copies.slice(0, 1)), judge(copies)]).toEqual([true, false]);
  });

  it('is peer-closed when its close was first, and fails but for --wait-peer and no error', () => {
    const entries: Entry[] = [
      [20, close('peer')],
      [20, state('draining', 98)],
    ];
    expect(judged(...up(), ...entries)).toMatchObject({
      class: 'peer-closed',
      closedFirst: 'peer',
      exitCode: 1,
    });
    expect(judged(...up({ mode: 'wait-peer' }), ...entries)).toMatchObject({
      class: 'peer-closed',
      exitCode: 0,
    });
    const error: Entry[] = [[20, close('peer', { code: 0x102n, codeName: 'H3_INTERNAL_ERROR' })]];
    expect(judged(...up({ mode: 'wait-peer' }), ...error)).toMatchObject({
      class: 'peer-closed',
      exitCode: 1,
    });
  });

  it('tells idle timeout, stateless reset and a peer that is never quiet apart', () => {
    const idle: Fact = {
      kind: 'idle-timeout',
      localMs: 30_000,
      peerMs: 600,
      effectiveMs: 600,
      silentMs: 600,
    };
    expect(judged(...up(), [620, idle])).toMatchObject({
      class: 'idle-timeout',
      exitCode: 1,
      quic: { idle: { observedMs: 600 } },
    });
    expect(judged(...up(), [30, { kind: 'stateless-reset', by: 'peer', bytes: 40 }])).toMatchObject({
      class: 'stateless-reset',
      exitCode: 1,
    });
    expect(judged(...up(), ...ended, [140, heard('terminated')])).toMatchObject({
      class: 'never-quiet',
      exitCode: 1,
      quic: { datagramsAfterClose: 1 },
    });
  });

  it('never got there: no version, no answer, nobody there, refused', () => {
    const refused: Fact = { kind: 'quic-version', what: 'refused', version: 1, supported: [0x6b3343cf] };
    const none = judged(...begun(), [5, refused]);
    expect(none).toMatchObject({ class: 'no-version', exitCode: 3 });
    expect(none.summary).toContain('v2');
    const icmp: Fact = { kind: 'transport.unreachable', errno: 'ECONNREFUSED', detail: 'ICMP' };
    expect(judged(...begun(), [3, icmp])).toMatchObject({ class: 'unreachable', exitCode: 3 });
    const alpn = close('peer', {
      frameType: 0x1c,
      layer: 'transport',
      code: 0x178n,
      codeName: 'no_application_protocol',
      space: 'initial',
    });
    const failed = judged(...begun(), [5, alpn]);
    expect(failed).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(failed.advice).toContain('--alpn');
    const limitOut: Fact = { kind: 'handshake.failed', blame: 'network', rule: 'limit', detail: 'no answer' };
    const mute = judged(...begun(), [10_000, limitOut]);
    expect(mute).toMatchObject({ class: 'handshake-failed' });
    expect(mute.advice).toContain('nothing came back');
    const acknowledged = judged(...begun(), [5, packet('peer', 0, 'ack')], [10_000, limitOut]);
    expect(acknowledged.advice).toContain('--alpn');
  });

  it('is judged by the close when the handshake was to be closed', () => {
    expect(judged(...begun({ closeIn: 'initial' }), ...ended)).toMatchObject({ class: 'clean' });
  });

  it('is not observed when nobody looks', () => {
    expect(judged(...up({ mode: 'vanish', looks: false }))).toMatchObject({
      class: 'not-observed',
      exitCode: 0,
    });
    expect(judged(...up({ mode: 'rapid', looks: false }), [20, close('local')])).toMatchObject({
      class: 'not-observed',
    });
  });

  it('waited in vain for the peer', () => {
    expect(judged(...up({ mode: 'wait-peer' }), [5000, limit('close')])).toMatchObject({
      class: 'silent',
      peerNeverClosed: true,
    });
  });

  it('knows when data may be lost', () => {
    const flush = (acknowledged: number): Entry => [
      19,
      { kind: 'flush', complete: acknowledged === 9, written: 9, acknowledged },
    ];
    expect(judged(...up(), flush(9), ...ended)).toMatchObject({ truncationPossible: 'no' });
    expect(judged(...up(), flush(4), ...ended)).toMatchObject({
      truncationPossible: 'yes',
      quic: { bytesUnacknowledged: 5 },
    });
    expect(judged(...up(), [15, streamData('peer', 7, false)], ...ended).truncationPossible).toBe('yes');
    expect(
      judged(...up(), [15, streamData('peer', 7, false)], [16, streamData('peer', 0, true)], ...ended)
        .truncationPossible,
    ).toBe('no');
    // FIN in a frame of its own carries no data.
    const ends = (what: 'fin' | 'reset'): Fact => ({ kind: 'stream', by: 'peer', what, stream: 0, bytes: 7 });
    const part: Entry = [15, streamData('peer', 7, false)];
    expect(judged(...up(), part, [16, ends('fin')], ...ended).truncationPossible).toBe('no');
    expect(judged(...up(), part, [16, ends('reset')], ...ended).truncationPossible).toBe('yes');
    expect(judged(...up(), ...ended).truncationPossible).toBe('unknown');
  });

  it('reads the idle timeout from both ends', () => {
    const said = (by: Who, ms: number): Entry => [
      9,
      { kind: 'transport-parameters', by, parameters: { max_idle_timeout: ms } },
    ];
    expect(judged(...up(), said('local', 30_000), said('peer', 0), ...ended).quic?.idle).toEqual({
      localMs: 30_000,
      peerMs: 0,
      effectiveMs: 30_000,
    });
    expect(judged(...up(), said('local', 30_000), said('peer', 600), ...ended).quic?.idle).toEqual({
      localMs: 30_000,
      peerMs: 600,
      effectiveMs: 600,
    });
  });
});

describe('QUIC closing rules', () => {
  const triggers: Record<string, readonly Entry[]> = {
    'fail peer quic-10.2.2-draining-sends-nothing': [
      ...up(),
      [20, close('peer')],
      [30, packet('peer', 10, 'stream')],
    ],
    'warn peer quic-10.2.2-draining-sends-nothing': [...up(), ...ended, [140, heard('terminated')]],
    'warn peer quic-10.2.2-no-close-pingpong': [
      ...up(),
      [20, close('local')],
      [24, close('peer')],
      [30, close('peer', { copy: 2, packet: 10 })],
    ],
    'warn peer quic-10.2.1-closing-rate-limited': [
      ...up(),
      [2000, close('peer')],
      [2010, close('peer', { copy: 2 })],
    ],
    'fail peer quic-10.2.3-1d-becomes-1c': [...begun(), [20, close('peer', { space: 'handshake' })]],
    'fail peer quic-10.2.3-converted-reason-empty': [
      ...begun(),
      [20, close('peer', { frameType: 0x1c, code: 0x0cn, space: 'initial', reason: 'x', reasonBytes: 1 })],
    ],
    'fail peer quic-10.2.3-1rtt-after-confirmed': [
      ...up(),
      [12, packet('peer', 1, 'handshake_done')],
      [20, close('peer', { frameType: 0x1c, space: 'handshake' })],
    ],
    'warn peer quic-19.19-reason-utf8': [...up(), [20, close('peer', { reasonHex: 'ff', reasonBytes: 1 })]],
    'warn peer quictls-4.1.3-no-alerts-in-crypto': [
      ...up(),
      [20, close('peer', { frameType: 0x1c, layer: 'transport' })],
    ],
    'info peer quic-10.3-may-send': [
      ...up(),
      [15, packet('local', 1, 'ping', 50)],
      [20, { kind: 'stateless-reset', by: 'peer', bytes: 40 }],
    ],
    'warn peer quic-10.2-server-keeps-states': [
      ...up(),
      [15, packet('local', 1, 'connection_close', 50)],
      [15, close('local')],
      [20, { kind: 'stateless-reset', by: 'peer', bytes: 40 }],
    ],
    'fail peer quic-10.3.3-smaller-than-trigger': [
      ...up(),
      [15, packet('local', 1, 'ping', 40)],
      [20, { kind: 'stateless-reset', by: 'peer', bytes: 40 }],
    ],
    'info local quic-10.1-abandon-early-needs-close': [...up({ mode: 'vanish' })],
  };

  it.each(Object.keys(triggers))('%s', (finding) => {
    expect(rules(...(triggers[finding] ?? []))).toContain(finding);
  });

  it('finds nothing in a clean close, and every rule has a clause and a trigger', () => {
    expect(rules(...up(), [12, packet('peer', 3, 'handshake_done')], ...ended)).toEqual([]);
    expect(rules(...up(), [20, close('local')], [24, close('peer')], [25, packet('peer', 8, 'ack')])).toEqual(
      [],
    );
    const doubled: Entry = [30, close('peer', { copy: 2, identical: true })];
    expect(rules(...up(), [20, close('local')], [24, close('peer')], doubled)).toEqual([]);
    const thrice: Entry = [31, close('peer', { copy: 3, identical: true })];
    expect(rules(...up(), [20, close('local')], [24, close('peer')], doubled, thrice)).toEqual([
      'warn peer quic-10.2.2-no-close-pingpong',
    ]);
    // Sooner than a round trip: it crossed ours, and was repeated to what was on its way. Many more than that were not.
    const rtt: Entry = [
      11,
      { kind: 'rtt', latestMs: 10, smoothedMs: 10, variationMs: 5, minimumMs: 10, ptoMs: 55 },
    ];
    const crossing = (copies: number): Entry[] =>
      Array.from({ length: copies }, (_, at) => [22 + at, close('peer', { copy: at + 1, packet: at })]);
    expect(rules(...up(), rtt, [20, close('local')], ...crossing(8))).toEqual([]);
    expect(rules(...up(), rtt, [20, close('local')], ...crossing(9))).toEqual([
      'warn peer quic-10.2.2-no-close-pingpong',
    ]);
    const shown = new Set(Object.keys(triggers).map((finding) => finding.split(' ')[2]));
    expect([...shown].sort()).toEqual(Object.keys(QUIC_CLAUSES).sort());
  });
});
