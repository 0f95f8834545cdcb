import type { CryptoProvider } from '../../../crypto/provider.ts';
import { nextPacketKeys, type PacketKeys, usageLimits } from '../../../crypto/quic-keys.ts';
import { TRANSPORT_ERROR } from '../../../wire/quic-errors.ts';
import { ProtocolFault } from '../../fault.ts';
import { type PacketToSeal, sealPacket } from './seal.ts';

/** The keys of 1-RTT packets, which change while the connection lives (RFC 9001 §6). Generation 0 has phase 0. */
export type KeyPhases = {
  provider: CryptoProvider;
  send: {
    keys: PacketKeys;
    generation: number;
    /** Packets of this generation; the first one's number. */
    sealed: number;
    first: number | undefined;
    /** One of them was acknowledged: the peer has these keys. */
    acknowledged: boolean;
  };
  receive: {
    keys: PacketKeys;
    generation: number;
    previous: PacketKeys | undefined;
    /** Made when first needed, then kept: what comes under them is not told by the time it takes. */
    next: PacketKeys | undefined;
    /** Numbers of the packets opened under `keys`. */
    lowest: number | undefined;
    highest: number;
  };
  /** Packets that failed to open, under whichever keys (§6.6). */
  forgeries: number;
};

/** Undefined `receive` is no case: 1-RTT keys come in pairs. */
export function createKeyPhases(provider: CryptoProvider, send: PacketKeys, receive: PacketKeys): KeyPhases {
  return {
    provider,
    send: { keys: send, generation: 0, sealed: 0, first: undefined, acknowledged: false },
    receive: {
      keys: receive,
      generation: 0,
      previous: undefined,
      next: undefined,
      lowest: undefined,
      highest: -1,
    },
    forgeries: 0,
  };
}

export function keyPhase(generation: number): 0 | 1 {
  return generation % 2 === 0 ? 0 : 1;
}

/** Seals a 1-RTT packet under the present sending keys, and counts it. Throws RangeError past the AEAD's limit: check `keyUse` before. */
export function sealShort(
  phases: KeyPhases,
  packet: Omit<PacketToSeal, 'header'> & { destination: Uint8Array },
): Uint8Array {
  const { send } = phases;
  if (keyUse(phases).left <= 0) throw new RangeError('this key has sealed all the packets that it may');
  send.sealed++;
  send.first ??= packet.number;
  const { destination, ...rest } = packet;
  const header = { type: '1rtt', destination, keyPhase: keyPhase(send.generation) } as const;
  return sealPacket({ ...rest, header }, send.keys);
}

/** Packets sealed under the present sending key, and how many more it may seal (§6.6). */
export function keyUse(phases: KeyPhases): { sealed: number; left: number } {
  const { sealed, keys } = phases.send;
  return { sealed, left: usageLimits(keys.suite).seal - sealed };
}

/** May we begin a key update (§6.1)? The handshake has to be confirmed besides. */
export function mayUpdateKeys({ send, receive }: KeyPhases): boolean {
  return send.acknowledged && send.generation === receive.generation;
}

/** Seals with the next generation from now on; the peer answers with its own. The caller has asked `mayUpdateKeys`. */
export function updateSendKeys(phases: KeyPhases): void {
  const { provider, send } = phases;
  phases.send = {
    keys: nextPacketKeys(provider, send.keys),
    generation: send.generation + 1,
    sealed: 0,
    first: undefined,
    acknowledged: false,
  };
}

/** The peer acknowledged this 1-RTT packet: it may show that it has our newest keys. */
export function noteAcknowledged({ send }: KeyPhases, number: number): void {
  if (send.first !== undefined && number >= send.first) send.acknowledged = true;
}

/** Forgets the keys of the generation before: due three PTO after an update (§6.5). */
export function discardPreviousKeys({ receive }: KeyPhases): void {
  receive.previous = undefined;
}

/** The keys for a packet with this number and key phase bit (§6.3, §6.5). Undefined: their time is over. */
export function receiveKeys(
  phases: KeyPhases,
  number: number,
  phase: 0 | 1,
): { keys: PacketKeys; which: 'current' | 'next' | 'previous' } | undefined {
  const { receive, provider } = phases;
  if (phase === keyPhase(receive.generation)) return { keys: receive.keys, which: 'current' };
  if (receive.lowest !== undefined && receive.generation > 0 && number < receive.lowest) {
    return receive.previous === undefined ? undefined : { keys: receive.previous, which: 'previous' };
  }
  receive.next ??= nextPacketKeys(provider, receive.keys);
  return { keys: receive.next, which: 'next' };
}

/**
 * A packet opened. Under `next` the peer has updated its keys: so do we, unless we began (§6.2). Returns who began it, or undefined
 * where nothing changed. Throws a fault: KEY_UPDATE_ERROR.
 */
export function noteOpened(
  phases: KeyPhases,
  number: number,
  which: 'current' | 'next' | 'previous',
): 'peer' | 'local' | undefined {
  const { receive, send } = phases;
  if (which === 'previous') return undefined;
  if (which === 'current') {
    receive.lowest = Math.min(receive.lowest ?? number, number);
    receive.highest = Math.max(receive.highest, number);
    return undefined;
  }
  if (number < receive.highest) {
    throw keyUpdateFault(`packet ${number} has newer keys than packet ${receive.highest}`);
  }
  const byPeer = send.generation === receive.generation;
  if (byPeer && receive.generation > 0 && send.sealed === 0) {
    throw keyUpdateFault('a second key update before we could answer the first one');
  }
  phases.receive = {
    keys: receive.next ?? nextPacketKeys(phases.provider, receive.keys),
    generation: receive.generation + 1,
    previous: receive.keys,
    next: undefined,
    lowest: number,
    highest: number,
  };
  if (byPeer) updateSendKeys(phases);
  return byPeer ? 'peer' : 'local';
}

/** A packet did not open. Throws a fault, AEAD_LIMIT_REACHED, when that happened too often (§6.6). */
export function noteForgery(phases: KeyPhases): void {
  phases.forgeries++;
  const { forgeries } = usageLimits(phases.receive.keys.suite);
  if (phases.forgeries <= forgeries) return;
  throw new ProtocolFault({
    blame: 'peer',
    rule: 'aead-limit',
    transportCode: TRANSPORT_ERROR.AEAD_LIMIT_REACHED,
    frameType: 0n,
    detail: `${phases.forgeries} packets could not be opened`,
  });
}

function keyUpdateFault(detail: string): ProtocolFault {
  return new ProtocolFault({
    blame: 'peer',
    rule: 'key-update',
    transportCode: TRANSPORT_ERROR.KEY_UPDATE_ERROR,
    frameType: 0n,
    detail,
  });
}
