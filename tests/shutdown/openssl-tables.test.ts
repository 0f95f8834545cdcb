import { describe, expect, it } from 'vitest';
import {
  BOTH,
  local,
  net,
  type Protocol,
  peer,
  peerCloses,
  play,
  read,
  type StepSpec,
  shutdown,
} from './play.ts';

/** A run under profile openssl-3.5. Where the versions differ, one list each. */
type Row = {
  setup?: object;
  steps: readonly StepSpec[];
  calls: readonly string[] | Readonly<Record<Protocol, readonly string[]>>;
  peer: readonly string[] | Readonly<Record<Protocol, readonly string[]>>;
};

const WRITE = local('write', { size: 10 });
const FIN = peer('fin');
const RST = peer('rst');
const IGNORE = { options: ['ignore_unexpected_eof'] };
const IN_INIT = 'shutdown -1 SSL "shutdown while in init"';
const EOF = 'SSL "unexpected eof while reading"';
const AFTER = 'SSL "application data after close notify"';
const BAD_MAC = {
  'tls1.2': 'SSL "cipher operation failed, decryption failed or bad record mac, record layer failure"',
  'tls1.3': 'SSL "decryption failed or bad record mac, record layer failure"',
};
const alert = (level: number, description: number, times = 1): StepSpec =>
  peer('raw_alert', { level, description, times });

