import type { Millis } from '../../timeline/event.ts';
import { ProtocolFault } from '../fault.ts';
import { heardWhileClosing } from './close.ts';
import { tellPeerClose } from './close-facts.ts';
import { peerResetTokens } from './connection-ids.ts';
import { readFrames, takeClose } from './frames.ts';
import { type Opened, type OpenedPacket, openDatagram } from './packets/open.ts';
import { isStatelessReset } from './packets/stateless-reset.ts';
import { openContext } from './receive.ts';
import { noteReceived } from './recovery/acks.ts';
import { creditReceived } from './recovery/amplification.ts';
import { onStatelessReset } from './reset.ts';
import type { Datagram, QuicState } from './state.ts';

/**
 * A datagram while closing, draining or after (RFC 9000 §10.2). Nothing in it counts any more but CONNECTION_CLOSE and a stateless
 * reset; it is put on the timeline, and may be a reason to say our close once more.
 */
export function hearDatagram(state: QuicState, { data, from }: Datagram, now: Millis): void {
  const { path, phase } = state;
  if (from === path.from) creditReceived(path.amplification, data.length);
  const packets: string[] = [];
  const closes: OpenedPacket[] = [];
  let ofConnection = false;
  for (const opened of open(state, data)) {
    packets.push(nameOf(opened));
    if (opened.kind === 'opened') closes.push(opened);
    // Retry and Version Negotiation come from who knows no connection: to answer could go on for ever.
    ofConnection ||= opened.kind === 'opened' || opened.kind === 'dropped';
  }
  state.emit({ kind: 'heard', state: phase, bytes: data.length, packets });
  if (closes.length === 0 && isStatelessReset(data, peerResetTokens(state.theirs)))
    onStatelessReset(state, data.length, now);
  for (const packet of closes) takeCloses(state, packet, now);
  if (state.phase === 'closing' && ofConnection) heardWhileClosing(state);
}

function open(state: QuicState, data: Uint8Array): Opened[] {
  const all: Opened[] = [];
  quietly(() => {
    for (const opened of openDatagram(data, openContext(state))) all.push(opened);
  });
  return all;
}

function takeCloses(state: QuicState, packet: OpenedPacket, now: Millis): void {
  const { number, space } = packet;
  // The very same packet once more is how many repeat their close (§10.2.1): a copy, whoever made it.
  noteReceived(state.spaces[space].received, { number, ackEliciting: false, now });
  quietly(() => {
    for (const frame of readFrames(packet)) {
      if (frame.type !== 'connection_close') continue;
      if (state.phase === 'closing') takeClose(state, frame, { packet }, now);
      else {
        state.closing.received = true;
        tellPeerClose(state, frame, packet, now);
      }
    }
  });
}

/** Whose fault it is does not matter any more. */
function quietly(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
  }
}

function nameOf(opened: Opened): string {
  switch (opened.kind) {
    case 'opened':
      return opened.header.type;
    case 'dropped':
      return `${opened.packet ?? 'unknown'} (${opened.reason})`;
    case 'foreign':
      return 'of another version';
    default:
      return opened.kind;
  }
}
