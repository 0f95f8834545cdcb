import type { Emit } from '../../timeline/event.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { frameFault } from './frame-fault.ts';
import type { SentFrame } from './sent.ts';

type NewId = Extract<Frame, { type: 'new_connection_id' }>;
type RetireId = Extract<Frame, { type: 'retire_connection_id' }>;

/** The IDs that we gave out: by them the peer addresses us (RFC 9000 §5.1). */
export type LocalIds = {
  readonly active: Map<number, { id: Uint8Array; token: Uint8Array }>;
  next: number;
  readonly make: () => { id: Uint8Array; token: Uint8Array };
  /** active_connection_id_limit of the peer, or as many as we care for. */
  limit: number;
  /** NEW_CONNECTION_ID to be sent (again). */
  readonly unsaid: Set<number>;
  readonly emit: Emit;
};

/** `first`: the one of our first packet (sequence 0). `make`: a fresh one with its stateless reset token. */
export function createLocalIds(options: {
  first: Uint8Array;
  make: () => { id: Uint8Array; token: Uint8Array };
  emit: Emit;
}): LocalIds {
  const { first, make, emit } = options;
  const active = new Map([[0, { id: first, token: new Uint8Array(0) }]]);
  return { active, next: 1, make, limit: 1, unsaid: new Set(), emit };
}

/** Gives out as many as the peer wants to have, up to four. Nothing when our IDs are empty (§5.1.1). */
export function issueLocalIds(ids: LocalIds, peerLimit: number): void {
  ids.limit = Math.min(Math.max(peerLimit, ids.limit), MOST_ISSUED);
  refill(ids);
}

export function localIds({ active }: LocalIds): Uint8Array[] {
  return [...active.values()].map(({ id }) => id);
}

/** `destination`: the ID that the packet with this frame came to. Throws PROTOCOL_VIOLATION (§19.16). */
export function onRetireConnectionId(ids: LocalIds, frame: RetireId, destination: Uint8Array): void {
  const fault = (rule: string, detail: string): never => {
    throw frameFault('PROTOCOL_VIOLATION', frame, rule, detail);
  };
  if (isEmpty(ids)) fault('retire-of-empty-id', 'our connection ID has no bytes');
  if (frame.sequence >= BigInt(ids.next))
    fault('retire-of-unknown-id', `${frame.sequence} was never given out`);
  const sequence = Number(frame.sequence);
  const entry = ids.active.get(sequence);
  if (entry === undefined) return;
  if (equalBytes(entry.id, destination)) fault('retire-of-id-in-use', 'the packet came to that very ID');
  ids.active.delete(sequence);
  ids.unsaid.delete(sequence);
  tell(ids.emit, 'peer', 'retired', sequence, entry.id);
  refill(ids);
}

/** The next NEW_CONNECTION_ID frame that fits `room` bytes. */
export function nextLocalId(ids: LocalIds, room: number): { frame: NewId; sent: SentFrame } | undefined {
  for (const sequence of ids.unsaid) {
    const entry = ids.active.get(sequence);
    ids.unsaid.delete(sequence);
    if (entry === undefined) continue;
    if (room < entry.id.length + entry.token.length + LARGEST_FIELDS) {
      ids.unsaid.add(sequence);
      return undefined;
    }
    const frame: NewId = {
      ...{ type: 'new_connection_id', sequence: BigInt(sequence), retirePriorTo: 0n },
      ...{ id: entry.id, resetToken: entry.token },
    };
    return { frame, sent: { kind: 'new-connection-id', sequence } };
  }
  return undefined;
}

export function localIdsPending(ids: LocalIds): boolean {
  return ids.unsaid.size > 0;
}

export function onLocalIdLost(ids: LocalIds, sequence: number): void {
  if (ids.active.has(sequence)) ids.unsaid.add(sequence);
}

