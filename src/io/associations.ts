import type { Clock } from '../driver/world.ts';
import type { PeerAddress } from '../proto/core.ts';
import type { Millis } from '../timeline/event.ts';
import { toHex } from '../wire/bytes.ts';
import type { Source } from './peer-path.ts';

/** What the table has to know of an association. */
export type AssociationWatch = {
  /** Has its handshake verified the peer's Finished? Then it takes the place of an older one with the same address. */
  established(): boolean;
  /** Our own connection ID in it, in hex. */
  connectionId?: string;
  /** Where the peer is, when that can change. */
  peerAddress?(): PeerAddress | undefined;
  /** It was dropped from the table: nothing will come any more. Its transport is closed already. */
  dropped?(why: 'idle' | 'replaced'): void;
};

export type Association = {
  readonly remote: string;
  readonly watch: AssociationWatch;
  deliver(data: Uint8Array, from: Source): void;
  drop(why: 'idle' | 'replaced'): void;
};

export type Associations = {
  size(): number;
  /** Hands a datagram on. `new-client`: it is a ClientHello, or a piece of one, that belongs to nobody here. */
  route(data: Uint8Array, to: Addressed): 'done' | 'new-client';
  /**
   * May an association begin for that address? Where no cookie shows that its client is really there (`verified`), a handshake
   * that goes on is not disturbed.
   */
  room(remote: string, verified: boolean): boolean;
  add(association: Association, first: Uint8Array): void;
  remove(association: Association): void;
  /** Its peer is elsewhere now: what comes from the address that it began at is another's. */
  detach(association: Association): void;
  clear(): void;
};

type Addressed = { from: Source; connectionId: string | undefined; sticky: boolean };
type Entry = { association: Association; random: string | undefined; heard: Millis };
type Table = {
  readonly clock: Clock;
  readonly idleMs: Millis;
  /** The older first; never more than two. */
  readonly byAddress: Map<string, readonly Entry[]>;
  readonly byConnectionId: Map<string, Entry>;
  /** Also those that have left the address they began at. */
  readonly all: Map<Association, Entry>;
  cancelSweep: (() => void) | undefined;
};

/**
 * Who gets a datagram: by connection ID, or by address and port. A client that begins anew from an address with an
 * association gets a second one beside it; the older dies only when the newer has been verified (RFC 6347 §4.2.8,
 * RFC 9147 §5.11), so that nobody can end a stranger's association with a forged ClientHello.
 */
export function createAssociations(options: { clock: Clock; limit: number; idleMs: Millis }): Associations {
  const { clock, limit, idleMs } = options;
  const table: Table = {
    clock,
    idleMs,
    byAddress: new Map(),
    byConnectionId: new Map(),
    all: new Map(),
    cancelSweep: undefined,
  };
  return {
    size: () => table.all.size,
    route: (data, to) => route(table, data, to),
    room(remote, verified) {
      const newest = entriesOf(table, remote).at(-1);
      const unfinished = newest !== undefined && !newest.association.watch.established();
      if (unfinished && !verified) return false;
      if (unfinished) newest.association.drop('replaced');
      return table.all.size < limit;
    },
    add: (association, first) => add(table, association, first),
    remove: (association) => remove(table, association),
    detach: (association) => leaveAddress(table, association),
    clear() {
      for (const association of [...table.all.keys()]) remove(table, association);
    },
  };
}

function route(table: Table, data: Uint8Array, to: Addressed): 'done' | 'new-client' {
  settle(table, to.from.at);
  const entries = entriesOf(table, to.from.at);
  const random = clientRandom(data);
  if (random !== undefined) {
    const known = to.sticky ? entries[0] : entries.find((entry) => entry.random === random);
    if (known === undefined) return 'new-client';
    give(table, known, data, to.from);
    return 'done';
  }
  const addressed = to.connectionId === undefined ? undefined : table.byConnectionId.get(to.connectionId);
  const newest = entries.at(-1);
  const unfinished = newest !== undefined && !newest.association.watch.established();
  if (isClientHello(data) && !unfinished && !(to.sticky && newest !== undefined)) return 'new-client';
  if (addressed !== undefined) give(table, addressed, data, to.from);
  else if (newest !== undefined && isPlaintext(data)) give(table, newest, data, to.from);
  else for (const entry of entries) give(table, entry, data, to.from);
  settle(table, to.from.at);
  return 'done';
}

function give(table: Table, entry: Entry, data: Uint8Array, from: Source): void {
  entry.heard = table.clock.now();
  entry.association.deliver(data, from);
}

/** Of two with one address, the older goes when the newer is verified. */
function settle(table: Table, remote: string): void {
  const [older, newer] = entriesOf(table, remote);
  if (older !== undefined && newer?.association.watch.established()) older.association.drop('replaced');
}

function add(table: Table, association: Association, first: Uint8Array): void {
  const { remote, watch } = association;
  const entry = { association, random: clientRandom(first), heard: table.clock.now() };
  table.byAddress.set(remote, [...entriesOf(table, remote), entry]);
  if (watch.connectionId !== undefined) table.byConnectionId.set(watch.connectionId, entry);
  table.all.set(association, entry);
  watchIdle(table);
}

function remove(table: Table, association: Association): void {
  if (!table.all.delete(association)) return;
  leaveAddress(table, association);
  const { connectionId } = association.watch;
  if (connectionId !== undefined) table.byConnectionId.delete(connectionId);
  if (table.all.size > 0) return;
  table.cancelSweep?.();
  table.cancelSweep = undefined;
}

function leaveAddress(table: Table, leaving: Association): void {
  const { remote } = leaving;
  const left = entriesOf(table, remote).filter(({ association }) => association !== leaving);
  if (left.length > 0) table.byAddress.set(remote, left);
  else table.byAddress.delete(remote);
}

function watchIdle(table: Table): void {
  if (table.cancelSweep !== undefined || table.all.size === 0) return;
  const { clock, idleMs } = table;
  table.cancelSweep = clock.at(clock.now() + Math.max(1, idleMs / 4), () => {
    table.cancelSweep = undefined;
    const since = clock.now() - idleMs;
    for (const { heard, association } of [...table.all.values()])
      if (heard <= since) association.drop('idle');
    watchIdle(table);
  });
}

function entriesOf(table: Table, remote: string): readonly Entry[] {
  return table.byAddress.get(remote) ?? [];
}

function isClientHello(data: Uint8Array): boolean {
  return isPlaintext(data) && data[0] === HANDSHAKE && data[13] === CLIENT_HELLO;
}

/** In hex, of a datagram that begins with the beginning of a ClientHello (RFC 6347 §4.1, §4.2.2). */
function clientRandom(data: Uint8Array): string | undefined {
  const fragmentOffset = (data[19] ?? 1) + (data[20] ?? 1) + (data[21] ?? 1);
  const begins = isClientHello(data) && fragmentOffset === 0;
  return begins && data.length >= RANDOM_END ? toHex(data.subarray(RANDOM_START, RANDOM_END)) : undefined;
}

/** Epoch 0: nothing in it is protected. */
function isPlaintext(data: Uint8Array): boolean {
  const [type = 0] = data;
  return type >= CHANGE_CIPHER_SPEC && type <= ACK && data[3] === 0 && data[4] === 0;
}

const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const ACK = 26;
const CLIENT_HELLO = 1;
/** Behind 13 bytes of record header, 12 of handshake header, 2 of version. */
const RANDOM_START = 27;
const RANDOM_END = 59;
