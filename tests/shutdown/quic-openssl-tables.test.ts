import { describe, expect, it } from 'vitest';
import { local, net, peer, type StepSpec } from './play.ts';
import { playQuic } from './quic-play.ts';

/** What OpenSSL 3.5.7 was observed to do in situations that no recorded case holds, in profile openssl-3.5. */
type Row = {
  what: string;
  setup?: object;
  steps: readonly StepSpec[];
  calls: readonly string[];
  peer?: readonly string[];
  wire?: string;
};

const shutdown = local('shutdown');
const ex = (...flags: string[]): StepSpec => local('shutdown_ex', { flags });
const info = local('conn_close_info');
const write = local('write', { size: 10 });
const read = local('read');
const events = (ms: number): StepSpec => local('handle_events', { ms });
const done = local('shutdown_until_done', { max_ms: 8000 });
const IDLE = `conn_close_info local transport ${2n ** 64n - 1n} ""`;
const BLOCKING = { blocking: true };

const CLOSING: readonly Row[] = [
  {
    what: 'NO_BLOCK then WAIT_PEER: the second waits for our own closing period',
    setup: BLOCKING,
    steps: [ex('NO_BLOCK'), ex('WAIT_PEER')],
    calls: ['shutdown_ex 0 [S]', 'shutdown_ex 1 [S+R]'],
  },
  {
    what: 'RAPID, RAPID again, default',
    setup: BLOCKING,
    steps: [ex('RAPID'), ex('RAPID'), shutdown],
    calls: ['shutdown_ex 0 [S]', 'shutdown_ex 0 [S]', 'shutdown 1 [S+R]'],
    wire: '0x1d 0 once',
  },
  {
    what: 'non-blocking with unacknowledged data: three answers',
    setup: { rtt_ms: 40 },
    steps: [write, shutdown, events(100), shutdown, done],
    calls: [
      'write 10 [-]',
      'shutdown 0 [-]',
      'handle_events [-]',
      'shutdown 0 [S]',
      'shutdown_until_done 1 [S+R]',
    ],
  },
  {
    what: 'flush on a dead path, non-blocking: 0 until the idle timeout, then 1, and nothing was said',
    setup: { idle_timeout_ms: 1000 },
    steps: [net('blackhole'), write, shutdown, done, info],
    calls: ['write 10 [-]', 'shutdown 0 [-]', 'shutdown_until_done 1 [S+R]', IDLE],
    wire: 'nothing',
  },
  {
    what: 'NO_STREAM_FLUSH on a dead path: 1 after the closing period',
    setup: BLOCKING,
    steps: [net('blackhole'), write, ex('NO_STREAM_FLUSH'), info],
    calls: ['write 10 [-]', 'shutdown_ex 1 [S+R]', 'conn_close_info local application 0 ""'],
    wire: '0x1d 0 once',
  },
  {
    what: 'NO_STREAM_FLUSH, then a plain call: there is nothing left to flush, whatever was acknowledged',
    setup: { ...BLOCKING, rtt_ms: 40 },
    steps: [write, ex('NO_STREAM_FLUSH', 'NO_BLOCK'), shutdown, shutdown],
    calls: ['write 10 [-]', 'shutdown_ex 0 [S]', 'shutdown 1 [S+R]', 'shutdown 1 [S+R]'],
  },
  {
    what: 'the peer’s port is gone: as a dead path',
    steps: [net('unreachable'), shutdown, done],
    calls: ['shutdown 0 [S]', 'shutdown_until_done 1 [S+R]'],
  },
  {
    what: 'from the first call on no stream is opened or written to',
    setup: { default_stream: false, rtt_ms: 40 },
    steps: [
      local('new_stream', { name: 'a' }),
      local('write', { on: 'a', size: 10 }),
      shutdown,
      local('new_stream', { name: 'b' }),
      local('write', { on: 'a', size: 10 }),
      events(100),
      shutdown,
      local('new_stream', { name: 'c' }),
    ],
    calls: [
      'new_stream 1 [-]',
      'write a 10 [-]',
      'shutdown 0 [-]',
      'new_stream 0 SSL "protocol is shutdown" [-]',
      'write a 0 SSL "protocol is shutdown" [-]',
      'handle_events [-]',
      'shutdown 0 [S]',
      'new_stream 0 SSL "protocol is shutdown" [S]',
    ],
  },
  {
    what: 'while it flushes, reading finds nothing and says that it is over',
    setup: { rtt_ms: 40 },
    steps: [write, read, shutdown, read],
    calls: [
      'write 10 [-]',
      'read 0 WANT_READ [-]',
      'shutdown 0 [-]',
      'read 0 SSL "protocol is shutdown" [-]',
    ],
  },
];

