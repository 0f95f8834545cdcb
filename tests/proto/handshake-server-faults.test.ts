import { describe, expect, it } from 'vitest';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import { TLS } from '../../src/proto/handshake/flavor.ts';
import { createServerHandshake } from '../../src/proto/handshake/server.ts';
import { createRandom } from '../../src/sim/random.ts';
import { fromHex } from '../../src/wire/bytes.ts';
import { encodeCertificate12, encodeCertificate13 } from '../../src/wire/certificate.ts';
import { encodeClientKeyExchange, encodeFinished } from '../../src/wire/exchange.ts';
import * as data from '../../src/wire/extension-data.ts';
import { EXTENSION } from '../../src/wire/extensions.ts';
import type { ClientHello } from '../../src/wire/hello.ts';
import { edit, editHello, withExtension } from './handshake-edit.ts';
import {
  config,
  createParty,
  faultOf,
  fixtureIdentity,
  fixtureTrust,
  provider,
  pump,
  shakeHands,
  simIdentity,
  simTrust,
} from './handshake-pump.ts';

const NOTHING = new Uint8Array(0);
const only12: Partial<HandshakeConfig> = { versions: [0x0303] };
const only13: Partial<HandshakeConfig> = { versions: [0x0304] };

type Case = [string, string, number, (hello: ClientHello) => ClientHello];

describe('a server refuses a TLS 1.3 ClientHello', () => {
  const drop = (type: number) => (hello: ClientHello) => withExtension(hello, type, undefined);
  const put = (type: number, bytes: Uint8Array) => (hello: ClientHello) => withExtension(hello, type, bytes);
  const share = (group: number, length: number) => ({ group, share: new Uint8Array(length) });
  const cases: Case[] = [
    ['only draft versions', 'protocol-version', 70, put(43, data.versionList.encode([0x7f1c]))],
    ['only TLS 1.1', 'protocol-version', 70, (hello) => ({ ...drop(43)(hello), legacyVersion: 0x0302 })],
    ['another legacy_version', 'legacy-version', 70, (hello) => ({ ...hello, legacyVersion: 0x0301 })],
    ['TLS 1.3 as legacy_version', 'legacy-version', 70, (hello) => ({ ...hello, legacyVersion: 0x0304 })],
    ['no suite in common', 'no-common-suite', 40, (hello) => ({ ...hello, cipherSuites: [0x1305, 0x00ff] })],
    [
      'no group in common',
      'no-common-group',
      40,
      (hello) => put(51, data.keyShareList.encode([]))(put(10, data.u16List.encode([256]))(hello)),
    ],
    ['no scheme in common', 'no-common-signature-scheme', 40, put(13, data.u16List.encode([0x0201]))],
    ['no signature_algorithms', 'missing-extension', 109, drop(13)],
    ['no supported_groups', 'missing-extension', 109, drop(10)],
    ['no key_share', 'missing-extension', 109, drop(51)],
    ['compression', 'compression', 47, (hello) => ({ ...hello, compressionMethods: Uint8Array.of(1, 0) })],
    [
      'an extension twice',
      'extension-repeated',
      47,
      (hello) => ({ ...hello, extensions: [...hello.extensions, hello.extensions[0]!] }),
    ],
    [
      'a share outside supported_groups',
      'key-share-list',
      47,
      put(51, data.keyShareList.encode([share(256, 8)])),
    ],
    [
      'two shares of a group',
      'key-share-list',
      47,
      put(51, data.keyShareList.encode([share(29, 32), share(29, 32)])),
    ],
    ['a share of zeros', 'bad-key-share', 47, put(51, data.keyShareList.encode([share(29, 32)]))],
    ['an empty share', 'bad-key-share', 47, put(51, data.keyShareList.encode([share(29, 0)]))],
    ['a point that is none', 'bad-key-share', 47, put(51, data.keyShareList.encode([share(23, 65)]))],
    [
      'a PSK that is not last',
      'psk-not-last',
      47,
      (hello) => ({ ...hello, extensions: [psk(1), ...hello.extensions] }),
    ],
    [
      'binders missing',
      'psk-binders',
      47,
      (hello) => ({ ...hello, extensions: [...hello.extensions, psk(2)] }),
    ],
    [
      'a PSK without modes',
      'missing-extension',
      109,
      (hello) => {
        const rest = drop(45)(hello);
        return { ...rest, extensions: [...rest.extensions, psk(1)] };
      },
    ],
    ['a record_size_limit below 64', 'record-size-limit', 47, put(28, data.u16.encode(63))],
    ['an empty list of versions', 'decode-error', 50, put(43, fromHex('00'))],
    ['an odd list of groups', 'decode-error', 50, put(10, fromHex('000300 1d00'))],
    ['an empty protocol name', 'decode-error', 50, put(16, fromHex('0001 00'))],
    ['an empty list of server names', 'decode-error', 50, put(0, fromHex('0000'))],
    ['two server names', 'server-name-list', 47, put(0, fromHex('0008 00000161 00000162'))],
    ['no compression method', 'decode-error', 50, (hello) => ({ ...hello, compressionMethods: NOTHING })],
    [
      'a full extended_master_secret',
      'decode-error',
      50,
      (hello) => withExtension(hello, 23, Uint8Array.of(0)),
    ],
    ['a session ID too long', 'decode-error', 50, (hello) => ({ ...hello, sessionId: new Uint8Array(33) })],
  ];

  it.each(cases)('%s', (_name, rule, alert, change) => {
    const fault = faultOf(() =>
      shakeHands({ config: only13 }, { config: { recordSizeLimit: 1000 } }, { watch: editHello(change) }),
    );
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });

  it('no protocol in common', () => {
    const fault = faultOf(() => shakeHands({ config: { alpn: ['h2'] } }, { config: { alpn: ['http/1.1'] } }));
    expect(fault).toMatchObject({ rule: 'no-application-protocol', alert: 120 });
  });

  it('only TLS 1.2 when 1.3 is wanted', () => {
    const fault = faultOf(() => shakeHands({ config: only12 }, { config: only13 }));
    expect(fault).toMatchObject({ rule: 'protocol-version', alert: 70 });
  });

  it('a fallback that was not needed (RFC 7507)', () => {
    const scsv = (hello: ClientHello) => ({ ...hello, cipherSuites: [...hello.cipherSuites, 0x5600] });
    const fault = faultOf(() => shakeHands({ config: only12 }, {}, { watch: editHello(scsv) }));
    expect(fault).toMatchObject({ rule: 'inappropriate-fallback', alert: 86 });
  });

  it('as the local side, having no certificate', () => {
    const deps = { random: createRandom(1), provider, peerAuth: simTrust, emit: () => undefined };
    const bare = createServerHandshake(config(), deps, TLS);
    const client = createParty('client');
    const [hello] = client.machine.start(0);
    const fault = faultOf(() => bare.receive(0, 'initial', hello?.do === 'send' ? hello.message : NOTHING));
    expect(fault).toMatchObject({ blame: 'local', rule: 'no-identity', alert: 40 });
  });
});

