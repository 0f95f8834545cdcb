import { initialKeys, type PacketKeys, packetKeys } from '../../../src/crypto/quic-keys.ts';
import { suiteById } from '../../../src/crypto/suites.ts';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import type { Space } from '../../../src/proto/quic/core.ts';
import { type PacketToSeal, sealPacket } from '../../../src/proto/quic/packets/seal.ts';
import type { Role } from '../../../src/proto/role.ts';
import { fromHex } from '../../../src/wire/bytes.ts';
import { encodeFrame } from '../../../src/wire/quic-frame-encode.ts';
import { parsePacket } from '../../../src/wire/quic-packet.ts';
import type { Frame } from '../../../src/wire/quic-types.ts';
import { Writer } from '../../../src/wire/writer.ts';
import type { QuicEnd } from './ends.ts';

const provider = createNativeProvider();

/** Seals whatever it is given, with the right keys of one side of a connection. */
export type Forger = {
  keys(space: Space): PacketKeys | undefined;
  /** As a datagram of its own; Initials are padded to 1200 bytes. Numbers are far above those in use, unless given. */
  packet(space: Space, payload: Uint8Array, over?: Partial<PacketToSeal>): Uint8Array;
};

/**
 * `own`: the end that is impersonated, `other`: the one that is to be fooled. Secrets come from the timeline, as a key log has them;
 * ids from the packets.
 */
export function forger(role: Role, own: QuicEnd, other: QuicEnd): Forger {
  const { version, source, original } = identified(role, own, other);
  const numbers: Record<Space, number> = { initial: 1000, handshake: 1000, application: 1000 };
  const keys = (space: Space): PacketKeys | undefined => {
    if (space === 'initial') return initialKeys(provider, version, original)[role];
    const label = `${role.toUpperCase()}_${space === 'handshake' ? 'HANDSHAKE_TRAFFIC_SECRET' : 'TRAFFIC_SECRET_0'}`;
    for (const fact of own.facts) {
      if (fact.kind !== 'secret' || fact.label !== label) continue;
      const suite = suiteById(fact.secret.length === 96 ? 0x1302 : 0x1301)!;
      return packetKeys(provider, version, suite, fromHex(fact.secret));
    }
    return undefined;
  };
  return {
    keys,
    packet(space, payload, over = {}) {
      const key = keys(space);
      if (key === undefined) throw new Error(`no keys for ${space}`);
      const destination = other.core.localIds()[0] ?? new Uint8Array(0);
      const header: PacketToSeal['header'] =
        space === 'application'
          ? { type: '1rtt', destination, keyPhase: 0 }
          : space === 'handshake'
            ? { type: 'handshake', version, destination, source }
            : { type: 'initial', version, destination, source, token: new Uint8Array(0) };
      const atLeast = space === 'initial' ? { atLeast: 1200 } : {};
      const number = numbers[space]++;
      return sealPacket({ header, number, largestAcked: undefined, payload, ...atLeast, ...over }, key);
    },
  };
}

export function frames(...list: Frame[]): Uint8Array {
  const writer = new Writer();
  for (const frame of list) encodeFrame(writer, frame);
  return writer.finish();
}

function identified(
  role: Role,
  own: QuicEnd,
  other: QuicEnd,
): { version: number; source: Uint8Array; original: Uint8Array } {
  const first = parsePacket((role === 'client' ? own : other).sent[0]!, 0, 8);
  const mine = parsePacket(own.sent[0] ?? other.sent[0]!, 0, 8);
  if (first.form !== 'long' || mine.form !== 'long') throw new Error('the first packet is no Initial');
  const source = own.sent.length > 0 ? mine.source : mine.destination;
  return { version: first.version, source, original: first.destination };
}
