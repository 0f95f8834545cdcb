import { describe, expect, it } from 'vitest';
import type { QuicCloseOptions } from '../../src/driver/close/quic-plan.ts';
import { only, type QuicTold, runQuicClose } from './quic-world.ts';

// Each way of closing a QUIC connection, in virtual time (5 ms one way), against a server that keeps every rule.

function close(options: Partial<QuicCloseOptions> = {}): QuicTold {
  return runQuicClose({ options });
}

/** Titles are made without the options: a bigint in them cannot be shown. */
function rows(table: readonly [string, Partial<QuicCloseOptions>, string][]) {
  return table.map(([what, options, why]) => ({ what, options, why }));
}

const shutdowns = ({ calls }: QuicTold): string[] =>
  calls.filter((call) => call.startsWith('SSL_shutdown_ex'));
const closedAt = ({ events }: QuicTold): number =>
  only(events, 'close').find(({ by }) => by === 'local')?.t ?? -1;

describe('full', () => {
  it('waits until everything is acknowledged, closes, and returns after three PTO', () => {
    const told = close({ send: new Uint8Array(100_000).fill(1), alpn: ['echo'] });
    expect(told.outcome).toMatchObject({ class: 'clean', exitCode: 0, closedFirst: 'local' });
    expect(told.outcome.quic).toMatchObject({ bytesWritten: 100_000, bytesAcknowledged: 100_000 });
    expect(only(told.events, 'flush')).toMatchObject([{ complete: true, written: 100_000 }]);
    expect(shutdowns(told)).toEqual(['SSL_shutdown_ex 1']);
    const { closingMs = 0, ptoMs = 0 } = told.outcome.quic ?? {};
    expect(closingMs).toBeCloseTo(3 * ptoMs, 6);
    expect(told.endedAt - closedAt(told)).toBeCloseTo(closingMs, 6);
  });

  it('sends code and reason, the type beside them', () => {
    const { outcome } = close({ code: 0x10cn, reason: 'enough' });
    expect(outcome.quic?.localClose).toMatchObject({
      ...{ frameType: 0x1d, code: 0x10cn, codeName: 'H3_REQUEST_CANCELLED', reason: 'enough' },
      ...{ space: 'application', copies: 1 },
    });
  });

  it('sends a code of the transport when that is asked for', () => {
    const { outcome, server } = close({ code: 2n, reason: 'no more', transportError: true });
    expect(outcome.quic?.localClose).toMatchObject({ frameType: 0x1c, codeName: 'CONNECTION_REFUSED' });
    expect(only(server, 'close').find(({ by }) => by === 'peer')).toMatchObject({
      frameType: 0x1c,
      code: 2n,
    });
  });

  it('carries a reason that is not UTF-8 as it is', () => {
    const { server } = close({ reason: Uint8Array.of(0xff, 0xfe) });
    expect(only(server, 'close').find(({ by }) => by === 'peer')).toMatchObject({ reasonHex: 'fffe' });
  });
});

describe('rapid', () => {
  it('returns once CONNECTION_CLOSE is out, and looks at nothing', () => {
    const told = close({ mode: 'rapid' });
    expect(told.outcome).toMatchObject({ class: 'not-observed', exitCode: 0 });
    expect(told.endedAt).toBe(closedAt(told));
    expect(only(told.server, 'close').filter(({ by }) => by === 'peer')).toHaveLength(1);
  });

  it('flushes all the same, unless told not to', () => {
    const send = new Uint8Array(60_000);
    const flushed = close({ mode: 'rapid', send, alpn: ['echo'] });
    expect(flushed.outcome.quic).toMatchObject({ bytesAcknowledged: 60_000, bytesUnacknowledged: 0 });
    const hurried = close({ mode: 'rapid', send, alpn: ['echo'], streamFlush: false });
    expect(hurried.outcome.quic?.bytesUnacknowledged).toBeGreaterThan(30_000);
    expect(hurried.outcome.truncationPossible).toBe('yes');
    expect(closedAt(hurried)).toBeLessThan(closedAt(flushed));
  });

  it('looks with --linger, and finds a peer that goes quiet', () => {
    expect(close({ mode: 'rapid', lingerMs: 300 }).outcome.class).toBe('clean');
  });
});

