import { describe, expect, it } from 'vitest';
import { QUIC_PROBES } from '../../src/catalog/probes/find-datagrams.ts';
import { readQuicTold } from '../../src/catalog/probes/quic-told.ts';
import type { Fact, Who } from '../../src/timeline/event.ts';
import { type Entry, fault, limit, timeline } from './fake-timeline.ts';

// For each rule of each check: what calls for it, and the nearest that does not. Everything on one connection, but where others are named.

type CloseFact = Extract<Fact, { kind: 'close' }>;

const close = (by: Who, changes: Partial<CloseFact> = {}): Fact => ({
  ...{ kind: 'close', by, frameType: 0x1d, layer: 'application', code: 0x100n, codeName: 'H3_NO_ERROR' },
  ...{ reason: '', reasonBytes: 0, space: 'application', packet: 9, copy: 1 },
  ...changes,
});
const again = (copy: number): Fact => close('peer', { copy, packet: 8 + copy });
const badCode = { code: 0x101n, codeName: 'H3_GENERAL_PROTOCOL_ERROR' };
const oddCode = { code: 0x107n, codeName: 'H3_EXCESSIVE_LOAD' };
const inHandshake = { space: 'handshake', layer: 'transport', frameType: 0x1c } as const;
const rtt = (latestMs: number): Fact => ({
  ...{ kind: 'rtt', latestMs, smoothedMs: 10, variationMs: 0, minimumMs: 10, ptoMs: 36 },
});
const heard = (state: string, name = '1rtt', bytes = 40): Fact => ({
  ...{ kind: 'heard', state, bytes, packets: [name] },
});
const tap = (rule: string, bytes = 85): Fact => ({ kind: 'transport.tapped', by: 'local', rule, bytes });
const reset = (bytes = 40): Fact => ({ kind: 'stateless-reset', by: 'peer', bytes });
const exchange = (what: 'body' | 'goaway' | 'error' | 'request', detail = ''): Fact => ({
  ...{ kind: 'exchange', by: 'peer', alpn: 'h3', what, detail },
});
const part: Fact = { kind: 'stream-data', by: 'peer', stream: 0, bytes: 7, fin: false };
const controlEnds: Fact = { kind: 'stream', by: 'local', what: 'fin', stream: 2 };
const state = (to: string): Fact => ({ kind: 'connection-state', from: 'open', to, why: '' });
const packet = (by: Who, number: number, name: string): Fact => ({
  ...{ kind: 'packet', by, type: '1rtt', number, bytes: 40, frames: [{ name }] },
});
const idleTimeout: Fact = { kind: 'idle-timeout', localMs: 5_000, effectiveMs: 5_000, silentMs: 5_000 };
const failed: Fact = { kind: 'handshake.failed', blame: 'network', rule: 'limit', detail: 'no answer' };

function up(conn: string): Entry[] {
  const completed: Fact = {
    ...{ kind: 'handshake.completed', version: 'TLSv1.3', suite: 'TLS_AES_128_GCM_SHA256', alpn: 'h3' },
    ...{ resumed: false, helloRetry: false, clientCertificate: false },
  };
  return [
    [10, completed, undefined, conn],
    [11, rtt(10), undefined, conn],
  ];
}

/** `on`: the connection; a number in front is the time. */
type Facts = readonly (readonly [number, Fact])[];
type Row = { probe: string; rule: string; on: string; hit: Facts; spare: Facts };

const pokes: Facts = [
  [50, tap('poke')],
  [52, tap('poke')],
  [54, tap('poke')],
];
const answered: Facts = [[20, exchange('body')]];
const ours: Facts = [[100, close('local')]];

const EARLY: readonly Omit<Row, 'probe' | 'on'>[] = [
  {
    rule: 'early-0x1d',
    hit: [[20, fault('frame-out-of-place', 'connection_close (0x1d) in a Handshake packet')]],
    spare: [[20, close('peer', { ...inHandshake, code: 0xcn, codeName: 'APPLICATION_ERROR' })]],
  },
  {
    rule: 'leaked-reason',
    hit: [[20, close('peer', { ...inHandshake, code: 0xcn, codeName: 'APPLICATION_ERROR', reasonBytes: 3 })]],
    spare: [
      [20, close('peer', { ...inHandshake, code: 0xan, codeName: 'PROTOCOL_VIOLATION', reasonBytes: 3 })],
    ],
  },
];

