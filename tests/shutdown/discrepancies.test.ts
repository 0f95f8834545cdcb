import { describe, expect, it } from 'vitest';
import {
  BOTH,
  local,
  net,
  type Played,
  type Protocol,
  peer,
  peerCloses,
  play,
  read,
  type StepSpec,
  shutdown,
} from './play.ts';

const WRITE = local('write', { size: 10 });

/** What both profiles make of the same run, and the notes that say so. */
function both(
  protocol: Protocol,
  steps: readonly StepSpec[],
  setup: object = {},
): { manual: Played; openssl: Played } {
  return {
    manual: play(protocol, 'manual', steps, setup),
    openssl: play(protocol, 'openssl-3.5', steps, setup),
  };
}

/** Both timelines name the discrepancy; the note tells what the other profile does. */
function expectNoted(runs: { manual: Played; openssl: Played }, number: number): void {
  expect(runs.manual.notes, 'noted under manual').toContain(number);
  expect(runs.openssl.notes, 'noted under openssl-3.5').toContain(number);
}

describe.each(BOTH)('where OpenSSL 3.5 and its manual part, %s', (protocol) => {
  it('1: a pending SSL_write when SSL_shutdown is first called', () => {
    const steps = [
      net('block_writes'),
      WRITE,
      shutdown,
      net('pass'),
      shutdown,
      shutdown,
      peerCloses,
      shutdown,
    ];
    const runs = both(protocol, steps);
    expect(runs.manual.calls).toEqual([
      'write -1 WANT_WRITE [-]',
      'shutdown 0 WANT_WRITE [S]',
      'shutdown 0 WANT_READ [S]',
      'shutdown 0 WANT_READ [S]',
      'shutdown 1 [S+R]',
    ]);
    expect(runs.manual.peer).toEqual(['data 10', 'close_notify']);
    expect(runs.openssl.calls).toEqual([
      'write -1 WANT_WRITE [-]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown -1 WANT_READ [S]',
      'shutdown 1 [S+R]',
    ]);
    expect(runs.openssl.peer).toEqual([]);
    expectNoted(runs, 1);
  });

  it('2: a fatal alert in answer to our close_notify', () => {
    const runs = both(protocol, [
      shutdown,
      peer('raw_alert', { level: 2, description: 80 }),
      shutdown,
      shutdown,
    ]);
    expect(runs.manual.calls.slice(1)).toEqual([
      'shutdown -1 SSL "tlsv1 alert internal error" [S]',
      'shutdown -1 SSL "shutdown while in init" [S]',
    ]);
    expect(runs.openssl.calls.slice(1)).toEqual([
      'shutdown 1 queued "tlsv1 alert internal error" [S+R]',
      'shutdown -1 SSL "shutdown while in init" [S+R]',
    ]);
    expectNoted(runs, 2);
  });

  it('3: user_canceled before close_notify', () => {
    const canceled = peer('raw_alert', { level: 1, description: 90 });
    const runs = both(protocol, [canceled, read, peerCloses, read, shutdown]);
    const clean = ['read -1 WANT_READ [-]', 'read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]'];
    expect(runs.manual.calls).toEqual(clean);
    if (protocol === 'tls1.2') {
      expect(runs.openssl.calls).toEqual(clean);
      expect(runs.openssl.notes).toEqual([]);
    } else {
      expect(runs.openssl.calls).toEqual([clean[0], 'read 0 SYSCALL 0 [R]', clean[2]]);
      expectNoted(runs, 3);
    }
  });

  it('4: a bare FIN after our close_notify under IGNORE_UNEXPECTED_EOF', () => {
    const setup = { options: ['ignore_unexpected_eof'] };
    const runs = both(protocol, [shutdown, peer('fin'), shutdown, shutdown], setup);
    expect(runs.manual.calls.slice(1)).toEqual(['shutdown 1 [S+R]', 'shutdown 1 [S+R]']);
    expect(runs.manual.peer).toEqual(['close_notify']);
    expect(runs.openssl.calls.slice(1)).toEqual(['shutdown 0 [R]', 'shutdown 1 [S+R]']);
    expect(runs.openssl.peer).toEqual(['close_notify', 'close_notify']);
    expectNoted(runs, 4);
  });

  it('5: waiting for the peer without blocking', () => {
    const runs = both(protocol, [shutdown, shutdown]);
    expect(runs.manual.calls[1]).toBe('shutdown 0 WANT_READ [S]');
    expect(runs.openssl.calls[1]).toBe('shutdown -1 WANT_READ [S]');
    expectNoted(runs, 5);
    const blocked = both(protocol, [net('block_writes'), shutdown]);
    expect(blocked.manual.calls[0]).toBe('shutdown 0 WANT_WRITE [S]');
    expect(blocked.openssl.calls[0]).toBe('shutdown -1 WANT_WRITE [S]');
    expectNoted(blocked, 5);
  });

  it('6: unread application data at the second call', () => {
    const steps = [
      peer('write', { size: 40 }),
      local('read', { max: 10 }),
      shutdown,
      shutdown,
      read,
      peerCloses,
      shutdown,
    ];
    const runs = both(protocol, steps);
    expect(runs.manual.calls.slice(2)).toEqual([
      'shutdown -1 SSL "application data after close notify" [S]',
      'read 30 [S]',
      'shutdown 1 [S+R]',
    ]);
    expect(runs.openssl.calls.slice(2)).toEqual([
      'shutdown -1 SSL "application data after close notify" [S]',
      'read -1 SYSCALL 0 [S]',
      'shutdown -1 SSL "shutdown while in init" [S]',
    ]);
    expectNoted(runs, 6);
  });

  it('8: RECEIVED without a close_notify', () => {
    const alerted = both(protocol, [peer('raw_alert', { level: 2, description: 40 }), read, read]);
    expect(alerted.manual.calls).toEqual([
      'read 0 SSL "ssl/tls alert handshake failure" [-]',
      'read -1 SYSCALL 0 [-]',
    ]);
    expect(alerted.openssl.calls).toEqual([
      'read 0 SSL "ssl/tls alert handshake failure" [R]',
      'read 0 ZERO_RETURN [R]',
    ]);
    expectNoted(alerted, 8);
    const tolerated = both(protocol, [peer('fin'), read], { options: ['ignore_unexpected_eof'] });
    expect([tolerated.manual.calls, tolerated.openssl.calls].flat()).toEqual(
      Array(2).fill('read 0 ZERO_RETURN [R]'),
    );
    const quiet = both(protocol, [shutdown], { quiet_shutdown: true });
    expect([quiet.manual.calls, quiet.openssl.calls].flat()).toEqual(Array(2).fill('shutdown 1 [S+R]'));
  });

  it.each([2, 9])('9: close_notify at level %i, alike in both', (level) => {
    const runs = both(protocol, [peer('raw_alert', { level, description: 0 }), read]);
    const expected = {
      'tls1.3': 'read 0 ZERO_RETURN [R]',
      'tls1.2': level === 2 ? 'read 0 SSL "reason(1000)" [R]' : 'read -1 SSL "unknown alert type" [-]',
    }[protocol];
    expect(runs.openssl.calls).toEqual([expected]);
    // Row 8: only the flag differs.
    const other = protocol === 'tls1.2' && level === 2 ? expected.replace('[R]', '[-]') : expected;
    expect(runs.manual.calls).toEqual([other]);
  });

  it('10: SSL_shutdown after a fatal error', () => {
    const runs = both(protocol, [peer('rst'), read, shutdown]);
    expect(runs.manual.calls[1]).toBe('shutdown -1 SSL "shutdown while in init" [-]');
    expect(runs.openssl.calls[1]).toBe('shutdown -1 SYSCALL EPIPE [S]');
    expectNoted(runs, 10);
    const broken = both(protocol, [peer('corrupt_record'), read, shutdown]);
    expect(broken.manual.calls[1]).toBe('shutdown -1 SSL "shutdown while in init" [-]');
    expect(broken.openssl.calls[1]).toBe(broken.manual.calls[1]);
    expect(broken.openssl.notes).toEqual([]);
  });

  it('11: args_len', () => {
    const runs = both(protocol, [local('shutdown_ex', { code: 1, args_len: 3 })]);
    expect(runs.manual.calls[0]).toBe('shutdown_ex -1 SSL "passed invalid argument" [-]');
    expect(runs.openssl.calls[0]).toContain('shutdown_ex 0');
    expectNoted(runs, 11);
  });

  it('12: SSL_key_update after SSL_shutdown, alike in both', () => {
    const runs = both(protocol, [shutdown, local('key_update'), peerCloses, shutdown]);
    const expected = protocol === 'tls1.3' ? 'key_update 1 [S]' : 'key_update 0 SSL "wrong ssl version" [S]';
    for (const { calls, peer: seen } of [runs.manual, runs.openssl]) {
      expect(calls.slice(1)).toEqual([expected, 'shutdown 1 [S+R]']);
      expect(seen).toEqual(protocol === 'tls1.3' ? ['close_notify', 'handshake 24'] : ['close_notify']);
    }
  });

  it('13: a failed SSL_shutdown, repeated once the transport works: row 10 decides', () => {
    const runs = both(protocol, [net('fail_writes'), shutdown, net('pass'), shutdown]);
    expect(runs.openssl.calls).toEqual(['shutdown -1 SYSCALL EPIPE [S]', 'shutdown 0 [S]']);
    expect(runs.openssl.peer).toEqual(['close_notify']);
    expect(runs.manual.calls[1]).toBe('shutdown -1 SSL "shutdown while in init" [S]');
    expect(runs.manual.peer).toEqual([]);
    expectNoted(runs, 10);
  });

  it('14: flags cleared after a full shutdown, alike in both', () => {
    const clear = local('set_shutdown', { flags: [] });
    const runs = both(protocol, [shutdown, peerCloses, shutdown, clear, shutdown, shutdown, read]);
    const found = protocol === 'tls1.3';
    expect(runs.openssl.calls.slice(2)).toEqual([
      'set_shutdown [-]',
      'shutdown 0 [S]',
      found ? 'shutdown 1 [S+R]' : 'shutdown -1 WANT_READ [S]',
      found ? 'read 0 ZERO_RETURN [S+R]' : 'read -1 WANT_READ [S]',
    ]);
    expect(runs.manual.calls[4]).toBe(found ? 'shutdown 1 [S+R]' : 'shutdown 0 WANT_READ [S]');
  });

  it('15: closing the socket over unread bytes', () => {
    const runs = both(protocol, [peer('write', { size: 5 }), shutdown, local('close')]);
    expect(runs.manual.peer).toEqual(['close_notify', 'eof']);
    expect(runs.openssl.peer).toEqual(['close_notify', 'rst']);
    expectNoted(runs, 15);
  });

  it('says nothing where they do not part', () => {
    const runs = both(protocol, [peer('auto_reply'), shutdown, shutdown, local('close')], { blocking: true });
    expect(runs.manual.calls[1]).toBe(runs.openssl.calls[1]);
    expect([...runs.manual.notes, ...runs.openssl.notes]).toEqual([]);
  });
});
