import { describe, expect, it } from 'vitest';
import type { RecordCore, RecordStep } from '../../src/proto/core.ts';
import { sslDoHandshake } from '../../src/shutdown/handshake.ts';
import { sslRead } from '../../src/shutdown/read.ts';
import { sslShutdown } from '../../src/shutdown/shutdown.ts';
import { createSsl, type Ssl, sslGetShutdown } from '../../src/shutdown/ssl.ts';
import type { Call, CallResult, Flushed, ProfileName } from '../../src/shutdown/types.ts';
import { sslWrite } from '../../src/shutdown/write.ts';

/** A core that plays a list of steps and keeps what it is told to send, as words. */
function scriptedCore(steps: RecordStep[]): { core: RecordCore; queued: string[] } {
  const queued: string[] = [];
  let opened = false;
  const core: RecordCore = {
    role: 'client',
    phase: () => (opened ? 'open' : 'handshake'),
    version: () => 'DTLSv1.2',
    start: () => {
      opened = true;
    },
    receive: () => undefined,
    step: () => steps.shift() ?? { kind: 'idle' },
    pollTimeout: () => undefined,
    handleTimeout: () => undefined,
    ready: () => steps.length > 0,
    wants: () => 5,
    unread: () => 0,
    takeUnread: () => new Uint8Array(0),
    peekTransmit: () => (queued.length > 0 ? new Uint8Array(1) : undefined),
    transmitted: () => void queued.shift(),
    discardTransmit: () => {
      queued.length = 0;
    },
    sendData: (data) => queued.push(`data ${data.length}`) > 0,
    sendAlert: (level, description) => void queued.push(`alert ${level} ${description}`),
    keyUpdate: () => false,
    sendTicket: () => false,
    sendHelloRequest: () => false,
    session: () => undefined,
    ticketsReceived: () => 0,
    resumed: () => false,
    raw: { record: () => new Uint8Array(0), send: () => undefined },
  };
  return { core, queued };
}

function open(
  profile: ProfileName,
  steps: RecordStep[],
): { ssl: Ssl; sent: string[]; net: { state: Flushed } } {
  const { core, queued } = scriptedCore(steps);
  const net: { state: Flushed } = { state: 'sent' };
  const sent: string[] = [];
  const ssl = createSsl({
    core,
    role: 'client',
    datagrams: true,
    flush() {
      if (net.state === 'sent') sent.push(...queued.splice(0));
      return net.state;
    },
    writable: () => net.state === 'sent',
    now: () => 0,
    profile,
    blocking: false,
    ignoreUnexpectedEof: false,
    quietShutdown: false,
    autoRetry: true,
  });
  now(ssl, sslDoHandshake(ssl));
  return { ssl, sent, net };
}

/** A non-blocking call. */
function now(ssl: Ssl, call: Call): string {
  const step = call.next(0);
  if (step.done !== true) step.value.taken?.();
  const result: CallResult = step.done === true ? step.value : step.value.otherwise;
  const flags = sslGetShutdown(ssl).map((flag) => flag[0]);
  const why = result.ret > 0 ? '' : ` ${result.error.replace('SSL_ERROR_', '')}${result.errno ?? ''}`;
  return `${result.ret}${why} [${flags.join('+') || '-'}]`;
}

const DATA: RecordStep = { kind: 'data', data: new Uint8Array(40) };
const CLOSE: RecordStep = { kind: 'alert', means: 'closure', level: 1, description: 0 };

describe('over datagrams', () => {
  it('7: openssl-3.5 throws an unread datagram away and goes on', () => {
    const { ssl } = open('openssl-3.5', [DATA, { kind: 'idle' }, CLOSE]);
    now(ssl, sslShutdown(ssl));
    expect(now(ssl, sslShutdown(ssl))).toBe('-1 SYSCALL0 [S]');
    expect(now(ssl, sslShutdown(ssl))).toBe('-1 WANT_READ [S]');
    expect(now(ssl, sslShutdown(ssl))).toBe('1 [S+R]');
  });

  it('7: manual keeps it', () => {
    const { ssl } = open('manual', [DATA, CLOSE]);
    now(ssl, sslShutdown(ssl));
    expect(now(ssl, sslShutdown(ssl))).toBe('-1 SSL [S]');
    expect(now(ssl, sslRead(ssl, 100))).toBe('40 [S]');
    expect(now(ssl, sslShutdown(ssl))).toBe('1 [S+R]');
  });

  it.each([
    ['openssl-3.5' as const, '-1', ['alert 1 0']],
    ['manual' as const, '0', ['data 10', 'alert 1 0']],
  ])('1: %s and a pending datagram: the alert goes out all the same', (profile, waiting, expected) => {
    const { ssl, sent, net } = open(profile, [CLOSE]);
    net.state = 'blocked';
    expect(now(ssl, sslWrite(ssl, new Uint8Array(10)))).toBe('-1 WANT_WRITE [-]');
    expect(now(ssl, sslShutdown(ssl))).toBe(`${waiting} WANT_WRITE [S]`);
    net.state = 'sent';
    expect(now(ssl, sslShutdown(ssl))).toMatch(/^0 /);
    expect(sent).toEqual(expected);
    expect(now(ssl, sslShutdown(ssl))).toBe('1 [S+R]');
  });

  it('a port that is gone: told once, then the silence of a datagram', () => {
    const gone: RecordStep = { kind: 'reset', errno: 'ECONNREFUSED', certainty: 'sure' };
    const { ssl } = open('openssl-3.5', [gone, { kind: 'idle' }]);
    now(ssl, sslShutdown(ssl));
    expect(now(ssl, sslShutdown(ssl))).toBe('-1 SYSCALLECONNREFUSED [S]');
    expect(now(ssl, sslShutdown(ssl))).toBe('-1 WANT_READ [S]');
  });
});
