import { describe, expect, it } from 'vitest';
import { local, net, peer, type StepSpec } from './play.ts';
import { playQuic, type QuicPlayed } from './quic-play.ts';

const NO_BLOCK = { flags: ['NO_BLOCK'] };
const RAPID = { flags: ['RAPID'] };
const WAIT = { flags: ['WAIT_PEER'] };
const shutdown = local('shutdown');
const ex = (args: object): StepSpec => local('shutdown_ex', args);
const info = local('conn_close_info');
const write = local('write', { size: 10 });
const events = (ms: number): StepSpec => local('handle_events', { ms });
const sleep = (ms: number): StepSpec => local('sleep', { ms });
const BLOCKING = { blocking: true };

type Runs = { manual: QuicPlayed; openssl: QuicPlayed };

/** What both profiles make of the same run. */
function both(steps: readonly StepSpec[], setup: object = {}): Runs {
  return { manual: playQuic('manual', steps, setup), openssl: playQuic('openssl-3.5', steps, setup) };
}

/** Both timelines name the discrepancy; the note tells what the other profile does. */
function expectNoted({ manual, openssl }: Runs, number: number): void {
  expect(manual.notes, 'noted under manual').toContain(number);
  expect(openssl.notes, 'noted under openssl-3.5').toContain(number);
}

function expectSame({ manual, openssl }: Runs): void {
  expect({ calls: manual.calls, peer: manual.peer, wire: manual.wire }).toEqual({
    calls: openssl.calls,
    peer: openssl.peer,
    wire: openssl.wire,
  });
}