/** The IDs that the peer gave out: by them we address it. */
export type PeerIds = {
  readonly active: Map<number, { id: Uint8Array; token: Uint8Array | undefined }>;
  current: number;
  /** How many we hold at most: our active_connection_id_limit. */
  readonly limit: number;
  retirePriorTo: number;
  /** Retired; RETIRE_CONNECTION_ID is not acknowledged, or (`unsaid`) not sent. */
  readonly retiring: Set<number>;
  /** Retired by our own choice, and the peer knows: a late copy of their frame does not bring them back. */
  readonly spent: Set<number>;
  readonly unsaid: Set<number>;
  readonly emit: Emit;
};

/** `first`: what we address the peer by in the beginning (client: an ID of its own making). */
export function createPeerIds(options: { first: Uint8Array; limit: number; emit: Emit }): PeerIds {
  const { first, limit, emit } = options;
  const active = new Map([[0, { id: first, token: undefined }]]);
  return {
    ...{ active, current: 0, limit, retirePriorTo: 0, emit },
    ...{ retiring: new Set(), spent: new Set(), unsaid: new Set() },
  };
}

export function peerId({ active, current }: PeerIds): Uint8Array {
  return active.get(current)?.id ?? EMPTY;
}

/** The peer's own choice in its first packet, or that of a Retry, takes the place of sequence 0 (§7.2). */
export function adoptPeerId(ids: PeerIds, id: Uint8Array): void {
  ids.active.set(0, { id, token: ids.active.get(0)?.token });
}

/** The stateless_reset_token of the transport parameters. */
export function adoptResetToken(ids: PeerIds, token: Uint8Array): void {
  const first = ids.active.get(0);
  if (first !== undefined) first.token = token;
}

/** preferred_address of the transport parameters brings sequence 1 (§5.1.1). The bytes have the form that §18.2 gives them. */
export function adoptPreferredAddress(ids: PeerIds, address: Uint8Array): void {
  const length = address[ADDRESSES] ?? 0;
  const id = address.slice(ADDRESSES + 1, ADDRESSES + 1 + length);
  ids.active.set(1, { id, token: address.slice(-RESET_TOKEN) });
}

/** Throws PROTOCOL_VIOLATION, FRAME_ENCODING_ERROR, CONNECTION_ID_LIMIT_ERROR (§5.1.1, §19.15). */
export function onNewConnectionId(ids: PeerIds, frame: NewId): void {
  const { id, resetToken: token } = frame;
  checkNewId(ids, frame);
  // Nobody gets that far honestly; and with it the numbers stay numbers.
  if (frame.sequence > BigInt(Number.MAX_SAFE_INTEGER)) throw tooMany(frame);
  const sequence = Number(frame.sequence);
  const isKnown = [ids.active, ids.retiring, ids.spent].some((those) => those.has(sequence));
  if (!isKnown && sequence >= ids.retirePriorTo) {
    ids.active.set(sequence, { id, token });
    tell(ids.emit, 'peer', 'issued', sequence, id);
  } else if (!isKnown) retire(ids, sequence, id);
  if (frame.retirePriorTo > BigInt(ids.retirePriorTo)) {
    ids.retirePriorTo = Number(frame.retirePriorTo);
    for (const [old, entry] of ids.active) if (old < ids.retirePriorTo) retire(ids, old, entry.id);
  }
  if (ids.active.size > ids.limit || ids.retiring.size > MOST_RETIRING * ids.limit) throw tooMany(frame);
  if (!ids.active.has(ids.current)) ids.current = Math.min(...ids.active.keys());
}

/** Goes on with an ID that was not used, and retires the present one (§5.1.2). False: there is none. */
export function useFreshPeerId(ids: PeerIds): boolean {
  const fresh = [...ids.active.keys()].filter((sequence) => sequence > ids.current);
  if (fresh.length === 0) return false;
  retire(ids, ids.current, peerId(ids));
  ids.current = Math.min(...fresh);
  return true;
}

/** Tokens by which a stateless reset of the peer is known (§10.3.1). */
export function peerResetTokens(ids: PeerIds): Uint8Array[] {
  return [...ids.active.values()].flatMap(({ token }) => (token === undefined ? [] : [token]));
}