describe('wait-peer', () => {
  it('lets the peer close, and takes an end without error for what was asked', () => {
    const told = close({ mode: 'wait-peer' });
    expect(told.outcome).toMatchObject({ class: 'peer-closed', closedFirst: 'peer', exitCode: 0 });
    expect(shutdowns(told)).toEqual(['SSL_shutdown_ex 1']);
  });

  it('closes itself when its time is over', () => {
    const told = close({ mode: 'wait-peer', limits: { close: 700 } });
    expect(told.outcome).toMatchObject({ class: 'silent', peerNeverClosed: true, exitCode: 1 });
    expect(only(told.events, 'limit')).toMatchObject([{ phase: 'close', ms: 700 }]);
    expect(only(told.events, 'close')[0]).toMatchObject({ by: 'local' });
  });

  it('ends by the idle timeout of whoever has the shorter one', () => {
    const told = runQuicClose({
      behaviour: 'never-closes',
      options: { mode: 'wait-peer', idleTimeoutMs: 1_000, limits: { close: 10_000 } },
    });
    expect(told.outcome).toMatchObject({ class: 'idle-timeout', exitCode: 1 });
    expect(told.outcome.quic?.idle).toMatchObject({ localMs: 1_000, peerMs: 30_000, effectiveMs: 1_000 });
    expect(told.outcome.quic?.idle.observedMs).toBeCloseTo(1_000, 0);
  });

  it('does not, with a keep-alive', () => {
    const told = runQuicClose({
      behaviour: 'never-closes',
      options: { mode: 'wait-peer', idleTimeoutMs: 1_000, keepAliveMs: 400, limits: { close: 4_000 } },
    });
    expect(told.outcome.class).toBe('silent');
    expect(only(told.events, 'keep-alive').length).toBeGreaterThan(5);
  });
});

describe('vanish', () => {
  it('says nothing, and leaves the peer to its idle timeout', () => {
    const told = runQuicClose({ behaviour: 'never-closes', options: { mode: 'vanish' } });
    expect(told.outcome).toMatchObject({ class: 'not-observed', closedFirst: 'none' });
    expect(only(told.events, 'close')).toEqual([]);
    expect(shutdowns(told)).toEqual([]);
    expect(told.report.text).toBe('client went silent: nothing came for 30.0 s');
    expect(told.findings.map(({ rule, who }) => `${rule} ${who}`)).toEqual([
      'quic-10.1-abandon-early-needs-close local',
    ]);
  });
});

describe('closing before the handshake is over', () => {
  it('in Initial packets: APPLICATION_ERROR, and no reason', () => {
    const told = close({ closeIn: 'initial', code: 7n, reason: 'secret' });
    const closes = only(told.events, 'close').filter(({ by }) => by === 'local');
    expect(closes[0]).toMatchObject({ frameType: 0x1c, code: 0x0cn, reason: '', space: 'initial' });
    expect(closes.slice(1).every(({ identical }) => identical === true)).toBe(true);
    expect(only(told.events, 'handshake.completed')).toEqual([]);
    expect(['clean', 'peer-closed']).toContain(told.outcome.class);
  });

  it('in Handshake packets: the same', () => {
    const told = close({ closeIn: 'handshake', code: 7n, reason: 'secret' });
    const closes = only(told.events, 'close').filter(({ by }) => by === 'local');
    // The server cannot read what it is told in 1-RTT packets yet; nobody else can.
    expect(new Set(closes.map(({ frameType, reason, space }) => `${space} ${frameType} ${reason}`))).toEqual(
      new Set(['application 29 secret', 'handshake 28 ']),
    );
    expect(told.report.facts).toMatchObject({ handshake: 'failed', closedFirst: 'client' });
  });
});

