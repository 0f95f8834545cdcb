import type { Millis, TimelineEvent, Who } from '../timeline/event.ts';
import type { Outcome, RecordOutcomeClass } from '../timeline/outcome.ts';
import { at, before, type CloseFacts, transportEnd } from './close-facts.ts';

/** The part of an outcome that is observed; the sentences are made from it. */
export type Measured = Omit<Outcome, 'class' | 'summary' | 'advice' | 'exitCode'> & {
  class: RecordOutcomeClass;
};

export function measure(facts: CloseFacts, name: RecordOutcomeClass): Measured {
  const { ourClose, peerClose, peerData, resetAfterFin, peerFin } = facts;
  const answerMs = answered(facts);
  const finMs = finAfter(facts);
  const bytesReceived = sum(peerData);
  const after = ourClose === undefined ? [] : peerData.filter((data) => !before(data, ourClose));
  const unread = unreadAtReset(facts, bytesReceived);
  const alert = alertOf(facts);
  return {
    class: name,
    closedFirst: closedFirst(facts),
    ...(answerMs === undefined ? {} : { answerMs }),
    ...(finMs === undefined ? {} : { finMs }),
    peerCloseNotify: relation(facts, peerClose, ourClose),
    bytesAfterOurClose: sum(after),
    ...(unread === undefined ? {} : { unreadAtReset: unread }),
    ...(resetAfterFin === undefined || peerFin === undefined
      ? {}
      : { resetAfterFin: resetAfterFin.observed }),
    ...(alert === undefined ? {} : { alert }),
    truncationPossible: truncation(facts, bytesReceived, name),
    ...(neverClosed(facts) ? { peerNeverClosed: true as const } : {}),
    bytesReceived,
  };
}

/** --wait-peer: the limit came before any end of the peer's. */
export function neverClosed(facts: CloseFacts): boolean {
  if (facts.plan?.mode !== 'wait-peer') return false;
  const limit = facts.limits.find((fact) => fact.phase === 'close');
  if (limit === undefined) return false;
  const ends = [facts.peerClose, transportEnd(facts)];
  return !ends.some((end) => end !== undefined && before(end, limit));
}

function relation(
  facts: CloseFacts,
  peerClose: CloseFacts['peerClose'],
  ourClose: CloseFacts['ourClose'],
): 'before' | 'after' | 'none' {
  if (peerClose === undefined) return 'none';
  const ours = ourClose ?? facts.ourFin ?? facts.ourReset;
  return ours === undefined || before(peerClose, ours) ? 'before' : 'after';
}

export function answered({ ourClose, peerClose }: CloseFacts): Millis | undefined {
  if (ourClose === undefined || peerClose === undefined || before(peerClose, ourClose)) return undefined;
  return round(at(peerClose) - at(ourClose));
}

function finAfter({ ourClose, peerClose, peerFin }: CloseFacts): Millis | undefined {
  if (peerFin === undefined) return undefined;
  const closes = [ourClose, peerClose].filter((event) => event !== undefined).map(at);
  const start = Math.min(...closes);
  return closes.length === 0 || at(peerFin) < start ? undefined : round(at(peerFin) - start);
}

/** Whoever said first, in any way, that it was over. */
function closedFirst(facts: CloseFacts): Who | 'none' {
  const ours = earliest([facts.ourClose, facts.ourFin, facts.ourReset]);
  const theirs = earliest([facts.peerClose, facts.errorAlert, facts.peerFin, facts.peerReset]);
  if (facts.completed === undefined || (ours === undefined && theirs === undefined)) return 'none';
  if (ours === undefined) return 'peer';
  return theirs !== undefined && before(theirs, ours) ? 'peer' : 'local';
}

function unreadAtReset(facts: CloseFacts, received: number): number | undefined {
  const expected = facts.plan?.expected;
  if (facts.peerReset === undefined) return undefined;
  if (facts.answer !== undefined) return facts.answer.complete === true ? 0 : facts.answer.missing;
  return expected === undefined ? undefined : Math.max(0, expected - received);
}

function alertOf({ errorAlert, fault }: CloseFacts): Outcome['alert'] {
  if (errorAlert === undefined || (fault !== undefined && fault.seq < errorAlert.seq)) return undefined;
  const { level, description, descriptionName } = errorAlert;
  return { level, description, name: descriptionName };
}

/** Could bytes be missing at the end without anything having told us? Only close_notify, or a known length, says no. */
function truncation(
  facts: CloseFacts,
  received: number,
  name: RecordOutcomeClass,
): Outcome['truncationPossible'] {
  if (facts.completed === undefined) return 'unknown';
  if (facts.peerClose !== undefined && name !== 'reset') return 'no';
  if (name === 'fin-mid-record') return 'yes';
  const expected = facts.plan?.expected;
  if (expected !== undefined) return received >= expected ? 'no' : 'yes';
  // What says itself where it ends, and was read to there, is whole however the stream ended.
  if (facts.answer?.complete === true && facts.answer.framing === 'self-delimited') return 'no';
  if (name === 'silent' || name === 'not-observed' || name === 'interrupted') return 'unknown';
  // An alert tells that it was not the end; whether anything was missing then hangs on there having been something.
  if (name === 'alert' && received === 0 && facts.ourData.length === 0) return 'unknown';
  return 'yes';
}

function earliest(events: readonly (TimelineEvent | undefined)[]): TimelineEvent | undefined {
  return events.reduce(
    (first, event) => (event !== undefined && (first === undefined || before(event, first)) ? event : first),
    undefined,
  );
}

function sum(data: CloseFacts['peerData']): number {
  return data.reduce((total, event) => total + event.bytes, 0);
}

/** Microseconds are enough, and keep printed numbers short. */
function round(ms: Millis): Millis {
  return Math.round(ms * 1000) / 1000;
}
