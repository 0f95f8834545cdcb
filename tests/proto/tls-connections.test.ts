import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SUITES } from '../../src/crypto/suites.ts';
import { loadIdentity } from '../../src/io/identity.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createTrust } from '../../src/io/trust.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
import { concat } from '../../src/wire/bytes.ts';
import {
  bytewise,
  connect,
  converse,
  drain,
  type End,
  factsOf,
  type Pair,
  receive,
  stepAll,
} from './tls-pair.ts';
import { type RealOptions, realPair, TICKETS } from './tls-real.ts';

const pem = (name: string) => readFileSync(new URL(`../../fixtures/certs/${name}`, import.meta.url), 'utf8');

/** Server certificates of each kind, judged by the fixtures' root. */
function withCertificate(name: string): RealOptions {
  return {
    identity: loadIdentity(pem(`${name}.pem`), pem(`${name}.key`)),
    peerAuth: createTrust({ ca: [pem('root.pem')], provider: createNativeProvider(), verify: true }),
  };
}

/** The client closes, the server answers, and both streams end. */
function closeBoth({ client, server }: Pair): void {
  client.core.sendAlert(1, 0);
  receive(server.core, 0, ...drain(client.core));
  expect(stepAll(server.core)).toEqual([{ kind: 'alert', means: 'closure', level: 1, description: 0 }]);
  server.core.sendAlert(1, 0);
  receive(client.core, 0, ...drain(server.core));
  expect(stepAll(client.core).at(-1)).toEqual({ kind: 'alert', means: 'closure', level: 1, description: 0 });
}

function talk(from: End, to: End, text: Uint8Array): void {
  expect(from.core.sendData(text)).toBe(true);
  receive(to.core, 0, concat(...drain(from.core)));
  const got = stepAll(to.core).map((step) => (step.kind === 'data' ? step.data : new Uint8Array(0)));
  expect(concat(...got)).toEqual(text);
}

describe('every suite', () => {
  it.each(
    SUITES.map((suite) => [suite.name, suite] as const),
  )('%s: connects, talks, closes', (name, suite) => {
    const options = { ...withCertificate(suite.auth === 'rsa' ? 'leaf-rsa' : 'leaf-p256') };
    const key = new Uint8Array(16).fill(9);
    const psk = { psk: { identity: Uint8Array.of(1), key }, pskKeys: { find: () => key } };
    const config = { suites: [suite.id], versions: [suite.version] };
    const withKey = suite.keyExchange?.endsWith('psk') ? psk : {};
    const pair = connect(realPair({ ...options, config: { ...config, ...withKey } }));
    for (const end of [pair.client, pair.server]) {
      expect(factsOf(end, 'fault')).toEqual([]);
      expect(end.core.phase()).toBe('open');
      expect(factsOf(end, 'handshake.completed')).toMatchObject([{ suite: name }]);
    }
    talk(pair.client, pair.server, new Uint8Array(20_000).fill(1));
    talk(pair.server, pair.client, Uint8Array.of(1, 2, 3));
    closeBoth(pair);
  });
});

describe.each([0x0303, 0x0304] as const)('version %i', (version) => {
  it('connects one byte at a time', () => {
    const pair = connect(realPair({ config: { versions: [version] } }), bytewise);
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['open', 'open']);
    closeBoth(pair);
  });

  it('connects with every flight and what follows it in one segment', () => {
    const pair = realPair({ config: { versions: [version] }, server: { tickets: TICKETS } });
    const { client, server } = pair;
    client.core.start(0);
    server.core.start(0);
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    receive(client.core, 0, concat(...drain(server.core)));
    stepAll(client.core);
    if (version === 0x0304) {
      client.core.sendData(Uint8Array.of(9));
      client.core.sendAlert(1, 0);
    }
    receive(server.core, 0, concat(...drain(client.core)));
    const steps = stepAll(server.core).map((step) => step.kind);
    if (version === 0x0304) expect(steps.slice(-2)).toEqual(['data', 'alert']);
    receive(client.core, 0, concat(...drain(server.core)));
    stepAll(client.core);
    expect([client.core.phase(), server.core.phase()]).toEqual(['open', 'open']);
  });

  it('resumes with a ticket, taken after our close_notify too', () => {
    const first = realPair({ config: { versions: [version] }, server: { tickets: TICKETS } });
    first.client.core.start(0);
    first.server.core.start(0);
    converse(first);
    const session = first.client.core.session();
    expect(session?.version).toBe(version);
    expect(first.client.core.ticketsReceived()).toBe(version === 0x0304 ? 2 : 1);
    const second = connect(
      realPair({
        config: { versions: [version], session: session as Session },
        server: { tickets: TICKETS },
        seed: 8,
      }),
    );
    expect(second.client.core.phase()).toBe('open');
    expect(second.client.core.resumed()).toBe(true);
    expect(second.server.core.resumed()).toBe(true);
    talk(second.client, second.server, Uint8Array.of(5));
    talk(second.server, second.client, Uint8Array.of(6));
  });

  it('keeps to record_size_limit both ways', () => {
    const pair = connect(realPair({ config: { versions: [version], recordSizeLimit: 64 } }));
    expect(pair.client.core.phase()).toBe('open');
    const before = pair.client.facts.length;
    talk(pair.server, pair.client, new Uint8Array(200).fill(4));
    talk(pair.client, pair.server, new Uint8Array(200).fill(4));
    const sizes = pair.client.facts
      .slice(before)
      .flatMap((fact) => (fact.kind === 'data' && fact.by === 'peer' ? [fact.bytes] : []));
    expect(sizes).toEqual(version === 0x0304 ? [63, 63, 63, 11] : [64, 64, 64, 8]);
  });

  it('tells both sides why a handshake fails', () => {
    const pair = connect(
      realPair({
        config: { versions: [version] },
        server: { suites: [version === 0x0304 ? 0x1303 : 0xcca9] },
      }),
    );
    expect(pair.client.core.phase()).toBe('open');
    const failing = realPair({ config: { versions: [version], serverName: 'other.example' } });
    connect(failing);
    expect(failing.client.core.phase()).toBe('failed');
    expect(factsOf(failing.client, 'handshake.failed')).toMatchObject([{ blame: 'peer', alert: 46 }]);
    expect(factsOf(failing.server, 'alert')).toMatchObject([{ by: 'peer', level: 2, description: 46 }]);
    expect(factsOf(failing.server, 'handshake.failed')).toMatchObject([{ rule: 'alert', alert: 46 }]);
  });
});

