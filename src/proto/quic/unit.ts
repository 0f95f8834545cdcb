import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import type { Draft } from './draft.ts';
import { amplificationAllowance } from './recovery/amplification.ts';
import { type Sealed, sealDraft } from './seal.ts';
import type { QuicState, Unit } from './state.ts';

/** The packets of a datagram, sealed; the last one gets the PADDING that the datagram needs. */
export function sealUnit(
  state: QuicState,
  drafts: readonly Draft[],
  now: Millis,
  to = state.path.from,
): Unit {
  const expands =
    mayExpand(state, to) && drafts.some((draft) => draft.expand || expandsInitial(state, draft));
  const sealed: Sealed[] = [];
  let size = 0;
  drafts.forEach((draft, index) => {
    const isLast = index === drafts.length - 1;
    const one = sealDraft(state, draft, expands && isLast ? Math.max(0, SMALLEST - size) : 0, now);
    size += one.bytes.length;
    sealed.push(one);
  });
  return {
    bytes: concat(...sealed.map(({ bytes }) => bytes)),
    packets: sealed.map(({ packet }) => packet),
    facts: sealed.map(({ fact }) => fact),
    ...{ closes: false, to },
  };
}

/** §8.2.1: unless so much must not go there yet. */
function mayExpand({ path }: QuicState, to: string | undefined): boolean {
  return to !== path.from || amplificationAllowance(path.amplification) >= SMALLEST;
}

/** RFC 9000 §14.1: every Initial of a client, and of a server those that want an answer. */
function expandsInitial({ role }: QuicState, { space, ackEliciting }: Draft): boolean {
  return space === 'initial' && (role === 'client' || ackEliciting);
}

/** Most bytes of a datagram to this peer. */
export function largestDatagram({ config, peer }: QuicState): number {
  const theirs = peer?.maxUdpPayloadSize;
  return theirs === undefined ? config.maxDatagram : Math.min(config.maxDatagram, Number(theirs));
}

/** RFC 9000 §14. */
export const SMALLEST = 1200;
