import type { TimelineEvent } from '../timeline/event.ts';
import type { Outcome, RecordOutcomeClass } from '../timeline/outcome.ts';
import { type DatagramCloseFacts, datagramMeasures, readDatagramClose } from './datagram-facts.ts';
import { adviseDatagrams, summarizeDatagrams } from './datagram-text.ts';
import { answered, type Measured, measure, neverClosed } from './measure.ts';
import { exitCodeOf } from './verdict.ts';

/** judge for DTLS: datagrams are lost, come late and out of order, and nothing but a close_notify ever says that it is over. */
export function judgeDatagrams(events: readonly TimelineEvent[], conn: string): Outcome {
  const facts = readDatagramClose(events, conn);
  const name = classify(facts);
  const measured: Measured = {
    ...measure(facts, name),
    truncationPossible: truncation(facts),
    ...datagramMeasures(facts),
  };
  const advice = adviseDatagrams(facts, measured);
  const { class: _, ...beside } = measured;
  return {
    class: name,
    summary: summarizeDatagrams(facts, measured),
    ...(advice === undefined ? {} : { advice }),
    ...beside,
    exitCode: exitCode(facts, events, conn, name),
  };
}

function classify(facts: DatagramCloseFacts): RecordOutcomeClass {
  if (facts.completed === undefined) return classifyUnfinished(facts);
  if (facts.interrupted !== undefined) return 'interrupted';
  if (facts.errorAlert !== undefined || facts.fault !== undefined) return 'alert';
  if (facts.aliveBy !== undefined) return 'alive-after-close';
  if (facts.peerClose === undefined) {
    if (facts.gone !== undefined) return 'unreachable';
    return facts.plan?.looks === false ? 'not-observed' : 'silent';
  }
  if (neverClosed(facts)) return 'silent';
  const answerMs = answered(facts);
  return answerMs !== undefined && answerMs > (facts.plan?.lateMs ?? LATE_MS) ? 'late' : 'clean';
}

function classifyUnfinished(facts: DatagramCloseFacts): RecordOutcomeClass {
  // A message of the peer's means that somebody was there, whatever ICMP said later.
  if (facts.gone !== undefined && facts.lastMessage === undefined) return 'unreachable';
  if (facts.handshakeFailed === undefined && facts.interrupted !== undefined) return 'interrupted';
  return facts.connected === undefined ? 'unreachable' : 'handshake-failed';
}

/** Whatever came last: a datagram before it may have been lost. Only a known length, or an answer that is whole, says more. */
function truncation({ plan, peerData, answer }: DatagramCloseFacts): Outcome['truncationPossible'] {
  if (answer?.complete === true) return 'no';
  if (plan?.expected === undefined) return 'unknown';
  const received = peerData.reduce((sum, data) => sum + data.bytes, 0);
  return received >= plan.expected ? 'no' : 'yes';
}

/** ICMP in place of an answer to our close is no failure to get there. */
function exitCode(
  facts: DatagramCloseFacts,
  events: readonly TimelineEvent[],
  conn: string,
  name: RecordOutcomeClass,
): number {
  return name === 'unreachable' && facts.completed !== undefined ? 1 : exitCodeOf(events, conn, name);
}

const LATE_MS = 1000;
