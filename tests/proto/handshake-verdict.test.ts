import { describe, expect, it } from 'vitest';
import type { PeerAuth } from '../../src/proto/handshake/peer-auth.ts';
import { createParty, factsOf, faultOf, pump, shakeHands, simTrust } from './handshake-pump.ts';

describe('a chain that fails', () => {
  const failing: PeerAuth = {
    examine(request) {
      const examined = simTrust.examine(request);
      return examined && { ...examined, verdict: { ok: false, reason: 'self-signed', alert: 48 } };
    },
  };

  it.each([0x0304, 0x0303] as const)('ends the handshake with its alert, version %i', (version) => {
    const client = createParty('client', { config: { versions: [version] }, peerAuth: failing });
    const fault = faultOf(() => pump(client, createParty('server')));
    expect(fault).toMatchObject({ rule: 'certificate-rejected', alert: 48, detail: 'self-signed' });
    expect(factsOf(client, 'certificate')).toMatchObject([{ verified: 'failed', reason: 'self-signed' }]);
  });

  it.each([0x0304, 0x0303] as const)('is only reported when asked so, version %i', (version) => {
    const { client } = shakeHands({ config: { versions: [version], verify: 'report' }, peerAuth: failing });
    expect(factsOf(client, 'certificate')).toMatchObject([{ verified: 'insecure', reason: 'self-signed' }]);
    expect(client.machine.phase()).toBe('complete');
  });

  it('is called skipped when nobody judged', () => {
    const blind: PeerAuth = {
      examine(request) {
        const examined = simTrust.examine(request);
        return examined && { ...examined, verdict: { ok: true, judged: false } };
      },
    };
    const { client } = shakeHands({ peerAuth: blind });
    expect(factsOf(client, 'certificate')).toMatchObject([{ verified: 'skipped' }]);
  });
});
