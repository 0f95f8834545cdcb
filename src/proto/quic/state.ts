import type { Fact, Millis } from '../../timeline/event.ts';
import type { TransportParameters } from '../../wire/quic-types.ts';
import type { StepClock } from '../handshake/connection.ts';
import type { HandshakeInfo, HandshakeMachine } from '../handshake/machine.ts';
import type { Session } from '../handshake/session.ts';
import type { Role } from '../role.ts';
import type { QuicConfig } from './config.ts';
import type { LocalIds, PeerIds } from './connection-ids.ts';
import type { CloseCause, CloseRequest, QuicDeps, QuicPhase, Space } from './core.ts';
import type { CryptoStream } from './crypto-stream.ts';
import type { KeyRing } from './keys.ts';
import type { Pacer } from './pacing.ts';
import type { VersionState } from './parameters.ts';
import type { Received } from './recovery/acks.ts';
import type { Amplification } from './recovery/amplification.ts';
import type { Idle } from './recovery/idle.ts';
import type { Recovery } from './recovery/state.ts';
import type { SentPacket } from './sent.ts';
import type { StreamsState } from './streams/state.ts';

/** A connection. The functions of this folder take it; connection.ts makes it. */
export type QuicState = {
  readonly role: Role;
  readonly config: QuicConfig;
  readonly deps: QuicDeps;
  readonly clock: StepClock;
  readonly emit: (fact: Fact) => void;
  phase: QuicPhase;
  machine: HandshakeMachine;
  versions: VersionState;
  readonly ids: ConnectionIds;
  keys: KeyRing;
  spaces: Record<Space, SpaceState>;
  recovery: Recovery;
  pacer: Pacer;
  readonly streams: StreamsState;
  ours: LocalIds;
  theirs: PeerIds;
  /** The peer's transport parameters. */
  peer: TransportParameters | undefined;
  readonly handshake: {
    complete: boolean;
    confirmed: boolean;
    info: HandshakeInfo | undefined;
    /** `handshake.failed` is said once. */
    over: boolean;
  };
  session: Session | undefined;
  /** Client: of the newest NEW_TOKEN frame. */
  newToken: Uint8Array | undefined;
  /** When the keys before the last update are forgotten. */
  oldKeysUntil: Millis | undefined;
  /** Client: goes into every Initial. */
  token: Uint8Array;
  readonly inbox: Inbox;
  readonly idle: Idle;
  readonly path: Path;
  readonly closing: Closing;
  readonly outbox: Outbox;
  /** A packet of this connection was taken for good: no Version Negotiation and no Retry any more. */
  heard: boolean;
  unreachable: string | undefined;
};

export type ConnectionIds = {
  /** Destination of the client's first Initial. */
  original: Uint8Array;
  retry: Uint8Array | undefined;
  /** Source of the peer's first packet; undefined: none came. */
  peerSource: Uint8Array | undefined;
  ownSource: Uint8Array;
};

export type SpaceState = {
  nextNumber: number;
  received: Received;
  crypto: CryptoStream;
  /** Handshake bytes in order that are no whole message yet. */
  partial: Uint8Array;
  /** Handshake messages of ours that have not left whole: where they end, and what is true once they have. */
  messages: { end: number; facts: readonly Fact[] }[];
  /** Of `crypto`, handed over so far. */
  written: number;
  /** The time for an ACK has come. */
  ackNow: boolean;
  /** So many ack-eliciting packets are due, whatever the window says (RFC 9002 §6.2.4). */
  probes: number;
  /** Payloads of the raw port. */
  raw: Uint8Array[];
  discarded: boolean;
};

export type Datagram = { data: Uint8Array; arrived: Millis; from: string | undefined };

export type Inbox = {
  readonly datagrams: Datagram[];
  bytes: number;
  /** Packets that came before their keys. */
  early: Datagram[];
};

/** Where the peer is (RFC 9000 §8, §9). */
export type Path = {
  from: string | undefined;
  amplification: Amplification;
  /** Validation under way: what may come back, newest first, when to ask again, and when to give up. */
  challenge: { data: readonly Uint8Array[]; again: Millis; due: Millis } | undefined;
  /** To go back to when the new one cannot be validated. */
  before: { from: string | undefined } | undefined;
  /** PATH_CHALLENGEs to answer, each where it came from, in so many bytes at most. */
  responses: { data: Uint8Array; to: string | undefined; most: number }[];
};

export type Closing = {
  cause: CloseCause | undefined;
  /** What we say; undefined: nothing. */
  says: CloseRequest | undefined;
  /** The one space it is said in; undefined: wherever the peer may be able to read it. */
  within: Space | undefined;
  /** A CONNECTION_CLOSE is to be sent now. */
  owed: boolean;
  /** In these spaces alone, for in the others it has just left. */
  later: readonly Space[] | undefined;
  ends: Millis | undefined;
  /** Datagrams since closing began. */
  heard: number;
  /** Datagrams with CONNECTION_CLOSE that left. */
  sent: number;
  received: boolean;
  /** By whom and in which space: how many, the last one, and when. */
  readonly copies: Map<string, { count: number; last: Uint8Array; at: Millis }>;
};

/** A datagram, and what is true once it has left. */
export type Unit = {
  bytes: Uint8Array;
  packets: readonly SentPacket[];
  facts: readonly Fact[];
  closes: boolean;
  to: string | undefined;
};

export type Outbox = {
  /** Made, not yet sent. */
  pending: Unit | undefined;
  /** Of the raw port: as they are. */
  readonly raw: Uint8Array[];
  handshakeDone: boolean;
  newToken: boolean;
  /** Bytes of the last one. */
  tokenBytes: number;
  pings: number;
  challenge: boolean;
  readonly muted: Set<'acks' | 'everything' | 'closes'>;
};
