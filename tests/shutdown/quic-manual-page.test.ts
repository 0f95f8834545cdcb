import { describe, expect, it } from 'vitest';
import { local, net, peer, type StepSpec } from './play.ts';
import { playQuic } from './quic-play.ts';

/** A sentence of SSL_shutdown(3) about QUIC, in our words, and a run in profile manual that shows it kept. */
type Row = {
  says: string;
  setup?: object;
  steps: readonly StepSpec[];
  calls: readonly string[];
  peer?: readonly string[];
  /** What we sent of CONNECTION_CLOSE: frame, code, (bytes of the reason), how often. */
  wire?: string;
};

const shutdown = local('shutdown');
const ex = (args: object = {}): StepSpec => local('shutdown_ex', args);
const info = local('conn_close_info');
const write = local('write', { size: 10 });
const read = local('read');
const events = (ms: number): StepSpec => local('handle_events', { ms });
const sleep = (ms: number): StepSpec => local('sleep', { ms });
const NO_BLOCK = { flags: ['NO_BLOCK'] };
const RAPID = { flags: ['RAPID'] };
const BLOCKING = { blocking: true };
/** No event is handled but by a call, which is what the page speaks of. */
const ON_CALL = { pump: 'on-call' };
const CLOSED = 'close remote application 0 ""';

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  DESCRIPTION: [
    {
      says: 'args_len must be the size of the structure',
      steps: [ex({ args_len: 3 }), ex({ args_len: 16 })],
      calls: ['shutdown_ex -1 SSL "passed invalid argument" [-]', 'shutdown_ex 0 [S]'],
    },
    {
      says: 'no arguments are the same as a structure full of zeros',
      steps: [ex({ null_args: true, flags: ['RAPID'] }), info],
      calls: ['shutdown_ex 0 [S]', 'conn_close_info local application 0 ""'],
      wire: '0x1d 0 once',
    },
    {
      says: 'non-blocking, the first call begins the process and returns 0; once it is complete every call returns 1',
      steps: [shutdown, shutdown, sleep(500), shutdown, shutdown],
      calls: ['shutdown 0 [S]', 'shutdown 0 [S]', 'sleep [S]', 'shutdown 1 [S]', 'shutdown 1 [S]'],
      peer: [CLOSED],
    },
  ],
  'QUIC-SPECIFIC SHUTDOWN CONSIDERATIONS': [
    {
      says: 'SSL_shutdown is an immediate close with CONNECTION_CLOSE',
      setup: BLOCKING,
      steps: [shutdown],
      calls: ['shutdown 1 [S]'],
      peer: [CLOSED],
      wire: '0x1d 0 once',
    },
    {
      says: 'it cannot be used on a stream object',
      setup: { default_stream: false },
      steps: [
        local('new_stream', { name: 's' }),
        local('shutdown', { on: 's' }),
        ex({ on: 's', code: 1 }),
        local('write', { on: 's', size: 5 }),
      ],
      calls: [
        'new_stream 1 [-]',
        'shutdown s -1 SSL "conn use only" [-]',
        'shutdown_ex s -1 SSL "conn use only" [-]',
        'write s 5 [-]',
      ],
      peer: ['data 5'],
      wire: 'nothing',
    },
    {
      says: 'a stream is concluded with SSL_stream_conclude',
      setup: BLOCKING,
      steps: [write, local('stream_conclude'), shutdown],
      calls: ['write 10 [-]', 'stream_conclude 1 [-]', 'shutdown 1 [S]'],
      peer: ['data 10', 'fin', CLOSED],
    },
    {
      says: 'and ended otherwise with SSL_stream_reset',
      setup: BLOCKING,
      steps: [write, events(50), local('stream_reset', { code: 3 }), local('stream_state'), shutdown],
      calls: [
        'write 10 [-]',
        'handle_events [-]',
        'stream_reset 1 [-]',
        'stream_state RESET_LOCAL OK',
        'shutdown 1 [S]',
      ],
      peer: ['data 10', CLOSED],
    },
    {
      says: 'SSL_shutdown_ex tells the peer more: an application error code and a reason',
      steps: [ex({ flags: ['RAPID'], code: 0x101, reason: 'no more work' }), info],
      calls: ['shutdown_ex 0 [S]', 'conn_close_info local application 257 "no more work"'],
      peer: ['close remote application 257 "no more work"'],
      wire: '0x1d 257 (12) once',
    },
    {
      says: 'the code may have 62 bits',
      steps: [ex({ flags: ['RAPID'], code: String(2n ** 62n - 1n) })],
      calls: ['shutdown_ex 0 [S]'],
      peer: ['close remote application 4611686018427387903 ""'],
    },
    {
      says: 'a larger one makes the call fail, and another call may do better',
      steps: [ex({ code: String(2n ** 62n), reason: 'lost' }), info, ex({ flags: ['RAPID'] }), info],
      calls: [
        'shutdown_ex -1 SSL "passed invalid argument" [-]',
        'conn_close_info none',
        'shutdown_ex 0 [S]',
        'conn_close_info local application 0 ""',
      ],
      wire: '0x1d 0 once',
    },
    {
      says: 'the reason is UTF-8, which nobody checks; without one it has no bytes',
      steps: [ex({ flags: ['RAPID'], reason: 'tschüss 👋' })],
      calls: ['shutdown_ex 0 [S]'],
      peer: ['close remote application 0 "tschüss 👋"'],
      wire: '0x1d 0 (13) once',
    },
    {
      says: 'arguments count in the first call alone',
      setup: BLOCKING,
      steps: [ex({ flags: ['RAPID'], code: 5, reason: 'first' }), ex({ code: 6, reason: 'second' }), info],
      calls: ['shutdown_ex 0 [S]', 'shutdown_ex 1 [S]', 'conn_close_info local application 5 "first"'],
      wire: '0x1d 5 (5) once',
    },
    {
      says: 'SSL_shutdown counts as a first call too',
      steps: [shutdown, ex({ code: 6, reason: 'second' }), info],
      calls: ['shutdown 0 [S]', 'shutdown_ex 0 [S]', 'conn_close_info local application 0 ""'],
    },
    {
      says: 'the first call is the first one, though it came back with 0 before anything was closed',
      setup: { ...BLOCKING, rtt_ms: 40 },
      steps: [write, ex({ ...NO_BLOCK, code: 7 }), ex({ code: 8 }), info],
      calls: [
        'write 10 [-]',
        'shutdown_ex 0 [-]',
        'shutdown_ex 1 [S]',
        'conn_close_info local application 7 ""',
      ],
      wire: '0x1d 7 once',
    },
    {
      says: 'the network BIO stays open: what comes after the end is still received',
      setup: BLOCKING,
      steps: [
        net('drop_c2s'),
        shutdown,
        net('reset_counters'),
        peer('write'),
        sleep(300),
        local('relay_stats'),
      ],
      calls: ['shutdown 1 [S]', 'sleep [S]', 'relay_stats 0 some'],
    },
    {
      says: 'whoever wants to know that everything arrived must shut down',
      setup: { ...BLOCKING, rtt_ms: 20, data_expect: 200_000 },
      steps: [local('write', { size: 200_000 }), shutdown],
      calls: ['write 200000 [-]', 'shutdown 1 [S]'],
      peer: ['data all', CLOSED],
    },
    {
      says: 'SSL_free without it may lose what was written',
      setup: { ...BLOCKING, rtt_ms: 40, data_expect: 200_000 },
      steps: [local('write', { size: 200_000 }), local('free')],
      calls: ['write 200000 [-]', 'free'],
      peer: ['data part'],
      wire: 'nothing',
    },
    {
      says: 'SSL_shutdown lets events be handled: called regularly it carries a shutdown through',
      setup: { ...ON_CALL, rtt_ms: 20 },
      steps: [write, shutdown, sleep(60), shutdown, sleep(2000), shutdown],
      calls: ['write 10 [-]', 'shutdown 0 [-]', 'sleep [-]', 'shutdown 0 [S]', 'sleep [S]', 'shutdown 1 [S]'],
      peer: ['data 10', CLOSED],
    },
    {
      says: 'or SSL_handle_events is called regularly',
      setup: { ...ON_CALL, rtt_ms: 20 },
      steps: [write, shutdown, events(1500), info, shutdown],
      calls: [
        'write 10 [-]',
        'shutdown 0 [-]',
        'handle_events [S]',
        'conn_close_info local application 0 ""',
        'shutdown 1 [S]',
      ],
      peer: ['data 10', CLOSED],
    },
    {
      says: 'in thread assisted mode neither is needed',
      setup: { thread_assisted: true, rtt_ms: 20 },
      steps: [write, shutdown, sleep(1500), info, shutdown],
      calls: [
        'write 10 [-]',
        'shutdown 0 [-]',
        'sleep [S]',
        'conn_close_info local application 0 ""',
        'shutdown 1 [S]',
      ],
      peer: ['data 10', CLOSED],
    },
  ],
  'Application Data Drainage Behaviour': [
    {
      says: 'it waits until everything written has been sent and acknowledged',
      setup: { ...BLOCKING, rtt_ms: 80 },
      steps: [local('write', { size: 50_000 }), ex(RAPID)],
      calls: ['write 50000 [-]', 'shutdown_ex 0 [S]'],
      peer: ['data 50000', CLOSED],
    },
    {
      says: 'only then: on a path that is dead for a while it takes as long as that',
      setup: BLOCKING,
      steps: [net('blackhole'), write, peer('restore', { after_ms: 300 }), shutdown],
      calls: ['write 10 [-]', 'shutdown 1 [S]'],
      peer: ['data 10', CLOSED],
    },
    {
      says: 'streams that were reset are not waited for',
      steps: [net('drop_c2s'), write, local('stream_reset', { code: 3 }), shutdown, info],
      calls: [
        'write 10 [-]',
        'stream_reset 1 [-]',
        'shutdown 0 [S]',
        'conn_close_info local application 0 ""',
      ],
      peer: [],
    },
    {
      says: 'streams that were concluded are',
      setup: { rtt_ms: 40 },
      steps: [write, local('stream_conclude'), shutdown, info],
      calls: ['write 10 [-]', 'stream_conclude 1 [-]', 'shutdown 0 [-]', 'conn_close_info none'],
      peer: ['data 10', 'fin', CLOSED],
    },
    {
      says: 'NO_STREAM_FLUSH skips that: what is in the send buffers may stay there',
      setup: { ...BLOCKING, rtt_ms: 40, data_expect: 200_000 },
      steps: [local('write', { size: 200_000 }), ex({ flags: ['NO_STREAM_FLUSH'] })],
      calls: ['write 200000 [-]', 'shutdown_ex 1 [S]'],
      peer: ['data part', CLOSED],
    },
  ],
  'Shutdown Mode': [
    {
      says: 'by default, blocking: it returns once the closure process is complete',
      setup: { ...BLOCKING, rtt_ms: 50 },
      steps: [write, events(200), shutdown],
      calls: ['write 10 [-]', 'handle_events [-]', 'shutdown 1 [S]'],
    },
    {
      says: 'by default, non-blocking: it is called until it returns 1',
      steps: [local('shutdown_until_done', { max_ms: 5000 })],
      calls: ['shutdown_until_done 1 [S]'],
      peer: [CLOSED],
    },
    {
      says: 'rapid: the peer is told by one packet, and 0 is returned',
      setup: BLOCKING,
      steps: [write, events(60), net('reset_counters'), ex(RAPID), local('relay_stats')],
      calls: ['write 10 [-]', 'handle_events [-]', 'shutdown_ex 0 [S]', 'relay_stats 1 none'],
      peer: ['data 10', CLOSED],
      wire: '0x1d 0 once',
    },
    {
      says: 'if that packet is lost the peer learns of it by its idle timeout',
      setup: { ...BLOCKING, idle_timeout_ms: 600, final_settle_ms: 1500 },
      steps: [net('drop_c2s'), ex(RAPID), sleep(20), net('restore')],
      calls: ['shutdown_ex 0 [S]', 'sleep [S]'],
      peer: [`close local transport ${2n ** 64n - 1n} ""`],
    },
    {
      says: 'rapid, and the connection has been shut down already: 1',
      setup: BLOCKING,
      steps: [shutdown, ex(RAPID)],
      calls: ['shutdown 1 [S]', 'shutdown_ex 1 [S]'],
    },
    {
      says: 'one can change one’s mind about a rapid shutdown',
      setup: BLOCKING,
      steps: [ex(RAPID), shutdown, shutdown],
      calls: ['shutdown_ex 0 [S]', 'shutdown 1 [S]', 'shutdown 1 [S]'],
      wire: '0x1d 0 once',
    },
  ],
  'Peer-Initiated Shutdown': [
    {
      says: 'WAIT_PEER, blocking: it waits until the peer closes',
      setup: BLOCKING,
      steps: [peer('close', { code: 42, reason: 'done', after_ms: 200 }), ex({ flags: ['WAIT_PEER'] }), info],
      calls: ['shutdown_ex 1 [R]', 'conn_close_info remote application 42 "done"'],
    },
    {
      says: 'or until the connection ends for another reason',
      setup: { ...BLOCKING, idle_timeout_ms: 600 },
      steps: [net('blackhole'), ex({ flags: ['WAIT_PEER'] }), info],
      calls: ['shutdown_ex 1 [-]', `conn_close_info local transport ${2n ** 64n - 1n} ""`],
      wire: 'nothing',
    },
    {
      says: 'WAIT_PEER, non-blocking: it says at once whether the peer has closed',
      steps: [
        ex({ flags: ['WAIT_PEER'] }),
        ex({ flags: ['WAIT_PEER'] }),
        peer('close', { code: 42 }),
        ex({ flags: ['WAIT_PEER'] }),
      ],
      calls: ['shutdown_ex 0 [-]', 'shutdown_ex 0 [-]', 'shutdown_ex 1 [R]'],
    },
    {
      says: 'once we have begun to close the flag has no effect',
      setup: BLOCKING,
      steps: [ex({ ...NO_BLOCK, code: 3 }), ex({ flags: ['WAIT_PEER'] }), info],
      calls: ['shutdown_ex 0 [S]', 'shutdown_ex 1 [S]', 'conn_close_info local application 3 ""'],
    },
    {
      says: 'it implies NO_STREAM_FLUSH: what is not acknowledged does not keep it',
      steps: [net('drop_c2s'), write, peer('close', { code: 42 }), ex({ flags: ['WAIT_PEER'] })],
      calls: ['write 10 [-]', 'shutdown_ex 1 [R]'],
    },
    {
      says: 'stream data may still be sent while it waits',
      setup: { ...BLOCKING, rtt_ms: 20, data_expect: 100_000 },
      steps: [
        local('write', { size: 100_000 }),
        peer('close', { code: 42, after_ms: 500 }),
        ex({ flags: ['WAIT_PEER'] }),
      ],
      calls: ['write 100000 [-]', 'shutdown_ex 1 [R]'],
      peer: ['data all', 'close local application 42 ""'],
    },
    {
      says: 'data that came before the peer’s close can be read after it',
      steps: [write, events(60), peer('write', { size: 30 }), peer('close'), read, read, shutdown],
      calls: [
        'write 10 [-]',
        'handle_events [-]',
        'read 30 [R]',
        'read 0 SSL "protocol is shutdown" [R]',
        'shutdown 0 [R]',
      ],
    },
  ],
  'Nonblocking Mode': [
    {
      says: 'a blocking connection blocks',
      setup: BLOCKING,
      steps: [shutdown],
      calls: ['shutdown 1 [S]'],
    },
    {
      says: 'NO_BLOCK makes a call non-blocking',
      setup: { ...BLOCKING, rtt_ms: 40 },
      steps: [write, ex(NO_BLOCK), ex({ flags: ['WAIT_PEER', 'NO_BLOCK'] }), shutdown],
      calls: ['write 10 [-]', 'shutdown_ex 0 [-]', 'shutdown_ex 0 [-]', 'shutdown 1 [S]'],
    },
  ],
  'RETURN VALUES': [
    {
      says: '0: CONNECTION_CLOSE may have been sent, and the process is not complete; that is no error',
      steps: [shutdown, info, local('event_timeout')],
      calls: ['shutdown 0 [S]', 'conn_close_info local application 0 ""', 'event_timeout finite'],
    },
    {
      says: '1: the process is complete, and no timer runs any more',
      setup: BLOCKING,
      steps: [shutdown, local('event_timeout')],
      calls: ['shutdown 1 [S]', 'event_timeout infinite'],
    },
    {
      says: 'below 0: it was called on a stream object',
      setup: { default_stream: false },
      steps: [local('new_stream', { name: 's' }), local('shutdown', { on: 's' })],
      calls: ['new_stream 1 [-]', 'shutdown s -1 SSL "conn use only" [-]'],
    },
  ],
};

describe.each(Object.entries(TABLE))('SSL_shutdown(3) on QUIC: %s', (_section, rows) => {
  it.each(rows)('$says', ({ setup, steps, calls, peer: sights, wire }) => {
    const played = playQuic('manual', steps, setup);
    expect(played.calls).toEqual(calls);
    if (sights !== undefined) expect(played.peer).toEqual(sights);
    if (wire !== undefined) expect(played.wire).toBe(wire);
  });
});
