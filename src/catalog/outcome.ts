import type { TimelineEvent } from '../timeline/event.ts';
import type { Outcome, RecordOutcomeClass } from '../timeline/outcome.ts';
import { advise } from './advice.ts';
import { before, type CloseFacts, readClose } from './close-facts.ts';
import { isDatagrams } from './datagram-facts.ts';
import { judgeDatagrams } from './datagram-outcome.ts';
import { answered, measure, neverClosed } from './measure.ts';
import { isQuic } from './quic-facts.ts';
import { judgeQuic } from './quic-outcome.ts';
import { summarize } from './summary.ts';
import { exitCodeOf } from './verdict.ts';

/**
 * What a timeline says of how one connection ended: one class, the facts beside it, and the exit code. Looks at nothing
 * else: a recorded timeline gives the same answer. Findings count for the exit code when they are on the timeline.
 */
export function judge(events: readonly TimelineEvent[], conn = 'local'): Outcome {
  if (isQuic(events)) return judgeQuic(events, conn);
  if (isDatagrams(events)) return judgeDatagrams(events, conn);
  const facts = readClose(events, conn);
  const name = classify(facts);
  const measured = measure(facts, name);
  const advice = advise(facts, measured);
  const { class: _, ...beside } = measured;
  return {
    class: name,
    summary: summarize(facts, measured),
    ...(advice === undefined ? {} : { advice }),
    ...beside,
    exitCode: exitCodeOf(events, conn, name),
  };
}

/** First match wins, in the order of OUTCOME_CLASSES, but for what a mode that does not look can't tell. */
function classify(facts: CloseFacts): RecordOutcomeClass {
  if (facts.connected === undefined && facts.interrupted === undefined) return 'unreachable';
  if (facts.handshakeFailed !== undefined) return 'handshake-failed';
  if (facts.interrupted !== undefined) return 'interrupted';
  if (facts.completed === undefined) return 'handshake-failed';
  if (facts.errorAlert !== undefined || facts.fault !== undefined) return 'alert';
  if (facts.peerClose === undefined) {
    if (facts.peerReset !== undefined) return 'reset';
    if (facts.peerFin !== undefined) return (facts.eof?.partialRecord ?? 0) > 0 ? 'fin-mid-record' : 'fin';
    return facts.plan?.looks === false ? 'not-observed' : 'silent';
  }
  return classifyClosed(facts, facts.peerClose);
}

/** The peer's close_notify is there: what of the rest? */
function classifyClosed(
  facts: CloseFacts,
  peerClose: NonNullable<CloseFacts['peerClose']>,
): RecordOutcomeClass {
  if (neverClosed(facts)) return 'silent';
  if (facts.peerReset !== undefined)
    return before(facts.peerReset, peerClose) ? 'reset' : 'reset-after-close';
  if (facts.peerFin === undefined) return facts.plan?.looks === false ? 'not-observed' : 'held-open';
  const answerMs = answered(facts);
  return answerMs !== undefined && answerMs > (facts.plan?.lateMs ?? LATE_MS) ? 'late' : 'clean';
}

const LATE_MS = 1000;