describe('a server refuses a TLS 1.2 ClientHello', () => {
  const cases: Case[] = [
    [
      'without null compression',
      'compression',
      47,
      (hello) => ({ ...hello, compressionMethods: Uint8Array.of(1) }),
    ],
    [
      'with a renegotiation_info',
      'renegotiation-info',
      40,
      (hello) => withExtension(hello, EXTENSION.renegotiation_info, fromHex('0c000102030405060708090a0b')),
    ],
    [
      'without uncompressed points',
      'point-formats',
      47,
      (hello) => withExtension(hello, EXTENSION.ec_point_formats, fromHex('0101')),
    ],
    [
      'without signature_algorithms',
      'no-common-signature-scheme',
      40,
      (hello) => withExtension(hello, EXTENSION.signature_algorithms, undefined),
    ],
    [
      'without a suite for its key',
      'no-common-suite',
      40,
      (hello) => ({ ...hello, cipherSuites: [0xc02f, 0xc030, 0xcca8, 0x002f] }),
    ],
    ['without any extension', 'no-common-signature-scheme', 40, (hello) => ({ ...hello, extensions: [] })],
  ];

  it.each(cases)('%s', (_name, rule, alert, change) => {
    const fault = faultOf(() => shakeHands({ config: only12 }, {}, { watch: editHello(change) }));
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });
});

describe('a server with a P-256 key and a client without that curve', () => {
  const server = { config: { identity: fixtureIdentity('leaf-p256') } };

  it('have nothing in common in TLS 1.2 (RFC 8422 §5.1)', () => {
    const fault = faultOf(() => shakeHands({ config: { ...only12, groups: [29] } }, server));
    expect(fault).toMatchObject({ rule: 'no-common-suite', alert: 40 });
  });

  it('come together in TLS 1.3, where groups are only for key exchange', () => {
    const { client } = shakeHands({ config: { ...only13, groups: [29] }, peerAuth: fixtureTrust() }, server);
    expect(client.machine.phase()).toBe('complete');
  });
});

