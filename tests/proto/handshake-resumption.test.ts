import { describe, expect, it } from 'vitest';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import type { Session, SessionCache, TicketIssuer } from '../../src/proto/handshake/session.ts';
import { toHex } from '../../src/wire/bytes.ts';
import { EXTENSION } from '../../src/wire/extensions.ts';
import { editHello } from './handshake-edit.ts';
import {
  createParty,
  factsOf,
  faultOf,
  type Party,
  perform,
  pump,
  shakeHands,
  simTrust,
} from './handshake-pump.ts';

const tickets: TicketIssuer = { key: new Uint8Array(32).fill(7), lifetime: 3600, count: 2 };

describe('TLS 1.3 tickets', () => {
  const server13 = { versions: [0x0304], tickets } as const;

  it('come after the handshake, as many as configured, each with its own secret', () => {
    const { client } = shakeHands({}, { config: server13 }, { now: 1000 });
    expect(client.tickets).toHaveLength(2);
    const [first, second] = client.tickets;
    expect(first).toMatchObject({
      version: 0x0304,
      lifetime: 3600,
      receivedAt: 1000,
      serverName: 'localhost',
    });
    expect(toHex(first!.secret)).not.toBe(toHex(second!.secret));
    expect(first!.verified).toBe(true);
  });

  it('resume: no certificate, the session accepted on both sides', () => {
    const { client, server } = resume13(server13, {});
    expect(what(client)).toEqual(['offered', 'accepted']);
    expect(what(server)).toEqual(['accepted']);
    expect(factsOf(client, 'certificate')).toEqual([]);
    expect(completed(client)).toMatchObject({ resumed: true, group: 'x25519' });
    expect(completed(server)).toEqual(completed(client));
    expect(client.tickets).toHaveLength(2);
  });

  it('resume a second time with a ticket of the resumed connection', () => {
    const { client } = resume13(server13, {});
    const again = shakeHands(
      { config: { session: client.tickets[0]! } },
      { config: server13 },
      { now: 2000 },
    );
    expect(completed(again.client)).toMatchObject({ resumed: true });
  });

  it('one more on demand', () => {
    const { client, server } = shakeHands({}, { config: server13 });
    perform(server, client, server.machine.ticket(5));
    pump(client, server);
    expect(client.tickets).toHaveLength(3);
  });

  it('on demand only from a server that issues them', () => {
    const { server } = shakeHands();
    expect(server.machine.ticket(5)).toEqual([]);
  });

  it('of another key are declined silently', () => {
    const other = { ...server13, tickets: { ...tickets, key: new Uint8Array(32).fill(8) } };
    const { client, server } = resume13(server13, other);
    expect(what(client)).toEqual(['offered', 'refused']);
    expect(what(server)).toEqual(['refused']);
    expect(completed(client)).toMatchObject({ resumed: false });
  });

  it('do not outlive their lifetime', () => {
    const late = resume13(server13, {}, 3_600_000 + 1001);
    expect(factsOf(late.client, 'session')).toEqual([
      { kind: 'session', what: 'not-eligible', why: 'its lifetime is over' },
    ]);
    expect(completed(late.client)).toMatchObject({ resumed: false });
  });

  it('of a name are not offered to another', () => {
    const { client } = shakeHands({}, { config: server13 });
    const session = client.tickets[0]!;
    const other = shakeHands(
      { config: { session, serverName: 'elsewhere', verify: 'report' } },
      { config: server13 },
    );
    expect(what(other.client)).toEqual(['not-eligible']);
  });

  it('of a name are not taken for another', () => {
    const { client } = shakeHands({}, { config: server13 });
    const session = { ...client.tickets[0]!, serverName: 'elsewhere' };
    const other = shakeHands(
      { config: { session, serverName: 'elsewhere', verify: 'report' } },
      { config: server13 },
    );
    expect(what(other.server)).toEqual(['refused']);
  });

  it('of an unverified connection are not offered where verification is required', () => {
    const first = shakeHands({ config: { serverName: 'wrong', verify: 'report' } }, { config: server13 });
    const [session] = first.client.tickets;
    expect(session?.verified).toBe(false);
    const offer = (verify: HandshakeConfig['verify']): Party => {
      const client = createParty('client', { config: { session: session!, serverName: 'wrong', verify } });
      client.machine.start(0);
      return client;
    };
    expect(what(offer('require'))).toEqual(['not-eligible']);
    expect(what(offer('report'))).toEqual(['offered']);
  });

  it('go with any suite of the same hash, and only with those', () => {
    const chacha = resume13(server13, { ...server13, suites: [0x1303] });
    expect(completed(chacha.client)).toMatchObject({
      resumed: true,
      suite: 'TLS_CHACHA20_POLY1305_SHA256',
    });
    const other = resume13(server13, { ...server13, suites: [0x1302] });
    expect(completed(other.client)).toMatchObject({ resumed: false, suite: 'TLS_AES_256_GCM_SHA384' });
    expect(what(other.server)).toEqual(['refused']);
  });

  it('go through a HelloRetryRequest', () => {
    const { client, server } = resume13(server13, { ...server13, groups: [23] });
    expect(completed(client)).toMatchObject({ resumed: true, helloRetry: true });
    expect(what(server)).toEqual(['accepted']);
  });

  it('fall away in a HelloRetryRequest with a suite of another hash', () => {
    const { client } = resume13(server13, { ...server13, groups: [23], suites: [0x1302] });
    expect(completed(client)).toMatchObject({ resumed: false, helloRetry: true });
    expect(what(client)).toEqual(['offered', 'refused']);
  });

  it('do not stand in for a client certificate', () => {
    const { client } = resume13(server13, { ...server13, clientCertificate: 'request' });
    expect(completed(client)).toMatchObject({ resumed: true });
    const first = shakeHands({}, { config: server13 });
    const fault = faultOf(() =>
      shakeHands(
        { config: { session: first.client.tickets[0]! } },
        { config: { ...server13, clientCertificate: 'require' } },
      ),
    );
    expect(fault).toMatchObject({ rule: 'certificate-required', alert: 116 });
  });

  it('offered to a TLS 1.2 server are refused', () => {
    const { client } = resume13(server13, { versions: [0x0303], tickets });
    expect(what(client)).toEqual(['offered', 'refused']);
    expect(completed(client)).toMatchObject({ version: 'TLSv1.2', resumed: false });
  });

  it('with a binder that is off end the handshake', () => {
    const { client } = shakeHands({}, { config: server13 });
    const session = { ...client.tickets[0]!, secret: new Uint8Array(32) };
    const fault = faultOf(() => shakeHands({ config: { session } }, { config: server13 }));
    expect(fault).toMatchObject({ rule: 'bad-binder', alert: 51 });
  });

  it('without lifetime are never offered', () => {
    const { client } = shakeHands({}, { config: { ...server13, tickets: { ...tickets, lifetime: 0 } } });
    const next = createParty('client', { config: { session: client.tickets[0]! } });
    next.machine.start(0);
    expect(what(next)).toEqual(['not-eligible']);
  });
});

