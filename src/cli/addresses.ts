import { lookup } from 'node:dns/promises';
import type { CloseOptions } from '../driver/close/options.ts';
import { parseTarget } from '../driver/target.ts';

/** All addresses of the target's name, in the resolver's order; the name itself where it has none, so that the run says so. */
export async function addressesOf(options: Pick<CloseOptions, 'target' | 'family'>): Promise<string[]> {
  const { target } = options;
  const { host } = typeof target === 'string' ? parseTarget(target) : target;
  try {
    const found = await lookup(host, { all: true, family: options.family ?? 0 });
    return [...new Set(found.map(({ address }) => address))];
  } catch {
    return [host];
  }
}
