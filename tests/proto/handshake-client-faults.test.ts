import { describe, expect, it } from 'vitest';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import { ascii, fromHex } from '../../src/wire/bytes.ts';
import {
  decodeCertificateVerify,
  encodeCertificate12,
  encodeCertificate13,
  encodeCertificateRequest13,
  encodeCertificateVerify,
} from '../../src/wire/certificate.ts';
import {
  decodeEncryptedExtensions,
  encodeEncryptedExtensions,
  encodeFinished,
} from '../../src/wire/exchange.ts';
import { cookie, keyShareEntry, protocolList, u16 } from '../../src/wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../src/wire/extensions.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import {
  decodeClientHello,
  decodeServerHello,
  encodeServerHello,
  HELLO_RETRY_RANDOM,
  isHelloRetryRequest,
  type ServerHello,
} from '../../src/wire/hello.ts';
import { edit, editServerHello, withExtension } from './handshake-edit.ts';
import {
  createParty,
  faultOf,
  fixtureIdentity,
  fixtureTrust,
  type Party,
  pump,
  shakeHands,
} from './handshake-pump.ts';

const NOTHING = new Uint8Array(0);
const only12: Partial<HandshakeConfig> = { versions: [0x0303] };

describe('a client refuses a ServerHello', () => {
  const cases: [string, string, number, (hello: ServerHello) => ServerHello][] = [
    ['suite never offered', 'suite-not-offered', 47, (hello) => ({ ...hello, cipherSuite: 0x1305 })],
    ['suite of TLS 1.2', 'suite-not-offered', 47, (hello) => ({ ...hello, cipherSuite: 0xc02b })],
    ['session_id not echoed', 'session-id-echo', 47, (hello) => ({ ...hello, sessionId: NOTHING })],
    ['compression', 'compression', 47, (hello) => ({ ...hello, compressionMethod: 1 })],
    ['legacy_version of 1.3', 'legacy-version', 47, (hello) => ({ ...hello, legacyVersion: 0x0304 })],
    ['unsolicited extension', 'unsolicited-extension', 110, (hello) => withExtension(hello, 15, NOTHING)],
    ['unknown extension', 'unsolicited-extension', 110, (hello) => withExtension(hello, 0xabab, NOTHING)],
    [
      'extension of another message',
      'extension-out-of-place',
      47,
      (hello) => withExtension(hello, EXTENSION.server_name, NOTHING),
    ],
    [
      'extension twice',
      'extension-repeated',
      47,
      (hello) => ({ ...hello, extensions: [...hello.extensions, ...hello.extensions] }),
    ],
    [
      'no key_share',
      'missing-extension',
      109,
      (hello) => withExtension(hello, EXTENSION.key_share, undefined),
    ],
    ['share of another group', 'group-not-offered', 47, (hello) => share(hello, 23, new Uint8Array(65))],
    ['share of zeros', 'bad-key-share', 47, (hello) => share(hello, 29, new Uint8Array(32))],
    ['share too short', 'bad-key-share', 47, (hello) => share(hello, 29, new Uint8Array(31).fill(9))],
    [
      'PSK never offered',
      'unsolicited-extension',
      110,
      (hello) => withExtension(hello, EXTENSION.pre_shared_key, u16.encode(0)),
    ],
    ['TLS 1.2 in supported_versions', 'version-not-offered', 47, (hello) => version(hello, 0x0303)],
    ['a draft version', 'version-not-offered', 47, (hello) => version(hello, 0x7f1c)],
    [
      'TLS 1.1',
      'protocol-version',
      70,
      (hello) => ({
        ...withExtension(hello, EXTENSION.supported_versions, undefined),
        legacyVersion: 0x0302,
      }),
    ],
  ];

  it.each(cases)('%s', (_name, rule, alert, change) => {
    const fault = faultOf(() => shakeHands({}, {}, { watch: editServerHello(change) }));
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });

  it('of TLS 1.2 when only 1.3 is wanted', () => {
    const change = (hello: ServerHello) => withExtension(hello, EXTENSION.supported_versions, undefined);
    const fault = faultOf(() =>
      shakeHands({ config: { versions: [0x0304] } }, {}, { watch: editServerHello(change) }),
    );
    expect(fault).toMatchObject({ rule: 'protocol-version', alert: 70 });
    expect(fault.detail).toBe('the server chose TLS 1.2, which was not offered');
  });

  it('with a suite that nobody here knows', () => {
    const change = (hello: ServerHello) => ({ ...hello, cipherSuite: 0x3c });
    const fault = faultOf(() => shakeHands({}, {}, { watch: editServerHello(change) }));
    expect(fault.detail).toBe('the server chose cipher suite 0x003c, which was not offered for this version');
  });

  it.each([
    ['DOWNGRD\x01', {}],
    ['DOWNGRD\x00', {}],
    ['DOWNGRD\x00', only12],
  ])('with the downgrade mark %j', (mark, client) => {
    const change = (hello: ServerHello): ServerHello => {
      const random = hello.random.slice();
      random.set(ascii(mark), 24);
      return { ...hello, random };
    };
    const watch = editServerHello(change);
    const fault = faultOf(() => shakeHands({ config: client }, { config: only12 }, { watch }));
    expect(fault).toMatchObject({ rule: 'downgrade', alert: 47 });
  });

  it('but a server that can do both leaves the mark when it is brought down to TLS 1.2', () => {
    let random: Uint8Array = NOTHING;
    const server = createParty('server');
    const client = createParty('client', { config: only12 });
    pump(client, server, {
      watch: editServerHello((hello) => {
        random = hello.random;
        return hello;
      }),
    });
    expect(random.subarray(24)).toEqual(ascii('DOWNGRD\x01'));
    expect(client.info?.version).toBe(0x0303);
  });
});

