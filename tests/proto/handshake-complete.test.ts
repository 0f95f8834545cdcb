import { describe, expect, it } from 'vitest';
import { groupById } from '../../src/crypto/groups.ts';
import { SIGNATURE_SCHEMES, schemeFits } from '../../src/crypto/signatures.ts';
import { suiteById } from '../../src/crypto/suites.ts';
import { DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { decodeServerKeyExchange } from '../../src/wire/exchange.ts';
import { EXTENSION } from '../../src/wire/extensions.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import { edit, editHello, withExtension } from './handshake-edit.ts';
import {
  factsOf,
  fixtureIdentity,
  fixtureTrust,
  type Party,
  type PartyOptions,
  perform,
  pump,
  secretsOf,
  shakeHands,
} from './handshake-pump.ts';

const ED25519_ONLY_SUITES = DEFAULT_SUITES.filter((id) => suiteById(id)?.auth !== 'rsa');

describe('a handshake completes', () => {
  it.each(ED25519_ONLY_SUITES)('with suite %i', (id) => {
    const suite = suiteById(id)!;
    const options = { config: { versions: [suite.version], suites: [id] } };
    expectAgreement(shakeHands(options, options), { suite: suite.name });
  });

  it.each([29, 23, 24, 25, 4588])('with group %i in TLS 1.3', (id) => {
    const options: PartyOptions = { config: { versions: [0x0304], groups: [id] } };
    expectAgreement(shakeHands(options, options), { version: 'TLSv1.3', group: groupById(id)?.name });
  });

  it.each([29, 23, 24, 25])('with group %i in TLS 1.2', (id) => {
    const options: PartyOptions = { config: { versions: [0x0303], groups: [id] } };
    expectAgreement(shakeHands(options, options), { version: 'TLSv1.2', group: groupById(id)?.name });
  });

  it.each([
    [[0x0304, 0x0303], [0x0304, 0x0303], 'TLSv1.3'],
    [[0x0304, 0x0303], [0x0303], 'TLSv1.2'],
    [[0x0303], [0x0304, 0x0303], 'TLSv1.2'],
    [[0x0304, 0x0303], [0x0304], 'TLSv1.3'],
    [[0x0304], [0x0303, 0x0304], 'TLSv1.3'],
  ] as const)('client %j and server %j meet in %s', (theirs, ours, version) => {
    const pair = shakeHands({ config: { versions: theirs } }, { config: { versions: ours } });
    expectAgreement(pair, { version });
  });
});

describe('identities', () => {
  const names = ['leaf-p256', 'leaf-p384', 'leaf-p521', 'leaf-rsa', 'leaf-rsa-pss', 'leaf-ed25519'];
  const peerAuth = fixtureTrust();

  it.each(
    names.flatMap((name) => [[name, 0x0304] as const, [name, 0x0303] as const]),
  )('%s with version %i', (name, version) => {
    const identity = fixtureIdentity(name);
    const pair = shakeHands(
      { config: { versions: [version] }, peerAuth },
      { config: { versions: [version], identity }, peerAuth },
    );
    expectAgreement(pair, {});
    const [certificate] = factsOf(pair.client, 'certificate');
    expect(certificate).toMatchObject({ by: 'peer', verified: 'ok', chainLength: 2 });
    const { signature } = factsOf(pair.client, 'handshake.completed')[0]!;
    const scheme = SIGNATURE_SCHEMES.find((entry) => entry.name === signature)!;
    expect(schemeFits(scheme, identity.keyType, version)).toBe(true);
  });

  it.each(
    names.flatMap((name) => [[name, 0x0304] as const, [name, 0x0303] as const]),
  )('client certificate %s with version %i', (name, version) => {
    const pair = shakeHands(
      { config: { versions: [version], identity: fixtureIdentity(name) }, peerAuth },
      {
        config: {
          versions: [version],
          identity: fixtureIdentity('leaf-p256'),
          clientCertificate: 'require',
        },
        peerAuth: { examine: (request) => peerAuth.examine({ ...request, presenter: 'server' }) },
      },
    );
    expectAgreement(pair, { clientCertificate: true });
    expect(factsOf(pair.server, 'certificate')[0]).toMatchObject({ verified: 'ok' });
  });

  it.each([0x0304, 0x0303] as const)('a request is not an order in version %i', (version) => {
    const pair = shakeHands(
      { config: { versions: [version] } },
      { config: { versions: [version], clientCertificate: 'request' } },
    );
    expectAgreement(pair, { clientCertificate: false });
  });
});

describe('extensions', () => {
  it.each([0x0304, 0x0303] as const)('ALPN: the first of the server, version %i', (version) => {
    const pair = shakeHands(
      { config: { versions: [version], alpn: ['http/1.1', 'h2'] } },
      { config: { versions: [version], alpn: ['h2', 'http/1.1'] } },
    );
    expectAgreement(pair, { alpn: 'h2' });
    expect([pair.client.info?.alpn, pair.server.info?.alpn]).toEqual(['h2', 'h2']);
  });

  it('a TLS 1.2 client that names no groups gets P-256, which every one of them knows', () => {
    const groups: number[] = [];
    const drop = editHello((hello) => withExtension(hello, EXTENSION.supported_groups, undefined));
    const note = edit('server', HANDSHAKE.server_key_exchange, (message) => {
      groups.push(decodeServerKeyExchange(message.subarray(4)).group);
      return message;
    });
    // The transcripts differ, and so do the keys at last.
    expect(() =>
      shakeHands(
        { config: { versions: [0x0303] } },
        {},
        { watch: (to, unit) => note(to, drop(to, unit) ?? unit) },
      ),
    ).toThrow('other keys');
    expect(groups).toEqual([23]);
  });

  it('a server without protocols of its own passes ALPN over', () => {
    const { client } = shakeHands({ config: { alpn: ['h2'] } });
    expect(client.info?.alpn).toBeUndefined();
  });

  it.each([
    0x0304, 0x0303,
  ] as const)('record_size_limit reaches both record layers, version %i', (version) => {
    const { client, server } = shakeHands(
      { config: { versions: [version], recordSizeLimit: 1000 } },
      { config: { versions: [version], recordSizeLimit: 2000 } },
    );
    expect([client.limit, server.limit]).toEqual([2000, 1000]);
  });

  it('record_size_limit of a server is never more than the version has', () => {
    const recordSizeLimit = 2 ** 14 + 1;
    for (const [version, most] of [
      [0x0303, 2 ** 14],
      [0x0304, 2 ** 14 + 1],
    ] as const) {
      const config = { recordSizeLimit };
      const { client } = shakeHands({ config: { ...config, versions: [version] } }, { config });
      expect(client.limit).toBe(most);
    }
  });

  it('record_size_limit of one side alone counts for nothing', () => {
    const { client, server } = shakeHands({ config: { recordSizeLimit: 1000 } });
    expect([client.limit, server.limit]).toEqual([undefined, undefined]);
  });

  it.each([0x0304, 0x0303] as const)('both sides log the same secrets, version %i', (version) => {
    const { client, server } = shakeHands({ config: { versions: [version] } });
    const labels = version === 0x0304 ? TLS13_LABELS : ['CLIENT_RANDOM'];
    expect(Object.keys(secretsOf(client)).sort()).toEqual([...labels].sort());
    expect(secretsOf(client)).toEqual(secretsOf(server));
    expect(factsOf(client, 'secret')[0]?.clientRandom).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('TLS 1.3 compatibility mode', () => {
  it('sends one change_cipher_spec each way', () => {
    const { client, server } = shakeHands();
    expect([client.changeCipherSpecs, server.changeCipherSpecs]).toEqual([1, 1]);
  });

  it('with a HelloRetryRequest too', () => {
    const { client, server } = shakeHands(
      { config: { groups: [29, 23], shares: [29] } },
      { config: { groups: [23] } },
    );
    expectAgreement({ client, server }, { helloRetry: true, group: 'secp256r1' });
    expect([client.changeCipherSpecs, server.changeCipherSpecs]).toEqual([1, 1]);
  });
});

describe('HelloRetryRequest', () => {
  it.each([
    [29, 23],
    [23, 24],
    [24, 25],
    [25, 29],
    [29, 4588],
  ])('from group %i to %i', (shared, wanted) => {
    const { client, server } = shakeHands(
      { config: { groups: [shared, wanted], shares: [shared] } },
      { config: { groups: [wanted] } },
    );
    expectAgreement({ client, server }, { helloRetry: true, group: groupById(wanted)?.name });
  });

  it('also for a client that sends no share at all', () => {
    const pair = shakeHands({ config: { shares: [] } });
    expectAgreement(pair, { helloRetry: true });
  });

  it('is spared by several shares', () => {
    const pair = shakeHands({ config: { shares: [29, 23] } }, { config: { groups: [23] } });
    expectAgreement(pair, { helloRetry: false });
  });
});

describe('KeyUpdate', () => {
  it.each([true, false])('goes both ways and is answered when asked for (%s)', (requested) => {
    const { client, server } = shakeHands();
    const before = [client.sendKey, server.sendKey];
    perform(client, server, client.machine.keyUpdate(requested));
    pump(client, server);
    expect(client.sendKey).not.toBe(before[0]);
    expect(server.receiveKey).toBe(client.sendKey);
    expect(server.sendKey === before[1]).toBe(!requested);
    expect(client.receiveKey).toBe(server.sendKey);
    expect(server.seen).toEqual(['key-update']);
    expect(client.seen).toEqual(requested ? ['key-update'] : []);
    perform(server, client, server.machine.keyUpdate(false));
    pump(client, server);
    expect(client.receiveKey).toBe(server.sendKey);
  });

  it('does not exist in TLS 1.2', () => {
    const { client } = shakeHands({ config: { versions: [0x0303] } });
    expect(client.machine.keyUpdate(true)).toEqual([]);
  });
});

function expectAgreement(pair: { client: Party; server: Party }, expected: object): void {
  const { client, server } = pair;
  const [seen] = factsOf(client, 'handshake.completed');
  expect(seen).toMatchObject(expected);
  expect(factsOf(server, 'handshake.completed')).toEqual([seen]);
  expect([client.machine.phase(), server.machine.phase()]).toEqual(['complete', 'complete']);
  expect(client.sendKey).toBe(server.receiveKey);
  expect(server.sendKey).toBe(client.receiveKey);
  expect(client.sendKey).not.toBe(server.sendKey);
  expect(client.sendKey).not.toBe('none');
}

const TLS13_LABELS = [
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
  'EXPORTER_SECRET',
];
