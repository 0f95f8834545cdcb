import { describe, expect, it } from 'vitest';
import { pskPremaster } from '../../src/crypto/schedule12.ts';
import { SUITES, suiteById } from '../../src/crypto/suites.ts';
import type { HandshakeConfig, PskKeys } from '../../src/proto/handshake/config.ts';
import { DEFAULT_SUITES, DTLS_SUITES } from '../../src/proto/handshake/defaults.ts';
import { DTLS, type Flavor, TLS } from '../../src/proto/handshake/flavor.ts';
import { ascii, fromAscii, fromHex, toHex } from '../../src/wire/bytes.ts';
import { encodeEmpty, encodeFinished } from '../../src/wire/exchange.ts';
import * as data from '../../src/wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../src/wire/extensions.ts';
import { decodeClientHello } from '../../src/wire/hello.ts';
import {
  decodePskClientKeyExchange,
  decodePskServerKeyExchange,
  encodePskClientKeyExchange,
  encodePskServerKeyExchange,
} from '../../src/wire/psk-exchange.ts';
import { edit, editHello, withExtension } from './handshake-edit.ts';
import {
  createParty,
  factsOf,
  faultOf,
  type Party,
  pump,
  secretsOf,
  shakeHands,
  simIdentity,
} from './handshake-pump.ts';

const key = fromHex('000102030405060708090a0b0c0d0e0f');
const identity = ascii('Client_identity');
const psk = { identity, key };
const keys = (known = key): PskKeys => ({
  find: (wanted) => (fromAscii(wanted) === 'Client_identity' ? known : undefined),
});
const suites = SUITES.map(({ id }) => id);
const only12 = { versions: [0x0303], suites } as const;
const only13 = { versions: [0x0304], suites } as const;
const noCertificate = { identity: undefined } as unknown as Partial<HandshakeConfig>;
const FLAVORS: readonly (readonly [string, Flavor])[] = [
  ['TLS', TLS],
  ['DTLS', DTLS],
];

const PSK_SUITES = SUITES.filter(({ keyExchange }) => keyExchange?.includes('psk'));

describe.each(FLAVORS)('pre-shared keys in %s 1.2', (_name, flavor) => {
  it.each(PSK_SUITES.map(({ name, id }) => [name, id] as const))('%s', (name, id) => {
    const { client, server } = shakeHands(
      { config: { ...only12, suites: [id], psk }, flavor },
      { config: { ...only12, ...noCertificate, suites: [id], pskKeys: keys() }, flavor },
    );
    expectAgreement({ client, server }, { suite: name, resumed: false });
    const ecdhe = suiteById(id)?.keyExchange === 'ecdhe-psk';
    expect(factsOf(client, 'handshake.completed')[0]?.group !== undefined).toBe(ecdhe);
    expect(factsOf(client, 'certificate')).toEqual([]);
  });

  it.each([0x00a8, 0xccac])('takes a hint, which says nothing to us (suite %i)', (id) => {
    const pskKeys = { find: () => key, hint: ascii('hint') };
    const types: number[] = [];
    const client = createParty('client', { config: { ...only12, suites: [id], psk }, flavor });
    const server = createParty('server', {
      config: { ...only12, ...noCertificate, suites: [id], pskKeys },
      flavor,
    });
    pump(client, server, {
      watch: (to, unit) => {
        if (to === client && 'message' in unit) types.push(unit.message[0] ?? 0);
        return unit;
      },
    });
    expect(types.slice(0, 3)).toEqual([2, 12, 14]);
    expectAgreement({ client, server }, {});
  });

  it('a wrong key leaves the two with different keys', () => {
    const act = () =>
      shakeHands(
        { config: { ...only12, suites: [0x00a8], psk }, flavor },
        { config: { ...only12, ...noCertificate, pskKeys: keys(ascii('another key')) }, flavor },
      );
    expect(act).toThrow('server cannot read message 20: other keys');
  });

  it('an unknown identity is told', () => {
    const stranger = { identity: ascii('stranger'), key };
    const fault = faultOf(() =>
      shakeHands(
        { config: { ...only12, suites: [0xd001], psk: stranger }, flavor },
        { config: { ...only12, ...noCertificate, pskKeys: keys() }, flavor },
      ),
    );
    expect(fault).toMatchObject({ rule: 'unknown-psk-identity', alert: 115, blame: 'peer' });
  });

  it('a session made with one is resumed', () => {
    const tickets = { key: new Uint8Array(32).fill(7), lifetime: 100, count: 1 };
    const config = { ...only12, suites: [0xd001, 0x00a8] };
    const server = { config: { ...config, ...noCertificate, pskKeys: keys(), tickets }, flavor };
    const first = shakeHands({ config: { ...config, psk }, flavor }, server);
    const session = first.client.info?.session;
    expect(session).toMatchObject({ verified: true });
    const again = shakeHands({ config: { ...config, psk, ...(session && { session }) }, flavor }, server);
    expectAgreement(again, { resumed: true });
  });
});