const DRAIN: readonly Omit<Row, 'probe' | 'on'>[] = [
  {
    rule: 'ping-pong',
    hit: [...ours, [115, again(1)], [116, again(2)], [117, again(3)]],
    spare: [...ours, [115, again(1)]],
  },
  { rule: 'undrained', hit: [...ours, [300, heard('closing')]], spare: [...ours, [112, heard('closing')]] },
  {
    rule: 'bad-reset',
    hit: [...ours, [112, heard('closing', '1rtt (undecryptable)', 21)]],
    spare: [...ours, [112, heard('closing', '1rtt (undecryptable)', 21)], [112, reset(21)]],
  },
  { rule: 'reset-alive', hit: [[50, reset()]], spare: [...ours, [112, reset()]] },
  {
    rule: 'reset-draining',
    hit: [...ours, [112, reset()], [210, state('terminated')]],
    spare: [...ours, [210, state('terminated')], [1_000, reset()]],
  },
];

const ROWS: readonly Row[] = [
  ...on('quic-peer-close-code', 'waits', [
    ...EARLY,
    {
      rule: 'close-notify-code',
      hit: [[30, close('peer', { frameType: 0x1c, layer: 'transport' })]],
      spare: [[30, close('peer')]],
    },
    {
      rule: 'h3-code-zero',
      hit: [[30, close('peer', { code: 0n, codeName: '0x0' })]],
      spare: [[30, close('peer')]],
    },
    {
      rule: 'no-error-0x1c',
      hit: [[30, close('peer', { frameType: 0x1c, layer: 'transport', code: 0n, codeName: 'NO_ERROR' })]],
      spare: [[30, close('peer')]],
    },
    {
      rule: 'unknown-code',
      hit: [[30, close('peer', { code: 0x3fffn, codeName: '0x3fff' })]],
      spare: [[30, close('peer', { code: 0x21n, codeName: '0x21 (reserved, as H3_NO_ERROR)' })]],
    },
    { rule: 'not-utf8', hit: [[30, close('peer', { reasonHex: 'ff' })]], spare: [[30, close('peer')]] },
    {
      rule: 'cut-answer',
      hit: [
        [20, part],
        [30, close('peer')],
      ],
      spare: [
        [20, part],
        [30, close('peer', badCode)],
      ],
    },
    {
      rule: 'unanswered',
      hit: [[30, close('peer')]],
      spare: [
        [20, exchange('goaway')],
        [30, close('peer')],
      ],
    },
    {
      rule: 'goaway-code',
      hit: [
        [20, exchange('goaway')],
        [30, close('peer', badCode)],
      ],
      spare: [
        [20, exchange('goaway')],
        [30, close('peer')],
      ],
    },
  ]),
  ...on('quic-peer-close-code', 'breaks', [
    {
      rule: 'no-reaction',
      hit: [...answered, [30, limit('close')]],
      spare: [...answered, [30, close('peer', badCode)]],
    },
    {
      rule: 'other-code',
      hit: [...answered, [30, close('peer', oddCode)]],
      spare: [...answered, [30, close('peer', badCode)]],
    },
  ]),
  ...on('quic-closing-resend', 'pokes', [
    { rule: 'not-closed', hit: [[30, limit('close')]], spare: [[30, again(1)]] },
    {
      rule: 'never-repeated',
      hit: [[30, again(1)], ...pokes],
      // The same packet once more is nothing new, and yet a repetition.
      spare: [[30, again(1)], ...pokes, [60, heard('draining')]],
    },
    {
      rule: 'every-packet',
      hit: [[30, again(1)], ...pokes, [60, again(2)], [61, again(3)], [62, again(4)]],
      spare: [[30, again(1)], ...pokes, [60, again(2)]],
    },
    {
      rule: 'amplified',
      hit: [[30, again(1)], ...pokes, [60, heard('draining', '1rtt', 800)]],
      spare: [[30, again(1)], ...pokes, [60, heard('draining', '1rtt', 700)]],
    },
    {
      rule: 'sends-on',
      hit: [
        [30, again(1)],
        [31, packet('peer', 12, 'stream')],
      ],
      spare: [
        [30, again(1)],
        [31, packet('peer', 8, 'stream')],
      ],
    },
    { rule: 'reset', hit: [[30, again(1)], ...pokes, [60, reset()]], spare: [[30, reset()]] },
  ]),
  ...on('quic-close-drain', 'asked', DRAIN),
  ...on('quic-close-args', 'long-reason', DRAIN),
  ...on('quic-hs-close', 'handshake-keys', EARLY),
  ...on('quic-idle', 'early', [
    { rule: 'gone-early', hit: [[4_000, limit('reply')]], spare: [[4_000, close('peer')]] },
  ]),
  ...on('quic-idle', 'late', [
    {
      rule: 'alive-late',
      hit: [
        [5_000, idleTimeout],
        [6_100, tap('late-packet')],
        [6_110, heard('terminated')],
      ],
      spare: [
        [5_000, idleTimeout],
        [6_100, tap('late-packet')],
        [6_110, heard('terminated')],
        [6_110, reset()],
      ],
    },
    {
      rule: 'close-at-timeout',
      hit: [
        [5_000, idleTimeout],
        [5_001, close('peer')],
      ],
      spare: [[2_000, close('peer')]],
    },
  ]),
  ...on('quic-flush-before-close', 'upload', [
    { rule: 'not-acknowledged', hit: [[5_000, limit('acknowledged')]], spare: [[5_000, limit('close')]] },
    {
      rule: 'late-acks',
      hit: [
        [50, rtt(400)],
        [60, rtt(300)],
        [70, rtt(350)],
        [80, rtt(400)],
      ],
      spare: [
        [50, rtt(400)],
        [60, rtt(12)],
        [70, rtt(13)],
        [80, rtt(14)],
      ],
    },
  ]),
  ...on('h3-goaway', 'waits', [
    {
      rule: 'grows',
      hit: [[20, exchange('error', '0x108: GOAWAY with more than before')]],
      spare: [[20, exchange('error', '0x105: a frame of type 0x0')]],
    },
    {
      rule: 'missing',
      hit: [[30, close('peer')]],
      spare: [
        [20, exchange('goaway')],
        [30, close('peer')],
      ],
    },
  ]),
  ...on('h3-goaway', 'tells', [
    {
      rule: 'refused',
      hit: [...answered, [30, close('peer', badCode)]],
      spare: [...answered, [30, close('peer')]],
    },
  ]),
  ...on('h3-critical-stream', 'ends', [
    {
      rule: 'no-reaction',
      hit: [
        [20, controlEnds],
        [30, limit('close')],
      ],
      spare: [[30, limit('close')]],
    },
    {
      rule: 'not-asked',
      hit: [[20, close('peer')]],
      spare: [
        [20, controlEnds],
        [40, close('peer', badCode)],
      ],
    },
    {
      rule: 'no-error',
      hit: [
        [20, controlEnds],
        [40, close('peer')],
      ],
      spare: [
        [20, controlEnds],
        [22, close('peer')],
      ],
    },
    {
      rule: 'other-code',
      hit: [
        [20, controlEnds],
        [40, close('peer', oddCode)],
      ],
      spare: [
        [20, controlEnds],
        [40, close('peer', { code: 0x104n, codeName: 'H3_CLOSED_CRITICAL_STREAM' })],
      ],
    },
  ]),
  ...on('quic-stateless-reset', 'old', [
    {
      rule: 'wrong-token',
      hit: [
        [5_000, tap('late-packet')],
        [5_010, heard('terminated')],
      ],
      spare: [
        [5_000, tap('late-packet')],
        [5_010, heard('terminated')],
        [5_010, reset()],
      ],
    },
    {
      rule: 'too-large',
      hit: [
        [5_000, tap('late-packet', 85)],
        [5_010, reset(85)],
      ],
      spare: [
        [5_000, tap('late-packet', 85)],
        [5_010, reset(84)],
      ],
    },
    {
      rule: 'several',
      hit: [
        [5_000, tap('late-packet')],
        [5_010, heard('terminated')],
        [5_011, heard('terminated')],
      ],
      spare: [
        [4_000, heard('terminated')],
        [5_000, tap('late-packet')],
        [5_010, heard('terminated')],
      ],
    },
    {
      rule: 'none',
      hit: [[5_000, tap('late-packet')]],
      spare: [
        [5_000, tap('late-packet')],
        [5_010, heard('terminated')],
      ],
    },
  ]),
];

