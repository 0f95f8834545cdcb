/** event.ts's Who, spelt out: that file imports this one. */
type Who = 'local' | 'peer';

/**
 * How a connection ended; first match wins, in this order. Datagrams have no FIN and no RST; `alive-after-close` is DTLS's alone.
 * QUIC's own: no-version, stateless-reset, peer-closed, idle-timeout, never-quiet.
 */
export const OUTCOME_CLASSES = [
  'unreachable',
  'no-version',
  'handshake-failed',
  'interrupted',
  'stateless-reset',
  'peer-closed',
  'idle-timeout',
  'never-quiet',
  'alert',
  'fin-mid-record',
  'reset',
  'fin',
  'alive-after-close',
  'silent',
  'reset-after-close',
  'held-open',
  'late',
  'clean',
  'not-observed',
] as const;
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];
/** What only a QUIC connection can end as. */
export type QuicOnlyClass = 'no-version' | 'stateless-reset' | 'peer-closed' | 'idle-timeout' | 'never-quiet';
/** What TLS and DTLS can end as. */
export type RecordOutcomeClass = Exclude<OutcomeClass, QuicOnlyClass>;

export type Outcome = {
  class: OutcomeClass;
  /** One sentence for people: who ended it and how. */
  summary: string;
  /** What to do about it; absent when there is nothing to do. */
  advice?: string;
  closedFirst: Who | 'none';
  /** ms from our close_notify to the peer's (from the arrival times), when both were seen in that order. */
  answerMs?: number;
  /** ms from our close_notify (or the peer's, if it came first) to the peer's FIN. */
  finMs?: number;
  /** The peer's close_notify, relative to ours. */
  peerCloseNotify: 'before' | 'after' | 'none';
  bytesAfterOurClose: number;
  /** Bytes of the exchange that did not arrive before a reset; claims nothing about the kernel. */
  unreadAtReset?: number;
  resetAfterFin?: 'yes' | 'no' | 'not-observable';
  alert?: { level: number; description: number; name: string };
  /**
   * no: close_notify came, or all the bytes that were asked for, or an answer (--exchange) to where it says that it ends. yes: the stream ended without, in mid-record or with data
   * sent or received whose length nobody knows. unknown: nothing was exchanged, or nobody saw the end.
   */
  truncationPossible: 'yes' | 'no' | 'unknown';
  peerNeverClosed?: true;
  /** Datagrams: how many close_notify we sent (--retry-close). One that was lost looks like one that was ignored. */
  closeNotifySent?: number;
  /** Datagrams: application data that the peer sent after its own close_notify. */
  bytesAfterPeerClose?: number;
  /** Datagrams: alerts that nobody proved to be the peer's (in clear, after the handshake); they were not believed. */
  forgedAlerts?: number;
  /** Datagrams: records that did not decrypt and were dropped. */
  undecryptable?: number;
  /** Total application bytes read from the peer. */
  bytesReceived: number;
  /** QUIC alone. */
  quic?: QuicOutcome;
  exitCode: number;
};

/** What only QUIC can say of an end. Times in ms. */
export type QuicOutcome = {
  version: number;
  /** Our CONNECTION_CLOSE, if one went out; `copies`: in all. */
  localClose?: CloseNote & { copies: number };
  /** Theirs, in order of arrival. */
  peerCloses: readonly CloseNote[];
  /** Were all copies of the peer's close the same? Absent with fewer than two. */
  identical?: boolean;
  /** Spacing of the peer's copies. */
  spacingMs: readonly number[];
  bytesWritten: number;
  bytesAcknowledged: number;
  bytesUnacknowledged: number;
  idle: { localMs: number; peerMs?: number; effectiveMs?: number; observedMs?: number };
  /** Was the token we sent taken? */
  token: 'none' | 'accepted' | 'refused' | 'unknown';
  rttMs?: number;
  /** PTO at close, and 3 × PTO by the formula beside the page's "three RTT". */
  ptoMs?: number;
  closingMs?: number;
  closingFormula?: string;
  threeRttMs?: number;
  /** Datagrams of the peer that came while we were closing or draining, and after. */
  datagramsWhileClosing: number;
  datagramsAfterClose: number;
};

/** One CONNECTION_CLOSE. Always the frame type with the code. */
export type CloseNote = {
  frameType: 0x1c | 0x1d;
  code: bigint;
  codeName: string;
  reason: string;
  space: string;
  packet: number;
  errorFrame?: bigint;
};

export type Grade = 'pass' | 'info' | 'warn' | 'fail';

/** A rule's verdict on a timeline. `evidence`: the `seq` of the events that prove it. */
export type Finding = {
  rule: string;
  clause: string;
  grade: Grade;
  /** BCP 14 word of the source, or "expected" where the source has no capitalised keyword. */
  level: string;
  who: Who | 'network';
  text: string;
  evidence: readonly number[];
};
