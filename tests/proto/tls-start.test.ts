import { describe, expect, it } from 'vitest';
import { ascii, concat } from '../../src/wire/bytes.ts';
import {
  connect,
  drain,
  type End,
  factsOf,
  faultOf,
  receive,
  standInEnd,
  standInPair,
  stepAll,
} from './tls-pair.ts';

function started(role: 'client' | 'server' = 'client', version: 0x0303 | 0x0304 = 0x0304): End {
  const end = standInEnd(role, version);
  end.core.start(0);
  drain(end.core);
  return end;
}

describe('clear text where a record should begin', () => {
  it.each([
    [0x0303, 'record-version'],
    [0x0304, 'unexpected-record-type'],
  ] as const)('is quoted, version %i', (version, rule) => {
    const { client } = connect(standInPair(version));
    receive(client.core, 0, new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n'));
    const [step] = stepAll(client.core);
    expect(step).toMatchObject({
      kind: 'fault',
      fault: {
        rule,
        detail: expect.stringMatching(/^no TLS record: "HTTP.*"; that looks like plain HTTP$/u),
      },
    });
  });
});

describe('a peer that does not speak TLS', () => {
  it.each([
    ['HTTP/1.1 400 Bad Request\r\n', 'plain HTTP'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH'],
    ['220 mail.example.net ESMTP\r\n', 'SMTP or FTP before STARTTLS'],
    ['+OK POP3 ready\r\n', 'POP3 before STARTTLS'],
    ['* OK IMAP4rev1\r\n', 'IMAP before STARTTLS'],
  ])('is told by its first bytes: %j', (text, what) => {
    for (const delivered of [5, text.length]) {
      const client = started();
      receive(client.core, 0, ascii(text).subarray(0, delivered));
      const step = client.core.step(0);
      if (step.kind !== 'fault') throw new Error(step.kind);
      expect(step.fault.rule).toBe('not-tls');
      expect(step.fault.blame).toBe('peer');
      expect(step.fault.detail).toContain(`"${text.slice(0, delivered).replaceAll('\r\n', '\\x0d\\x0a')}"`);
      expect(step.fault.detail).toContain(what);
      expect(factsOf(client, 'handshake.failed')).toMatchObject([{ blame: 'peer', rule: 'not-tls' }]);
    }
  });

  it('gets no alert', () => {
    const client = started();
    receive(client.core, 0, ascii('HTTP/1.1 400 Bad Request\r\n'));
    stepAll(client.core);
    expect(client.core.peekTransmit()).toBeUndefined();
    expect(client.core.phase()).toBe('failed');
  });

  it('is seen by a server too', () => {
    const server = started('server');
    receive(server.core, 0, ascii('GET / HTTP/1.1\r\nHost: example.net\r\n\r\n'));
    expect(faultOf(server)).toEqual({ rule: 'not-tls', alert: undefined });
  });

  it('cannot put control characters into the detail', () => {
    const client = started();
    receive(client.core, 0, concat(ascii('\x1b[2J"\\'), Uint8Array.of(0xff, 0), new Uint8Array(60).fill(65)));
    const step = client.core.step(0);
    if (step.kind !== 'fault') throw new Error(step.kind);
    expect(step.fault.detail).toMatch(/^[ -~]*$/);
    expect(step.fault.detail).toContain('"\\x1b[2J\\x22\\x5c\\xff\\x00AAAA');
    expect(step.fault.detail.length).toBeLessThan(220);
  });
});

describe('record headers', () => {
  it.each([
    ['a type nobody knows', [99, 3, 3, 0, 1, 0], 'unexpected-record-type', 10],
    ['another major version', [22, 4, 3, 0, 1, 0], 'record-version', 70],
    ['more than 2^14 bytes', [22, 3, 3, 0x40, 0x01], 'record-overflow', 22],
  ])('in a handshake under way: %s', (_what, bytes, rule, alert) => {
    const server = started('server', 0x0303);
    const client = standInEnd('client', 0x0303);
    client.core.start(0);
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    receive(server.core, 0, Uint8Array.from(bytes));
    expect(faultOf(server)).toEqual({ rule, alert });
  });

  it('takes exactly 2^14 bytes', () => {
    const client = started();
    receive(client.core, 0, Uint8Array.of(22, 3, 3, 0x40, 0x00));
    expect(client.core.ready()).toBe(false);
  });

  it.each([
    [0x0304, 2 ** 14 + 256],
    [0x0303, 2 ** 14 + 2048],
  ] as const)('of protected records, version %i: up to %i bytes', (version, most) => {
    const header = (length: number) => Uint8Array.of(23, 3, 3, length >> 8, length & 0xff);
    const { client } = connect(standInPair(version));
    receive(client.core, 0, header(most));
    expect(client.core.ready()).toBe(false);
    const other = connect(standInPair(version)).client;
    receive(other.core, 0, header(most + 1));
    expect(other.core.ready()).toBe(true);
    expect(faultOf(other)).toEqual({ rule: 'record-overflow', alert: 22 });
  });

  it('have a version that TLS 1.3 does not look at, once it is agreed', () => {
    const { client, server } = connect(standInPair(0x0304));
    client.core.sendData(Uint8Array.of(1));
    const unit = concat(...drain(client.core));
    unit[1] = 9;
    receive(server.core, 0, unit);
    // Not refused for its version; but the version is part of what is authenticated (RFC 9846 §5.2).
    expect(faultOf(server)).toEqual({ rule: 'bad-record-mac', alert: 20 });
  });
});

describe('a failed connection', () => {
  it('tells its fault once, in a step and a fact, and sends its alert', () => {
    const client = started();
    receive(client.core, 7, Uint8Array.of(23, 3, 3, 0, 1, 0));
    const step = client.core.step(7);
    expect(step).toMatchObject({ kind: 'fault', fault: { rule: 'unexpected-data', alert: 10 } });
    expect(client.core.step(7)).toEqual({ kind: 'idle' });
    expect(client.core.ready()).toBe(false);
    expect(factsOf(client, 'fault')).toEqual([
      expect.objectContaining({ blame: 'peer', rule: 'unexpected-data', alert: 10 }),
    ]);
    expect(factsOf(client, 'handshake.failed')).toHaveLength(1);
    expect(concat(...drain(client.core))).toEqual(Uint8Array.of(21, 3, 3, 0, 2, 2, 10));
    expect(factsOf(client, 'alert')).toMatchObject([{ by: 'local', level: 2, description: 10 }]);
  });

  it('reads what still comes into nothing, and reports the end', () => {
    const client = started();
    receive(client.core, 0, Uint8Array.of(23, 3, 3, 0, 1, 0));
    stepAll(client.core);
    receive(client.core, 0, new Uint8Array(1000).fill(5));
    expect(client.core.ready()).toBe(true);
    expect(client.core.step(0)).toEqual({ kind: 'ignored', bytes: 1000 });
    expect(client.core.unread()).toBe(0);
    client.core.receive(0, { kind: 'fin', certainty: 'sure' });
    expect(client.core.step(0)).toEqual({ kind: 'eof', partial: 0, certainty: 'sure' });
    expect(client.core.sendData(Uint8Array.of(1))).toBe(false);
  });

  it('asks for at least one byte whatever came', () => {
    const client = started();
    for (const bytes of [ascii('HTTP/'), ascii('1.1 400 Bad'), new Uint8Array(70_000)]) {
      receive(client.core, 0, bytes);
      expect(client.core.wants()).toBeGreaterThan(0);
      stepAll(client.core);
      expect(client.core.wants()).toBeGreaterThan(0);
    }
  });
});

describe('a stream that ends', () => {
  it('inside the handshake fails it', () => {
    const client = started();
    receive(client.core, 3, Uint8Array.of(22, 3));
    client.core.receive(3, { kind: 'fin', certainty: 'sure' });
    expect(client.core.step(9)).toEqual({ kind: 'eof', partial: 2, certainty: 'sure' });
    expect(client.core.phase()).toBe('failed');
    expect(factsOf(client, 'handshake.failed')).toMatchObject([{ blame: 'peer', rule: 'eof' }]);
    expect(factsOf(client, 'eof')).toEqual([{ kind: 'eof', verdict: 'unexpected', partialRecord: 2 }]);
    expect(client.arrivals.at(-1)).toBe(3);
  });

  it('is told after the records before it, for ever, and once as a fact', () => {
    const { client, server } = connect(standInPair(0x0304));
    client.core.sendData(Uint8Array.of(1, 2));
    receive(server.core, 0, ...drain(client.core), Uint8Array.of(23, 3, 3));
    server.core.receive(0, { kind: 'fin', certainty: 'unknown' });
    expect(server.core.step(0).kind).toBe('data');
    for (let i = 0; i < 3; i++) {
      expect(server.core.step(0)).toEqual({ kind: 'eof', partial: 3, certainty: 'unknown' });
      expect(server.core.ready()).toBe(true);
    }
    expect(factsOf(server, 'eof')).toEqual([{ kind: 'eof', verdict: 'unexpected', partialRecord: 3 }]);
    // The other direction is still open.
    expect(server.core.phase()).toBe('open');
    expect(server.core.sendData(Uint8Array.of(1))).toBe(true);
  });

  it('is clean after the close_notify', () => {
    const { client, server } = connect(standInPair(0x0303));
    client.core.sendAlert(1, 0);
    receive(server.core, 0, ...drain(client.core));
    server.core.receive(0, { kind: 'fin', certainty: 'sure' });
    expect(stepAll(server.core).map((step) => step.kind)).toEqual(['alert', 'eof']);
    expect(factsOf(server, 'eof')).toEqual([{ kind: 'eof', verdict: 'clean', partialRecord: 0 }]);
  });

  it('inside a record is told with its bytes, whether FIN or RST came', () => {
    for (const end of [
      { kind: 'fin', certainty: 'sure' },
      { kind: 'reset', errno: 'ECONNRESET', certainty: 'sure' },
    ] as const) {
      const { server } = connect(standInPair(0x0304));
      server.core.receive(0, { kind: 'bytes', data: Uint8Array.of(23, 3, 3) });
      server.core.receive(0, end);
      stepAll(server.core);
      expect(factsOf(server, 'eof')).toEqual([{ kind: 'eof', verdict: 'unexpected', partialRecord: 3 }]);
    }
  });

  it('with a reset tells it once, then the end, and claims no clean eof', () => {
    const { server } = connect(standInPair(0x0304));
    server.core.receive(0, { kind: 'reset', errno: 'ECONNRESET', certainty: 'sure' });
    expect(server.core.step(0)).toEqual({ kind: 'reset', errno: 'ECONNRESET', certainty: 'sure' });
    expect(server.core.step(0)).toMatchObject({ kind: 'eof', partial: 0 });
    expect(factsOf(server, 'eof')).toEqual([]);
  });

  it('may be reset after the FIN', () => {
    const { server } = connect(standInPair(0x0304));
    server.core.receive(0, { kind: 'fin', certainty: 'sure' });
    server.core.receive(5, { kind: 'reset', errno: 'ECONNRESET', certainty: 'sure' });
    expect([0, 1, 2, 3].map(() => server.core.step(9).kind)).toEqual(['eof', 'reset', 'eof', 'eof']);
  });
});