describe('TLS 1.3', () => {
  it('updates keys in both directions, many times', () => {
    const pair = connect(realPair({ config: { versions: [0x0304] } }));
    const { client, server } = pair;
    for (let i = 0; i < 5; i++) {
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        expect(from.core.keyUpdate(i % 2 === 0)).toBe(true);
        converse(pair);
        talk(from, to, Uint8Array.of(i));
        talk(to, from, Uint8Array.of(i));
      }
    }
    closeBoth(pair);
  });

  it('updates its own key before that is worn out (RFC 9846 §5.5)', () => {
    const pair = connect(realPair({ config: { versions: [0x0304], keyLimits: { records: 20 } } }));
    const { client, server } = pair;
    for (let i = 0; i < 50; i++) talk(client, server, Uint8Array.of(i));
    const updates = factsOf(client, 'key-update');
    expect(updates.length).toBe(4);
    expect(updates.every(({ by, requested }) => by === 'local' && !requested)).toBe(true);
    closeBoth(pair);
  });

  it('survives a HelloRetryRequest', () => {
    const pair = connect(realPair({ config: { versions: [0x0304] }, server: { groups: [24] } }), bytewise);
    expect(pair.client.core.phase()).toBe('open');
    expect(factsOf(pair.client, 'handshake.completed')).toMatchObject([{ helloRetry: true }]);
    const dummies = factsOf(pair.client, 'change-cipher-spec').map((fact) => fact.by);
    expect(dummies.sort()).toEqual(['local', 'peer']);
    talk(pair.client, pair.server, Uint8Array.of(1));
  });

  it('has a server send tickets when told to', () => {
    const pair = connect(
      realPair({ config: { versions: [0x0304] }, server: { tickets: { ...TICKETS, count: 0 } } }),
    );
    expect(pair.client.core.ticketsReceived()).toBe(0);
    pair.client.core.sendAlert(1, 0);
    drain(pair.client.core);
    expect(pair.server.core.sendTicket(5)).toBe(true);
    receive(pair.client.core, 5, ...drain(pair.server.core));
    expect(stepAll(pair.client.core)).toEqual([{ kind: 'progress', what: 'ticket' }]);
    expect(factsOf(pair.client, 'ticket')).toMatchObject([{ lifetime: 7200, afterOurClose: true }]);
    expect(pair.client.core.session()).toBeDefined();
    const without = connect(realPair({ config: { versions: [0x0304] } }));
    expect(without.server.core.sendTicket(0)).toBe(false);
  });

  it('asks for a client certificate and gets one', () => {
    const options = withCertificate('leaf-p256');
    const pair = connect(
      realPair({
        ...options,
        config: { versions: [0x0304], identity: loadIdentity(pem('client.pem'), pem('client.key')) },
        server: {
          identity: loadIdentity(pem('leaf-p256.pem'), pem('leaf-p256.key')),
          clientCertificate: 'require',
        },
      }),
    );
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['open', 'open']);
    expect(factsOf(pair.server, 'certificate')).toMatchObject([{ by: 'peer', verified: 'ok' }]);
  });
});

describe('TLS 1.2', () => {
  it('answers a HelloRequest with no_renegotiation and goes on', () => {
    const pair = connect(realPair({ config: { versions: [0x0303] } }));
    expect(pair.server.core.sendHelloRequest()).toBe(true);
    converse(pair);
    expect(factsOf(pair.server, 'alert')).toMatchObject([{ by: 'peer', level: 1, description: 100 }]);
    talk(pair.client, pair.server, Uint8Array.of(1));
    talk(pair.server, pair.client, Uint8Array.of(1));
  });

  it('answers HelloRequests once while the answer cannot leave', () => {
    const { client, server } = connect(realPair({ config: { versions: [0x0303] } }));
    for (let i = 0; i < 100; i++) {
      server.core.sendHelloRequest();
      receive(client.core, 0, ...drain(server.core));
      stepAll(client.core);
    }
    expect(drain(client.core)).toHaveLength(1);
  });
});
