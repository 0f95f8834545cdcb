import type { TimelineEvent } from '../timeline/event.ts';
import { alertName } from '../wire/alert.ts';
import type { ShownCloseInfo } from './quic/observe.ts';

/** One entry of `peer_observed`. */
export type PeerSight =
  | { alert: string; level: number; description: number; plaintext?: true }
  | { data: number | 'none' | 'some' | 'part' | 'all'; stream?: number }
  | { handshake: number; plaintext?: true }
  | { eof: true }
  | { rst: true }
  | { send_error: string }
  | { incomplete_record: true }
  | { undecryptable_record: true }
  | { fin: true; stream: number }
  | { reset: number | string; stream: number }
  | { conn_close: ShownCloseInfo };

/**
 * What the embedded peer saw of the local side, from its own events. `handshake`: the scenario plays the handshake, of
 * which only what is not encrypted counts.
 */
export function peerObserved(events: readonly TimelineEvent[], handshake: boolean): PeerSight[] {
  const sights: PeerSight[] = [];
  let open = !handshake;
  let isProtected = true;
  for (const event of events) {
    if (event.kind === 'handshake.completed') open = true;
    if (event.kind === 'record' && event.by === 'peer') isProtected = event.protected;
    const sight = see(event, isProtected, open);
    if (sight !== undefined) add(sights, sight);
  }
  return sights;
}

function add(sights: PeerSight[], sight: PeerSight): void {
  // Whoever has read the end of a stream never reads of a reset behind it.
  if ('rst' in sight && sights.some((earlier) => 'eof' in earlier)) return;
  // The transport tells of an end when it comes; what lies in front of it may be looked at later.
  let at = sights.length;
  while (!isEnd(sight) && isEnd(sights[at - 1])) at -= 1;
  const before = sights[at - 1];
  if (before !== undefined && 'data' in sight && 'data' in before) {
    sights[at - 1] = { data: Number(before.data) + Number(sight.data) };
  } else {
    sights.splice(at, 0, sight);
  }
}

function isEnd(sight: PeerSight | undefined): boolean {
  return sight !== undefined && ('eof' in sight || 'rst' in sight || 'send_error' in sight);
}

/** Byte counts become classes, all in one entry at the place of the first. */
export function classifyData(sights: readonly PeerSight[], expected: number | undefined): PeerSight[] {
  const total = sights.reduce((sum, sight) => sum + ('data' in sight ? Number(sight.data) : 0), 0);
  const entry: PeerSight = { data: dataClass(total, expected) };
  const first = sights.findIndex((sight) => 'data' in sight);
  const others = (part: readonly PeerSight[]): PeerSight[] => part.filter((sight) => !('data' in sight));
  return [...others(sights.slice(0, Math.max(0, first))), entry, ...others(sights.slice(Math.max(0, first)))];
}

function dataClass(total: number, expected: number | undefined): 'none' | 'some' | 'part' | 'all' {
  if (total === 0) return 'none';
  if (expected === undefined) return 'some';
  return total < expected ? 'part' : 'all';
}

function see(event: TimelineEvent, isProtected: boolean, open: boolean): PeerSight | undefined {
  switch (event.kind) {
    case 'alert': {
      if (event.by !== 'peer') return undefined;
      const { level, description } = event;
      const sight = { alert: alertName(description), level, description };
      return event.protected ? sight : { ...sight, plaintext: true };
    }
    case 'data':
      return event.by === 'peer' ? { data: event.bytes } : undefined;
    case 'handshake.message':
      if (event.by !== 'peer' || (isProtected && !open)) return undefined;
      return isProtected ? { handshake: event.type } : { handshake: event.type, plaintext: true };
    case 'transport.fin':
      return event.by === 'peer' ? { eof: true } : undefined;
    case 'transport.reset':
      return event.by === 'peer' ? { rst: true } : undefined;
    case 'transport.error':
      return { send_error: event.errno };
    case 'fault':
      if (event.blame !== 'peer' || !UNREADABLE.includes(event.rule)) return undefined;
      return { undecryptable_record: true };
    case 'eof':
      return event.partialRecord > 0 ? { incomplete_record: true } : undefined;
    default:
      return undefined;
  }
}

/** Rules that a record breaks which cannot be opened. */
const UNREADABLE: readonly string[] = ['bad-record-mac', 'record-too-short'];
