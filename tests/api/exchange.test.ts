import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer as createPlain } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { type ExchangeName, type StarttlsName, type TlsCloseOptions, tlsClose } from '../../src/index.ts';
import { IDENTITY, listening, type Step, speaking, stopAll } from './speaking-servers.ts';

afterAll(stopAll);

async function close(port: number, options: Partial<TlsCloseOptions>) {
  const result = await tlsClose({ target: { host: '127.0.0.1', port }, insecure: true, ...options });
  const told = result.events.flatMap((event) =>
    event.kind === 'exchange' && event.by === 'peer' ? [`${event.what}: ${event.detail}`] : [],
  );
  return { ...result, told };
}

describe('HTTP over TLS, against Node', () => {
  it('reads chunks, and closes itself', async () => {
    const port = await listening(
      createHttps(IDENTITY, (_request, response) => {
        response.write('a'.repeat(70_000));
        response.end('b');
      }),
    );
    const { outcome, told } = await close(port, { exchange: 'http1' });
    expect(told).toEqual(['response: HTTP/1.1 200 OK', 'end: whole: 70001 bytes in chunks']);
    expect(outcome).toMatchObject({ closedFirst: 'local', truncationPossible: 'no' });
  });

  it('asks for a close, and reads by Content-Length', async () => {
    const port = await listening(
      createHttps(IDENTITY, (request, response) => void response.end(`${request.url}`)),
    );
    const { outcome, told } = await close(port, { exchange: 'http1', mode: 'wait-peer', path: '/x' });
    expect(told.at(-1)).toBe('end: whole: 2 of 2 bytes by Content-Length');
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'peer' });
  });

  it('speaks HTTP/2, with a large body and a dynamic table', async () => {
    const secure = createSecureServer(IDENTITY, (_request, response) => {
      response.setHeader('x-long', 'y'.repeat(300));
      response.end('z'.repeat(300_000));
    });
    const port = await listening(secure);
    const { outcome, told, events } = await close(port, { exchange: 'h2' });
    expect(told).toEqual(['response: status 200', 'end: whole: status 200, 300000 bytes']);
    expect(outcome.truncationPossible).toBe('no');
    expect(events.find((event) => event.kind === 'handshake.completed')).toMatchObject({ alpn: 'h2' });
    const leaving = await close(port, { exchange: 'h2', mode: 'wait-peer' });
    expect(leaving.outcome).toMatchObject({ closedFirst: 'peer' });
  });

  it('notices that the peer would not speak HTTP/2', async () => {
    const port = await speaking({ greeting: '', clear: [], secure: [] });
    const { told, outcome } = await close(port, { exchange: 'h2' });
    expect(told).toEqual(['error: the peer did not agree on ALPN h2, without which it is not spoken']);
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'local' });
  });
});

type Both = ExchangeName & StarttlsName;
const SMTP: { clear: Step[]; secure: Step[] } = {
  clear: [
    { when: '\r\n', say: '250-mail\r\n250 STARTTLS\r\n' },
    { when: 'STARTTLS\r\n', say: '220 go\r\n', tls: true },
  ],
  secure: [
    { when: '\r\n', say: '250 mail\r\n' },
    { when: 'NOOP\r\n', say: '250 ok\r\n' },
    { when: 'QUIT\r\n', say: '221 bye\r\n', end: true },
  ],
};
const MYSQL_GREETING = Buffer.concat([
  Buffer.from([42, 0, 0, 0, 10]),
  Buffer.from('8.4.3\0'),
  Buffer.alloc(13),
  Buffer.from([0xff, 0xff]),
  Buffer.alloc(20),
]);

