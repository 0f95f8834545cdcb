import type { Fact, Millis } from '../../timeline/event.ts';
import { frameSize } from '../../wire/quic-frame-encode.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { closeFor, closeSpaces } from './close.ts';
import { closeFact } from './close-facts.ts';
import { cutReason } from './close-reason.ts';
import type { CloseRequest, Space } from './core.ts';
import { createDraft, type Draft, put } from './draft.ts';
import { amplificationAllowance } from './recovery/amplification.ts';
import { roomFor } from './seal.ts';
import type { QuicState, Unit } from './state.ts';
import { largestDatagram, sealUnit } from './unit.ts';

type CloseFrame = Extract<Frame, { type: 'connection_close' }>;

/**
 * The next datagram with our CONNECTION_CLOSE, which is said in every space where the peer may be able to read it (RFC 9000 §10.2.3). What
 * is in 1-RTT goes first and alone: some peers drop the rest of a datagram with a packet that they have no keys for any more.
 */
export function closeUnit(state: QuicState, now: Millis): Unit | undefined {
  const { closing, outbox, config } = state;
  if (!closing.owed || closing.says === undefined) return undefined;
  const [spaces, later] = inDatagrams(closing.later ?? closeSpaces(state));
  let left = Math.min(largestDatagram(state), amplificationAllowance(state.path.amplification));
  const needed = spaces.includes('initial') && state.role === 'client' ? SMALLEST : LEAST;
  if (left < needed || spaces.length === 0) return undefined;
  closing.later = later;
  closing.owed = later !== undefined;
  if (outbox.muted.has('closes')) return undefined;
  const drafts: Draft[] = [];
  const facts: Fact[] = [];
  for (const space of spaces) {
    const room = roomFor(state, space, left);
    const { frame, cut } = closeFrame(closing.says, space, room, config.policy.reasonLimit);
    const draft = createDraft(space, room);
    if (!put(draft, frame, { kind: 'close' })) continue;
    drafts.push(draft);
    left -= left - room + draft.size;
    const { nextNumber: number } = state.spaces[space];
    facts.push(closeFact(state, 'local', frame, { space, number, now, cut }));
  }
  if (drafts.length === 0) return undefined;
  const unit = sealUnit(state, drafts, now);
  return { ...unit, facts: [...unit.facts, ...facts], closes: true };
}

function inDatagrams(spaces: readonly Space[]): [now: readonly Space[], later: readonly Space[] | undefined] {
  const early = spaces.filter((space) => space !== 'application');
  return early.length === 0 || early.length === spaces.length
    ? [spaces, undefined]
    : [['application'], early];
}

/** The reason is cut to what is allowed, and to what is left of the packet. */
function closeFrame(
  says: CloseRequest,
  space: Space,
  room: number,
  { most, cut }: { most: number; cut: 'character' | 'bytes' },
): { frame: CloseFrame; cut: number } {
  const { layer, code, reason, frameType = 0n } = closeFor(says, space);
  const withReason = (text: Uint8Array): CloseFrame =>
    layer === 'application'
      ? { type: 'connection_close', layer, code, reason: text }
      : { type: 'connection_close', layer, code, frameType, reason: text };
  const fits = room - frameSize(withReason(NOTHING)) - LENGTH_GROWS;
  const text = cutReason(reason, Math.min(most, Math.max(0, fits)), cut);
  return { frame: withReason(text), cut: reason.length - text.length };
}

const NOTHING = new Uint8Array(0);
/** The length of an empty reason takes one byte, that of a long one two. */
const LENGTH_GROWS = 1;
const SMALLEST = 1200;
const LEAST = 64;
