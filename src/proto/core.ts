import type { CryptoProvider, Random } from '../crypto/provider.ts';
import type { Certainty, Emit, Millis } from '../timeline/event.ts';
import type { ProtocolFault } from './fault.ts';
import type { PeerAuth } from './handshake/peer-auth.ts';
import type { Session } from './handshake/session.ts';
import type { Role } from './role.ts';

/** What the world tells a core. */
export type Input =
  /** `from`: the address behind a datagram, in any spelling that tells it from others; where nobody could move it is left out. */
  | { kind: 'bytes'; data: Uint8Array; from?: string }
  | { kind: 'fin'; certainty: Certainty }
  | { kind: 'reset'; errno: string; certainty: Certainty }
  | { kind: 'unreachable'; errno: string };

/** `address`: the `from` of the newest record that opened (RFC 9146 §6) · `records`: how many in a row came from there as the newest. */
export type PeerAddress = { address: string; records: number };

export type CoreDeps = { random: Random; provider: CryptoProvider; peerAuth: PeerAuth; emit: Emit };

/**
 * What a driver needs of any core: inputs go in, units come out, and it says when its time has come. A `RecordCore` is one, and so is
 * a `QuicCore`.
 */
export type Core = {
  readonly role: Role;
  start(now: Millis): void;
  receive(now: Millis, input: Input): void;
  /** Is there something queued that a step would take? */
  ready(): boolean;
  /** How many bytes to read next. Never 0. */
  wants(): number;
  /** Bytes received and not stepped. */
  unread(): number;
  /** The next unit to write, all or nothing; the same until `transmitted`. */
  peekTransmit(now: Millis): Uint8Array | undefined;
  transmitted(now: Millis): void;
  discardTransmit(): void;
  pollTimeout(): Millis | undefined;
  handleTimeout(now: Millis): void;
};

/** What one `step` of a record core did: one record (or the end of the stream), nothing more. */
export type RecordStep =
  /** Nothing whole is queued. */
  | { kind: 'idle' }
  /** A handshake or change_cipher_spec record, an ignored warning alert, an empty record: something moved. */
  | {
      kind: 'progress';
      what:
        | 'handshake'
        | 'connected'
        | 'ticket'
        | 'key-update'
        | 'hello-request'
        | 'renegotiation'
        | 'change-cipher-spec'
        | 'early-data'
        | 'alert-ignored'
        | 'empty';
    }
  | { kind: 'data'; data: Uint8Array }
  /** closure: close_notify in a form this version accepts as such. user_canceled: TLS 1.3, or any version's description 90 at warning level.
   *  fatal: everything that ends the connection, unknown alerts included (RFC 9846 §6). */
  | { kind: 'alert'; means: 'closure' | 'user_canceled' | 'fatal'; level: number; description: number }
  /** The peer broke a rule. The alert it deserves is already queued, unless our close_notify was sent before. */
  | { kind: 'fault'; fault: ProtocolFault }
  /** What came after the peer's close_notify and says nothing about closing (RFC 9846 §6.1: ignore it), or after a fatal end.
   *  `data`: application data that could be read, for a caller that cleared its shutdown flags. */
  | { kind: 'ignored'; bytes: number; data?: Uint8Array }
  /** FIN. `partial`: bytes of an unfinished record before it. Repeats for ever. */
  | { kind: 'eof'; partial: number; certainty: Certainty }
  /** Told once, as a kernel does; from then on `eof`. */
  | { kind: 'reset'; errno: string; certainty: Certainty }
  /** Datagrams: an ICMP error came for one of ours. Told once for each; the association lives on (RFC 6347 §4.1.1.1). */
  | { kind: 'unreachable'; errno: string };

export type VersionName = 'TLSv1.2' | 'TLSv1.3' | 'DTLSv1.2' | 'DTLSv1.3';

