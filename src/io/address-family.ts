import { isIPv4, isIPv6 } from 'node:net';

/**
 * 4 or 6 for an IP address, undefined for a name. Unlike net.isIP, a name does not reach the expression for IPv6, which takes
 * milliseconds to make (BENCH.md).
 */
export function addressFamily(text: string): 4 | 6 | undefined {
  if (text.includes(':')) return isIPv6(text) ? 6 : undefined;
  return isIPv4(text) ? 4 : undefined;
}

/** OpenSSL writes IPv6 addresses in full; people write the longest run of zeros as "::" (RFC 5952 §4). Anything else stays. */
export function shortenIpv6(address: string): string {
  const groups = address.split(':');
  if (groups.length !== 8) return address;
  const text = groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.search(new RegExp(`\\b${longest}\\b`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}
