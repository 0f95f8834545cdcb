import { describe, expect, it } from 'vitest';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import { connect, factsOf, quicPair, shakeHands } from './quic-pair.ts';

describe('the idle timeout (RFC 9000 §10.1)', () => {
  it('is the smaller of both, and ends the connection without a word', () => {
    const { client, server, network } = shakeHands({ policy: { idleTimeoutMs: 400 } });
    network.run(200);
    const before = network.sent.length;
    network.run(1000);
    expect([client.core.phase(), server.core.phase()]).toEqual(['terminated', 'terminated']);
    expect(network.sent.length).toBe(before);
    expect(client.core.cause()).toMatchObject({ kind: 'idle-timeout' });
    expect(factsOf(client, 'idle-timeout')[0]).toMatchObject({ localMs: 400, peerMs: 400, effectiveMs: 400 });
  });

  it('is never under three PTO', () => {
    const { client, network } = shakeHands({ policy: { idleTimeoutMs: 10 } }, () => [50]);
    const { pto } = client.core.timing();
    const idle = factsOf(client, 'idle-timeout');
    expect(idle).toEqual([]);
    const began = network.now;
    network.run(5000, () => client.core.phase() === 'terminated');
    expect(network.now - began).toBeGreaterThan(2.5 * pto);
  });

  it('is the peer’s when that is the smaller one', () => {
    const policy = { ...DEFAULT_QUIC_POLICY, idleTimeoutMs: 300 };
    const { client } = shakeHands({ server: { policy } });
    expect(client.core.idle()).toEqual({ local: 30_000, peer: 300, effective: 300 });
  });

  it('ends a handshake that nobody answers', () => {
    const pair = quicPair({ policy: { idleTimeoutMs: 5000 } });
    const network = connect(pair, () => []);
    network.run(60_000);
    expect(pair.client.core.cause()).toMatchObject({ kind: 'idle-timeout' });
    expect(factsOf(pair.client, 'handshake.failed')).toMatchObject([
      { blame: 'network', rule: 'idle-timeout' },
    ]);
    expect(factsOf(pair.client, 'probe').map(({ count }) => count)).toEqual([1, 2]);
  });

  it('waits longer after something was said that wants an answer', () => {
    const { client, network } = shakeHands({ policy: { idleTimeoutMs: 400 } });
    network.run(200);
    network.fate = () => [];
    client.core.ping();
    network.run(1);
    const asked = network.now;
    network.run(5000, () => client.core.phase() === 'terminated');
    expect(network.now - asked).toBeGreaterThan(395);
    expect(network.now - asked).toBeLessThan(405);
  });
});

describe('keep-alive', () => {
  it('keeps both alive by a PING at half the idle timeout', () => {
    const { client, server, network } = shakeHands({ policy: { idleTimeoutMs: 400 } });
    expect(client.core.phase()).toBe('open');
    network.run(1000);
    expect(server.core.phase()).toBe('terminated');
    const kept = shakeHands({ policy: { idleTimeoutMs: 400, keepAliveMs: 'half-idle' } });
    kept.network.run(5000);
    expect([kept.client.core.phase(), kept.server.core.phase()]).toEqual(['open', 'open']);
    expect(factsOf(kept.client, 'keep-alive')[0]).toEqual({ kind: 'keep-alive', afterMs: 200 });
  });

  it('notices a dead path one and a half idle timeouts after the last packet', () => {
    const { client, network } = shakeHands({ policy: { idleTimeoutMs: 600, keepAliveMs: 'half-idle' } });
    network.run(50);
    const last = network.now;
    network.fate = () => [];
    network.run(5000, () => client.core.phase() === 'terminated');
    expect(network.now - last).toBeGreaterThan(800);
    expect(network.now - last).toBeLessThan(905);
  });
});

describe('a stateless reset (RFC 9000 §10.3)', () => {
  it('with the token of the server ends the client, which is silent', () => {
    const { client, server, network } = shakeHands();
    const reset = server.core.raw.statelessReset(40);
    if (reset === undefined) throw new Error('no token');
    server.core.abandon(network.now);
    const before = network.sent.length;
    client.core.receive(network.now, { kind: 'bytes', data: reset });
    network.run(2000);
    expect(client.core.cause()).toEqual({ kind: 'stateless-reset' });
    expect(factsOf(client, 'stateless-reset')).toEqual([{ kind: 'stateless-reset', by: 'peer', bytes: 40 }]);
    expect(client.core.phase()).toBe('terminated');
    expect(network.sent.length).toBe(before);
  });

  it('with another token is only a packet that does not open', () => {
    const { client, network } = shakeHands();
    const data = new Uint8Array(40).fill(0x41);
    client.core.receive(network.now, { kind: 'bytes', data });
    network.run(10);
    expect(client.core.phase()).toBe('open');
    expect(factsOf(client, 'dropped').length).toBeGreaterThan(0);
  });

  it('of a client is known from its NEW_CONNECTION_ID', () => {
    const { client, server, network } = shakeHands();
    network.run(100);
    const reset = client.core.raw.statelessReset(30);
    server.core.receive(network.now, {
      kind: 'bytes',
      data: reset ?? new Uint8Array(0),
      from: network.clientAddress,
    });
    network.run(5);
    expect(server.core.cause()).toEqual({ kind: 'stateless-reset' });
  });
});