describe('a client refuses a TLS 1.2 ServerHello', () => {
  const cases: [string, string, number, (hello: ServerHello) => ServerHello][] = [
    ['suite of TLS 1.3', 'suite-not-offered', 47, (hello) => ({ ...hello, cipherSuite: 0x1301 })],
    ['compression', 'compression', 47, (hello) => ({ ...hello, compressionMethod: 1 })],
    [
      'renegotiation_info with contents',
      'renegotiation-info',
      40,
      (hello) => withExtension(hello, EXTENSION.renegotiation_info, fromHex('0c000102030405060708090a0b')),
    ],
    [
      'point formats without uncompressed',
      'point-formats',
      47,
      (hello) => withExtension(hello, EXTENSION.ec_point_formats, fromHex('0101')),
    ],
    ['unsolicited extension', 'unsolicited-extension', 110, (hello) => withExtension(hello, 15, NOTHING)],
    [
      'extension of TLS 1.3',
      'extension-out-of-place',
      47,
      (hello) => withExtension(hello, EXTENSION.key_share, NOTHING),
    ],
  ];

  it.each(cases)('%s', (_name, rule, alert, change) => {
    const watch = editServerHello((hello) => change({ ...hello, random: new Uint8Array(32) }));
    const fault = faultOf(() => shakeHands({}, { config: only12 }, { watch }));
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });

  it('that resumes what was never offered', () => {
    let sessionId: Uint8Array = NOTHING;
    const fault = faultOf(() =>
      shakeHands(
        {},
        { config: only12 },
        {
          watch: (to, unit) => {
            if (!('message' in unit)) return unit;
            if (unit.message[0] === 1) sessionId = decodeClientHello(unit.message.subarray(4)).sessionId;
            return editServerHello((hello) => ({ ...hello, sessionId }))(to, unit);
          },
        },
      ),
    );
    expect(fault).toMatchObject({ rule: 'session-id-echo', alert: 47 });
  });
});

