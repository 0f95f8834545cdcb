/** event.ts's Who, spelt out: that file imports this one. */
type Who = 'local' | 'peer';

/** How a connection ended; first match wins, in this order. Datagrams have no FIN and no RST; `alive-after-close` is theirs alone. */
export const OUTCOME_CLASSES = [
  'unreachable',
  'handshake-failed',
  'interrupted',
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
   * no: close_notify came, or all the bytes that were asked for. yes: the stream ended without, in mid-record or with data
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
  exitCode: number;
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