const TABLE: Readonly<Record<string, Row>> = {
  'blocking, a silent peer': {
    setup: { blocking: true },
    steps: [shutdown, shutdown, shutdown],
    calls: ['shutdown 0 [S]', 'shutdown blocked'],
    peer: ['close_notify'],
  },
  'blocking, the peer answers late': {
    setup: { blocking: true },
    steps: [peer('auto_reply', { delay_ms: 300 }), shutdown, shutdown, shutdown],
    calls: ['shutdown 0 [S]', 'shutdown 1 [S+R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify'],
  },
  'again and again until it is done': {
    steps: [peer('auto_reply', { delay_ms: 100 }), local('shutdown_until_done', { max_ms: 500 })],
    calls: ['shutdown_until_done 1 [S+R]'],
    peer: ['close_notify'],
  },
  'blocking, data and close while waiting': {
    setup: { blocking: true },
    steps: [peer('write', { size: 5, after_ms: 100 }), shutdown, shutdown, read],
    calls: ['shutdown 0 [S]', `shutdown -1 ${AFTER} [S]`, 'read -1 SYSCALL 0 [S]'],
    peer: ['close_notify'],
  },
  'the peer closed, the answer would block': {
    steps: [peerCloses, read, net('block_writes'), shutdown, net('pass'), shutdown],
    calls: ['read 0 ZERO_RETURN [R]', 'shutdown -1 WANT_WRITE [S+R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify'],
  },
  'data after the peer’s close_notify is never delivered': {
    steps: [peerCloses, peer('write', { size: 9 }), read, read, shutdown],
    calls: ['read 0 ZERO_RETURN [R]', 'read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify'],
  },
  'data and close in one segment, then the second call': {
    steps: [
      shutdown,
      peer('burst', { records: [{ rec: 'write', size: 8 }, { rec: 'shutdown' }] }),
      shutdown,
      read,
      shutdown,
    ],
    calls: ['shutdown 0 [S]', `shutdown -1 ${AFTER} [S]`, 'read -1 SYSCALL 0 [S]', `${IN_INIT} [S]`],
    peer: ['close_notify'],
  },
  'a replayed close_notify is behind the end': {
    steps: [shutdown, peerCloses, peer('replay'), shutdown, read],
    calls: ['shutdown 0 [S]', 'shutdown 1 [S+R]', 'read 0 ZERO_RETURN [S+R]'],
    peer: ['close_notify'],
  },
  'quiet, set on the object, after a close_notify of ours': {
    steps: [shutdown, local('set_quiet_shutdown', { mode: 1 }), shutdown],
    calls: ['shutdown 0 [S]', 'set_quiet_shutdown', 'shutdown 1 [S+R]'],
    peer: ['close_notify'],
  },
  'quiet does not help in the handshake': {
    setup: { quiet_shutdown: true, handshake: 'manual' },
    steps: [shutdown, local('do_handshake'), shutdown],
    calls: [`${IN_INIT} [-]`, 'do_handshake -1 WANT_READ [-]', `${IN_INIT} [-]`],
    peer: ['handshake 1 in the clear'],
  },
  'both flags set by hand': {
    steps: [local('set_shutdown', { flags: ['SENT', 'RECEIVED'] }), shutdown, WRITE, read, local('close')],
    calls: [
      'set_shutdown [S+R]',
      'shutdown 1 [S+R]',
      'write -1 SSL "protocol is shutdown" [S+R]',
      'read 0 ZERO_RETURN [S+R]',
      'close',
    ],
    peer: ['eof'],
  },
  'SENT set by hand': {
    steps: [local('set_shutdown', { flags: ['SENT'] }), WRITE, shutdown, peerCloses, shutdown],
    calls: [
      'set_shutdown [S]',
      'write -1 SSL "protocol is shutdown" [S]',
      'shutdown -1 WANT_READ [S]',
      'shutdown 1 [S+R]',
    ],
    peer: [],
  },
  'SENT set by hand keeps alerts from going out': {
    steps: [local('set_shutdown', { flags: ['SENT'] }), peer('corrupt_record'), shutdown],
    calls: {
      'tls1.2': ['set_shutdown [S]', `shutdown -1 ${BAD_MAC['tls1.2']} [S]`],
      'tls1.3': ['set_shutdown [S]', `shutdown -1 ${BAD_MAC['tls1.3']} [S]`],
    },
    peer: [],
  },
  'RECEIVED set by hand': {
    steps: [
      local('set_shutdown', { flags: ['RECEIVED'] }),
      peer('write', { size: 5 }),
      read,
      WRITE,
      shutdown,
    ],
    calls: ['set_shutdown [R]', 'read 0 ZERO_RETURN [R]', 'write 10 [R]', 'shutdown 1 [S+R]'],
    peer: ['data 10', 'close_notify'],
  },
  'FIN, read': {
    steps: [FIN, read, read, shutdown],
    calls: [`read 0 ${EOF} [-]`, 'read -1 SYSCALL 0 [-]', `${IN_INIT} [-]`],
    peer: ['decode_error'],
  },
  'FIN, read, tolerated': {
    setup: IGNORE,
    steps: [FIN, read, shutdown, shutdown],
    calls: ['read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify'],
  },
  'FIN, shutdown': {
    steps: [FIN, shutdown, shutdown, shutdown],
    calls: ['shutdown 0 [S]', `shutdown -1 ${EOF} [S]`, `${IN_INIT} [S]`],
    peer: ['close_notify'],
  },
  'FIN, shutdown, tolerated': {
    setup: IGNORE,
    steps: [FIN, shutdown, shutdown, shutdown],
    calls: ['shutdown 0 [S]', 'shutdown 0 [R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify', 'close_notify'],
  },
  'shutdown, FIN, read, tolerated': {
    setup: IGNORE,
    steps: [shutdown, FIN, read, shutdown],
    calls: ['shutdown 0 [S]', 'read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]'],
    peer: ['close_notify', 'close_notify'],
  },
  'shutdown, FIN, read': {
    steps: [shutdown, FIN, read, shutdown],
    calls: ['shutdown 0 [S]', `read 0 ${EOF} [S]`, `${IN_INIT} [S]`],
    peer: ['close_notify'],
  },
  'FIN inside a record, tolerated': {
    setup: IGNORE,
    steps: [peer('partial_record', { size: 40, type: 23, hex: '0011' }), FIN, read],
    calls: ['read 0 ZERO_RETURN [R]'],
    peer: [],
  },
  'data, then FIN: the data first': {
    steps: [peer('write', { size: 6 }), FIN, read, read],
    calls: ['read 6 [-]', `read 0 ${EOF} [-]`],
    peer: ['decode_error'],
  },
  'RST, read': {
    steps: [RST, read, local('get_shutdown'), shutdown, shutdown],
    calls: [
      'read -1 SYSCALL ECONNRESET [-]',
      'get_shutdown [-]',
      'shutdown -1 SYSCALL EPIPE [S]',
      'shutdown -1 SYSCALL EPIPE [S]',
    ],
    peer: [],
  },
  'RST, shutdown': {
    steps: [RST, shutdown, shutdown],
    calls: ['shutdown -1 SYSCALL ECONNRESET [S]', 'shutdown -1 SYSCALL EPIPE [S]'],
    peer: [],
  },
  'shutdown, RST, shutdown': {
    steps: [shutdown, RST, shutdown, shutdown],
    calls: ['shutdown 0 [S]', 'shutdown -1 SYSCALL ECONNRESET [S]', `shutdown -1 ${EOF} [S]`],
    peer: ['close_notify'],
  },
  'data, then RST: what arrived can be read': {
    steps: [peer('write', { size: 6 }), RST, read, read],
    calls: ['read 6 [-]', 'read -1 SYSCALL ECONNRESET [-]'],
    peer: [],
  },
  'fatal alert, tolerated by nothing': {
    steps: [alert(2, 40), read, local('state'), WRITE],
    calls: [
      'read 0 SSL "ssl/tls alert handshake failure" [R]',
      'state error',
      // SSL_get_error finds an empty queue and RECEIVED.
      'write -1 ZERO_RETURN [R]',
    ],
    peer: [],
  },
  'fatal alert, met by the first shutdown': {
    steps: [alert(2, 40), shutdown, shutdown, shutdown],
    calls: [
      'shutdown 0 [S]',
      'shutdown 1 queued "ssl/tls alert handshake failure" [S+R]',
      `${IN_INIT} [S+R]`,
    ],
    peer: ['close_notify'],
  },
  'five warnings in a row': {
    steps: [alert(1, 90, 5), read],
    calls: ['read -1 SSL "too many warn alerts" [-]'],
    peer: ['unexpected_message'],
  },
  'four warnings, data, four warnings': {
    steps: [alert(1, 90, 4), peer('write', { size: 3 }), alert(1, 90, 4), read, read],
    calls: ['read 3 [-]', 'read -1 WANT_READ [-]'],
    peer: [],
  },
  'an alert split over two records': {
    steps: [
      peer('burst', {
        records: [
          { rec: 'raw_record', type: 21, hex: '01' },
          { rec: 'raw_record', type: 21, hex: '00' },
        ],
      }),
      read,
      shutdown,
    ],
    calls: ['read -1 SSL "invalid alert" [-]', `${IN_INIT} [-]`],
    peer: ['unexpected_message'],
  },
  'two alerts in one record': {
    steps: [peer('raw_record', { type: 21, hex: '015a0100' }), read],
    calls: ['read -1 SSL "invalid alert" [-]'],
    peer: ['unexpected_message'],
  },
  'an empty alert record': {
    steps: [peer('raw_record', { type: 21, hex: '' }), read],
    calls: {
      'tls1.2': ['read -1 SSL "invalid alert" [-]'],
      'tls1.3': ['read -1 SSL "bad length, record layer failure" [-]'],
    },
    peer: ['unexpected_message'],
  },
  'a record that does not decrypt, after our close_notify': {
    steps: [shutdown, peer('corrupt_record'), shutdown, shutdown],
    calls: {
      'tls1.2': ['shutdown 0 [S]', `shutdown -1 ${BAD_MAC['tls1.2']} [S]`, `${IN_INIT} [S]`],
      'tls1.3': ['shutdown 0 [S]', `shutdown -1 ${BAD_MAC['tls1.3']} [S]`, `${IN_INIT} [S]`],
    },
    peer: ['close_notify'],
  },
  'close_notify instead of the server’s hello': {
    setup: { handshake: 'manual' },
    steps: [local('do_handshake'), peerCloses, local('do_handshake'), shutdown],
    calls: ['do_handshake -1 WANT_READ [-]', 'do_handshake -1 ZERO_RETURN [R]', `${IN_INIT} [R]`],
    peer: ['handshake 1 in the clear'],
  },
  'FIN in the handshake': {
    setup: { handshake: 'manual' },
    steps: [local('do_handshake'), FIN, local('do_handshake'), shutdown],
    calls: ['do_handshake -1 WANT_READ [-]', `do_handshake -1 ${EOF} [-]`, `${IN_INIT} [-]`],
    peer: ['handshake 1 in the clear', 'decode_error in the clear'],
  },
  'RST in the handshake': {
    setup: { handshake: 'manual' },
    steps: [local('do_handshake'), RST, local('do_handshake'), shutdown],
    calls: ['do_handshake -1 WANT_READ [-]', 'do_handshake -1 SYSCALL ECONNRESET [-]', `${IN_INIT} [-]`],
    peer: ['handshake 1 in the clear'],
  },
  'a certificate that fails': {
    setup: { handshake: 'manual', verify: true },
    steps: [local('do_handshake'), peer('handshake_step'), local('do_handshake'), shutdown],
    calls: [
      'do_handshake -1 WANT_READ [-]',
      'do_handshake -1 SSL "certificate verify failed" [-]',
      `${IN_INIT} [-]`,
    ],
    peer: ['handshake 1 in the clear', 'unknown_ca in the clear'],
  },
  'nothing set up at all': {
    setup: { handshake: 'manual', no_state: true },
    steps: [shutdown, read, WRITE, local('do_handshake')],
    calls: [
      'shutdown -1 SSL "uninitialized" [-]',
      'read -1 SSL "uninitialized" [-]',
      'write -1 SSL "uninitialized" [-]',
      'do_handshake -1 SSL "connection type not set" [-]',
    ],
    peer: [],
  },
  'as server': {
    setup: { role: 'server' },
    steps: [shutdown, peer('write', { size: 4 }), peerCloses, read, read, shutdown, local('close')],
    calls: ['shutdown 0 [S]', 'read 4 [S]', 'read 0 ZERO_RETURN [S+R]', 'shutdown 1 [S+R]', 'close'],
    peer: ['close_notify', 'eof'],
  },
  'as server, in the handshake': {
    setup: { role: 'server', handshake: 'manual' },
    steps: [
      local('do_handshake'),
      shutdown,
      peer('handshake_step'),
      local('do_handshake'),
      peer('handshake_step'),
      local('do_handshake'),
      shutdown,
    ],
    calls: [
      'do_handshake -1 WANT_READ [-]',
      `${IN_INIT} [-]`,
      'do_handshake -1 WANT_READ [-]',
      'do_handshake 1 [-]',
      'shutdown 0 [S]',
    ],
    peer: {
      'tls1.2': [...[2, 11, 12, 14].map((type) => `handshake ${type} in the clear`), 'close_notify'],
      'tls1.3': ['handshake 2 in the clear', 'close_notify'],
    },
  },
  'a socket that is full': {
    setup: { small_buffers: true, peer_data_class: true },
    steps: [
      peer('stop_reading'),
      local('fill', { size: 1000 }),
      shutdown,
      shutdown,
      peer('resume_reading'),
      shutdown,
      WRITE,
      peerCloses,
      shutdown,
    ],
    calls: [
      'fill -1 WANT_WRITE [-]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown -1 WANT_READ [S]',
      'write -1 SSL "protocol is shutdown" [S]',
      'shutdown 1 [S+R]',
    ],
    peer: ['data some', 'incomplete_record'],
  },
  'a pending write that is finished first': {
    steps: [net('block_writes'), WRITE, net('pass'), WRITE, shutdown, peerCloses, shutdown],
    calls: ['write -1 WANT_WRITE [-]', 'write 10 [-]', 'shutdown 0 [S]', 'shutdown 1 [S+R]'],
    peer: ['data 10', 'close_notify'],
  },
  'a blocked write, then shutdown while it still blocks': {
    steps: [net('block_writes'), WRITE, shutdown, net('pass'), shutdown, peerCloses, shutdown],
    calls: [
      'write -1 WANT_WRITE [-]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown -1 WANT_WRITE [S]',
      'shutdown 1 [S+R]',
    ],
    peer: [],
  },
  'a half-close of the socket before SSL_shutdown': {
    steps: [local('fin'), peer('write', { size: 5 }), read, shutdown],
    calls: ['fin', 'read 5 [-]', 'shutdown -1 SYSCALL EPIPE [S]'],
    peer: ['eof'],
  },
  'a half-close after SSL_shutdown': {
    steps: [shutdown, local('fin'), peerCloses, shutdown],
    calls: ['shutdown 0 [S]', 'fin', 'shutdown 1 [S+R]'],
    peer: ['close_notify', 'eof'],
  },
  'pending bytes': {
    steps: [
      peer('write', { size: 40 }),
      local('pending'),
      local('read', { max: 15 }),
      local('pending'),
      local('peek'),
      read,
    ],
    calls: ['pending 0 false', 'read 15 [-]', 'pending 25 true', 'peek 25 [-]', 'read 25 [-]'],
    peer: [],
  },
  'unread bytes are gone once they ended the connection': {
    steps: [peer('write', { size: 40 }), local('read', { max: 10 }), shutdown, shutdown, local('pending')],
    calls: ['read 10 [-]', 'shutdown 0 [S]', `shutdown -1 ${AFTER} [S]`, 'pending 0 false'],
    peer: ['close_notify'],
  },
  'RST met by a write': {
    steps: [RST, WRITE, WRITE, shutdown],
    calls: ['write -1 SYSCALL ECONNRESET [-]', 'write -1 SYSCALL EPIPE [-]', 'shutdown -1 SYSCALL 0 [S]'],
    peer: [],
  },
  'a write after the peer closed its socket': {
    steps: [peer('close'), WRITE, WRITE, shutdown, read],
    calls: ['write 10 [-]', 'write -1 SYSCALL EPIPE [-]', 'shutdown -1 SYSCALL 0 [S]', `read 0 ${EOF} [S]`],
    peer: [],
  },
  'a shorter SSL_write after WANT_WRITE': {
    steps: [net('block_writes'), WRITE, local('write', { size: 5 }), WRITE, shutdown],
    calls: [
      'write -1 WANT_WRITE [-]',
      'write -1 SSL "bad length" [-]',
      'write -1 SYSCALL 0 [-]',
      `${IN_INIT} [-]`,
    ],
    peer: [],
  },
  'part of a record has come': {
    steps: [peer('partial_record', { size: 40, hex: '0011' }), read, local('pending')],
    calls: ['read -1 WANT_READ [-]', 'pending 0 true'],
    peer: [],
  },
  'a fatal alert in the handshake': {
    setup: { handshake: 'manual' },
    steps: [
      local('do_handshake'),
      alert(2, 40),
      local('do_handshake'),
      local('do_handshake'),
      read,
      local('state'),
    ],
    calls: [
      'do_handshake -1 WANT_READ [-]',
      'do_handshake -1 SSL "ssl/tls alert handshake failure" [R]',
      'do_handshake -1 ZERO_RETURN [R]',
      'read 0 ZERO_RETURN [R]',
      'state error',
    ],
    peer: ['handshake 1 in the clear'],
  },
  'the object cleared': {
    steps: [shutdown, local('clear'), local('state'), shutdown],
    calls: ['shutdown 0 [S]', 'clear 1 [-]', 'state before SSL initialization', `${IN_INIT} [-]`],
    peer: ['close_notify'],
  },
};