/** The next RETIRE_CONNECTION_ID frame that fits `room` bytes. */
export function nextRetiredId(ids: PeerIds, room: number): { frame: RetireId; sent: SentFrame } | undefined {
  if (room < LARGEST_RETIRE) return undefined;
  for (const sequence of ids.unsaid) {
    ids.unsaid.delete(sequence);
    return {
      frame: { type: 'retire_connection_id', sequence: BigInt(sequence) },
      sent: { kind: 'retire-connection-id', sequence },
    };
  }
  return undefined;
}

export function peerIdsPending(ids: PeerIds): boolean {
  return ids.unsaid.size > 0;
}

export function onRetiredIdAcked(ids: PeerIds, sequence: number): void {
  if (ids.retiring.delete(sequence) && sequence >= ids.retirePriorTo) ids.spent.add(sequence);
  ids.unsaid.delete(sequence);
}

export function onRetiredIdLost(ids: PeerIds, sequence: number): void {
  if (ids.retiring.has(sequence)) ids.unsaid.add(sequence);
}

function checkNewId(ids: PeerIds, frame: NewId): void {
  const { id, resetToken, sequence, retirePriorTo } = frame;
  if (id.length === 0 || id.length > 20)
    throw frameFault('FRAME_ENCODING_ERROR', frame, 'connection-id-length', `${id.length} bytes`);
  if (retirePriorTo > sequence) {
    const detail = `retires up to ${retirePriorTo} with number ${sequence}`;
    throw frameFault('FRAME_ENCODING_ERROR', frame, 'retire-prior-to', detail);
  }
  if (peerId(ids).length === 0) {
    const detail = 'the peer is addressed without a connection ID';
    throw frameFault('PROTOCOL_VIOLATION', frame, 'new-id-beside-empty-id', detail);
  }
  for (const [number, entry] of ids.active) {
    const isSame = equalBytes(entry.id, id);
    const isSameToken = entry.token === undefined || equalBytes(entry.token, resetToken);
    if (isSame === (BigInt(number) === sequence) && (!isSame || isSameToken)) continue;
    const detail = `number ${sequence} is not what it was, or repeats number ${number}`;
    throw frameFault('PROTOCOL_VIOLATION', frame, 'connection-id-changed', detail);
  }
}

function tooMany(frame: NewId): Error {
  const detail = 'more connection IDs than we announced that we hold';
  return frameFault('CONNECTION_ID_LIMIT_ERROR', frame, 'connection-id-limit', detail);
}

function retire(ids: PeerIds, sequence: number, id: Uint8Array): void {
  ids.active.delete(sequence);
  ids.spent.delete(sequence);
  ids.retiring.add(sequence);
  ids.unsaid.add(sequence);
  tell(ids.emit, 'local', 'retired', sequence, id);
}

function refill(ids: LocalIds): void {
  if (isEmpty(ids)) return;
  while (ids.active.size < ids.limit) {
    const sequence = ids.next;
    const entry = ids.make();
    ids.next += 1;
    ids.active.set(sequence, entry);
    ids.unsaid.add(sequence);
    tell(ids.emit, 'local', 'issued', sequence, entry.id);
  }
}

function isEmpty({ active }: LocalIds): boolean {
  for (const { id } of active.values()) return id.length === 0;
  return true;
}

function tell(
  emit: Emit,
  by: 'local' | 'peer',
  what: 'issued' | 'retired',
  sequence: number,
  id: Uint8Array,
): void {
  emit({ kind: 'connection-id', by, what, sequence, id: toHex(id) });
}

const EMPTY = new Uint8Array(0);
/** Of ours that are active at a time. */
const MOST_ISSUED = 4;
/** Retired and not acknowledged: so many times our limit (§5.1.2). */
const MOST_RETIRING = 4;
/** Type, two numbers, the length. */
const LARGEST_FIELDS = 18;
const LARGEST_RETIRE = 9;
/** Two addresses with their ports. */
const ADDRESSES = 4 + 2 + 16 + 2;
const RESET_TOKEN = 16;
