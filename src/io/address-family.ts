import { isIPv4, isIPv6 } from 'node:net';

/**
 * 4 or 6 for an IP address, undefined for a name. Unlike net.isIP, a name does not reach the expression for IPv6, which takes
 * milliseconds to make (BENCH.md).
 */
export function addressFamily(text: string): 4 | 6 | undefined {
  if (text.includes(':')) return isIPv6(text) ? 6 : undefined;
  return isIPv4(text) ? 4 : undefined;
}
