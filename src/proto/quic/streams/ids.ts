import type { Direction } from '../../../wire/quic-types.ts';
import type { Role } from '../../role.ts';

/** What a stream's id says of it (RFC 9000 §2.1): who opened it, which way it goes, and the how-many-eth of its kind (from 0). */
export function partsOf(id: bigint): { initiator: Role; direction: Direction; index: bigint } {
  return {
    initiator: (id & 1n) === 0n ? 'client' : 'server',
    direction: (id & 2n) === 0n ? 'bidi' : 'uni',
    index: id >> 2n,
  };
}

export function streamId(initiator: Role, direction: Direction, index: number): bigint {
  return (BigInt(index) << 2n) | (direction === 'uni' ? 2n : 0n) | (initiator === 'server' ? 1n : 0n);
}
