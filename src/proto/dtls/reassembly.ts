import { type HandshakeFragment, wholeMessage } from '../../wire/dtls-handshake.ts';

/** Puts the peer's handshake messages together, in whatever pieces and order they come, and gives them out by number. */
export type Reassembly = {
  /** The message_seq that is due; undefined: a server that has not heard a ClientHello takes its number as it is. */
  next: number | undefined;
  partial: Map<number, Partial>;
  buffered: number;
  /** The last message given out. */
  last: { sequence: number; epoch: number } | undefined;
};

type Partial = { type: number; epoch: number; body: Uint8Array; missing: Span[] };
type Span = { from: number; to: number };

export type FragmentFate =
  | 'kept'
  /** Of a message that was given out before. */
  | 'old'
  /** Too far ahead, or more than we keep. */
  | 'out-of-bounds'
  /** Not of the message that its number belongs to. */
  | 'contradicts';

export function createReassembly(next: number | undefined): Reassembly {
  return { next, partial: new Map(), buffered: 0, last: undefined };
}

export function addFragment(
  reassembly: Reassembly,
  fragment: HandshakeFragment,
  epoch: number,
): FragmentFate {
  const { sequence, type, length } = fragment;
  if (reassembly.next === undefined && sequence < MOST_AHEAD) reassembly.next = sequence;
  const next = reassembly.next ?? 0;
  if (sequence < next) return 'old';
  if (sequence >= next + MOST_AHEAD || length > MAX_HANDSHAKE_MESSAGE) return 'out-of-bounds';
  let partial = reassembly.partial.get(sequence);
  // What came under newer keys is the better founded.
  if (partial !== undefined && partial.epoch < epoch) {
    dropPartial(reassembly, sequence);
    partial = undefined;
  }
  if (partial === undefined) {
    if (reassembly.buffered + length > MOST_BUFFERED) return 'out-of-bounds';
    const missing = length === 0 ? [] : [{ from: 0, to: length }];
    partial = { type, epoch, body: new Uint8Array(length), missing };
    reassembly.partial.set(sequence, partial);
    reassembly.buffered += length;
  }
  if (partial.type !== type || partial.body.length !== length || partial.epoch !== epoch)
    return 'contradicts';
  fill(partial, fragment);
  return 'kept';
}

/** The message that is due, once it is whole. */
export function peekMessage(
  reassembly: Reassembly,
): { message: Uint8Array; sequence: number; epoch: number } | undefined {
  const { next } = reassembly;
  const partial = next === undefined ? undefined : reassembly.partial.get(next);
  if (next === undefined || partial === undefined || partial.missing.length > 0) return undefined;
  return { message: wholeMessage(partial.type, partial.body), sequence: next, epoch: partial.epoch };
}

export function takeMessage(reassembly: Reassembly, sequence: number, epoch: number): void {
  dropPartial(reassembly, sequence);
  reassembly.next = sequence + 1;
  reassembly.last = { sequence, epoch };
}

export function dropPartial(reassembly: Reassembly, sequence: number): void {
  const partial = reassembly.partial.get(sequence);
  if (partial === undefined) return;
  reassembly.buffered -= partial.body.length;
  reassembly.partial.delete(sequence);
}

/** Something came that lies behind something missing. */
export function hasGap(reassembly: Reassembly): boolean {
  for (const [sequence, { missing, body }] of reassembly.partial) {
    if (sequence !== reassembly.next || missing.some(({ to }) => to < body.length)) return true;
  }
  return false;
}

/** What is there already stays as it is. */
function fill(partial: Partial, { offset, data }: HandshakeFragment): void {
  const end = offset + data.length;
  const left: Span[] = [];
  for (const { from, to } of partial.missing) {
    const start = Math.max(from, offset);
    const stop = Math.min(to, end);
    if (start >= stop) {
      left.push({ from, to });
      continue;
    }
    partial.body.set(data.subarray(start - offset, stop - offset), start);
    if (from < start) left.push({ from, to: start });
    if (stop < to) left.push({ from: stop, to });
  }
  partial.missing = left;
}

const MOST_AHEAD = 16;
/** As in TLS: room for a long certificate chain. */
const MAX_HANDSHAKE_MESSAGE = 128 * 1024;
const MOST_BUFFERED = 256 * 1024;
