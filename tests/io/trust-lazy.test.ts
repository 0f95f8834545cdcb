import { describe, expect, it, vi } from 'vitest';

const { count } = vi.hoisted(() => ({ count: { parsed: 0 } }));

vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:crypto')>();
  class X509Certificate extends original.X509Certificate {
    constructor(data: ConstructorParameters<typeof original.X509Certificate>[0]) {
      super(data);
      count.parsed++;
    }
  }
  return { ...original, X509Certificate };
});

const { rootCertificates } = await import('node:tls');
const { chainOf, examine, fixture, verdictOf } = await import('./pki.ts');

describe('trust does no more than it must', () => {
  it('parses of a bundle of many roots only the one it needs', () => {
    count.parsed = 0;
    const ca = [...rootCertificates, fixture('root.pem')];
    expect(verdictOf(examine(chainOf('leaf-p256'), { ca, serverName: 'localhost' }))).toBe('ok');
    // Two that were sent, one root.
    expect(count.parsed).toBe(3);
  });

  it('does not load the default roots when a CA is given, nor when nothing is judged', () => {
    const load = vi.spyOn(process, 'getBuiltinModule');
    expect(verdictOf(examine(chainOf('leaf-p256')))).toBe('ok');
    expect(verdictOf(examine(chainOf('self-signed')))).toMatch(/^48/);
    expect(load).not.toHaveBeenCalled();
    load.mockRestore();
  });
});