describe('behind STARTTLS, on real sockets', () => {
  it.each<[string, Both, string | Buffer, Step[], Step[]]>([
    ['SMTP', 'smtp', '220 mail\r\n', SMTP.clear, SMTP.secure],
    [
      'IMAP',
      'imap',
      '* OK hi\r\n',
      [{ when: 'a1 STARTTLS\r\n', say: 'a1 OK go\r\n', tls: true }],
      [
        { when: 'b1 NOOP\r\n', say: 'b1 OK\r\n' },
        { when: 'b2 LOGOUT\r\n', say: '* BYE\r\nb2 OK\r\n', end: true },
      ],
    ],
    [
      'POP3',
      'pop3',
      '+OK\r\n',
      [{ when: 'STLS\r\n', say: '+OK go\r\n', tls: true }],
      [
        { when: 'CAPA\r\n', say: '+OK\r\nUIDL\r\n.\r\n' },
        { when: 'QUIT\r\n', say: '+OK\r\n', end: true },
      ],
    ],
    [
      'FTP',
      'ftp',
      '220-hi\r\n220 there\r\n',
      [{ when: 'AUTH TLS\r\n', say: '234 go\r\n', tls: true }],
      [
        { when: 'NOOP\r\n', say: '200 ok\r\n' },
        { when: 'QUIT\r\n', say: '221 bye\r\n', end: true },
      ],
    ],
    [
      'LDAP',
      'ldap',
      '',
      [{ when: '20037', say: Buffer.from('300c02010178070a010004000400', 'hex'), tls: true }],
      [
        { when: '1.1', say: Buffer.from('300c02010265070a010004000400', 'hex') },
        { when: '\x42\0', say: '', end: true },
      ],
    ],
    [
      'PostgreSQL',
      'postgres',
      '',
      [{ when: '\x2f', say: 'S', tls: true }],
      [
        { when: 'sslshut\0\0', say: 'R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I' },
        { when: 'X\0\0\0\x04', say: '', end: true },
      ],
    ],
    [
      'MySQL',
      'mysql',
      MYSQL_GREETING,
      [{ when: 36, say: '', tls: true }],
      [
        { when: 'password\0', say: Buffer.from([7, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0]) },
        { when: '\x01', say: '', end: true },
      ],
    ],
  ])('%s: the exchange is whole, and the server closes when asked', async (_name, name, greeting, clear, secure) => {
    const port = await speaking({ greeting, clear, secure });
    const { outcome, told } = await close(port, { starttls: name, exchange: name, mode: 'wait-peer' });
    expect(told.at(-1)).toBe('end: whole');
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'peer', truncationPossible: 'no' });
    const plain = await close(port, { starttls: name });
    expect(plain.outcome).toMatchObject({ class: 'clean', closedFirst: 'local' });
  });

  it('never hands clear text to TLS', async () => {
    const [hello, go] = SMTP.clear;
    if (hello === undefined || go === undefined) throw new Error('no steps');
    const clear = [hello, { ...go, say: '220 go\r\n250 injected\r\n' }];
    const port = await speaking({ greeting: '220 mail\r\n', clear, secure: SMTP.secure });
    const { outcome, events } = await close(port, { starttls: 'smtp' });
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3 });
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'handshake.failed', rule: 'starttls-injection' }),
    );
    expect(events.some((event) => event.kind === 'handshake.message')).toBe(false);
  });

  it('starts again from the beginning for a second connection', async () => {
    const port = await speaking({ greeting: '220 mail\r\n', ...SMTP });
    const { resumption, events } = await close(port, {
      starttls: 'smtp',
      resume: true,
      exchange: 'smtp',
      mode: 'wait-peer',
    });
    expect(resumption).toMatchObject({ eligible: true, offered: true });
    const second = events.filter((event) => event.conn === 'resume' && event.kind === 'transport.plaintext');
    expect(second).toHaveLength(6);
  });

  it('says who hung up, or kept silent', async () => {
    const fin = await listening(createPlain((socket) => void socket.end('220 mail\r\n')));
    expect((await close(fin, { starttls: 'smtp' })).outcome.summary).toContain('(FIN) before TLS began');
    const rst = await listening(
      createPlain((socket) => {
        socket.write('220 mail\r\n');
        socket.on('data', () => socket.resetAndDestroy());
      }),
    );
    expect((await close(rst, { starttls: 'smtp' })).outcome.summary).toContain(
      'reset the connection before TLS began',
    );
    const silent = await listening(createPlain(() => undefined));
    const { outcome } = await close(silent, { starttls: 'smtp', limits: { handshake: 100 } });
    expect(outcome.summary).toBe('TLS did not begin: the peer did not let TLS begin within 100 ms');
  });
});

it('asks a DNS server over TLS', async () => {
  const reply = Buffer.from('00115353818000010000000000000000020001', 'hex');
  const port = await speaking({ greeting: '', clear: [], secure: [{ when: '\0\x02\0\x01', say: reply }] });
  const { outcome, told } = await close(port, { exchange: 'dot' });
  expect(told).toEqual(['response: NOERROR, 0 answers', 'end: whole: 17 bytes']);
  expect(outcome.truncationPossible).toBe('no');
});