describe('a server reads over', () => {
  it('GREASE and what it does not know', () => {
    const server = createParty('server');
    const client = createParty('client', { config: only13 });
    let answered = false;
    pump(client, server, {
      watch: (to, unit) => {
        if (to === client) answered = true;
        return to === client
          ? undefined
          : editHello((hello) => ({
              ...hello,
              cipherSuites: [0x0a0a, ...hello.cipherSuites],
              extensions: [
                { type: 0x1a1a, data: NOTHING },
                ...withExtension(
                  withExtension(hello, 10, data.u16List.encode([0x2a2a, 29])),
                  43,
                  data.versionList.encode([0x3a3a, 0x0304]),
                ).extensions,
                { type: EXTENSION.status_request, data: fromHex('0100000000') },
                { type: 0xeaea, data: Uint8Array.of(0) },
              ],
            }))(to, unit);
      },
    });
    expect(answered).toBe(true);
    expect(server.version).toBe(0x0304);
  });

  it('a missing renegotiation_info when the SCSV stands in for it', () => {
    const server = createParty('server');
    const client = createParty('client', { config: only12 });
    let hello: Uint8Array = NOTHING;
    pump(client, server, {
      watch: (to, unit) => {
        if (to === client) {
          if ('message' in unit && unit.message[0] === 2) hello = unit.message;
          return undefined;
        }
        return editHello((offer) => ({
          ...withExtension(offer, EXTENSION.renegotiation_info, undefined),
          cipherSuites: [...offer.cipherSuites, 0x00ff],
        }))(to, unit);
      },
    });
    expect(Buffer.from(hello).includes(Buffer.from('ff01000100', 'hex'))).toBe(true);
  });
});

describe('a server refuses a second ClientHello', () => {
  const cases: Case[] = [
    ['with another random', 'hello-changed', 47, (hello) => ({ ...hello, random: new Uint8Array(32) })],
    ['with other suites', 'hello-changed', 47, (hello) => ({ ...hello, cipherSuites: [0x1301] })],
    [
      'without TLS 1.3',
      'hello-changed',
      47,
      (hello) => withExtension(hello, 43, data.versionList.encode([0x0303])),
    ],
    [
      'without the share asked for',
      'hello-retry-ignored',
      47,
      (hello) => withExtension(hello, 51, data.keyShareList.encode([])),
    ],
    [
      'with early data',
      'early-data-after-retry',
      47,
      (hello) => withExtension(hello, EXTENSION.early_data, NOTHING),
    ],
  ];

  it.each(cases)('%s', (_name, rule, alert, change) => {
    let seen = 0;
    const fault = faultOf(() =>
      shakeHands(
        {},
        { config: { groups: [23] } },
        {
          watch: (to, unit) => {
            if (to.role === 'client' || !('message' in unit) || unit.message[0] !== 1) return unit;
            seen++;
            return seen === 1 ? unit : editHello(change)(to, unit);
          },
        },
      ),
    );
    expect(seen).toBe(2);
    expect(fault).toMatchObject({ rule, alert });
  });
});

describe('a server refuses in the second flight', () => {
  const required: Partial<HandshakeConfig> = { clientCertificate: 'require' };

  it('no certificate where one is required', () => {
    expect(faultOf(() => shakeHands({}, { config: required }))).toMatchObject({
      rule: 'certificate-required',
      alert: 116,
    });
    expect(faultOf(() => shakeHands({ config: only12 }, { config: required }))).toMatchObject({
      rule: 'certificate-required',
      alert: 40,
    });
  });

  it.each([
    ['a wrong Finished', 'finished-mismatch', 51, only13, 20, flipLast],
    ['a short Finished', 'decode-error', 50, only13, 20, () => encodeFinished(NOTHING)],
    ['a wrong signature', 'bad-signature', 51, only13, 15, flipLast],
    [
      'a context that is not its own',
      'request-context',
      47,
      only13,
      11,
      () => encodeCertificate13({ context: Uint8Array.of(1), entries: [] }),
    ],
    ['a wrong Finished in TLS 1.2', 'finished-mismatch', 51, only12, 20, flipLast],
    ['a wrong signature in TLS 1.2', 'bad-signature', 51, only12, 15, flipLast],
    [
      'a point that is none',
      'bad-key-share',
      47,
      only12,
      16,
      () => encodeClientKeyExchange(new Uint8Array(32)),
    ],
    [
      'a chain it cannot read',
      'certificate-unreadable',
      42,
      only12,
      11,
      () => encodeCertificate12([flipLast(NOT_A_CERTIFICATE)]),
    ],
  ] as const)('%s', (_name, rule, alert, versions, type, change) => {
    const client = { config: { ...versions, identity: simIdentity } };
    const fault = faultOf(() =>
      shakeHands(client, { config: required }, { watch: edit('client', type, change) }),
    );
    expect(fault).toMatchObject({ blame: 'peer', rule, alert });
  });
});

function psk(identities: number) {
  const identity = { identity: Uint8Array.of(1), obfuscatedAge: 0 };
  const list = Array.from({ length: identities }, () => identity);
  const bytes = data.offeredPsks.encode({ identities: list, binders: [new Uint8Array(32)] });
  return { type: EXTENSION.pre_shared_key, data: bytes };
}

function flipLast(message: Uint8Array): Uint8Array {
  return message.with(message.length - 1, message.at(-1)! ^ 1);
}

const NOT_A_CERTIFICATE = Uint8Array.of(1, 2, 3);
