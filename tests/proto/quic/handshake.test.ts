import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/sim/random.ts';
import { editInitial } from './edited-hello.ts';
import {
  connect,
  factsOf,
  isConfirmed,
  type QuicOptions,
  quicEnd,
  quicPair,
  shakeHands,
} from './quic-pair.ts';

const TICKETS = { key: new Uint8Array(32).fill(3), lifetime: 7200, count: 2 };

/** The alert-like code that each side ended with. */
function failed(options: QuicOptions) {
  const pair = quicPair(options);
  connect(pair).run(20_000);
  const { client, server } = pair;
  return [client, server].map((end) => {
    const cause = end.core.cause();
    return cause?.kind === 'close' ? { by: cause.by, layer: cause.layer, code: cause.code } : cause;
  });
}

describe('a QUIC handshake (RFC 9001)', () => {
  it('is complete, then confirmed, on both sides', () => {
    const { client, server } = shakeHands();
    expect([client.core.phase(), server.core.phase()]).toEqual(['open', 'open']);
    expect(client.core.handshake().info?.alpn).toBe('hq-interop');
    const [done] = factsOf(client, 'handshake.completed');
    expect(done).toMatchObject({ version: 'TLSv1.3', resumed: false, helloRetry: false });
    expect(factsOf(client, 'handshake.message').map(({ by, name }) => `${by} ${name}`)).toEqual([
      'local client_hello',
      'peer server_hello',
      'peer encrypted_extensions',
      'peer certificate',
      'peer certificate_verify',
      'peer finished',
      'local finished',
    ]);
  });

  it('tells the transport parameters of both', () => {
    const { client } = shakeHands();
    const [ours, theirs] = factsOf(client, 'transport-parameters');
    expect(ours).toMatchObject({ by: 'local', parameters: { initial_max_data: 1_048_576n } });
    expect(theirs?.parameters.original_destination_connection_id).toMatch(/^[0-9a-f]{16}$/);
    expect(client.core.idle()).toEqual({ local: 30_000, peer: 30_000, effective: 30_000 });
  });

  it.each([0x1301, 0x1302, 0x1303, 0x1304])('works with suite %i', (suite) => {
    const { client } = shakeHands({ both: { suites: [suite] } });
    expect(client.core.handshake().info?.suite).toBe(suite);
  });

  it('does not offer a suite with a short tag', () => {
    expect(failed({ both: { suites: [0x1305] } })[0]).toMatchObject({ layer: 'transport' });
  });

  it('goes on after a HelloRetryRequest', () => {
    const { client } = shakeHands({ client: { groups: [29, 23] }, server: { groups: [23] } });
    expect(factsOf(client, 'handshake.completed')[0]).toMatchObject({ helloRetry: true, group: 'secp256r1' });
  });

  it('takes a ClientHello of more than one datagram', () => {
    const many = Array.from({ length: 120 }, (_, i) => `protocol-${i}`);
    const { network } = shakeHands({ client: { alpn: [...many, 'hq-interop'] } });
    expect(network.sent.slice(0, 2).map(({ from }) => from)).toEqual(['client', 'client']);
  });

  it('resumes with a ticket', () => {
    const first = shakeHands({ server: { tickets: TICKETS } });
    first.network.run(100);
    const session = first.client.core.session();
    expect(factsOf(first.client, 'ticket')).toHaveLength(2);
    const second = shakeHands({
      server: { tickets: TICKETS },
      client: session === undefined ? {} : { session },
    });
    expect(second.client.core.handshake().info?.resumed).toBe(true);
    expect(factsOf(second.client, 'certificate')).toEqual([]);
  });

  it('gives the client a token for next time', () => {
    const token = new Uint8Array(24).fill(7);
    const { client, network } = shakeHands({ server: { newToken: () => token } });
    network.run(100);
    expect(client.core.token()).toEqual(token);
    expect(factsOf(client, 'token')).toEqual([{ kind: 'token', by: 'peer', what: 'new-token', bytes: 24 }]);
  });

  it('needs an application protocol that both have: 0x178', () => {
    expect(failed({ client: { alpn: ['doq'] } })).toEqual([
      { by: 'peer', layer: 'transport', code: 0x178n },
      { by: 'local', layer: 'transport', code: 0x178n },
    ]);
    expect(failed({ client: { alpn: [] } })[1]).toMatchObject({ by: 'local', code: 0x178n });
    expect(failed({ server: { alpn: [] } })[1]).toMatchObject({ by: 'local', code: 0x178n });
  });

  it('asks for a client certificate and ends with 0x174 without one', () => {
    expect(failed({ server: { clientCertificate: 'require' } })).toEqual([
      { by: 'peer', layer: 'transport', code: 0x174n },
      { by: 'local', layer: 'transport', code: 0x174n },
    ]);
  });

  it('has no session ID: PROTOCOL_VIOLATION (RFC 9001 §8.4)', () => {
    const client = quicEnd('client');
    client.core.start(0);
    const first = client.core.peekTransmit(0)?.slice() ?? new Uint8Array(0);
    const server = quicEnd('server');
    server.core.start(0);
    const data = editInitial(first, (hello) => ({ ...hello, sessionId: new Uint8Array(32) }));
    server.core.receive(0, { kind: 'bytes', data });
    server.core.step(0);
    expect(server.core.cause()).toMatchObject({ kind: 'close', by: 'local', code: 0x0an });
    expect(factsOf(server, 'fault')).toMatchObject([{ rule: 'legacy-session-id' }]);
  });

  it('lives through 30 % of loss, with copies and late ones', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = createRandom(seed, 'net');
      const roll = (): number => (random(1)[0] ?? 0) / 256;
      const pair = quicPair({ seed });
      const network = connect(pair, () => (roll() < 0.3 ? [] : roll() < 0.1 ? [20, 45] : [5 + 40 * roll()]));
      network.run(120_000, () => isConfirmed(pair));
      expect([seed, isConfirmed(pair)]).toEqual([seed, true]);
    }
  });
});
