import { describe, expect, it } from 'vitest';
import { createPreamble, STARTTLS_NAMES, type StarttlsName } from '../../src/exchange/starttls.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { ascii, concat, fromAscii, fromHex } from '../../src/wire/bytes.ts';

/** What a server says, step by step; the client's words in between. */
type Talk = { server: string | Uint8Array; client: string | Uint8Array }[];

const MYSQL_GREETING = (capabilities: number): Uint8Array => {
  const content = concat(
    ascii('\x0a8.4.3\0'),
    new Uint8Array(13),
    Uint8Array.of(capabilities & 0xff, capabilities >> 8),
    new Uint8Array(20),
  );
  return concat(Uint8Array.of(content.length, 0, 0, 0), content);
};
const MYSQL_SSL_REQUEST = concat(fromHex('20000001 018a0800 00000001 2d'), new Uint8Array(23));
const LDAP_REQUEST = fromHex('301d 020101 7718 8016 312e332e362e312e342e312e313436362e3230303337');
const LDAP_YES = fromHex('300c 020101 7807 0a0100 0400 0400');

const TALKS: Record<StarttlsName, Talk> = {
  smtp: [
    { server: '220-mail.example.net ESMTP\r\n220 ready\r\n', client: 'EHLO [127.0.0.1]\r\n' },
    { server: '250-mail.example.net\r\n250-SIZE 1000\r\n250 STARTTLS\r\n', client: 'STARTTLS\r\n' },
    { server: '220 2.0.0 go ahead\r\n', client: '' },
  ],
  lmtp: [
    { server: '220 lmtp\r\n', client: 'LHLO [127.0.0.1]\r\n' },
    { server: '250 STARTTLS\r\n', client: 'STARTTLS\r\n' },
    { server: '220 go\r\n', client: '' },
  ],
  imap: [
    { server: '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', client: 'a1 STARTTLS\r\n' },
    { server: '* OK by the way\r\na1 OK begin\r\n', client: '' },
  ],
  pop3: [
    { server: '+OK <1@example.net>\r\n', client: 'STLS\r\n' },
    { server: '+OK begin\r\n', client: '' },
  ],
  ftp: [
    {
      server: '120 wait\r\n220-Welcome\r\n 220 not yet\r\n221 nor this\r\n220 end\r\n',
      client: 'AUTH TLS\r\n',
    },
    { server: '234 AUTH TLS successful\r\n', client: '' },
  ],
  nntp: [
    { server: '201 no posting\r\n', client: 'STARTTLS\r\n' },
    { server: '382 continue\r\n', client: '' },
  ],
  ldap: [{ server: LDAP_YES, client: '' }],
  postgres: [{ server: 'S', client: '' }],
  mysql: [{ server: MYSQL_GREETING(0x0800), client: MYSQL_SSL_REQUEST }],
  xmpp: [
    {
      server:
        "<?xml version='1.0'?><stream:stream from='example.net' id='1' version='1.0'>\n<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
      client: "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    },
    { server: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", client: '' },
  ],
};
const OPENINGS: Partial<Record<StarttlsName, string | Uint8Array>> = {
  ldap: LDAP_REQUEST,
  postgres: fromHex('00000008 04d2162f'),
  xmpp: "<?xml version='1.0'?><stream:stream to='example.net' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
};

const bytes = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? ascii(text) : text);

function begin(name: StarttlsName) {
  const facts: Fact[] = [];
  const preamble = createPreamble(name, { host: 'example.net', emit: (fact) => facts.push(fact) });
  return { facts, preamble };
}

/** All that a server says at once, whatever the client says. */
function hear(name: StarttlsName, said: string | Uint8Array) {
  const { facts, preamble } = begin(name);
  preamble.start();
  preamble.take(bytes(said));
  return { facts, status: preamble.status() };
}

describe.each(STARTTLS_NAMES)('the preamble of %s', (name) => {
  const talk = TALKS[name];
  const whole = concat(...talk.map(({ server }) => bytes(server)));

  it('says what the protocol asks for, and is ready for TLS', () => {
    const { facts, preamble } = begin(name);
    expect(concat(...preamble.start())).toEqual(bytes(OPENINGS[name] ?? ''));
    for (const { server, client } of talk) {
      expect(preamble.status()).toEqual({ kind: 'going' });
      expect(concat(...preamble.take(bytes(server)))).toEqual(bytes(client));
    }
    expect(preamble.status()).toEqual({ kind: 'ready' });
    const told = (by: 'local' | 'peer') =>
      facts.reduce(
        (sum, fact) => sum + (fact.kind === 'transport.plaintext' && fact.by === by ? fact.bytes : 0),
        0,
      );
    expect(told('peer')).toBe(whole.length);
    expect(told('local')).toBeGreaterThan(0);
  });

  it('takes replies in pieces of one byte', () => {
    const { preamble } = begin(name);
    const out = [...preamble.start()];
    for (const byte of whole) {
      expect(preamble.status()).toEqual({ kind: 'going' });
      out.push(...preamble.take(Uint8Array.of(byte)));
    }
    expect(preamble.status()).toEqual({ kind: 'ready' });
    const said = [OPENINGS[name] ?? '', ...talk.map(({ client }) => client)].map(bytes);
    expect(concat(...out)).toEqual(concat(...said));
  });

  it('is not ready after any part of them', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(hear(name, whole.subarray(0, length)).status.kind).not.toBe('ready');
    }
  });

  it('tells of bytes behind the go-ahead', () => {
    const { status, facts } = hear(name, concat(whole, ascii('x')));
    expect(status).toMatchObject({ kind: 'failed', rule: 'starttls-injection' });
    expect(facts.at(-1)).toMatchObject({ kind: 'transport.plaintext', by: 'peer', bytes: 1, text: 'x' });
  });

  it('takes any bytes without throwing, and keeps no more than it must', () => {
    for (const filler of [0x00, 0x30, 0x20, 0x32, 0x3c, 0x41, 0x80, 0xff]) {
      const { preamble } = begin(name);
      preamble.start();
      for (let sent = 0; sent < 2 ** 20; sent += 4096) preamble.take(new Uint8Array(4096).fill(filler));
      expect(preamble.status().kind).toBe('failed');
    }
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x20, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(() => hear(name, damaged)).not.toThrow();
      }
    }
  });
});