describe('a client and HelloRetryRequest', () => {
  const retry = (extensions: readonly Extension[], changes: Partial<ServerHello> = {}) =>
    editServerHello((hello) => ({
      ...hello,
      random: HELLO_RETRY_RANDOM,
      extensions: [{ type: EXTENSION.supported_versions, data: u16.encode(0x0304) }, ...extensions],
      ...changes,
    }));
  const group = (id: number): Extension => ({ type: EXTENSION.key_share, data: u16.encode(id) });

  it.each([
    ['that changes nothing', 'hello-retry-changes-nothing', 47, []],
    ['for the group whose share it has', 'hello-retry-changes-nothing', 47, [group(29)]],
    ['for a group never offered', 'group-not-offered', 47, [group(256)]],
    ['with an empty cookie', 'decode-error', 50, [{ type: EXTENSION.cookie, data: fromHex('0000') }]],
    [
      'with a cookie that fits no ClientHello',
      'hello-too-large',
      47,
      [{ type: EXTENSION.cookie, data: cookie.encode(new Uint8Array(65_500)) }],
    ],
  ] as const)('refuses one %s', (_name, rule, alert, extensions) => {
    const fault = faultOf(() => shakeHands({}, {}, { watch: retry(extensions) }));
    expect(fault).toMatchObject({ rule, alert });
  });

  it('refuses a second one', () => {
    const { client, again } = retried();
    const fault = faultOf(() => client.machine.receive(0, 'initial', again));
    expect(fault).toMatchObject({ rule: 'second-hello-retry', alert: 10 });
  });

  it('refuses another suite after it', () => {
    const { client, again } = retried();
    const hello = decodeServerHello(again.subarray(4));
    const changed = share(
      { ...hello, random: new Uint8Array(32), cipherSuite: 0x1302 },
      23,
      new Uint8Array(65),
    );
    const fault = faultOf(() => client.machine.receive(0, 'initial', encodeServerHello(changed)));
    expect(fault).toMatchObject({ rule: 'suite-changed', alert: 47 });
  });

  it('refuses TLS 1.2 after it', () => {
    const { client, again } = retried();
    const hello = decodeServerHello(again.subarray(4));
    const changed = { ...hello, random: new Uint8Array(32), extensions: [] };
    const fault = faultOf(() => client.machine.receive(0, 'initial', encodeServerHello(changed)));
    expect(fault).toMatchObject({ rule: 'version-changed', alert: 47 });
  });

  it('echoes the cookie and keeps the rest of its hello', () => {
    const value = ascii('a cookie');
    const hellos: Uint8Array[] = [];
    const server = createParty('server');
    const client = createParty('client');
    const extensions = [{ type: EXTENSION.cookie, data: cookie.encode(value) }];
    pump(client, server, {
      watch: (to, unit) => {
        const type = 'message' in unit ? unit.message[0] : undefined;
        if ('message' in unit && type === HANDSHAKE.client_hello) hellos.push(unit.message);
        if (type === HANDSHAKE.client_hello && hellos.length === 1) return unit;
        return type === HANDSHAKE.server_hello ? retry(extensions)(to, unit) : undefined;
      },
    });
    const [first, second] = hellos.map((hello) => decodeClientHello(hello.subarray(4)));
    expect(findExtension(second!.extensions, EXTENSION.cookie)).toEqual(cookie.encode(value));
    expect(withExtension(second!, EXTENSION.cookie, undefined)).toEqual(first);
  });

  /** A client that has answered a HelloRetryRequest for P-256, and that message. */
  function retried(): { client: Party; again: Uint8Array } {
    const client = createParty('client');
    const server = createParty('server', { config: { groups: [23] } });
    let again: Uint8Array = NOTHING;
    pump(client, server, {
      watch: (_to, unit) => {
        const hello = 'message' in unit && unit.message[0] === 2 ? unit.message : undefined;
        if (hello !== undefined && again.length > 0) return undefined;
        if (hello === undefined) return again.length > 0 && 'message' in unit ? undefined : unit;
        expect(isHelloRetryRequest(decodeServerHello(hello.subarray(4)))).toBe(true);
        again = hello;
        return unit;
      },
    });
    return { client, again };
  }
});

