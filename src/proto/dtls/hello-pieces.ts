import type { Millis } from '../../timeline/event.ts';
import type { HandshakeFragment } from '../../wire/dtls-handshake.ts';
import type { LongRecord } from '../../wire/dtls-record.ts';
import { addFragment, createReassembly, peekMessage, type Reassembly } from './reassembly.ts';
import { helloDatagram } from './server-gate.ts';

/**
 * ClientHellos in pieces, of clients that have not shown where they are, whose pieces tell nothing one by one: the little state
 * that a server keeps for strangers, bounded in number, size and time.
 */
export type HelloPieces = {
  /** Gives the whole ClientHello as one datagram, once it is there, and forgets it. */
  add(remote: string, record: LongRecord, fragment: HandshakeFragment, now: Millis): Uint8Array | undefined;
  /** Addresses of which something is kept. */
  size(): number;
};

type Kept = { sequence: number; reassembly: Reassembly; since: Millis };

export function createHelloPieces(): HelloPieces {
  /** The oldest first. */
  const kept = new Map<string, Kept>();
  const begin = (remote: string, sequence: number, now: Millis): Kept => {
    kept.delete(remote);
    const [oldest] = kept.keys();
    if (kept.size >= MOST_ADDRESSES && oldest !== undefined) kept.delete(oldest);
    const one = { sequence, reassembly: createReassembly(sequence), since: now };
    kept.set(remote, one);
    return one;
  };
  return {
    size: () => kept.size,
    add(remote, record, fragment, now) {
      for (const [address, { since }] of kept) if (since + KEPT_MS < now) kept.delete(address);
      const { sequence, length } = fragment;
      if (length > LONGEST_HELLO || sequence > MOST_HELLOS) return undefined;
      const known = kept.get(remote);
      const { reassembly } = known?.sequence === sequence ? known : begin(remote, sequence, now);
      // Another ClientHello with the same number, from the same address: the newer one counts.
      if (addFragment(reassembly, fragment, 0) === 'contradicts')
        addFragment(begin(remote, sequence, now).reassembly, fragment, 0);
      const whole = peekMessage(kept.get(remote)?.reassembly ?? reassembly);
      if (whole === undefined) return undefined;
      kept.delete(remote);
      return helloDatagram(record, whole.message, sequence);
    },
  };
}

const MOST_ADDRESSES = 64;
/** Room for two post-quantum shares and a ticket. */
const LONGEST_HELLO = 8 * 1024;
/** No client says more than one ClientHello for each version's cookie, and one anew. */
const MOST_HELLOS = 8;
/** Longer than the first few repetitions of a client take. */
const KEPT_MS = 10_000;
