import type { CloseFacts } from './close-facts.ts';

/** Why there was no connection: what was tried, and what the system said. */
export function unreachableText({
  unreachable: fact,
  attempts,
}: Pick<CloseFacts, 'unreachable' | 'attempts'>): string {
  if (fact === undefined) return 'no connection could be made';
  const words = ERRNO_WORDS[fact.errno];
  const why = words === undefined ? fact.errno : `${words} (${fact.errno})`;
  const tried = attempts.map(({ address, port }) => formatTarget(address, port));
  if (tried.length === 0)
    return fact.detail === '' ? `no connection: ${why}` : `no connection: ${fact.detail}: ${why}`;
  return `no connection to ${tried.join(', ')}: ${why}`;
}

function formatTarget(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const ERRNO_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the resolver did not answer',
  EAFNOSUPPORT: 'no address of that family',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ECONNRESET: 'connection reset',
  EADDRNOTAVAIL: 'the address cannot be used from here',
};
