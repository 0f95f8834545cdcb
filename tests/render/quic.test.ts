import { describe, expect, it } from 'vitest';
import { toText } from '../../src/render/text.ts';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';

function lines(facts: readonly Fact[], verbose = false): string[] {
  const events = facts.map((fact, at): TimelineEvent => ({ seq: at, t: 10, conn: 'local', ...fact }));
  return toText(events, { width: 400, verbose, unicode: true });
}

function line(fact: Fact, verbose = false): string | undefined {
  return lines([fact], verbose)[0]?.slice('   10.0  '.length);
}

const close: Extract<Fact, { kind: 'close' }> = {
  ...{ kind: 'close', by: 'peer', frameType: 0x1d, layer: 'application' },
  ...{ code: 0x100n, codeName: 'H3_NO_ERROR', reason: '', reasonBytes: 0 },
  ...{ space: 'application', packet: 7, copy: 1 },
};

describe('a CONNECTION_CLOSE on the terminal', () => {
  it.each<{ fact: Fact; text: string }>([
    { fact: close, text: '← CONNECTION_CLOSE 0x1d H3_NO_ERROR (0x100) in 1-RTT #7' },
    {
      fact: { ...close, frameType: 0x1c, layer: 'transport', codeName: 'CRYPTO_ERROR(close_notify)' },
      text: '← CONNECTION_CLOSE 0x1c CRYPTO_ERROR(close_notify) (0x100) in 1-RTT #7',
    },
    {
      fact: { ...close, by: 'local', code: 7n, codeName: '0x7', reason: 'bye', reasonBytes: 3 },
      text: '→ CONNECTION_CLOSE 0x1d 0x7 "bye" in 1-RTT #7',
    },
    {
      fact: { ...close, reason: 'b\ufffd', reasonBytes: 2, reasonHex: '62ff' },
      text: '← CONNECTION_CLOSE 0x1d H3_NO_ERROR (0x100) reason 0x62ff in 1-RTT #7',
    },
    {
      fact: {
        ...{ ...close, frameType: 0x1c, layer: 'transport', code: 7n, codeName: 'FRAME_ENCODING_ERROR' },
        ...{ errorFrame: 0x06n, space: 'handshake', packet: 2 },
      },
      text: '← CONNECTION_CLOSE 0x1c FRAME_ENCODING_ERROR (0x7) for frame 0x6 in Handshake #2',
    },
    {
      fact: { ...close, copy: 2, identical: true, sinceLastMs: 12 },
      text: '← CONNECTION_CLOSE 0x1d H3_NO_ERROR (0x100) in 1-RTT #7, copy 2 after 12 ms',
    },
    {
      fact: { ...close, copy: 3, identical: false },
      text: '← CONNECTION_CLOSE 0x1d H3_NO_ERROR (0x100) in 1-RTT #7, copy 3, not the same',
    },
    {
      fact: { ...close, by: 'local', reason: 'long', reasonBytes: 4, reasonCut: 20 },
      text: '→ CONNECTION_CLOSE 0x1d H3_NO_ERROR (0x100) "long" in 1-RTT #7, 20 bytes of the reason did not fit',
    },
    {
      fact: { ...close, code: 2n ** 62n - 1n, codeName: '0x3fffffffffffffff' },
      text: '← CONNECTION_CLOSE 0x1d 0x3fffffffffffffff in 1-RTT #7',
    },
  ])('$text', ({ fact, text }) => {
    expect(line(fact)).toBe(text);
  });
});

