import { describe, expect, it } from 'vitest';
import { judgeDatagram } from '../../../src/proto/quic/endpoint/judge.ts';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import { endpointOf, REMOTE } from './endpoint-support.ts';
import { give, quicConfig, quicEnd, takeAll } from './ends.ts';

const policy = { ...DEFAULT_QUIC_POLICY, idleTimeoutMs: 20_000 };

/** A client whose first Initial is answered after 7 s, and then never again. Gives the time of its end. */
function endsAfter(answer: 'retry' | 'version-negotiation'): number {
  const client = quicEnd('client', 'restart', quicConfig({ policy, quicVersions: [1, 0x6b3343cf] }));
  const config = answer === 'retry' ? { retry: 'always' as const } : { versions: [0x6b3343cf] };
  client.core.start(0);
  const [datagram] = takeAll(client, 0);
  const verdict = judgeDatagram(endpointOf(config), { datagram: datagram!, remote: REMOTE, now: 0 });
  expect(verdict).toMatchObject({ kind: 'answer', what: answer });
  if (verdict.kind === 'answer') give(client, 7_000, verdict.bytes);
  takeAll(client, 7_000);
  for (let due = client.core.pollTimeout(); due !== undefined; due = client.core.pollTimeout()) {
    client.core.handleTimeout(due);
    takeAll(client, due);
    if (client.core.phase() === 'terminated') return due;
  }
  throw new Error('it waits for nothing');
}

describe('the idle timer of a client (RFC 9000 §10.1)', () => {
  it.each(['retry', 'version-negotiation'] as const)('begins anew with a %s that counts', (answer) => {
    expect(endsAfter(answer)).toBe(27_000);
  });
});