describe.each([
  ['ticket', { tickets }],
  ['session ID', undefined],
] as const)('TLS 1.2 by %s', (how, issuing) => {
  const make = (): Partial<HandshakeConfig> => ({
    versions: [0x0303],
    ...(issuing ?? { sessionCache: createCache() }),
  });

  it('the session is known at once', () => {
    const { client } = shakeHands({}, { config: make() }, { now: 50 });
    expect(client.info?.session).toMatchObject({
      version: 0x0303,
      receivedAt: 50,
      extendedMasterSecret: true,
    });
    expect(client.info?.session?.ticket === undefined).toBe(how === 'session ID');
    expect(client.info?.session?.sessionId === undefined).toBe(how === 'ticket');
  });

  it('resumes, with TLS 1.3 on offer too', () => {
    const { client, server } = resume12(make(), {});
    expect(what(client)).toEqual(['offered', 'accepted']);
    expect(what(server)).toEqual(['accepted']);
    expect(factsOf(client, 'certificate')).toEqual([]);
    expect(completed(client)).toMatchObject({ version: 'TLSv1.2', resumed: true });
    expect(completed(server)).toEqual(completed(client));
    expect(client.sendKey).toBe(server.receiveKey);
    expect(server.sendKey).toBe(client.receiveKey);
    expect(client.info?.session).toBeDefined();
  });

  it('makes fresh keys from the old secret', () => {
    const server = make();
    const first = shakeHands({}, { config: server });
    const second = shakeHands({ config: { session: first.client.info!.session! } }, { config: server });
    expect(second.client.info?.session?.secret).toEqual(first.client.info?.session?.secret);
    expect(second.client.sendKey).not.toBe(first.client.sendKey);
  });

  it('needs extended_master_secret again (RFC 7627 §5.3)', () => {
    const server = make();
    const { client } = shakeHands({}, { config: server });
    const session = client.info!.session!;
    const without = editHello((hello) => ({
      ...hello,
      extensions: hello.extensions.filter(({ type }) => type !== EXTENSION.extended_master_secret),
    }));
    const fault = faultOf(() => shakeHands({ config: { session } }, { config: server }, { watch: without }));
    expect(fault).toMatchObject({ rule: 'extended-master-secret-changed', alert: 40 });
  });

  it('is refused to another suite list', () => {
    const { client } = resume12(make(), { suites: [0xcca9] });
    expect(completed(client)).toMatchObject({ resumed: false });
    expect(what(client)).toEqual(['offered', 'refused']);
  });

  it('offered to a server that speaks TLS 1.3 is refused', () => {
    const { client } = resume12(make(), { versions: [0x0304] });
    expect(what(client)).toEqual(['offered', 'refused']);
    expect(completed(client)).toMatchObject({ version: 'TLSv1.3' });
  });
});

