import type { Certainty, Level, Millis } from '../../timeline/event.ts';
import type { HandshakeAction } from '../handshake/machine.ts';
import { createDeframer, type Deframer } from './deframer.ts';
import { createJoiner, type Joiner } from './joiner.ts';
import type { RecordKey } from './protection.ts';

/** Our direction. */
export type SendHalf = {
  key: RecordKey | undefined;
  /** The record_size_limit the peer announced (RFC 8449). */
  peerLimit: number | undefined;
  closeNotify: boolean;
  fatalAlert: boolean;
  /** The first ClientHello travels in a record of version 0x0301 (RFC 9846 §5.1). */
  begun: boolean;
  changeCipherSpec: boolean;
  askedRenegotiation: boolean;
  /** Client: a HelloRequest was answered with a ClientHello. */
  renegotiating: boolean;
  /** Our KeyUpdate asked for one of the peer's, which has not come yet. */
  askedKeyUpdate: boolean;
  /** What the handshake wanted to say after our close_notify, or says late: said when we write again, else never. */
  held: HandshakeAction[];
};

/** How the peer's stream ended, and when. */
export type StreamEnd = { arrived: Millis; certainty: Certainty } & (
  | { kind: 'eof' }
  | { kind: 'reset'; errno: string }
);

/** The peer's direction. */
export type ReceiveHalf = {
  deframer: Deframer;
  joiner: Joiner;
  key: RecordKey | undefined;
  /** TLS 1.2: the key behind the peer's change_cipher_spec. */
  nextKey: RecordKey | undefined;
  level: Level;
  /** A record was opened with a key. */
  opened: boolean;
  /** A record was accepted: the peer speaks TLS. */
  begun: boolean;
  /** Early data that we did not take may still come: bytes skipped so far. */
  earlyData: { skipped: number } | undefined;
  /** Keys may change now: the message at hand ends its record. */
  aligned: boolean;
  closeNotify: boolean;
  /** Warning alerts in a row. */
  warnings: number;
  /** Records in a row that moved nothing. */
  idleRecords: number;
  tickets: number;
  ends: StreamEnd[];
  /** The `eof` fact is out, or a reset made it moot. */
  endTold: boolean;
};

export function createSendHalf(): SendHalf {
  return {
    key: undefined,
    peerLimit: undefined,
    closeNotify: false,
    fatalAlert: false,
    begun: false,
    changeCipherSpec: false,
    askedRenegotiation: false,
    renegotiating: false,
    askedKeyUpdate: false,
    held: [],
  };
}

export function createReceiveHalf(): ReceiveHalf {
  return {
    deframer: createDeframer(),
    joiner: createJoiner(),
    key: undefined,
    nextKey: undefined,
    level: 'initial',
    opened: false,
    begun: false,
    earlyData: undefined,
    aligned: true,
    closeNotify: false,
    warnings: 0,
    idleRecords: 0,
    tickets: 0,
    ends: [],
    endTold: false,
  };
}

/** Nothing of our own may follow (RFC 9846 §6.1, §6.2). */
export function silenced(send: SendHalf): boolean {
  return send.closeNotify || send.fatalAlert;
}