/** Rules that hold one connection against another. Each name: did its handshake get through? */
const PAIRS: readonly {
  probe: string;
  rule: string;
  hit: [string, boolean][];
  spare: [string, boolean][];
}[] = [
  {
    probe: 'quic-hs-close',
    rule: 'unreachable-after',
    hit: [
      ['before', true],
      ['after', false],
    ],
    spare: [
      ['before', false],
      ['after', false],
    ],
  },
  {
    probe: 'quic-close-args',
    rule: 'unreachable-after',
    hit: [
      ['largest-code', true],
      ['after', false],
    ],
    spare: [
      ['largest-code', true],
      ['after', true],
    ],
  },
  {
    probe: 'quic-rapid-close',
    rule: 'exhausted',
    hit: [
      ['rapid-1', true],
      ['rapid-2', false],
      ['rapid-3', false],
    ],
    spare: [
      ['rapid-1', true],
      ['rapid-2', false],
      ['rapid-3', true],
    ],
  },
  {
    probe: 'quic-rapid-close',
    rule: 'refused',
    hit: [
      ['rapid-1', true],
      ['rapid-2', false],
      ['rapid-3', true],
    ],
    spare: [
      ['rapid-1', true],
      ['rapid-2', true],
      ['rapid-3', true],
    ],
  },
];