describe('TLS 1.2 without extended_master_secret before', () => {
  it('begins anew when the client offers it now (RFC 7627 §5.3)', () => {
    const sessionCache = createCache();
    const server = { versions: [0x0303], sessionCache } as const;
    const session = {
      ...shakeHands({}, { config: server }).client.info!.session!,
      extendedMasterSecret: false,
    };
    sessionCache.store(session.sessionId!, session);
    const { client } = shakeHands({ config: { session } }, { config: server });
    expect(completed(client)).toMatchObject({ resumed: false, extendedMasterSecret: true });
  });
});

describe('TLS 1.2 with neither', () => {
  it('leaves no session', () => {
    const { client } = shakeHands({}, { config: { versions: [0x0303] } });
    expect(client.info?.session).toBeUndefined();
  });

  it('a ticket is taken from a client without a session ID too (RFC 5077 §3.4)', () => {
    const config = { versions: [0x0303], tickets } as const;
    const session = shakeHands({}, { config }).client.info!.session!;
    const client = createParty('client', { config: { session } });
    const server = createParty('server', { config });
    const watch = editHello((hello) => ({ ...hello, sessionId: new Uint8Array(0) }));
    // Our client always sends one, and so does not see that it is resumed.
    const fault = faultOf(() => pump(client, server, { watch }));
    expect(fault).toMatchObject({ detail: 'change_cipher_spec in WAIT_CERT' });
    expect(what(server)).toEqual(['accepted']);
  });

  it('a ticket of another key makes a new one', () => {
    const server = { versions: [0x0303], tickets } as const;
    const { client } = resume12(server, { tickets: { ...tickets, key: new Uint8Array(32) } });
    expect(completed(client)).toMatchObject({ resumed: false });
    expect(client.info?.session?.ticket).toBeDefined();
  });
});

function resume13(
  first: Partial<HandshakeConfig>,
  changes: Partial<HandshakeConfig>,
  now = 2000,
): { client: Party; server: Party } {
  const { client } = shakeHands({}, { config: first }, { now: 1000 });
  const session = client.tickets[1]!;
  return shakeHands({ config: { session } }, { config: { ...first, ...changes } }, { now });
}

function resume12(
  first: Partial<HandshakeConfig>,
  changes: Partial<HandshakeConfig>,
): { client: Party; server: Party } {
  const { client } = shakeHands({}, { config: first }, { now: 1000 });
  const session = client.info!.session!;
  return shakeHands(
    { config: { session }, peerAuth: simTrust },
    { config: { ...first, ...changes } },
    { now: 2000 },
  );
}

function createCache(): SessionCache {
  const sessions = new Map<string, Session>();
  return {
    store: (id, session) => void sessions.set(toHex(id), session),
    find: (id) => sessions.get(toHex(id)),
  };
}

function what(party: Party): string[] {
  return factsOf(party, 'session').map((fact) => fact.what);
}

function completed(party: Party): object | undefined {
  return factsOf(party, 'handshake.completed')[0];
}