describe('what goes with a pre-shared key in 1.2', () => {
  it('suites of PSKs are offered only with a key, and chosen only with keys', () => {
    const offered = (config: Partial<HandshakeConfig>): number[] => {
      const party = createParty('client', { config });
      const [action] = party.machine.start(0);
      if (action?.do !== 'send') throw new Error('no ClientHello');
      return [...decodeClientHello(action.message.subarray(4)).cipherSuites];
    };
    expect(offered(only12)).not.toContain(0x00a8);
    expect(offered({ ...only12, psk })).toContain(0x00a8);
    const { server } = shakeHands(
      { config: { ...only12, suites: [0x00a8, 0xc02b], psk } },
      { config: only12 },
    );
    expect(server.info?.suite).toBe(0xc02b);
  });

  it('a server with certificate and keys takes either', () => {
    const config = { ...only12, pskKeys: keys(), suites: [0x00a8, 0xc02b] };
    expect(shakeHands({ config: only12 }, { config }).server.info?.suite).toBe(0xc02b);
    expect(shakeHands({ config: { ...only12, psk } }, { config }).server.info?.suite).toBe(0x00a8);
  });

  it('a server without certificate takes no suite that wants one', () => {
    const config = { ...only12, ...noCertificate, pskKeys: keys() };
    expect(faultOf(() => shakeHands({ config: only12 }, { config }))).toMatchObject({
      rule: 'no-common-suite',
      alert: 40,
    });
  });

  it.each([
    ['a certificate', 0x00a8, 14, () => encodeEmpty(11), 'unexpected-message', 10],
    ['ServerHelloDone before the share', 0xd001, 12, () => encodeEmpty(14), 'unexpected-message', 10],
    ['no share', 0xd001, 12, () => encodePskServerKeyExchange(ascii('x')), 'decode-error', 50],
    ['a curve not offered', 0xd001, 12, () => exchange(24, 97), 'group-not-offered', 47],
    ['a point that is none', 0xd001, 12, () => exchange(29, 32), 'bad-key-share', 47],
    [
      'Finished for ServerHelloDone',
      0xd001,
      14,
      () => encodeFinished(new Uint8Array(12)),
      'unexpected-message',
      10,
    ],
  ])('a client refuses %s', (_what, id, type, change, rule, alert) => {
    const groups = [29];
    const fault = faultOf(() =>
      shakeHands(
        { config: { ...only12, groups, suites: [id], psk } },
        { config: { ...only12, ...noCertificate, groups, pskKeys: keys() } },
        { watch: edit('server', type, change) },
      ),
    );
    expect(fault).toMatchObject({ rule, alert });
  });

  it.each([
    [
      'a point that is none',
      0xd001,
      () => encodePskClientKeyExchange(identity, new Uint8Array(32)),
      'bad-key-share',
      47,
    ],
    ['no point', 0xd001, () => encodePskClientKeyExchange(identity), 'decode-error', 50],
    [
      'a point too many',
      0x00a8,
      () => encodePskClientKeyExchange(identity, new Uint8Array(32)),
      'decode-error',
      50,
    ],
    ['a certificate', 0x00a8, () => encodeEmpty(11), 'unexpected-message', 10],
  ])('a server refuses %s', (_what, id, change, rule, alert) => {
    const fault = faultOf(() =>
      shakeHands(
        { config: { ...only12, suites: [id], psk } },
        { config: { ...only12, ...noCertificate, pskKeys: keys() } },
        { watch: edit('client', 16, change) },
      ),
    );
    expect(fault).toMatchObject({ rule, alert });
  });

  it('premaster: zeros or the agreed secret, then the key (RFC 4279 §2, RFC 5489 §2)', () => {
    expect(toHex(pskPremaster(fromHex('aabbcc')))).toBe('00030000000003aabbcc');
    expect(toHex(pskPremaster(fromHex('aabbcc'), fromHex('0102')))).toBe('000201020003aabbcc');
  });

  it('messages are read as they are written', () => {
    const body = (message: Uint8Array): Uint8Array => message.subarray(4);
    expect(toHex(encodePskClientKeyExchange(ascii('ab'), fromHex('07')))).toBe('10000006000261620107');
    expect(toHex(encodePskServerKeyExchange(ascii('h')))).toBe('0c000003000168');
    expect(decodePskClientKeyExchange(body(encodePskClientKeyExchange(identity)), false)).toEqual({
      identity,
      point: undefined,
    });
    expect(decodePskServerKeyExchange(body(exchange(23, 3)), true).exchange).toEqual({
      group: 23,
      point: new Uint8Array(3),
    });
  });
});

