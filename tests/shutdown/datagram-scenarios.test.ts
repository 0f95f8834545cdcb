import { describe, expect, it } from 'vitest';
import type { ProfileName } from '../../src/shutdown/types.ts';
import { local, net, peer, peerCloses, play, read, type StepSpec, shutdown } from './play.ts';

const write = local('write', { size: 10 });
const peerWrites = peer('write', { size: 40 });
const fatal = (description: number): StepSpec => peer('raw_alert', { level: 2, description });

type Row = [ProfileName, StepSpec[], string[], string[]];

function check(profile: ProfileName, steps: StepSpec[], calls: string[], seen: string[]): void {
  const played = play('dtls1.2', profile, steps);
  expect(played.calls).toEqual(calls);
  expect(played.peer).toEqual(seen);
}

describe('DTLS 1.2, where the manual page and OpenSSL part', () => {
  const blockedWrite = [net('block_writes'), write, net('pass'), shutdown, peerCloses, shutdown];
  it.each<Row>([
    [
      'manual',
      blockedWrite,
      ['write -1 WANT_WRITE [-]', 'shutdown 0 WANT_READ [S]', 'shutdown 1 [S+R]'],
      ['data 10', 'close_notify'],
    ],
    [
      'openssl-3.5',
      blockedWrite,
      ['write -1 WANT_WRITE [-]', 'shutdown 0 [S]', 'shutdown 1 [S+R]'],
      ['close_notify'],
    ],
  ])('1: a pending write, %s', check);

  const answeredFatally = [shutdown, fatal(40), shutdown, shutdown];
  const reason = '"ssl/tls alert handshake failure"';
  it.each<Row>([
    [
      'manual',
      answeredFatally,
      [
        'shutdown 0 WANT_READ [S]',
        `shutdown -1 SSL ${reason} [S]`,
        'shutdown -1 SSL "shutdown while in init" [S]',
      ],
      ['close_notify'],
    ],
    [
      'openssl-3.5',
      answeredFatally,
      [
        'shutdown 0 [S]',
        `shutdown 1 queued ${reason} [S+R]`,
        'shutdown -1 SSL "shutdown while in init" [S+R]',
      ],
      ['close_notify'],
    ],
  ])('2: a fatal alert answers our close_notify, %s', check);

  const unreadData = [shutdown, peerWrites, shutdown, read, peerCloses, shutdown];
  it.each<Row>([
    [
      'manual',
      unreadData,
      [
        'shutdown 0 WANT_READ [S]',
        'shutdown -1 SSL "application data after close notify" [S]',
        'read 40 [S]',
        'shutdown 1 [S+R]',
      ],
      ['close_notify'],
    ],
    [
      'openssl-3.5',
      unreadData,
      ['shutdown 0 [S]', 'shutdown -1 SYSCALL 0 [S]', 'read -1 WANT_READ [S]', 'shutdown 1 [S+R]'],
      ['close_notify'],
    ],
  ])('7: an unread datagram, %s', check);

  it.each([
    ['manual' as const, `read 0 SSL ${reason} [-]`],
    ['openssl-3.5' as const, `read 0 SSL ${reason} [R]`],
  ])('8: what a fatal alert sets, %s', (profile, expected) => {
    expect(play('dtls1.2', profile, [fatal(40), read]).calls).toEqual([expected]);
  });

  it.each([
    ['manual' as const, '-'],
    ['openssl-3.5' as const, 'R'],
  ])('9: close_notify at level fatal is an error, %s', (profile, flags) => {
    const { calls } = play('dtls1.2', profile, [fatal(0), read, shutdown]);
    expect(calls).toEqual([
      `read 0 SSL "reason(1000)" [${flags}]`,
      `shutdown -1 SSL "shutdown while in init" [${flags}]`,
    ]);
  });
});

describe.each(['dtls1.2', 'dtls1.3'] as const)('%s, where they agree', (protocol) => {
  it.each(['manual', 'openssl-3.5'] as const)('a port that is gone is told once, %s', (profile) => {
    const steps = [net('unreachable'), shutdown, local('sleep', { ms: 30 }), shutdown];
    const { calls, peer: seen } = play(protocol, profile, steps);
    expect(calls.at(-1)).toBe('shutdown -1 SYSCALL ECONNREFUSED [S]');
    expect(seen).toEqual([]);
  });

  it('nothing is sent again at close', () => {
    const steps = [net('drop_writes'), shutdown, net('pass'), local('sleep', { ms: 70_000 }), shutdown];
    const { calls, peer: seen } = play(protocol, 'manual', steps);
    expect(calls.at(-1)).toBe('shutdown 0 WANT_READ [S]');
    expect(seen).toEqual([]);
  });

  it('a replayed close_notify, and a record that does not decrypt, are nothing', () => {
    const steps = [peer('corrupt_record'), read, peerCloses, peer('replay'), read, read, shutdown];
    expect(play(protocol, 'manual', steps).calls).toEqual([
      'read -1 WANT_READ [-]',
      'read 0 ZERO_RETURN [R]',
      'read 0 ZERO_RETURN [R]',
      'shutdown 1 [S+R]',
    ]);
  });

  it('a full shutdown, blocking', () => {
    const steps = [peer('auto_reply'), shutdown, shutdown, shutdown];
    const { calls, peer: seen } = play(protocol, 'manual', steps, { blocking: true });
    expect(calls).toEqual(['shutdown 0 WANT_READ [S]', 'shutdown 1 [S+R]', 'shutdown 1 [S+R]']);
    expect(seen).toEqual(['close_notify']);
  });
});

describe('DTLS 1.3 in profile openssl-3.5', () => {
  it('says that OpenSSL has none', () => {
    const noted = (profile: ProfileName): boolean =>
      play('dtls1.3', profile, [shutdown]).run.events.some(
        (event) => event.kind === 'note' && event.code === 'profile-range',
      );
    expect([noted('openssl-3.5'), noted('manual')]).toEqual([true, false]);
  });
});