const FACTS: readonly { fact: Fact; text: string; verbose?: true }[] = [
  {
    fact: {
      ...{ kind: 'connection-state', from: 'open', to: 'closing', why: 'we close with 0x1d code 0x0' },
      ...{ until: 130, ptoMs: 40, formula: '3 × PTO = 3 × 40 ms' },
    },
    text: '  closing for 120 ms (we close with 0x1d code 0x0, 3 × PTO = 3 × 40 ms)',
  },
  {
    fact: { kind: 'connection-state', from: 'closing', to: 'terminated', why: 'closing is over' },
    text: '  terminated (closing is over)',
  },
  {
    fact: { kind: 'heard', state: 'closing', bytes: 30, packets: ['1rtt'] },
    text: '← datagram while closing, 30 bytes: 1-RTT',
  },
  { fact: { kind: 'stateless-reset', by: 'peer', bytes: 43 }, text: '← stateless reset, 43 bytes' },
  {
    fact: { kind: 'idle-timeout', localMs: 30_000, effectiveMs: 10_000, peerMs: 10_000, silentMs: 10_001 },
    text: '  idle timeout: nothing for 10 s (ours 30 s, theirs 10 s)',
  },
  {
    fact: { kind: 'flush', complete: true, written: 45, acknowledged: 45 },
    text: '  flushed: 45 bytes written and acknowledged',
  },
  {
    fact: { kind: 'flush', complete: false, written: 45, acknowledged: 1 },
    text: '  not flushed: 1 of 45 bytes acknowledged',
  },
  {
    fact: { kind: 'quic-version', what: 'refused', version: 1, supported: [0x6b3343cf, 0xff00001d] },
    text: '← Version Negotiation: QUIC v1 refused, known there: QUIC v2, QUIC 0xff00001d',
  },
  {
    fact: { kind: 'quic-version', what: 'changed', version: 0x6b3343cf },
    text: '← version changed to QUIC v2',
  },
  {
    fact: { kind: 'quic-version', what: 'chosen', version: 1 },
    text: '  QUIC v1 for the first packet',
    verbose: true,
  },
  { fact: { kind: 'token', by: 'peer', what: 'retry', bytes: 60 }, text: '← Retry, 60 bytes' },
  { fact: { kind: 'token', by: 'peer', what: 'accepted', bytes: 0 }, text: '← token taken' },
  {
    fact: { kind: 'token', by: 'peer', what: 'new-token', bytes: 50 },
    text: '← token for a later connection, 50 bytes',
    verbose: true,
  },
  {
    fact: { kind: 'quic-key-update', by: 'peer', phase: 1, generation: 1 },
    text: '← key update: phase 1, generation 1',
  },
  {
    fact: { kind: 'probe', space: 'application', count: 2, waitedMs: 80 },
    text: '  probe timeout 2 in application: nothing acknowledged for 80 ms',
  },
  {
    fact: {
      kind: 'stream',
      by: 'peer',
      what: 'reset',
      stream: 0,
      code: 0x10cn,
      codeName: 'H3_REQUEST_CANCELLED',
      bytes: 9,
    },
    text: '← stream 0 reset H3_REQUEST_CANCELLED (0x10c), 9 bytes in all',
  },
  {
    fact: { kind: 'stream', by: 'peer', what: 'stop-sending', stream: 4, code: 1n },
    text: '← stream 4 no longer wanted (0x1)',
  },
  {
    fact: { kind: 'stream', by: 'local', what: 'blocked', stream: 4 },
    text: '→ stream 4 blocked by flow control',
  },
  {
    fact: { kind: 'stream', by: 'local', what: 'opened', stream: 4 },
    text: '→ stream 4 opened',
    verbose: true,
  },
  {
    fact: { kind: 'stream-data', by: 'peer', stream: 0, bytes: 1, fin: true },
    text: '← stream 0: 1 byte, FIN',
  },
  {
    fact: { kind: 'stream-data', by: 'peer', stream: 3, bytes: 20, fin: false },
    text: '← stream 3: 20 bytes',
    verbose: true,
  },
  {
    fact: {
      kind: 'exchange',
      by: 'local',
      alpn: 'h3',
      what: 'goaway',
      detail: 'no requests from stream 4 on',
    },
    text: '→ h3 goaway: no requests from stream 4 on',
  },
  {
    fact: {
      ...{ kind: 'packet', by: 'peer', type: 'handshake', number: 1, bytes: 300, keyPhase: 0 },
      frames: [{ name: 'crypto', detail: '[0..200)' }, { name: 'padding' }],
    },
    text: '← Handshake #1, 300 bytes: crypto [0..200), padding',
    verbose: true,
  },
  {
    fact: { kind: 'packet-lost', space: 'application', number: 3, bytes: 1200, why: 'reordering' },
    text: '  1-RTT #3 lost (reordering), 1 200 bytes',
    verbose: true,
  },
  {
    fact: { kind: 'rtt', latestMs: 10, smoothedMs: 11, variationMs: 2, minimumMs: 9, ptoMs: 44 },
    text: '  RTT 10 ms, smoothed 11 ms ± 2 ms, PTO 44 ms',
    verbose: true,
  },
  {
    fact: {
      kind: 'transport-parameters',
      by: 'peer',
      parameters: { max_idle_timeout: 30_000n, grease_quic_bit: true },
    },
    text: '← transport parameters: max_idle_timeout 30000, grease_quic_bit true',
    verbose: true,
  },
  {
    fact: { kind: 'keep-alive', afterMs: 500 },
    text: '→ keep-alive PING after 500 ms without a packet',
    verbose: true,
  },
  {
    fact: { kind: 'connection-id', by: 'peer', what: 'issued', sequence: 1, id: 'c0ffee' },
    text: '← connection ID 1 issued: c0ffee',
    verbose: true,
  },
];

describe('what only QUIC has, on the terminal', () => {
  it.each(FACTS)('$text', ({ fact, text, verbose = false }) => {
    expect(line(fact, verbose)).toBe(text);
    if (verbose) expect(lines([fact])).toEqual([]);
  });
});

describe('text of a hostile peer', () => {
  const hostile = '\u001b[31mred\u001b[0m\r\n\u202eevil\u0007\u2028next';

  /** Every string in it but those that name the fact and its sides. */
  function poisoned(fact: Fact): Fact {
    const entries = Object.entries(fact).map(([key, value]) => {
      if (FIXED.has(key) || typeof value !== 'string') return [key, value];
      return [key, hostile];
    });
    return Object.fromEntries(entries) as Fact;
  }

  it.each([
    { fact: { ...close, reason: 'x' } as Fact, text: 'a reason' },
    ...FACTS,
  ])('gets no control character out: $text', ({ fact }) => {
    for (const shown of lines([poisoned(fact)], true)) {
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(shown).not.toContain('\u001b');
    }
  });

  it('is escaped where it stands, and cut', () => {
    expect(line({ ...close, reason: hostile })).toContain('"\\x1b[31mred\\x1b[0m\\r\\n');
    expect(line({ ...close, reason: 'r'.repeat(5_000) })?.length).toBeLessThan(400);
  });
});

const FIXED: ReadonlySet<string> = new Set(['kind', 'by', 'what', 'layer']);