describe.each(FLAVORS)('an external pre-shared key in %s 1.3', (_name, flavor) => {
  it.each([0x1301, 0x1303, 0x1304, 0x1305])('with suite %i', (id) => {
    const { client, server } = shakeHands(
      { config: { ...only13, suites: [id], psk }, flavor },
      { config: { ...only13, ...noCertificate, pskKeys: keys() }, flavor },
    );
    expectAgreement({ client, server }, { suite: suiteById(id)?.name, resumed: false });
    expect(factsOf(client, 'certificate')).toEqual([]);
    expect(factsOf(client, 'session')).toEqual([]);
    expect(factsOf(server, 'session')).toEqual([]);
  });

  it('survives a HelloRetryRequest', () => {
    const pair = shakeHands(
      { config: { ...only13, groups: [29, 23], psk }, flavor },
      { config: { ...only13, ...noCertificate, groups: [23], pskKeys: keys() }, flavor },
    );
    expectAgreement(pair, { helloRetry: true });
  });

  it('makes the server prefer a suite of its hash', () => {
    const { server } = shakeHands(
      { config: { ...only13, suites: [0x1302, 0x1301], psk }, flavor },
      { config: { ...only13, ...noCertificate, suites: [0x1302, 0x1301], pskKeys: keys() }, flavor },
    );
    expect(server.info?.suite).toBe(0x1301);
  });

  it('a wrong key does not verify', () => {
    const fault = faultOf(() =>
      shakeHands(
        { config: { ...only13, psk }, flavor },
        { config: { ...only13, pskKeys: keys(ascii('another key')) }, flavor },
      ),
    );
    expect(fault).toMatchObject({ rule: 'bad-binder', alert: 51, blame: 'peer' });
  });

  it('an unknown identity gets a certificate, or the alert where there is none', () => {
    const stranger = { identity: ascii('stranger'), key };
    const client = { config: { ...only13, psk: stranger }, flavor };
    const pair = shakeHands(client, { config: { ...only13, pskKeys: keys() }, flavor });
    expect(factsOf(pair.client, 'certificate')).toHaveLength(1);
    const without = { config: { ...only13, ...noCertificate, pskKeys: keys() }, flavor };
    expect(faultOf(() => shakeHands(client, without))).toMatchObject({
      rule: 'unknown-psk-identity',
      alert: 115,
    });
    expect(faultOf(() => shakeHands({ config: only13, flavor }, without))).toMatchObject({
      rule: 'no-psk',
      alert: 40,
    });
  });

  it('goes behind a ticket, and each is taken in its turn', () => {
    const tickets = { key: new Uint8Array(32).fill(7), lifetime: 100, count: 1 };
    const server = { config: { ...only13, ...noCertificate, pskKeys: keys(), tickets }, flavor };
    const first = shakeHands({ config: { ...only13, psk }, flavor }, server);
    const [session] = first.client.tickets;
    if (session === undefined) throw new Error('no ticket');
    const client = { config: { ...only13, psk, session }, flavor };
    expectAgreement(shakeHands(client, server), { resumed: true });
    const elsewhere = {
      ...server,
      config: { ...server.config, tickets: { ...tickets, key: new Uint8Array(32) } },
    };
    const pair = shakeHands(client, elsewhere);
    expectAgreement(pair, { resumed: false });
    expect(factsOf(pair.client, 'session').map(({ what }) => what)).toEqual(['offered', 'refused']);
  });
});

