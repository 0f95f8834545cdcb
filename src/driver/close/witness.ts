import type { Emit, Fact, Millis } from '../../timeline/event.ts';

/** What has been seen on one connection so far, with its time: what the flow decides by. */
export type Witness = {
  unreachable?: Millis;
  handshakeFailed?: Millis;
  completed?: Millis;
  version?: string;
  alpn?: string;
  ourClose?: Millis;
  peerClose?: Millis;
  peerFin?: Millis;
  peerReset?: Millis;
  ourFin?: Millis;
  ourReset?: Millis;
  /** We closed our end. */
  left?: Millis;
  /** The peer's error alert, or its breach of the protocol. */
  failed?: Millis;
  closeLimit?: Millis;
  bytesReceived: number;
  /** Whole records of the peer's. */
  records: number;
  /** It is on the timeline that no more is read than the plan allows. */
  capped?: true;
};

/** An `Emit` that also keeps the witness up to date. */
export function createWitness(emit: Emit, now: () => Millis): { emit: Emit; seen: Witness } {
  const seen: Witness = { bytesReceived: 0, records: 0 };
  return {
    seen,
    emit(fact, arrived) {
      note(seen, fact, arrived ?? now());
      emit(fact, arrived);
    },
  };
}

function note(seen: Witness, fact: Fact, when: Millis): void {
  switch (fact.kind) {
    case 'transport.unreachable':
      seen.unreachable ??= when;
      break;
    case 'handshake.failed':
      seen.handshakeFailed ??= when;
      break;
    case 'handshake.completed':
      seen.completed ??= when;
      seen.version ??= fact.version;
      if (fact.alpn !== undefined) seen.alpn ??= fact.alpn;
      break;
    case 'transport.fin':
      if (fact.by === 'peer') seen.peerFin ??= when;
      else seen.ourFin ??= when;
      break;
    case 'transport.reset':
      if (fact.by === 'peer') seen.peerReset ??= when;
      else seen.ourReset ??= when;
      break;
    case 'transport.closed':
      seen.left ??= when;
      break;
    case 'alert':
      noteAlert(seen, fact, when);
      break;
    case 'fault':
      if (fact.blame === 'peer') seen.failed ??= when;
      break;
    case 'data':
      if (fact.by === 'peer') seen.bytesReceived += fact.bytes;
      break;
    case 'record':
      if (fact.by === 'peer') seen.records += 1;
      break;
    case 'note':
      if (fact.code === READ_CAP) seen.capped = true;
      break;
    case 'limit':
      if (fact.phase === 'close') seen.closeLimit ??= when;
      break;
    default:
  }
}

function noteAlert(seen: Witness, fact: Extract<Fact, { kind: 'alert' }>, when: Millis): void {
  if (fact.description === CLOSE_NOTIFY) {
    if (fact.by === 'local') seen.ourClose ??= when;
    else seen.peerClose ??= when;
  } else if (fact.by === 'peer' && fact.description !== USER_CANCELED) {
    if (fact.level !== WARNING || isTls13(seen.version)) seen.failed ??= when;
  }
}

function isTls13(version: string | undefined): boolean {
  return version === 'TLSv1.3' || version === 'DTLSv1.3';
}

export const READ_CAP = 'read-cap';
const CLOSE_NOTIFY = 0;
const USER_CANCELED = 90;
const WARNING = 1;
