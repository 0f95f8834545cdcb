import type { CryptoProvider } from '../../crypto/provider.ts';
import { initialKeys, type PacketKeys, packetKeys } from '../../crypto/quic-keys.ts';
import { suiteById } from '../../crypto/suites.ts';
import type { Level, Who } from '../../timeline/event.ts';
import type { Role } from '../role.ts';
import type { Space } from './core.ts';
import { createKeyPhases, type KeyPhases } from './packets/key-phases.ts';

type Pair = { local: PacketKeys; peer: PacketKeys };

/** The keys of a connection (RFC 9001 §5): what there is, and no more what was discarded. */
export type KeyRing = {
  readonly provider: CryptoProvider;
  readonly role: Role;
  /** By version: until the server has chosen there may be two. Undefined: discarded. */
  initial: Map<number, Pair> | undefined;
  /** They come one by one; the pair is complete before the first packet is sent. */
  handshake: Partial<Pair>;
  application: Partial<Pair>;
  phases: KeyPhases | undefined;
};

export function createKeyRing(provider: CryptoProvider, role: Role): KeyRing {
  return { provider, role, initial: new Map(), handshake: {}, application: {}, phases: undefined };
}

/** Keys of Initial packets in this version, made once. `destination`: see `initialKeys`. */
export function installInitial(ring: KeyRing, version: number, destination: Uint8Array): void {
  if (ring.initial === undefined || ring.initial.has(version)) return;
  const { client, server } = initialKeys(ring.provider, version, destination);
  const pair = ring.role === 'client' ? { local: client, peer: server } : { local: server, peer: client };
  ring.initial.set(version, pair);
}

/** A traffic secret of the handshake. */
export function installSecret(
  ring: KeyRing,
  {
    level,
    who,
    version,
    suite: id,
    secret,
  }: { level: Level; who: Who; version: number; suite: number; secret: Uint8Array },
): void {
  const suite = suiteById(id);
  if (suite === undefined || (level !== 'handshake' && level !== 'application')) return;
  ring[level][who] = packetKeys(ring.provider, version, suite, secret);
  const { local, peer } = ring.application;
  if (ring.phases === undefined && local !== undefined && peer !== undefined)
    ring.phases = createKeyPhases(ring.provider, local, peer);
}

/** Ours, for a long packet. */
export function sendKeys(
  ring: KeyRing,
  space: 'initial' | 'handshake',
  version: number,
): PacketKeys | undefined {
  return space === 'initial' ? ring.initial?.get(version)?.local : ring.handshake.local;
}

/** Are there keys to seal a packet of this space with? */
export function canSend(ring: KeyRing, space: Space): boolean {
  if (space === 'application') return ring.phases !== undefined;
  if (space === 'handshake') return ring.handshake.local !== undefined;
  return ring.initial !== undefined && ring.initial.size > 0;
}

export function discardKeys(ring: KeyRing, space: 'initial' | 'handshake'): void {
  if (space === 'initial') ring.initial = undefined;
  else ring.handshake = {};
}
