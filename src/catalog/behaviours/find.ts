import type { Behaviour } from '../behaviour.ts';
import { DTLS_BEHAVIOURS } from './dtls.ts';
import { TLS_BEHAVIOURS } from './tls.ts';

/** What `serve` can serve. */
export const SERVED = ['tls', 'dtls'] as const;
export type Served = (typeof SERVED)[number];

export function behavioursOf(protocol: Served): readonly Behaviour[] {
  return protocol === 'tls' ? TLS_BEHAVIOURS : DTLS_BEHAVIOURS;
}

/** By id ("tls/never-reply"), name ("never-reply") or alias; undefined when there is none. */
export function findBehaviour(name: string, protocol: Served = 'tls'): Behaviour | undefined {
  const prefix = `${protocol}/`;
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return behavioursOf(protocol).find((each) => behaviourName(each) === bare || each.aliases.includes(bare));
}

/** The id without the protocol. */
export function behaviourName(behaviour: Behaviour): string {
  return behaviour.id.slice(behaviour.id.indexOf('/') + 1);
}

/** A host name for each behaviour, for the server's certificate: "never-reply.localhost". */
export function behaviourHosts(protocol: Served = 'tls'): string[] {
  return behavioursOf(protocol).map((each) => `${behaviourName(each)}.localhost`);
}
