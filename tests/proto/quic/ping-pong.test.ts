import { describe, expect, it } from 'vitest';
import { judgeDatagram } from '../../../src/proto/quic/endpoint/judge.ts';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import { encodeVersionNegotiation } from '../../../src/wire/quic-packet-encode.ts';
import { endpointOf, REMOTE } from './endpoint-support.ts';
import { give, quicConfig, quicEnd, takeAll } from './ends.ts';

describe('a client that closes before anything came, and says so to all that it hears', () => {
  const policy = { ...DEFAULT_QUIC_POLICY, closeRepetition: 'always' } as const;

  it('does not answer Retry after Retry of an endpoint that knows no connection', () => {
    const client = quicEnd('client', 'ping-pong', quicConfig({ policy }));
    const endpoint = endpointOf({ retry: 'always' });
    client.core.start(0);
    takeAll(client, 0);
    client.core.close(0, { layer: 'application', code: 1n, reason: new Uint8Array(0) });
    let onTheWay = takeAll(client, 0);
    for (let now = 1; now < 20; now++) {
      for (const datagram of onTheWay) {
        const verdict = judgeDatagram(endpoint, { datagram, remote: REMOTE, now });
        if (verdict.kind === 'answer') give(client, now, verdict.bytes);
      }
      onTheWay = takeAll(client, now);
    }
    expect(onTheWay).toEqual([]);
    expect(client.core.closesSent()).toBe(1);
    expect(client.facts.filter(({ kind }) => kind === 'heard')).toMatchObject([{ packets: ['retry'] }]);
  });

  it('nor Version Negotiation, but what may be of its connection', () => {
    const client = quicEnd('client', 'ping-pong', quicConfig({ policy }));
    client.core.start(0);
    takeAll(client, 0);
    client.core.close(0, { layer: 'application', code: 1n, reason: new Uint8Array(0) });
    takeAll(client, 0);
    const [source = new Uint8Array(0)] = client.core.localIds();
    const ids = { destination: source, source: new Uint8Array(8) };
    give(client, 1, encodeVersionNegotiation({ ...ids, supported: [0x0a0a0a0a], chance: 0 }));
    expect(takeAll(client, 1)).toEqual([]);
    give(client, 2, new Uint8Array(60).fill(0x40));
    expect(takeAll(client, 2)).toHaveLength(1);
    expect(client.core.closesSent()).toBe(2);
  });
});
