import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Fact } from '../../timeline/event.ts';
import type { RecordNumber } from '../../wire/dtls-record.ts';
import type { PeerAddress } from '../core.ts';
import type { Connection } from '../handshake/connection.ts';
import type { DtlsConfig, Timing } from './config.ts';
import type { EpochKey } from './epoch-key.ts';
import type { Inbox } from './inbox.ts';
import type { Acks, Flight } from './owed.ts';
import type { Reassembly } from './reassembly.ts';
import type { ReplayWindow } from './replay.ts';

/** A record whose protection is off. */
export type OpenedRecord = RecordNumber & {
  type: number;
  content: Uint8Array;
  protected: boolean;
  /** Of the whole record. */
  bytes: number;
};

/** The peer's direction in one epoch; no key in epoch 0. */
export type ReadEpoch = {
  epoch: number;
  key: EpochKey | undefined;
  window: ReplayWindow;
  /** Records that did not open with this key (RFC 9147 §4.5.3). */
  forgeries: number;
};
/** Ours. `sequence`: of the next record. */
export type WriteEpoch = { epoch: number; key: EpochKey | undefined; sequence: number };

export type ReadHalf = {
  epochs: Map<number, ReadEpoch>;
  /** The epoch that new handshake messages come in. */
  current: number;
  /** Application data that overtook the end of the handshake. */
  held: OpenedRecord[];
  /** The number of the peer's close_notify (RFC 9147 §5.10). */
  closed: RecordNumber | undefined;
  /** Warning alerts in a row. */
  warnings: number;
  tickets: number;
  /** How often the peer has repeated its last flight. */
  repeats: number;
  /** Number of the newest record that opened, and where it came from, if that is told. */
  newest: RecordNumber | undefined;
  peer: PeerAddress | undefined;
};

export type WriteHalf = {
  epochs: Map<number, WriteEpoch>;
  /** What alerts, ACKs and data go out under. */
  current: number;
  /** message_seq of the next handshake message. */
  messageSequence: number;
  /** The record_size_limit the peer announced (RFC 8449). */
  peerLimit: number | undefined;
  closeNotify: boolean;
  fatalAlert: boolean;
  askedRenegotiation: boolean;
  /** Client: a HelloRequest was answered with a ClientHello. */
  renegotiating: boolean;
  askedKeyUpdate: boolean;
  /** The keys behind a KeyUpdate of ours that has no ACK yet (RFC 9147 §8). */
  nextKey: EpochKey | undefined;
  /** The peer has asked for one meanwhile. */
  owesKeyUpdate: boolean;
};

/** Connection IDs: what the peer's protected records carry, and ours. Undefined: none. */
export type ConnectionIds = { own: Uint8Array | undefined; peer: Uint8Array | undefined };

/** An association. The functions of this folder take it; connection.ts makes it. */
export type DtlsState = Connection & {
  readonly config: DtlsConfig;
  readonly timing: Timing;
  readonly provider: CryptoProvider;
  readonly inbox: Inbox;
  readonly read: ReadHalf;
  readonly write: WriteHalf;
  readonly cids: ConnectionIds;
  readonly reassembly: Reassembly;
  flight: Flight;
  readonly acks: Acks;
  /** Datagrams, each with what is true once it has left. */
  units: { bytes: Uint8Array; facts: readonly Fact[] }[];
};

/** Is a later than b (RFC 9147 §5.10: by epoch, then by number)? */
export function isLater(a: RecordNumber, b: RecordNumber): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
}
