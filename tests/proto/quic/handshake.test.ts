import { describe, expect, it } from 'vitest';
import { factsOf, shakeHands } from './quic-pair.ts';

describe('a QUIC handshake', () => {
  it('is complete and confirmed on both sides', () => {
    const { client, server } = shakeHands();
    expect(client.core.phase()).toBe('open');
    expect(server.core.phase()).toBe('open');
    expect(client.core.handshake().info?.alpn).toBe('hq-interop');
    expect(factsOf(client, 'handshake.completed')).toHaveLength(1);
  });
});