function forVersion(expected: Row['calls'], protocol: Protocol): readonly string[] {
  return 'tls1.2' in expected ? expected[protocol] : expected;
}

describe.each(BOTH)('profile openssl-3.5, %s', (protocol) => {
  it.each(Object.entries(TABLE))('%s', (_name, row) => {
    const played = play(protocol, 'openssl-3.5', row.steps, row.setup);
    expect(played.calls).toEqual(forVersion(row.calls, protocol));
    expect(played.peer).toEqual(forVersion(row.peer, protocol));
  });
});

describe('profile openssl-3.5, one version alone', () => {
  const keyUpdate = (request: string): StepSpec =>
    peer('raw_record', { type: 22, hex: `18000001${request}` });

  it.each(['00', '01'])('tls1.3: a KeyUpdate (%s) after our close_notify is not answered', (request) => {
    const played = play('tls1.3', 'openssl-3.5', [shutdown, keyUpdate(request), shutdown]);
    expect(played.calls[1]).toBe('shutdown -1 WANT_READ [S]');
    expect(played.peer).toEqual(['close_notify']);
  });

  it('tls1.3: a request for a KeyUpdate is answered with the next write', () => {
    const answered = (...more: StepSpec[]) =>
      play('tls1.3', 'openssl-3.5', [keyUpdate('01'), read, ...more, shutdown]).peer;
    expect(answered()).toEqual(['close_notify']);
    expect(answered(WRITE)).toEqual(['handshake 24', 'data 10', 'close_notify']);
  });

  it('tls1.3: without AUTO_RETRY, SSL_read returns after each ticket', () => {
    const steps = [peer('new_session_ticket', { times: 2 }), peer('write', { size: 3 }), read, read, read];
    const options = { options: ['no_auto_retry'] };
    expect(play('tls1.3', 'openssl-3.5', steps, options).calls).toEqual([
      'read -1 WANT_READ [-]',
      'read -1 WANT_READ [-]',
      'read 3 [-]',
    ]);
    expect(play('tls1.3', 'openssl-3.5', steps.slice(0, 3)).calls).toEqual(['read 3 [-]']);
    const waits = play('tls1.3', 'openssl-3.5', [...steps.slice(0, 1), read], { ...options, blocking: true });
    expect(waits.calls).toEqual(['read -1 WANT_READ [-]']);
  });

  it('tls1.3: an unread ticket makes the kernel reset, a read one does not', () => {
    const ticket = peer('new_session_ticket');
    expect(play('tls1.3', 'openssl-3.5', [ticket, shutdown, local('close')]).peer).toEqual([
      'close_notify',
      'rst',
    ]);
    expect(play('tls1.3', 'openssl-3.5', [ticket, read, shutdown, local('close')]).peer).toEqual([
      'close_notify',
      'eof',
    ]);
  });

  it('a fault after our close_notify leaves the session resumable, a fatal alert does not', () => {
    const info = [local('session_info')];
    const setup = { tickets: 1 };
    const fault = play('tls1.2', 'openssl-3.5', [shutdown, peer('corrupt_record'), shutdown, ...info], setup);
    expect(fault.calls.at(-1)).toBe('session_info resumable, 1 given');
    const fatal = play('tls1.2', 'openssl-3.5', [shutdown, alert(2, 80), shutdown, ...info], setup);
    expect(fatal.calls.at(-1)).toBe('session_info not resumable, 1 given');
  });
});