/** The two about a handshake that is to fail. */
const REFUSALS: readonly { rule: string; hit: Facts; spare: Facts }[] = [
  {
    rule: 'unreadable',
    hit: [
      [9_000, limit('handshake')],
      [9_000, failed],
    ],
    spare: [
      [20, failed],
      [20, close('peer')],
    ],
  },
  {
    rule: 'other-code',
    hit: [[20, close('peer', { ...inHandshake, code: 0x128n, codeName: 'CRYPTO_ERROR(handshake_failure)' })]],
    spare: [
      [
        20,
        close('peer', { ...inHandshake, code: 0x178n, codeName: 'CRYPTO_ERROR(no_application_protocol)' }),
      ],
    ],
  },
];

describe('the rules of each check of QUIC', () => {
  it.each(ROWS)('$probe: $rule', ({ probe, rule, on: conn, hit, spare }) => {
    expect(says(probe, rule, [...up(conn), ...placed(conn, hit)])).toBe(true);
    expect(says(probe, rule, [...up(conn), ...placed(conn, spare)])).toBe(false);
  });

  it.each(PAIRS)('$probe: $rule, of several connections', ({ probe, rule, hit, spare }) => {
    const of = (conns: [string, boolean][]): Entry[] =>
      conns.flatMap(([name, there]) => (there ? up(name) : placed(name, [[20, failed]])));
    expect(says(probe, rule, of(hit))).toBe(true);
    expect(says(probe, rule, of(spare))).toBe(false);
  });

  it.each(REFUSALS)('quic-hs-close: $rule, of a handshake that is to fail', ({ rule, hit, spare }) => {
    expect(says('quic-hs-close', rule, placed('bad-alpn', hit))).toBe(true);
    expect(says('quic-hs-close', rule, placed('bad-alpn', spare))).toBe(false);
  });

  it('are all here', () => {
    const here = [
      ...ROWS.map(({ probe, rule }) => `${probe} ${rule}`),
      ...PAIRS.map(({ probe, rule }) => `${probe} ${rule}`),
      ...REFUSALS.map(({ rule }) => `quic-hs-close ${rule}`),
    ];
    const all = QUIC_PROBES.flatMap(({ id, rules }) => rules.map((rule) => `${id} ${rule.id}`));
    expect([...new Set(here)].sort()).toEqual(all.sort());
  });
});

function on(probe: string, conn: string, rows: readonly Omit<Row, 'probe' | 'on'>[]): Row[] {
  return rows.map((row) => ({ ...row, probe, on: conn }));
}

function placed(conn: string, facts: Facts): Entry[] {
  return facts.map(([t, fact]) => [t, fact, undefined, conn] as const);
}

function says(probe: string, rule: string, entries: readonly Entry[]): boolean {
  const found = QUIC_PROBES.find(({ id }) => id === probe)?.rules.find(({ id }) => id === rule);
  if (found === undefined) throw new Error(`no rule ${rule} in ${probe}`);
  return found.when(readQuicTold(timeline(...entries))) !== undefined;
}