describe('a refusal', () => {
  const response = (code: number, text: string): Uint8Array => {
    const diagnostic = ascii(text);
    return concat(
      Uint8Array.of(
        0x30,
        12 + diagnostic.length,
        2,
        1,
        1,
        0x78,
        7 + diagnostic.length,
        0x0a,
        1,
        code,
        4,
        0,
        4,
      ),
      Uint8Array.of(diagnostic.length),
      diagnostic,
    );
  };
  const pgError = concat(
    ascii('E'),
    Uint8Array.of(0, 0, 0, 37),
    ascii('SFATAL\0C53300\0Mtoo many clients\0\0'),
  );
  it.each<[StarttlsName, string | Uint8Array, string]>([
    ['smtp', '554 no\r\n', 'the server greets with "554 no"'],
    ['smtp', '220 hi\r\n502 what\r\n', 'the server answers EHLO with "502 what"'],
    [
      'smtp',
      '220 hi\r\n250 mail\r\n502 unknown\r\n',
      'the server answers STARTTLS with "502 unknown", which its answer to EHLO did not offer',
    ],
    ['smtp', '220 hi\r\n250 STARTTLS\r\n454 later\r\n', 'the server answers STARTTLS with "454 later"'],
    ['imap', '* BYE full\r\n', 'the server greets with "* BYE full": no STARTTLS after that'],
    [
      'imap',
      '* PREAUTH you are in\r\n',
      'the server greets with "* PREAUTH you are in": no STARTTLS after that',
    ],
    ['imap', '* OK hi\r\na1 BAD what\r\n', 'the server answers STARTTLS with "a1 BAD what"'],
    ['pop3', '-ERR busy\r\n', 'the server greets with "-ERR busy"'],
    ['pop3', '+OK\r\n-ERR what\r\n', 'the server answers STLS with "-ERR what"'],
    ['ftp', '421 closing\r\n', 'the server greets with "421 closing"'],
    ['ftp', '220 hi\r\n504-no\r\n504 TLS\r\n', 'the server answers AUTH TLS with "504 TLS"'],
    ['nntp', '502 no\r\n', 'the server greets with "502 no"'],
    ['nntp', '200 hi\r\n580 no\r\n', 'the server answers STARTTLS with "580 no"'],
    ['ldap', response(2, 'no TLS'), 'the server answers StartTLS with protocolError (2) "no TLS"'],
    ['postgres', 'N', 'the server answers SSLRequest with N: it has no TLS to offer'],
    [
      'postgres',
      pgError,
      'the server answers SSLRequest with an error: ErrorResponse FATAL 53300 too many clients',
    ],
    ['mysql', MYSQL_GREETING(0), 'the server (8.4.3) does not offer TLS in its greeting'],
    [
      'mysql',
      concat(Uint8Array.of(13, 0, 0, 0, 0xff, 0x69, 0x04), ascii('Host block')),
      'the server greets with an error: 1129 Host block',
    ],
    [
      'xmpp',
      "<stream:stream version='1.0'><stream:features></stream:features>",
      'STARTTLS is not among the features of the stream',
    ],
    ['xmpp', '<stream:stream><stream:error><host-gone/>', 'the server answers with <stream:error>'],
    [
      'xmpp',
      '<stream:stream><stream:features><starttls/></stream:features><failure/>',
      'the server answers STARTTLS with <failure/>',
    ],
  ])('of %s is told (%#)', (name, said, detail) => {
    expect(hear(name, said).status).toEqual({ kind: 'failed', rule: 'starttls-refused', detail });
  });

  it.each<[StarttlsName, string | Uint8Array, string]>([
    ['smtp', 'HTTP/1.1 400 Bad Request\r\n', 'starttls-malformed'],
    ['smtp', '220-a\r\n221 b\r\n', 'starttls-malformed'],
    ['smtp', `220-${'a\r\n220-'.repeat(300)}`, 'starttls-too-long'],
    ['smtp', `220 ${'a'.repeat(10_000)}`, 'starttls-too-long'],
    ['imap', '+OK\r\n', 'starttls-malformed'],
    ['ldap', Uint8Array.of(0x30, 0x80, 0), 'starttls-malformed'],
    ['ldap', Uint8Array.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff), 'starttls-too-long'],
    ['ldap', Uint8Array.of(0x30, 2, 2, 5), 'starttls-malformed'],
    ['ldap', Uint8Array.of(0x30, 5, 2, 1, 1, 0x65, 0), 'starttls-malformed'],
    ['postgres', 'E\0\0\0\x01', 'starttls-malformed'],
    ['postgres', 'E\x7f\0\0\0', 'starttls-too-long'],
    ['postgres', 'H', 'starttls-malformed'],
    ['mysql', Uint8Array.of(0xff, 0xff, 0xff, 0), 'starttls-too-long'],
    ['mysql', Uint8Array.of(0, 0, 0, 0), 'starttls-malformed'],
    ['mysql', Uint8Array.of(3, 0, 0, 0, 10, 0x38, 0), 'starttls-malformed'],
    ['mysql', Uint8Array.of(2, 0, 0, 0, 9, 0), 'starttls-malformed'],
    ['xmpp', `<${'a'.repeat(5000)}`, 'starttls-too-long'],
  ])('%s: case %# is no preamble', (name, said, rule) => {
    expect(hear(name, said).status).toMatchObject({ kind: 'failed', rule });
  });
});

it('a host never ends the XML that it stands in', () => {
  const { preamble } = (() => {
    const preamble = createPreamble('xmpp', { host: "a'><b>é", emit: () => undefined });
    return { preamble };
  })();
  expect(fromAscii(concat(...preamble.start()))).toContain("to='abÃ©' ");
});