describe('streams', () => {
  it('are reset with the code that was asked for', () => {
    const { server } = close({ send: new Uint8Array(10), alpn: ['echo'], resetStream: 9n });
    expect(only(server, 'stream').filter(({ by, what }) => by === 'peer' && what === 'reset')).toMatchObject([
      { code: 9n },
    ]);
  });

  it('stay open without FIN', () => {
    const send = new Uint8Array(10);
    const fins = ({ server }: QuicTold) =>
      server.filter(
        (event) =>
          (event.kind === 'stream-data' && event.by === 'peer' && event.fin) ||
          (event.kind === 'stream' && event.by === 'peer' && event.what === 'fin'),
      );
    expect(fins(close({ send, alpn: ['echo'], fin: false }))).toEqual([]);
    expect(fins(close({ send, alpn: ['echo'] }))).toHaveLength(1);
  });

  it('are read until so many bytes have come, or nothing comes any more', () => {
    const send = new Uint8Array(5_000);
    const some = close({ send, alpn: ['echo'], readUntil: 1_000 });
    expect(some.calls.filter((call) => call.startsWith('SSL_read'))).toEqual(['SSL_read 1000']);
    const idle = close({ send, alpn: ['echo'], fin: false, readUntil: 'idle' });
    expect(idle.outcome.bytesReceived).toBe(5_000);
    expect(closedAt(idle)).toBeGreaterThan(500);
  });
});

describe('the rest', () => {
  it('finds a peer that never goes quiet: it did not see the close, and asks again and again', () => {
    const told = runQuicClose({ options: { lingerMs: 3_000 }, unheardFrom: 18 });
    expect(told.outcome).toMatchObject({ class: 'never-quiet', exitCode: 1 });
    expect(told.outcome.quic?.datagramsAfterClose).toBeGreaterThan(0);
    expect(told.findings).toMatchObject([{ rule: 'quic-10.2.2-draining-sends-nothing', grade: 'warn' }]);
  });

  it('does nothing for a while before closing', () => {
    const told = close({ idleMs: 1_000 });
    expect(closedAt(told)).toBeGreaterThan(1_000);
    expect(told.outcome.class).toBe('clean');
  });

  it('shows each 0 of calls that do not block', () => {
    const told = close({ noBlock: true, send: new Uint8Array(50_000), alpn: ['echo'] });
    const made = shutdowns(told);
    expect(made.length).toBeGreaterThan(1);
    expect(made.slice(0, -1).filter((call) => !call.startsWith('SSL_shutdown_ex 0'))).toEqual([]);
    expect(made.at(-1)).toBe('SSL_shutdown_ex 1');
  });

  it('speaks version 2, and changes to it when the server prefers it', () => {
    const told = close({ quicVersions: ['v2'] });
    expect(told.outcome).toMatchObject({ class: 'clean', quic: { version: 0x6b3343cf } });
  });

  it('keeps the calls of the profile', () => {
    const told = close({ profile: 'openssl-3.5', mode: 'wait-peer', limits: { close: 500 } });
    expect(told.outcome.class).toBe('silent');
    expect(close({ profile: 'openssl-3.5' }).outcome.class).toBe('clean');
  });

  it('can be interrupted, and tells what was seen so far', () => {
    const told = runQuicClose({ options: { idleMs: 60_000 }, interruptAt: 500 });
    expect(told.outcome).toMatchObject({ class: 'interrupted', exitCode: 130 });
    expect(told.endedAt).toBe(500);
  });

  it('comes through loss', () => {
    const network = { loss: 0.2, jitter: 20, duplication: 0.1 };
    const told = runQuicClose({
      network,
      options: { send: new Uint8Array(40_000), alpn: ['echo'], readUntil: 'eof' },
    });
    expect(told.outcome.quic).toMatchObject({ bytesAcknowledged: 40_000 });
    expect(told.outcome.bytesReceived).toBe(40_000);
  });
});

describe('what cannot be meant', () => {
  it.each(
    rows([
      ['a code of 63 bits', { code: 2n ** 62n }, "does not fit QUIC's 62 bits"],
      ['a code and no close', { mode: 'vanish', code: 1n }, 'nothing is sent that could carry it'],
      ['an early close that waits', { mode: 'wait-peer', closeIn: 'initial' }, 'says when we close'],
      ['an early close with something to send', { closeIn: 'handshake', send: new Uint8Array(1) }, 'no time'],
      ['datagrams too small', { mtu: 1199 }, 'mtu'],
      ['no time before the next PING', { keepAliveMs: 0 }, 'milliseconds'],
    ]),
  )('$what is refused', ({ options, why }) => {
    expect(() => close(options)).toThrow(why);
  });
});