const PEER_FIRST: readonly Row[] = [
  {
    what: 'the stream’s FIN, and only that, is ZERO_RETURN',
    steps: [
      write,
      events(50),
      peer('write', { size: 20 }),
      peer('fin'),
      read,
      read,
      read,
      local('stream_state'),
    ],
    calls: [
      'write 10 [-]',
      'handle_events [-]',
      'read 20 [-]',
      'read 0 ZERO_RETURN [-]',
      'read 0 ZERO_RETURN [-]',
      'stream_state OK FINISHED',
    ],
  },
  {
    what: 'shutdown is 0 until draining is over, and no frame is sent',
    steps: [peer('close', { code: 42 }), local('handle_events'), shutdown, ex('RAPID'), done],
    calls: ['handle_events [S+R]', 'shutdown 0 [S+R]', 'shutdown_ex 0 [S+R]', 'shutdown_until_done 1 [S+R]'],
    wire: 'nothing',
  },
  {
    what: 'a close that nobody has looked at is overtaken by ours',
    steps: [peer('close', { code: 42 }), shutdown, info],
    calls: ['shutdown 0 [S]', 'conn_close_info local application 0 ""'],
    wire: '0x1d 0 once',
  },
  {
    what: 'a blocking read ends when the peer closes',
    setup: BLOCKING,
    steps: [write, peer('close', { code: 42, after_ms: 100 }), read, info],
    calls: [
      'write 10 [-]',
      'read 0 SSL "protocol is shutdown" [S+R]',
      'conn_close_info remote application 42 ""',
    ],
  },
  {
    what: 'a blocking read ends with the data',
    setup: BLOCKING,
    steps: [write, peer('write', { size: 33, after_ms: 100 }), local('peek'), read],
    calls: ['write 10 [-]', 'peek 33 [-]', 'read 33 [-]'],
  },
  {
    what: 'whoever reads first takes the first stream that the peer opens',
    setup: BLOCKING,
    steps: [peer('write', { size: 12 }), read, local('pending'), write],
    calls: ['read 12 [-]', 'pending', 'write 10 [-]'],
    peer: ['data 10'],
  },
  {
    what: 'streams of the peer are accepted',
    setup: { default_stream: false },
    steps: [
      local('accept_stream', { name: 'p' }),
      peer('write', { size: 12 }),
      events(10),
      local('accept_stream', { name: 'p' }),
      local('read', { on: 'p' }),
      local('read', { on: 'p' }),
      read,
    ],
    calls: [
      'accept_stream 0 SYSCALL 0 [-]',
      'handle_events [-]',
      'accept_stream 1 [-]',
      'read p 12 [-]',
      'read p 0 WANT_READ [-]',
      'read 0 SSL "no stream" [-]',
    ],
  },
];

const HANDSHAKE: readonly Row[] = [
  {
    what: 'a certificate that we refuse: the peer is told, and shutdown returns 1 after closing',
    setup: { ...BLOCKING, handshake: 'manual', verify: true },
    steps: [local('do_handshake'), info, shutdown],
    calls: [
      'do_handshake 0 SSL "certificate verify failed" [S]',
      'conn_close_info local transport 304 "handshake alert"',
      'shutdown 1 [S+R]',
    ],
    peer: ['close remote transport 304 "handshake alert"'],
  },
  {
    what: 'reading and writing shake hands',
    setup: { ...BLOCKING, handshake: 'manual' },
    steps: [write, ex('RAPID')],
    calls: ['write 10 [-]', 'shutdown_ex 0 [S]'],
    peer: ['data 10', 'close remote application 0 ""'],
  },
  {
    what: 'without blocking they say what the handshake says',
    setup: { handshake: 'manual', rtt_ms: 40 },
    steps: [read, write, events(200), write],
    calls: ['read 0 WANT_READ [-]', 'write 0 WANT_READ [-]', 'handle_events [-]', 'write 10 [-]'],
  },
  {
    what: 'before it has begun no stream has a state and no timer runs',
    setup: { handshake: 'manual' },
    steps: [local('stream_state'), local('event_timeout'), local('get_shutdown')],
    calls: ['stream_state NONE NONE', 'event_timeout infinite', 'get_shutdown [-]'],
  },
];