/**
 * How much of a record a `step` obeys. `no-handshake`: TLS 1.2 handshake messages are dropped unread; in DTLS 1.2 they are `ignored`, and
 * so is whatever else is neither alert nor data. `nothing`: what a record holds is told, and that is all; only the keys still follow
 * a KeyUpdate.
 */
export type Heed = 'all' | 'no-handshake' | 'nothing';

export type RecordPhase = 'idle' | 'handshake' | 'open' | 'failed';

/** Below the well-behaved calls: anything, with the right keys. For scripts of misbehaving peers and for tests. */
export type RecordRawPort = {
  /** One protected record (plaintext while there are no keys) as bytes, not queued; uses up a sequence number. */
  record(type: number, payload: Uint8Array): Uint8Array;
  /** Queues bytes as one transmit unit, as they are. */
  send(bytes: Uint8Array): void;
};

/**
 * A TLS or DTLS connection without I/O. `receive` only queues; `step` consumes one record. A core never closes or answers a
 * close_notify on its own accord: that is the act of whoever drives it. Nothing a peer can send makes a method throw.
 */
export type RecordCore = {
  readonly role: Role;
  phase(): RecordPhase;
  /** Once negotiated. */
  version(): VersionName | undefined;
  /** Client: queues the ClientHello. Server: begins to wait for one. A second call does nothing. */
  start(now: Millis): void;
  /** TLS: forgets the connection as SSL_clear does, up to where it began; what was received and not consumed stays. */
  restart?(): void;
  receive(now: Millis, input: Input): void;
  /** `heed`: default `all`. */
  step(now: Millis, heed?: Heed): RecordStep;
  /** When `handleTimeout` is to be called: retransmissions, late acknowledgements. Undefined: no timer runs; always so in TLS. */
  pollTimeout(): Millis | undefined;
  /** Queues what is due at `now`; nothing when it is too early. */
  handleTimeout(now: Millis): void;
  /** Would `step` do something other than `idle`? */
  ready(): boolean;
  /** How many bytes the deframer wants next: the rest of a header or of a body. Never 0. */
  wants(): number;
  /** Bytes received and not yet consumed by `step` (records whole or not). */
  unread(): number;
  /** Datagrams: how many of them belong to one whose first records were consumed. */
  begun?(): number;
  /** Datagrams: where the peer is now. */
  peerAddress?(): PeerAddress | undefined;
  /** Takes them away, for whoever goes on with the transport after TLS. */
  takeUnread(): Uint8Array;
  /** The next unit to write, all or nothing. It stays until `transmitted`. A handshake flight is one unit. */
  peekTransmit(): Uint8Array | undefined;
  /** The unit left. Only now its records, messages, alerts and data become facts of the timeline. */
  transmitted(): void;
  /** Forgets everything queued for transmission. */
  discardTransmit(): void;
  /** Queues application data (split to the record size limit in force). Only in phase `open`; false otherwise. */
  sendData(data: Uint8Array): boolean;
  /** Queues an alert. Remembers that close_notify, or a fatal alert, was sent: no alert of the core's own follows. */
  sendAlert(level: number, description: number): void;
  /** TLS 1.3: queues KeyUpdate and changes the sending keys. False if not possible (1.2, or not open). While a request is
   *  unanswered, another one asks for nothing. */
  keyUpdate(requestPeer: boolean): boolean;
  /** Server, TLS 1.3: queues one NewSessionTicket. False if not possible. */
  sendTicket(now: Millis): boolean;
  /** Server, TLS 1.2: queues a HelloRequest. False if not possible. */
  sendHelloRequest(): boolean;
  /** TLS 1.2: the session established (ID or ticket). TLS 1.3: the session of the newest ticket. */
  session(): Session | undefined;
  /** NewSessionTicket messages processed so far. */
  ticketsReceived(): number;
  /** Did this connection resume a session? */
  resumed(): boolean;
  readonly raw: RecordRawPort;
};
