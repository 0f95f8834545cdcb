import { groupById } from '../../crypto/groups.ts';
import { suiteById } from '../../crypto/suites.ts';
import type { Context } from './context.ts';

/** Suites of the configuration that we can speak in one of its versions; those of PSKs only with a key at hand. */
export function usableSuites(ctx: Context): number[] {
  const { suites, versions, psk, pskKeys } = ctx.config;
  const hasKey = (ctx.role === 'client' ? psk : pskKeys) !== undefined;
  return suites.filter((id) => {
    const suite = suiteById(id);
    if (suite === undefined || !versions.includes(suite.version)) return false;
    return hasKey || suite.keyExchange === undefined || suite.keyExchange === 'ecdhe';
  });
}

/** Groups of the configuration that exist in that version: the hybrid one came with TLS 1.3. */
export function usableGroups(ctx: Context, version: 0x0303 | 0x0304): number[] {
  return ctx.config.groups.filter((id) => {
    const group = groupById(id);
    return group !== undefined && (version === 0x0304 || group.provider !== 'x25519mlkem768');
  });
}