describe('where OpenSSL 3.5 and its manual part, on QUIC', () => {
  it('11: args_len', () => {
    const runs = both([
      ex({ ...RAPID, code: 4, args_len: 3 }),
      ex({ ...RAPID, code: 5, args_len: 16 }),
      info,
    ]);
    expect(runs.manual.calls).toEqual([
      'shutdown_ex -1 SSL "passed invalid argument" [-]',
      'shutdown_ex 0 [S]',
      'conn_close_info local application 5 ""',
    ]);
    expect(runs.openssl.calls.at(-1)).toBe('conn_close_info local application 4 ""');
    expectNoted(runs, 11);
  });

  it('16: an error code of more than 62 bits', () => {
    const runs = both([
      ex({ ...RAPID, code: String(2n ** 62n), reason: 'x' }),
      ex({ ...RAPID, code: 5 }),
      info,
    ]);
    expect(runs.manual.calls).toEqual([
      'shutdown_ex -1 SSL "passed invalid argument" [-]',
      'shutdown_ex 0 [S]',
      'conn_close_info local application 5 ""',
    ]);
    expect(runs.manual.wire).toBe('0x1d 5 once');
    expect(runs.manual.peer).toEqual(['close remote application 5 ""']);
    expect(runs.openssl.calls).toEqual([
      'shutdown_ex 0 [S]',
      'shutdown_ex 0 [S]',
      'conn_close_info local application 4611686018427387904 "x"',
    ]);
    expect(runs.openssl.wire).toBe('nothing');
    expectNoted(runs, 16);
  });

  it('16: in later calls, whose arguments are ignored, such a code is ignored too', () => {
    const { manual } = both([ex(RAPID), ex({ ...RAPID, code: String(2n ** 64n - 1n) }), info]);
    expect(manual.calls).toEqual([
      'shutdown_ex 0 [S]',
      'shutdown_ex 0 [S]',
      'conn_close_info local application 0 ""',
    ]);
  });

  it('17: closing with the congestion window full', () => {
    const steps = [local('write', { size: 20_000 }), ex({ flags: ['NO_STREAM_FLUSH', 'RAPID'] })];
    const runs = both(steps, { ...BLOCKING, rtt_ms: 40, data_expect: 20_000 });
    expect(runs.manual.wire).toContain('0x1d 0');
    expect(runs.manual.peer).toEqual(['data part', 'close remote application 0 ""']);
    expect(runs.openssl.wire).toBe('nothing');
    expect(runs.openssl.peer).toEqual(['data part']);
    expectNoted(runs, 17);
  });

  it('18: packets that come while closing', () => {
    const steps = [
      write,
      events(250),
      net('drop_c2s'),
      net('reset_counters'),
      ex(NO_BLOCK),
      ...[20, 60, 100].map((after_ms) => peer('write', { after_ms })),
      events(300),
      local('relay_stats'),
    ];
    const runs = both(steps, { ...BLOCKING, rtt_ms: 100 });
    // Answered: the first and the second of three.
    expect(runs.manual.calls.at(-1)).toBe('relay_stats 3 some');
    expect(runs.openssl.calls.at(-1)).toBe('relay_stats 1 some');
    expectNoted(runs, 18);
  });

  it('19: both close for three PTO, and say so beside its formula', () => {
    const runs = both([write, events(420), ex(NO_BLOCK), shutdown], { ...BLOCKING, rtt_ms: 100 });
    for (const { run } of [runs.manual, runs.openssl]) {
      const state = run.events.find((event) => event.kind === 'connection-state' && event.to === 'closing');
      if (state?.kind !== 'connection-state') throw new Error('it never closed');
      const { until = 0, ptoMs = 0, formula } = state;
      expect(until - state.t).toBeCloseTo(3 * ptoMs, 6);
      expect(formula).toContain('3 × PTO');
      const last = run.events.findLast((event) => event.kind === 'return');
      expect(last?.t).toBeCloseTo(until, 6);
    }
  });

  it('20: the arguments of a call that came back with 0 while flushing', () => {
    const steps = [
      write,
      ex({ ...NO_BLOCK, code: 7, reason: 'seven' }),
      events(200),
      ex({ ...NO_BLOCK, code: 8, reason: 'eight' }),
      info,
    ];
    const runs = both(steps, { ...BLOCKING, rtt_ms: 60 });
    expect(runs.manual.calls.at(-1)).toBe('conn_close_info local application 7 "seven"');
    expect(runs.manual.wire).toBe('0x1d 7 (5) once');
    expect(runs.openssl.calls.at(-1)).toBe('conn_close_info local application 8 "eight"');
    expect(runs.openssl.notes).toContain(20);
    expect(runs.manual.notes).toContain(24);
  });

  it('20: the same while waiting for the peer', () => {
    const steps = [
      ex({ flags: ['WAIT_PEER', 'NO_BLOCK'], code: 9, reason: 'nine' }),
      ex({ ...RAPID, code: 5, reason: 'five' }),
      info,
    ];
    const runs = both(steps);
    expect(runs.manual.calls.at(-1)).toBe('conn_close_info local application 9 "nine"');
    expect(runs.openssl.calls.at(-1)).toBe('conn_close_info local application 5 "five"');
    expectNoted(runs, 20);
  });

  it('21: the path dies during the flush, and the connection by its idle timeout', () => {
    const runs = both([net('blackhole'), write, shutdown, info, shutdown], {
      ...BLOCKING,
      idle_timeout_ms: 1000,
    });
    expect(runs.manual.calls.slice(1)).toEqual([
      'shutdown 1 [-]',
      `conn_close_info local transport ${2n ** 64n - 1n} ""`,
      'shutdown 1 [-]',
    ]);
    expect(runs.openssl.calls[1]).toBe('shutdown 0 [S+R]');
    expect(runs.manual.run.events).toContainEqual(
      expect.objectContaining({ kind: 'note', code: 'unflushed' }),
    );
    expect(runs.manual.run.events).toContainEqual(
      expect.objectContaining({ kind: 'flush', complete: false, written: 10, acknowledged: 0 }),
    );
    expectNoted(runs, 21);
  });

  it('21: the peer closes during the flush', () => {
    const steps = [net('drop_c2s'), write, peer('close', { code: 42, after_ms: 150 }), shutdown, shutdown];
    const runs = both(steps, BLOCKING);
    expect(runs.manual.calls.slice(1)).toEqual(['shutdown 1 [R]', 'shutdown 1 [R]']);
    expect(runs.openssl.calls.slice(1)).toEqual(['shutdown 0 [S+R]', 'shutdown 0 [S+R]']);
    expectNoted(runs, 21);
  });

  it('22: WAIT_PEER without blocking', () => {
    const steps = [ex(WAIT), info, peer('close', { code: 42, reason: 'done' }), ex(WAIT), ex(WAIT), info];
    const runs = both(steps);
    expect(runs.manual.calls).toEqual([
      'shutdown_ex 0 [-]',
      'conn_close_info none',
      'shutdown_ex 1 [R]',
      'shutdown_ex 1 [R]',
      'conn_close_info remote application 42 "done"',
    ]);
    expect(runs.openssl.calls.slice(2, 4)).toEqual(['shutdown_ex 0 [S+R]', 'shutdown_ex 0 [S+R]']);
    expectNoted(runs, 22);
  });

  it('23: RAPID does not skip the flush, in either', () => {
    const steps = [local('write', { size: 5000 }), ex(RAPID), sleep(20), ex(RAPID), events(100), ex(RAPID)];
    const runs = both(steps, { rtt_ms: 80 });
    for (const { calls, peer: saw } of [runs.manual, runs.openssl]) {
      expect(calls.slice(1, 4)).toEqual(['shutdown_ex 0 [-]', 'sleep [-]', 'shutdown_ex 0 [-]']);
      expect(calls.at(-1)).toBe('shutdown_ex 0 [S]');
      expect(saw).toEqual(['data 5000', 'close remote application 0 ""']);
    }
    const dead = both([net('blackhole'), write, ex(RAPID)], { ...BLOCKING, idle_timeout_ms: 1000 });
    for (const { wire } of [dead.manual, dead.openssl]) expect(wire).toBe('nothing');
  });

  it('24: SSL_handle_events alone after a call that was still flushing', () => {
    const runs = both([write, ex(NO_BLOCK), events(150), info], { ...BLOCKING, rtt_ms: 40 });
    expect(runs.manual.calls.slice(1)).toEqual([
      'shutdown_ex 0 [-]',
      'handle_events [S]',
      'conn_close_info local application 0 ""',
    ]);
    expect(runs.openssl.calls.slice(1)).toEqual([
      'shutdown_ex 0 [-]',
      'handle_events [-]',
      'conn_close_info none',
    ]);
    expectNoted(runs, 24);
  });

  it('25: explicit event handling', () => {
    const steps = [net('reset_counters'), ex(NO_BLOCK), local('relay_stats'), sleep(400), ex(NO_BLOCK)];
    const runs = both(steps, { explicit_events: true });
    expect(runs.manual.calls).toEqual([
      'shutdown_ex 0 [S]',
      'relay_stats 1 none',
      'sleep [S]',
      'shutdown_ex 1 [S]',
    ]);
    expect(runs.manual.peer).toEqual(['close remote application 0 ""']);
    expect(runs.openssl.calls).toEqual([
      'shutdown_ex 0 [S]',
      'relay_stats 0 none',
      'sleep [S]',
      'shutdown_ex 0 [S]',
    ]);
    expect(runs.openssl.peer).toEqual([]);
    expectNoted(runs, 25);
  });

  it.each([
    ['we close', [shutdown], '[S]', '[S+R]'],
    ['the peer closes', [peer('close'), events(500)], '[R]', '[S+R]'],
    ['nobody does: the idle timeout', [net('blackhole'), events(2000)], '[-]', '[S+R]'],
  ] as const)('26: the flags when %s', (_who, steps, manual, openssl) => {
    const runs = both([...steps, local('get_shutdown')], { ...BLOCKING, idle_timeout_ms: 1000 });
    expect(runs.manual.calls.at(-1)).toBe(`get_shutdown ${manual}`);
    expect(runs.openssl.calls.at(-1)).toBe(`get_shutdown ${openssl}`);
    expectNoted(runs, 26);
  });

  it('26: both, when both close', () => {
    const steps = [net('drop_c2s'), ex(NO_BLOCK), peer('close', { code: 42 }), events(20), info];
    const runs = both(steps, { rtt_ms: 50 });
    expect(runs.manual.calls.slice(1)).toEqual([
      'handle_events [S+R]',
      'conn_close_info local application 0 ""',
    ]);
    expect(runs.openssl.calls.slice(1)).toEqual([
      'handle_events [S]',
      'conn_close_info local application 0 ""',
    ]);
  });

  it('27: before a handshake it returns 1, in the middle of one the peer is told little, in both', () => {
    const before = both([shutdown, info], { handshake: 'manual' });
    expect(before.manual.calls).toEqual(['shutdown 1 [-]', 'conn_close_info local application 0 ""']);
    expect(before.openssl.calls).toEqual(['shutdown 1 [S+R]', 'conn_close_info local application 0 ""']);
    const during = both([local('do_handshake'), ex({ ...RAPID, code: 5, reason: 'app' }), info], {
      handshake: 'manual',
      rtt_ms: 60,
    });
    for (const run of [during.manual, during.openssl]) {
      expect(run.calls).toEqual([
        'do_handshake -1 WANT_READ [-]',
        'shutdown_ex 0 [S]',
        'conn_close_info local application 5 "app"',
      ]);
      expect(run.wire).toMatch(/^0x1c 12 /);
    }
  });

  it('28: what was received can be read after the close, then SSL_ERROR_SSL, in both', () => {
    const read = local('read');
    const steps = [write, events(60), peer('write', { size: 30 }), events(30), ex(RAPID), read, read];
    const runs = both(steps);
    expectSame(runs);
    expect(runs.manual.calls.slice(-2)).toEqual(['read 30 [S]', 'read 0 SSL "protocol is shutdown" [S]']);
  });

  it('29: a reason too long', () => {
    const reason = `a${'é'.repeat(600)}`;
    const runs = both([ex({ ...RAPID, reason }), info]);
    // 1201 bytes, and a packet of 1200: the last character that fits is whole.
    const sent = runs.manual.run.wire?.close_sent?.reason_len ?? 0;
    expect(sent).toBeGreaterThan(1100);
    expect(sent % 2).toBe(1);
    expect(runs.openssl.wire).toBe('0x1d 0 (600) once');
    for (const { run } of [runs.manual, runs.openssl]) expect(run.observed.at(-1)?.reason_len).toBe(1201);
    expectNoted(runs, 29);
  });

  it('30: the flush waits for the transport alone, and closing concludes no stream, in both', () => {
    const setup = { ...BLOCKING, rtt_ms: 4, data_expect: 100_000 };
    const steps = [peer('stop_reading'), local('write', { size: 100_000 }), ex(RAPID)];
    const runs = both(steps, setup);
    expectSame(runs);
    expect(runs.manual.peer).toEqual(['close remote application 0 ""', 'data all']);
  });

  it('31 and 32: SSL_set_shutdown, quiet shutdown and flags that nobody knows do nothing, in both', () => {
    const steps = [
      local('set_shutdown', { flags: ['SENT', 'RECEIVED'] }),
      local('set_quiet_shutdown', { mode: 1 }),
      write,
      events(60),
      ex({ flags: ['RAPID'], raw_flags: 0x100 }),
    ];
    const runs = both(steps);
    expectSame(runs);
    expect(runs.manual.calls).toEqual([
      'set_shutdown [-]',
      'set_quiet_shutdown 0',
      'write 10 [-]',
      'handle_events [-]',
      'shutdown_ex 0 [S]',
    ]);
  });

  it.each([
    ['closing', [ex(NO_BLOCK), sleep(500)], 'sleep [S]', 'sleep [S]'],
    ['a flush', [write, ex(NO_BLOCK), sleep(500)], 'sleep [S]', 'sleep [-]'],
    ['the peer’s close', [peer('close', { after_ms: 10 }), sleep(100)], 'sleep [R]', 'sleep [-]'],
  ] as const)('33: thread assisted mode carries %s through', (_what, steps, manual, openssl) => {
    const runs = both([...steps, ex(NO_BLOCK)], { ...BLOCKING, thread_assisted: true, rtt_ms: 10 });
    expect(runs.manual.calls.at(-2)).toBe(manual);
    expect(runs.openssl.calls.at(-2)).toBe(openssl);
    expectNoted(runs, 33);
  });
});
