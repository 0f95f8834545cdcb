import type { Behaviour } from '../behaviour.ts';
import { TLS_BEHAVIOURS } from './tls.ts';

/** By id ("tls/never-reply"), name ("never-reply") or alias; undefined when there is none. */
export function findBehaviour(name: string): Behaviour | undefined {
  const bare = name.startsWith('tls/') ? name.slice(4) : name;
  return TLS_BEHAVIOURS.find((each) => behaviourName(each) === bare || each.aliases.includes(bare));
}

/** The id without the protocol. */
export function behaviourName(behaviour: Behaviour): string {
  return behaviour.id.slice(behaviour.id.indexOf('/') + 1);
}

/** A host name for each behaviour, for the server's certificate: "never-reply.localhost". */
export function behaviourHosts(): string[] {
  return TLS_BEHAVIOURS.map((each) => `${behaviourName(each)}.localhost`);
}