describe('an external pre-shared key', () => {
  it('has age 0 in the ClientHello, and goes with no suite of another hash', () => {
    const hello = (list: readonly number[]) => {
      const party = createParty('client', { config: { ...only13, suites: list, psk } });
      const [action] = party.machine.start(0);
      if (action?.do !== 'send') throw new Error('no ClientHello');
      const { extensions } = decodeClientHello(action.message.subarray(4));
      return findExtension(extensions, EXTENSION.pre_shared_key);
    };
    expect(hello([0x1302])).toBeUndefined();
    const offered = data.offeredPsks.decode(hello([0x1301])!);
    expect(offered.identities).toEqual([{ identity, obfuscatedAge: 0 }]);
  });

  it('is not a ticket: its binder has another label', () => {
    const swap = editHello((hello) => {
      const offered = data.offeredPsks.decode(findExtension(hello.extensions, EXTENSION.pre_shared_key)!);
      const binders = offered.binders.map((binder) => binder.map((byte) => byte ^ 1));
      return withExtension(hello, EXTENSION.pre_shared_key, data.offeredPsks.encode({ ...offered, binders }));
    });
    const fault = faultOf(() =>
      shakeHands({ config: { ...only13, psk } }, { config: { ...only13, pskKeys: keys() } }, { watch: swap }),
    );
    expect(fault).toMatchObject({ rule: 'bad-binder', alert: 51 });
  });
});

describe('suites of dtls-close', () => {
  it('hold the default ones, CCM and PSK, each once', () => {
    expect(DTLS_SUITES).toEqual(expect.arrayContaining([...DEFAULT_SUITES]));
    expect([...DTLS_SUITES].sort()).toEqual([...suites].sort());
    expect(DEFAULT_SUITES).not.toContain(0x1304);
  });

  it.each([0xc0ac, 0xc0ad, 0xc0ae, 0xc0af])('CCM with a certificate, suite %i', (id) => {
    const config = { ...only12, suites: [id] };
    const identityOfServer = { ...config, identity: simIdentity };
    expectAgreement(shakeHands({ config, flavor: DTLS }, { config: identityOfServer, flavor: DTLS }), {
      suite: suiteById(id)?.name,
    });
  });
});

function exchange(group: number, length: number): Uint8Array {
  const params = Uint8Array.of(3, 0, group, length, ...new Uint8Array(length));
  return encodePskServerKeyExchange(new Uint8Array(0), params);
}

function expectAgreement(pair: { client: Party; server: Party }, expected: object): void {
  const [seen] = factsOf(pair.client, 'handshake.completed');
  expect(seen).toMatchObject(expected);
  expect(factsOf(pair.server, 'handshake.completed')).toEqual([seen]);
  expect(secretsOf(pair.client)).toEqual(secretsOf(pair.server));
  expect(pair.client.sendKey).toBe(pair.server.receiveKey);
  expect(pair.server.sendKey).toBe(pair.client.receiveKey);
  expect(pair.client.sendKey).not.toBe('none');
}
