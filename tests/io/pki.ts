import { readFileSync } from 'node:fs';
import type { CryptoProvider } from '../../src/crypto/provider.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { certificatesInPem } from '../../src/io/pem.ts';
import { createTrust, type TrustOptions } from '../../src/io/trust.ts';
import type { Examined } from '../../src/proto/handshake/peer-auth.ts';
import type { Role } from '../../src/proto/role.ts';

export function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/certs/${name}`, import.meta.url), 'utf8');
}

/** DER certificates of the files, one after the other. */
export function chainOf(...names: readonly string[]): Buffer[] {
  return names.flatMap((name) => certificatesInPem(fixture(`${name}.pem`)));
}

/** Examines with the test root trusted, in 2030, unless told otherwise. */
export function examine(
  chain: readonly Uint8Array[],
  options: Partial<TrustOptions> & { serverName?: string; presenter?: Role; provider?: CryptoProvider } = {},
): Examined | undefined {
  const { serverName, presenter = 'server', ...trust } = options;
  return createTrust({
    ca: [fixture('root.pem')],
    at: new Date('2030-01-01T00:00:00Z'),
    provider: createNativeProvider(),
    verify: true,
    ...trust,
  }).examine({ chain, presenter, serverName });
}

/** "ok", or "ALERT reason". */
export function verdictOf(examined: Examined | undefined): string {
  if (examined === undefined) return 'unparsable';
  const { verdict } = examined;
  return verdict.ok ? 'ok' : `${verdict.alert} ${verdict.reason}`;
}