describe('a client refuses in a TLS 1.3 flight', () => {
  const cases: [string, string, number, Parameters<typeof edit>[1], (message: Uint8Array) => Uint8Array][] = [
    ['unsolicited ALPN', 'unsolicited-extension', 110, 8, encrypted(16, protocolList.encode(['h2']))],
    ['key_share in EncryptedExtensions', 'extension-out-of-place', 47, 8, encrypted(51, NOTHING)],
    [
      'an empty chain',
      'certificate-missing',
      50,
      11,
      () => encodeCertificate13({ context: NOTHING, entries: [] }),
    ],
    [
      'a chain with a context',
      'request-context',
      47,
      11,
      () => encodeCertificate13({ context: Uint8Array.of(1), entries: [] }),
    ],
    [
      'a certificate that cannot be parsed',
      'certificate-unreadable',
      42,
      11,
      () => encodeCertificate13({ context: NOTHING, entries: [{ data: Uint8Array.of(1), extensions: [] }] }),
    ],
    [
      'an extension in a certificate entry',
      'unsolicited-extension',
      110,
      11,
      () =>
        encodeCertificate13({
          context: NOTHING,
          entries: [{ data: Uint8Array.of(1), extensions: [{ type: 5, data: NOTHING }] }],
        }),
    ],
    ['a wrong signature', 'bad-signature', 51, 15, flipLast],
    ['a scheme never offered', 'signature-scheme-not-offered', 47, 15, scheme(0x0203)],
    ['a scheme for other keys', 'signature-scheme-unfit', 47, 15, scheme(0x0804)],
    ['PKCS #1 v1.5', 'signature-scheme-unfit', 47, 15, scheme(0x0401)],
    ['a wrong Finished', 'finished-mismatch', 51, 20, flipLast],
    ['a short Finished', 'decode-error', 50, 20, () => encodeFinished(new Uint8Array(31))],
  ];

  it.each(cases)('%s', (_name, rule, alert, type, change) => {
    const fault = faultOf(() => shakeHands({}, {}, { watch: edit('server', type, change) }));
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });

  it('ALPN that was not on its list', () => {
    const fault = faultOf(() =>
      shakeHands(
        { config: { alpn: ['h2'] } },
        {},
        { watch: edit('server', 8, encrypted(16, protocolList.encode(['smtp']))) },
      ),
    );
    expect(fault).toMatchObject({ rule: 'alpn-not-offered', alert: 47 });
  });

  it('a record_size_limit below 64 or beyond what the version has', () => {
    for (const limit of [63, 16386]) {
      const watch = edit('server', 8, encrypted(28, u16.encode(limit)));
      const fault = faultOf(() => shakeHands({ config: { recordSizeLimit: 1000 } }, {}, { watch }));
      expect(fault).toMatchObject({ rule: 'record-size-limit', alert: 47 });
    }
  });

  it.each([
    ['a context', { context: Uint8Array.of(1), extensions: [] }, 'request-context', 47],
    ['no signature_algorithms', { context: NOTHING, extensions: [] }, 'missing-extension', 109],
  ])('a CertificateRequest with %s', (_name, request, rule, alert) => {
    const watch = edit('server', 13, () => encodeCertificateRequest13(request));
    const fault = faultOf(() => shakeHands({}, { config: { clientCertificate: 'request' } }, { watch }));
    expect(fault).toMatchObject({ rule, alert });
  });
});

describe('a client refuses in a TLS 1.2 flight', () => {
  const cases: [string, string, number, number, (message: Uint8Array) => Uint8Array][] = [
    ['an empty chain', 'certificate-missing', 50, 11, () => encodeCertificate12([])],
    ['a wrong signature', 'bad-signature', 51, 12, flipLast],
    ['an explicit curve', 'decode-error', 50, 12, (message) => message.with(4, 1)],
    ['a group never offered', 'group-not-offered', 47, 12, (message) => message.with(6, 0x1e)],
    ['a ServerHelloDone with contents', 'decode-error', 50, 14, () => fromHex('0e00000100')],
    ['a wrong Finished', 'finished-mismatch', 51, 20, flipLast],
  ];

  it.each(cases)('%s', (_name, rule, alert, type, change) => {
    const watch = edit('server', type, change);
    const fault = faultOf(() => shakeHands({}, { config: only12 }, { watch }));
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });

  it('a certificate that does not go with the suite', () => {
    const ecdsa = { ...only12, identity: fixtureIdentity('leaf-p256') };
    const watch = editServerHello((hello) => ({ ...hello, random: new Uint8Array(32), cipherSuite: 0xc02f }));
    const fault = faultOf(() => shakeHands({ peerAuth: fixtureTrust() }, { config: ecdsa }, { watch }));
    expect(fault).toMatchObject({ rule: 'certificate-unfit', alert: 47 });
  });
});

function share(hello: ServerHello, group: number, bytes: Uint8Array): ServerHello {
  return withExtension(hello, EXTENSION.key_share, keyShareEntry.encode({ group, share: bytes }));
}

function version(hello: ServerHello, number: number): ServerHello {
  return withExtension(hello, EXTENSION.supported_versions, u16.encode(number));
}

function encrypted(type: number, data: Uint8Array): (message: Uint8Array) => Uint8Array {
  return (message) => {
    const extensions = decodeEncryptedExtensions(message.subarray(4));
    return encodeEncryptedExtensions(withExtension({ extensions }, type, data).extensions);
  };
}

function scheme(id: number): (message: Uint8Array) => Uint8Array {
  return (message) =>
    encodeCertificateVerify({ ...decodeCertificateVerify(message.subarray(4)), scheme: id });
}

function flipLast(message: Uint8Array): Uint8Array {
  return message.with(message.length - 1, message.at(-1)! ^ 1);
}
