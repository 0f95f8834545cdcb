import type { Behaviour, BehaviourEntry, QuicBehaviour } from '../behaviour.ts';
import { DTLS_BEHAVIOURS } from './dtls.ts';
import { QUIC_BEHAVIOURS, withCount } from './quic.ts';
import { TLS_BEHAVIOURS } from './tls.ts';

/** What `serve` can serve. */
export const SERVED = ['tls', 'dtls', 'quic'] as const;
export type Served = (typeof SERVED)[number];

export function behavioursOf(protocol: Served): readonly BehaviourEntry[] {
  return CATALOGUES[protocol];
}

/** By id ("tls/never-reply", "tls-never-reply"), name ("never-reply") or alias; undefined when there is none. */
export function findBehaviour(
  name: string,
  protocol: Exclude<Served, 'quic'> = 'tls',
): Behaviour | undefined {
  return find(CATALOGUES[protocol], name, protocol);
}

/** The same for QUIC; "close-lost:5" gives the one that counts a number of its own. */
export function findQuicBehaviour(name: string): QuicBehaviour | undefined {
  const [, bare = name, count] = /^(.*?)(?::([1-9]\d{0,3}))?$/u.exec(name) ?? [];
  const found = find(QUIC_BEHAVIOURS, bare, 'quic');
  if (found === undefined || count === undefined) return found;
  return withCount(found, Number(count));
}

/** The id without the protocol. */
export function behaviourName(behaviour: BehaviourEntry): string {
  return behaviour.id.slice(behaviour.id.indexOf('/') + 1);
}

/** A host name for each behaviour, for the server's certificate: "never-reply.localhost". */
export function behaviourHosts(protocol: Served = 'tls'): string[] {
  return behavioursOf(protocol).map((each) => `${behaviourName(each)}.localhost`);
}

function find<B extends BehaviourEntry>(
  catalogue: readonly B[],
  name: string,
  protocol: Served,
): B | undefined {
  const [prefix] = [`${protocol}/`, `${protocol}-`].filter((start) => name.startsWith(start));
  const bare = prefix === undefined ? name : name.slice(prefix.length);
  return catalogue.find((each) => behaviourName(each) === bare || each.aliases.includes(bare));
}

const CATALOGUES = { tls: TLS_BEHAVIOURS, dtls: DTLS_BEHAVIOURS, quic: QUIC_BEHAVIOURS } as const;
