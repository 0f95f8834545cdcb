import type { Millis } from '../../timeline/event.ts';
import type { Direction } from '../../wire/quic-types.ts';
import type { CoreDeps, Input } from '../core.ts';
import type { HandshakeInfo } from '../handshake/machine.ts';
import type { Session } from '../handshake/session.ts';
import type { Role } from '../role.ts';

/** Packet number spaces (RFC 9000 §12.3). */
export type Space = 'initial' | 'handshake' | 'application';

/**
 * closing: we said CONNECTION_CLOSE. draining: the peer did, or its stateless reset came. terminated: 3 PTO later, or silently,
 * by the idle timeout (RFC 9000 §10).
 */
export type QuicPhase = 'idle' | 'handshake' | 'open' | 'closing' | 'draining' | 'terminated';

/** What we close with. `reason`: bytes, so that any can be sent; cut to what fits, at a character boundary where it is UTF-8. */
export type CloseRequest = {
  layer: 'application' | 'transport';
  code: bigint;
  /** Transport: of the frame that was wrong. */
  frameType?: bigint;
  reason: Uint8Array;
};

/** Why the connection ended: the first cause stays. */
export type CloseCause =
  | ({ kind: 'close'; by: 'local' | 'peer' } & CloseRequest)
  | { kind: 'stateless-reset' }
  /** Nothing came for so long (ms). */
  | { kind: 'idle-timeout'; ms: Millis }
  | { kind: 'version-negotiation'; supported: readonly number[] }
  /** Nothing can be said any more: no keys, packet numbers used up. */
  | { kind: 'aborted'; why: string };

/** RFC 9000 §3.1, seen from SSL_get_stream_write_state: `done`: all of it, FIN included, was acknowledged. */
export type SendState =
  | { is: 'none' }
  | { is: 'open' }
  | { is: 'concluded'; acknowledged: boolean }
  | { is: 'reset-local'; code: bigint }
  /** STOP_SENDING came. We answer it with RESET_STREAM at once (§3.5). */
  | { is: 'stopped'; code: bigint };
/** §3.2. `finished`: everything up to FIN was read. */
export type ReceiveState =
  | { is: 'none' }
  | { is: 'open' }
  | { is: 'finished' }
  | { is: 'reset-peer'; code: bigint };

export type StreamRead =
  | { kind: 'data'; data: Uint8Array; fin: boolean }
  /** FIN, and nothing before it that was not read. Repeats. */
  | { kind: 'fin' }
  | { kind: 'empty' }
  | { kind: 'reset'; code: bigint }
  | { kind: 'none' };

/** Where implementations differ within the rules. Defaults (policy.ts) are the RFC's. */
export type QuicPolicy = {
  /**
   * CONNECTION_CLOSE again, in answer to packets that came while closing: for which of them (1 is the first).
   * `doubling`: 1, 2, 4, 8… (RFC 9000 §10.2.1); `never`.
   */
  closeRepetition: 'doubling' | 'always' | 'never';
  /** Most bytes of a reason; it also has to fit the packet. `bytes`: cut anywhere. `character`: never inside one. */
  reasonLimit: { most: number; cut: 'character' | 'bytes' };
  /** May a CONNECTION_CLOSE be held back by the congestion window (and is then never sent)? */
  closeNeedsWindow: boolean;
  /** A code that is no varint: sent as nothing at all, or refused by whoever calls. */
  oversizeCode: 'refuse' | 'say-nothing';
  /** What a close for a TLS alert says besides its code: the rule that was broken and the CRYPTO frame, or OpenSSL's two words. */
  alertSays: 'rule' | 'handshake-alert';
  /** Whether CONNECTION_CLOSE of the peer is answered by one of ours on entering draining (§10.2.2: MAY send one). */
  answerClose: boolean;
  /** Keep-alive PING after so many ms without a packet; undefined: none. `half-idle`: half the idle timeout. */
  keepAliveMs: Millis | 'half-idle' | undefined;
  /** Tolerated silence: min of both ends' max_idle_timeout, never under 3 PTO (§10.1). Ours: */
  idleTimeoutMs: Millis;
  /** ms we may hold back an ACK (our max_ack_delay). */
  maxAckDelayMs: Millis;
  /** Duration of closing and draining, in PTOs. */
  closingPtos: number;
  /** Is max_ack_delay part of that before there are 1-RTT keys too? RFC 9002 §6.2.1 leaves it out. */
  closingAckDelay: '1rtt' | 'always';
  /** Congestion window to begin with, in bytes, beyond which it grows by a datagram for each round trip; undefined: RFC 9002 §7.2's. */
  initialWindow: number | undefined;
  /** Initiate a key update after so many packets under one key; also bounded by the AEAD's limit (RFC 9001 §6.6). */
  keyUpdatePackets: number;
  /** Grease the fixed bit when the peer allows it, send reserved versions and parameters (RFC 9287, RFC 9000 §15, §18.1). */
  grease: boolean;
};

