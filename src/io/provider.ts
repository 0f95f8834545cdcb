import type { CryptoProvider } from '../crypto/provider.ts';
import { createNativeProvider } from './native-crypto.ts';

export type ProviderChoice = 'auto' | 'noble' | 'native';

/**
 * The provider for a run. `auto` takes node:crypto for every primitive it has (the faster one each time, BENCH.md) and
 * noble for X25519MLKEM768, which it has not. noble and its ML-KEM load only when they are to be used.
 */
export async function chooseProvider(
  choice: ProviderChoice,
  needs: { mlkem: boolean },
): Promise<CryptoProvider> {
  const base = choice === 'noble' ? await portable() : createNativeProvider();
  if (!needs.mlkem) return base;
  const { withMlkem } = await import('../crypto/mlkem.ts');
  return withMlkem(base);
}

async function portable(): Promise<CryptoProvider> {
  const { createNobleProvider } = await import('../crypto/noble-provider.ts');
  return createNobleProvider();
}
