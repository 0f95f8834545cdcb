import { describe, expect, it } from 'vitest';
import { BOTH, local, net, peer, peerCloses, play, read, type StepSpec, shutdown } from './play.ts';

/** A sentence of SSL_shutdown(3), in our words, and a run that shows it kept. */
type Row = {
  says: string;
  setup?: object;
  steps: readonly StepSpec[];
  calls: readonly string[];
  peer?: readonly string[];
};

const DATA = local('write', { size: 10 });

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  DESCRIPTION: [
    {
      says: 'non-blocking, the first call begins the process and returns 0; once it is complete every call returns 1',
      steps: [shutdown, peerCloses, shutdown, shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'shutdown 1 [S+R]', 'shutdown 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'SSL_shutdown_ex is SSL_shutdown outside of QUIC, whatever it is passed',
      steps: [
        local('shutdown_ex', { flags: ['RAPID', 'NO_STREAM_FLUSH'], code: 7, reason: 'bye' }),
        peerCloses,
        local('shutdown_ex', { flags: ['WAIT_PEER'], null_args: true }),
      ],
      calls: ['shutdown_ex 0 WANT_READ [S]', 'shutdown_ex 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'args_len must be the size of the structure',
      steps: [local('shutdown_ex', { args_len: 3 }), local('shutdown_ex', { args_len: 16 })],
      calls: ['shutdown_ex -1 SSL "passed invalid argument" [-]', 'shutdown_ex 0 WANT_READ [S]'],
    },
    {
      says: 'it is not to be called after SSL_ERROR_SSL',
      steps: [peer('raw_alert', { level: 2, description: 40 }), read, shutdown],
      calls: [
        'read 0 SSL "ssl/tls alert handshake failure" [-]',
        'shutdown -1 SSL "shutdown while in init" [-]',
      ],
      peer: [],
    },
    {
      says: 'nor after SSL_ERROR_SYSCALL',
      steps: [peer('rst'), read, shutdown],
      calls: ['read -1 SYSCALL ECONNRESET [-]', 'shutdown -1 SSL "shutdown while in init" [-]'],
      peer: [],
    },
  ],
  'Locally-Initiated Shutdown': [
    {
      says: 'it is completed when the peer answers with close_notify',
      steps: [peer('auto_reply', { delay_ms: 100 }), shutdown, local('sleep', { ms: 200 }), shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'sleep [S]', 'shutdown 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'only the write direction closes: SSL_write is over, SSL_read goes on until the peer closes',
      steps: [
        shutdown,
        DATA,
        peer('write', { size: 40 }),
        read,
        peer('write', { size: 7 }),
        peerCloses,
        read,
        read,
      ],
      calls: [
        'shutdown 0 WANT_READ [S]',
        'write -1 SSL "protocol is shutdown" [S]',
        'read 40 [S]',
        'read 7 [S]',
        'read 0 ZERO_RETURN [S+R]',
      ],
      peer: ['close_notify'],
    },
    {
      says: 'the network connection stays open',
      steps: [shutdown, peerCloses, shutdown, local('sleep', { ms: 500 })],
      calls: ['shutdown 0 WANT_READ [S]', 'shutdown 1 [S+R]', 'sleep [S+R]'],
      peer: ['close_notify'],
    },
  ],
  'Remotely-Initiated Shutdown': [
    {
      says: 'the peer’s close_notify is an EOF for SSL_read, after all data before it; SSL_shutdown then completes',
      steps: [peer('write', { size: 30 }), peerCloses, local('read', { max: 10 }), read, read, shutdown],
      calls: ['read 10 [-]', 'read 20 [-]', 'read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'more may be written before the answer',
      steps: [peerCloses, read, DATA, shutdown],
      calls: ['read 0 ZERO_RETURN [R]', 'write 10 [R]', 'shutdown 1 [S+R]'],
      peer: ['data 10', 'close_notify'],
    },
    {
      says: 'without SSL_shutdown no close_notify goes out',
      steps: [peerCloses, read, local('free'), local('close')],
      calls: ['read 0 ZERO_RETURN [R]', 'free', 'close'],
      peer: ['eof'],
    },
  ],
  'Shutdown Lifecycle': [
    {
      says: 'blocking: 0 once the alert is written, then 1 once the peer’s has come, however long that takes',
      setup: { blocking: true },
      steps: [peer('shutdown', { after_ms: 700 }), shutdown, shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'shutdown 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'a blocking call also returns when an error occurs',
      setup: { blocking: true },
      steps: [peer('fin', { after_ms: 300 }), shutdown, shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'shutdown -1 SSL "unexpected eof while reading" [S]'],
      peer: ['close_notify'],
    },
    {
      says: 'a blocking call waits for a silent peer for ever',
      setup: { blocking: true },
      steps: [shutdown, shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'shutdown blocked'],
      peer: ['close_notify'],
    },
    {
      says: 'non-blocking: 0 and WANT_WRITE while the alert cannot leave, 0 and WANT_READ while the peer is silent',
      steps: [net('block_writes'), shutdown, shutdown, net('pass'), shutdown, shutdown, peerCloses, shutdown],
      calls: [
        'shutdown 0 WANT_WRITE [S]',
        'shutdown 0 WANT_WRITE [S]',
        'shutdown 0 WANT_READ [S]',
        'shutdown 0 WANT_READ [S]',
        'shutdown 1 [S+R]',
      ],
      peer: ['close_notify'],
    },
    {
      says: 'the preferred way is SSL_read until ZERO_RETURN: what came before the close_notify is delivered',
      steps: [shutdown, peer('write', { size: 40 }), peerCloses, read, read, shutdown],
      calls: ['shutdown 0 WANT_READ [S]', 'read 40 [S]', 'read 0 ZERO_RETURN [S+R]', 'shutdown 1 [S+R]'],
    },
    {
      says: 'the second call fails while application data is unread; the data can still be read, and then it succeeds',
      steps: [shutdown, peer('write', { size: 40 }), peerCloses, shutdown, shutdown, read, shutdown],
      calls: [
        'shutdown 0 WANT_READ [S]',
        'shutdown -1 SSL "application data after close notify" [S]',
        'shutdown -1 SSL "application data after close notify" [S]',
        'read 40 [S]',
        'shutdown 1 [S+R]',
      ],
      peer: ['close_notify'],
    },
    {
      says: 'SENT is set by the attempt, whether it succeeds or not',
      steps: [net('fail_writes'), shutdown],
      calls: ['shutdown -1 SYSCALL EPIPE [S]'],
      peer: [],
    },
    {
      says: 'RECEIVED is set when the close_notify is processed, not when it arrives',
      steps: [peerCloses, local('get_shutdown'), shutdown, local('get_shutdown'), shutdown],
      calls: ['get_shutdown [-]', 'shutdown 0 WANT_READ [S]', 'get_shutdown [S]', 'shutdown 1 [S+R]'],
    },
  ],
  'Fast Shutdown': [
    {
      says: 'one call, and the connection may be closed without waiting',
      steps: [shutdown, local('close')],
      calls: ['shutdown 0 WANT_READ [S]', 'close'],
      peer: ['close_notify', 'eof'],
    },
  ],
  'Quiet Shutdown': [
    {
      says: 'in quiet mode it always succeeds at once, and nothing is sent',
      setup: { quiet_shutdown: true },
      steps: [shutdown, shutdown, DATA, read],
      calls: [
        'shutdown 1 [S+R]',
        'shutdown 1 [S+R]',
        'write -1 SSL "protocol is shutdown" [S+R]',
        'read 0 ZERO_RETURN [S+R]',
      ],
      peer: [],
    },
    {
      says: 'the mode can be changed on the object',
      steps: [local('set_quiet_shutdown', { mode: 1 }), shutdown],
      calls: ['set_quiet_shutdown', 'shutdown 1 [S+R]'],
      peer: [],
    },
  ],
  'Non-Compliant Peers': [
    {
      says: 'a transport that ends without close_notify is an error',
      steps: [peer('fin'), read],
      calls: ['read 0 SSL "unexpected eof while reading" [-]'],
      peer: ['decode_error'],
    },
    {
      says: 'under SSL_OP_IGNORE_UNEXPECTED_EOF it is an EOF',
      setup: { options: ['ignore_unexpected_eof'] },
      steps: [peer('fin'), read, shutdown],
      calls: ['read 0 ZERO_RETURN [R]', 'shutdown 1 [S+R]'],
      peer: ['close_notify'],
    },
    {
      says: 'who knows that no more will come need not read: then it is never met',
      steps: [peer('fin'), shutdown, local('close')],
      calls: ['shutdown 0 WANT_READ [S]', 'close'],
      peer: ['close_notify', 'eof'],
    },
  ],
};

describe.each(Object.entries(TABLE))('SSL_shutdown(3), %s', (_section, rows) => {
  describe.each(BOTH)('%s', (protocol) => {
    it.each(rows.map((row) => [row.says, row] as const))('%s', (_says, row) => {
      const played = play(protocol, 'manual', row.steps, row.setup);
      expect(played.calls).toEqual(row.calls);
      if (row.peer !== undefined) expect(played.peer).toEqual(row.peer);
    });
  });
});

describe('SSL_shutdown(3), Effects on Session Reuse and Session Ticket Handling', () => {
  const save = [local('save_session'), local('free'), local('saved_info'), local('reconnect')];
  const GIVEN = { 'tls1.2': 1, 'tls1.3': 2 } as const;

  it.each(BOTH)('%s: SSL_shutdown makes the session eligible, before SSL_free', (protocol) => {
    const steps = [DATA, read, shutdown, ...save];
    const { calls } = play(protocol, 'manual', steps, { tickets: 2 });
    const given = GIVEN[protocol];
    expect(calls.slice(3)).toEqual([
      `save_session resumable, ${given} given`,
      'free',
      `saved_info resumable, ${given} given`,
      'reconnect 1 reused',
    ]);
  });

  it.each(BOTH)('%s: SSL_free or SSL_clear alone do not', (protocol) => {
    for (const end of ['free', 'clear']) {
      const steps = [DATA, read, local('save_session'), local(end), local('saved_info'), local('reconnect')];
      const { calls } = play(protocol, 'manual', steps, { tickets: 2 });
      expect(calls.at(2)).toContain('save_session resumable');
      expect(calls.slice(4)).toEqual([
        `saved_info not resumable, ${GIVEN[protocol]} given`,
        'reconnect 1 not reused',
      ]);
    }
  });

  it.each(BOTH)('%s: eligible even when the alert could not be sent', (protocol) => {
    const steps = [read, net('fail_writes'), shutdown, ...save];
    const { calls } = play(protocol, 'manual', steps, { tickets: 2 });
    expect(calls.at(1)).toBe('shutdown -1 SYSCALL EPIPE [S]');
    expect(calls.at(-2)).toContain('saved_info resumable');
  });

  it('a client that only writes never sees its tickets; a complete shutdown processes them', () => {
    const fast = play('tls1.3', 'manual', [DATA, shutdown, local('session_info')], { tickets: 2 });
    expect(fast.calls.at(-1)).toBe('session_info not resumable, 0 given');
    const steps = [peer('auto_reply'), DATA, shutdown, shutdown, ...save];
    const full = play('tls1.3', 'manual', steps, { tickets: 2, blocking: true });
    expect(full.calls.slice(2)).toEqual([
      'shutdown 1 [S+R]',
      'save_session resumable, 2 given',
      'free',
      'saved_info resumable, 2 given',
      'reconnect 1 reused',
    ]);
  });
});