/** A QUIC connection without I/O: one input and one unit are one datagram. Nothing a peer can send makes a method throw. */
export type QuicCore = {
  readonly role: Role;
  phase(): QuicPhase;
  /** The QUIC version in use: 1 or 0x6b3343cf. */
  version(): number;
  /** Client: the first Initial is ready. */
  start(now: Millis): void;
  /** Only queues. */
  receive(now: Millis, input: Input): void;
  /** Takes one datagram in. False: there was none. */
  step(now: Millis): boolean;
  ready(): boolean;
  wants(): number;
  /** Bytes of datagrams received and not stepped. */
  unread(): number;
  /** The next datagram, all or nothing. It is the same until `transmitted`. */
  peekTransmit(now: Millis): Uint8Array | undefined;
  transmitted(now: Millis): void;
  discardTransmit(): void;
  pollTimeout(): Millis | undefined;
  handleTimeout(now: Millis): void;
  /**
   * Where the unit of `peekTransmit` is to go: the `from` of an input. Undefined: where everything goes, because nobody said where
   * anything comes from.
   */
  transmitTo(): string | undefined;
  /** The errno of the last ICMP error. A core goes on, as the RFC says. */
  unreachable(): string | undefined;

  /** Once: complete and, for confirmed, RFC 9001 §4.1.2. */
  handshake(): { complete: boolean; confirmed: boolean; info: HandshakeInfo | undefined };
  /** Client: of the newest ticket. */
  session(): Session | undefined;
  /** Client: of the newest NEW_TOKEN frame, for the next connection to this server. */
  token(): Uint8Array | undefined;

  readonly streams: QuicStreams;

  /**
   * Begins closing; the first call counts, later ones are ignored. In early spaces 0x1d becomes 0x1c APPLICATION_ERROR without a
   * reason (RFC 9000 §10.2.3). A call in phase `idle` terminates at once, saying nothing. False: nothing was begun.
   */
  close(now: Millis, request: CloseRequest): boolean;
  /** Goes away without a word. */
  abandon(now: Millis): void;
  cause(): CloseCause | undefined;
  /** When closing or draining is over, or was. */
  closingEnds(): Millis | undefined;
  /** How many copies of CONNECTION_CLOSE were transmitted so far. */
  closesSent(): number;
  /** The peer's CONNECTION_CLOSE came (also after ours). */
  closeReceived(): boolean;
  /** Queues a PING: is the peer alive? */
  ping(): void;
  /** Initiates a key update (RFC 9001 §6.1). False: not now. */
  updateKeys(now: Millis): boolean;
  /** Moves to a fresh connection ID of the peer, or sends PATH_CHALLENGE: for scripts. */
  challengePath(now: Millis): void;

  /** Smoothed RTT, variation, the PTO without backoff (ms), for formulas. */
  timing(): QuicTiming;
  /** Max idle timeout: ours, theirs, and the one in force (undefined: none). */
  idle(): { local: Millis; peer: Millis | undefined; effective: Millis | undefined };
  /** Connection IDs by which datagrams for this connection are known, now (a server's table follows them). */
  localIds(): readonly Uint8Array[];
  readonly raw: QuicRawPort;
};

export type QuicTiming = {
  samples: number;
  latest: Millis | undefined;
  smoothed: Millis;
  variation: Millis;
  minimum: Millis | undefined;
  pto: Millis;
};

/** Streams by their id (RFC 9000 §2.1). */
export type QuicStreams = {
  /** Undefined: the peer's limit is reached, or the connection is closing. */
  open(direction: Direction): bigint | undefined;
  /** The next stream that the peer opened. */
  accept(): bigint | undefined;
  /** Queues data; how many bytes were taken (bounded by SEND_BUFFER). 0 on a stream that can't be written. */
  write(id: bigint, data: Uint8Array): number;
  conclude(id: bigint): boolean;
  reset(id: bigint, code: bigint): boolean;
  stopSending(id: bigint, code: bigint): boolean;
  read(id: bigint, most: number): StreamRead;
  peek(id: bigint, most: number): StreamRead;
  /** Is there something to read: data, FIN, a reset? */
  readable(id: bigint): boolean;
  /** Bytes that `write` would take. */
  writable(id: bigint): number;
  state(id: bigint): { send: SendState; receive: ReceiveState };
  /** Has everything on streams that were not reset been acknowledged by the peer's transport (FIN included where concluded)? */
  flushed(): boolean;
  counts(): StreamCounts;
};

/** Of stream data, in bytes: handed to `write`, sent at least once, acknowledged; received in order, read. */
export type StreamCounts = {
  written: number;
  sent: number;
  acknowledged: number;
  received: number;
  read: number;
};

/** Below the well-behaved calls, for scripts of misbehaving peers and for tests. */
export type QuicRawPort = {
  /** One protected packet with this payload (frames as bytes) in this space, as a datagram; uses up a packet number. Undefined without keys. */
  packet(space: Space, payload: Uint8Array, now: Millis): Uint8Array | undefined;
  /** The same payload as part of what a normal transmission would be: tracked, acknowledged, never repeated. */
  frames(space: Space, payload: Uint8Array): void;
  /** Queues a datagram as it is. */
  send(datagram: Uint8Array): void;
  /** A stateless reset for the peer: ends in the token that it knows from us. */
  statelessReset(length: number): Uint8Array | undefined;
  /** Every further transmission of this kind is left out (the core believes it was sent). */
  mute(what: 'acks' | 'everything' | 'closes', on: boolean): void;
};

export type QuicDeps = CoreDeps;
