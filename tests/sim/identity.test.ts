import { describe, expect, it } from 'vitest';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { ascii, concat, toHex } from '../../src/wire/bytes.ts';
import { native, noble, PROVIDERS, seeded } from '../crypto/support.ts';

const content = ascii('content');

describe.each(PROVIDERS)('%s: the identity of the simulator', (_name, provider) => {
  const identity = createSimIdentity(provider, seeded('server'), 'server.sim');
  const trust = createSimTrust(provider);
  const examine = (chain: readonly Uint8Array[], serverName?: string) =>
    trust.examine({ chain, presenter: 'server', serverName });

  it('is trusted under its name, and its signature holds', () => {
    const examined = examine(identity.chain, 'server.sim');
    expect(examined?.verdict).toEqual({ ok: true });
    expect(examined?.key.type).toBe(identity.keyType);
    expect(examined?.facts.names).toEqual(['server.sim']);
    const signature = identity.sign(0x0807, content);
    expect(identity.schemes).toEqual([0x0807]);
    expect(examined?.key.verify(0x0807, content, signature)).toBe(true);
    expect(examined?.key.verify(0x0403, content, signature)).toBe(false);
    expect(examined?.key.verify(0x0807, ascii('other'), signature)).toBe(false);
  });

  it('is not trusted under another one, unless it is a client', () => {
    expect(examine(identity.chain, 'other.sim')?.verdict).toEqual({
      ok: false,
      reason: 'hostname mismatch: certificate is for server.sim, not other.sim',
      alert: 46,
    });
    expect(examine(identity.chain)?.verdict.ok).toBe(true);
    const asClient = trust.examine({ chain: identity.chain, presenter: 'client', serverName: 'other.sim' });
    expect(asClient?.verdict.ok).toBe(true);
  });

  it('whatever else is presented can not be examined', () => {
    const [certificate] = identity.chain;
    if (certificate === undefined) throw new Error('no certificate');
    expect(examine([])).toBeUndefined();
    expect(examine([ascii('garbage')])).toBeUndefined();
    expect(examine([concat(certificate, Uint8Array.of(0))])).toBeUndefined();
    for (let length = 0; length < certificate.length; length++) {
      expect(examine([certificate.subarray(0, length)])).toBeUndefined();
    }
  });
});

it('is the same for the same seed, whichever provider', () => {
  const made = (provider: typeof noble, seed: string) => {
    const identity = createSimIdentity(provider, seeded(seed), 'a');
    return [...identity.chain, identity.sign(0x0807, content)].map(toHex).join();
  };
  expect(made(native, 'one')).toBe(made(noble, 'one'));
  expect(made(noble, 'two')).not.toBe(made(noble, 'one'));
});
