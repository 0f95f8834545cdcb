import type { Emit } from '../../../timeline/event.ts';
import type { Direction } from '../../../wire/quic-types.ts';
import type { Role } from '../../role.ts';
import type { QuicLimits } from '../config.ts';
import type { ReceiveState, SendState, StreamCounts } from '../core.ts';
import type { Receiving } from './receiving.ts';
import type { Sending } from './sending.ts';

/** The sending part of a stream (RFC 9000 §3.1). */
export type SendHalf = {
  readonly sending: Sending;
  /** MAX_STREAM_DATA of the peer. */
  limit: number;
  fin: 'none' | 'queued' | 'sent' | 'lost' | 'acknowledged';
  /** The limit at which STREAM_DATA_BLOCKED was said. */
  blockedAt: number | undefined;
  reset: undefined | { code: bigint; because: 'local' | 'stopped'; acknowledged: boolean };
  told: { bytes: number; fin: boolean; reset: boolean };
};

/** The receiving part (§3.2). */
export type ReceiveHalf = {
  readonly receiving: Receiving;
  /** MAX_STREAM_DATA that we announced. */
  limit: number;
  finalSize: number | undefined;
  /** RESET_STREAM came before everything had: `seen`: `read` has told it. */
  reset: undefined | { code: bigint; seen: boolean };
  /** We sent STOP_SENDING: what comes is thrown away. */
  stopped: undefined | { code: bigint; told: boolean };
  finSeen: boolean;
};

export type Stream = {
  readonly id: bigint;
  readonly send: SendHalf | undefined;
  readonly receive: ReceiveHalf | undefined;
  /** An opening of ours was put on the timeline. */
  told: boolean;
};

export type ControlItem =
  | { kind: 'reset-stream' | 'stop-sending' | 'max-stream-data' | 'stream-data-blocked'; id: bigint }
  | { kind: 'max-streams' | 'streams-blocked'; direction: Direction }
  | { kind: 'max-data' | 'data-blocked' };

/** All streams of a connection. Limits, sizes and counts are numbers; what is beyond 2^53 - 1 counts as that. */
export type StreamsState = {
  readonly role: Role;
  readonly limits: QuicLimits;
  readonly emit: Emit;
  readonly live: Map<bigint, Stream>;
  /** How the last streams that are over ended. */
  readonly over: Map<bigint, { send: SendState; receive: ReceiveState }>;
  /** Ours: how many were opened, and how many may be; the limit at which STREAMS_BLOCKED was said. */
  readonly ours: Record<Direction, { opened: number; limit: number; blockedAt: number | undefined }>;
  /** Theirs: how many were opened, announced as limit, and over. */
  readonly theirs: Record<Direction, { opened: number; limit: number; over: number }>;
  /** The peer's initial_max_stream_data_*, in the peer's words: `local` are streams that it opens. */
  readonly initial: { bidiLocal: number; bidiRemote: number; uni: number };
  readonly sendCredit: { limit: number; used: number; blockedAt: number | undefined };
  /** `highest`: of all streams together; `consumed`: read or thrown away. */
  readonly receiveCredit: { limit: number; highest: number; consumed: number };
  /** What has to be said, once each, by name. */
  readonly control: Map<string, ControlItem>;
  /** Streams with something lost, and streams with something new: taken in turn. */
  readonly again: Set<bigint>;
  readonly fresh: Set<bigint>;
  /** Streams with something written (or FIN) that is neither acknowledged nor reset. */
  readonly unsettled: Set<bigint>;
  readonly accepting: bigint[];
  readonly counts: StreamCounts;
  /** The connection closes: no new streams, no more writing. */
  ended: boolean;
};

export type StreamsOptions = { role: Role; limits: QuicLimits; emit: Emit };

export function createStreams({ role, limits, emit }: StreamsOptions): StreamsState {
  return {
    ...{ role, limits, emit, live: new Map(), over: new Map() },
    ours: {
      bidi: { opened: 0, limit: 0, blockedAt: undefined },
      uni: { opened: 0, limit: 0, blockedAt: undefined },
    },
    theirs: {
      bidi: { opened: 0, limit: limits.bidiStreams, over: 0 },
      uni: { opened: 0, limit: limits.uniStreams, over: 0 },
    },
    initial: { bidiLocal: 0, bidiRemote: 0, uni: 0 },
    sendCredit: { limit: 0, used: 0, blockedAt: undefined },
    receiveCredit: { limit: limits.connectionData, highest: 0, consumed: 0 },
    ...{ control: new Map(), again: new Set(), fresh: new Set(), unsettled: new Set(), accepting: [] },
    counts: { written: 0, sent: 0, acknowledged: 0, received: 0, read: 0 },
    ended: false,
  };
}

/** A limit of the peer as a number; more than any stream will ever carry is as good as no limit. */
export function toLimit(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

export function want(streams: StreamsState, item: ControlItem): void {
  streams.control.set(nameOf(item), item);
}

function nameOf(item: ControlItem): string {
  if ('id' in item) return `${item.kind} ${item.id}`;
  return 'direction' in item ? `${item.kind} ${item.direction}` : item.kind;
}