const STREAMS: readonly Row[] = [
  {
    what: 'a stream that was concluded, or reset, is not written to',
    setup: { default_stream: false },
    steps: [
      local('new_stream', { name: 'a' }),
      local('stream_conclude', { on: 'a' }),
      local('stream_conclude', { on: 'a' }),
      local('write', { on: 'a' }),
      local('stream_state', { on: 'a' }),
      local('new_stream', { name: 'b' }),
      local('write', { on: 'b' }),
      local('stream_reset', { on: 'b', code: 9 }),
      local('stream_reset', { on: 'b', code: 9 }),
      local('write', { on: 'b' }),
      local('stream_conclude', { on: 'b' }),
      local('stream_state', { on: 'b' }),
    ],
    calls: [
      'new_stream 1 [-]',
      'stream_conclude a 1 [-]',
      'stream_conclude a 0 SSL "stream finished" [-]',
      'write a 0 SSL "stream finished" [-]',
      'stream_state a OK OK',
      'new_stream 1 [-]',
      'write b 10 [-]',
      'stream_reset b 1 [-]',
      'stream_reset b 0 SSL "stream reset" [-]',
      'write b 0 SSL "stream reset" [-]',
      'stream_conclude b 0 SSL "stream reset" [-]',
      'stream_state b RESET_LOCAL OK',
    ],
  },
  {
    what: 'reset: the peer sees the code and none of the data that was lost',
    steps: [write, events(50), local('stream_reset', { code: 9 }), events(50), ex('RAPID')],
    calls: [
      'write 10 [-]',
      'handle_events [-]',
      'stream_reset 1 [-]',
      'handle_events [-]',
      'shutdown_ex 0 [S]',
    ],
    peer: ['data 10', 'reset 9', 'close remote application 0 ""'],
  },
  {
    what: 'a write that finds no room is made again',
    setup: { data_expect: 700_000, rtt_ms: 4 },
    steps: [
      peer('stop_reading'),
      local('write', { size: 700_000 }),
      peer('resume_reading'),
      events(500),
      local('write', { size: 700_000 }),
      events(200),
    ],
    calls: ['write 0 WANT_WRITE [-]', 'handle_events [-]', 'write 700000 [-]', 'handle_events [-]'],
    peer: ['data all'],
  },
  {
    what: 'a shorter write in its place is refused',
    steps: [local('write', { size: 700_000 }), write],
    calls: ['write 0 WANT_WRITE [-]', 'write 0 SSL "bad write retry" [-]'],
  },
  {
    what: 'blocking, it waits for room',
    setup: { ...BLOCKING, data_expect: 700_000, rtt_ms: 4 },
    steps: [
      peer('stop_reading'),
      peer('resume_reading', { after_ms: 300 }),
      local('write', { size: 700_000 }),
      shutdown,
    ],
    calls: ['write 700000 [-]', 'shutdown 1 [S+R]'],
    peer: ['data all', 'close remote application 0 ""'],
  },
  {
    what: 'without a default stream nothing is read or written on the connection',
    setup: { default_stream: false },
    steps: [write, read, local('stream_conclude'), local('stream_reset', { code: 1 }), local('key_update')],
    calls: [
      'write 0 SSL "no stream" [-]',
      'read 0 SSL "no stream" [-]',
      'stream_conclude 0 SSL "no stream" [-]',
      'stream_reset 0 SSL "no stream" [-]',
      'key_update 1',
    ],
  },
  {
    what: 'thread assisted, the connection is kept alive between the calls',
    setup: { thread_assisted: true, idle_timeout_ms: 2000 },
    steps: [net('reset_counters'), local('sleep', { ms: 1200 }), local('relay_stats')],
    calls: ['sleep [-]', 'relay_stats 1 some'],
  },
  {
    what: 'else it is not',
    setup: { idle_timeout_ms: 2000 },
    steps: [net('reset_counters'), local('sleep', { ms: 1200 }), local('relay_stats')],
    calls: ['sleep [-]', 'relay_stats 0 some'],
  },
  {
    what: 'with explicit events nothing leaves but by SSL_handle_events',
    setup: { explicit_events: true },
    steps: [net('reset_counters'), write, local('relay_stats'), local('handle_events'), local('relay_stats')],
    calls: ['write 10 [-]', 'relay_stats 0 none', 'handle_events [-]', 'relay_stats 1 none'],
  },
];

describe.each([
  ['closing', CLOSING],
  ['the peer first', PEER_FIRST],
  ['the handshake', HANDSHAKE],
  ['streams', STREAMS],
] as const)('QUIC in profile openssl-3.5: %s', (_part, rows) => {
  it.each(rows)('$what', ({ setup, steps, calls, peer: sights, wire }) => {
    const played = playQuic('openssl-3.5', steps, setup);
    expect(played.calls).toEqual(calls);
    if (sights !== undefined) expect(played.peer).toEqual(sights);
    if (wire !== undefined) expect(played.wire).toBe(wire);
  });
});
