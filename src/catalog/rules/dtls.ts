import type { TimelineEvent } from '../../timeline/event.ts';
import type { Finding } from '../../timeline/outcome.ts';
import { before, isTls13 } from '../close-facts.ts';
import { type DatagramCloseFacts, readDatagramClose } from '../datagram-facts.ts';
import { SURE } from '../datagram-text.ts';
import { neverClosed } from '../measure.ts';
import { DTLS_CLAUSES, type DtlsRuleId } from './dtls-clauses.ts';
import type { Breach } from './rule.ts';

/** Every closing rule that the timeline of one DTLS association shows broken, with the events that prove it. */
export function evaluateDatagrams(events: readonly TimelineEvent[], conn = 'local'): Finding[] {
  const facts = readDatagramClose(events, conn);
  return CHECKS.map((check) => check(facts))
    .filter((breach) => breach !== undefined)
    .map(toFinding);
}

type DtlsBreach = Breach<DtlsRuleId>;
type DtlsCheck = (facts: DatagramCloseFacts) => DtlsBreach | undefined;

function toFinding({ rule, grade, who, text, evidence }: DtlsBreach): Finding {
  const { clause, level } = DTLS_CLAUSES[rule];
  const seqs = evidence.filter((event) => event !== undefined).map((event) => event.seq);
  return { rule, clause, grade, level, who, text, evidence: seqs };
}

/** One that got lost is nobody's fault; three are held against the peer (RFC 9147 §5.10: nobody should depend on alerts). */
function noAnswer(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { ourCloses, peerClose, errorAlert, fault, gone, aliveBy } = facts;
  if (ourCloses.length < SURE || peerClose !== undefined || neverClosed(facts)) return undefined;
  if (errorAlert !== undefined || fault !== undefined || gone !== undefined || aliveBy !== undefined) {
    return undefined;
  }
  const limit = facts.limits.find((fact) => fact.phase === 'close');
  if (limit === undefined) return undefined;
  return {
    rule: inherited(facts),
    grade: 'warn',
    who: 'peer',
    text: `${ourCloses.length} close_notify of ours had no answer within ${limit.ms} ms`,
    evidence: [...ourCloses, limit],
  };
}

/** It answered what came after our close_notify. If it may never have seen that, it is a warning only. */
function worksOn(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { probe, aliveBy, ourClose, peerClose, ourCloses } = facts;
  if (aliveBy === undefined) return undefined;
  const knew = peerClose !== undefined && ourClose !== undefined && before(ourClose, peerClose);
  if (probe === undefined) {
    if (ourCloses.length < SURE || isTls13(facts.version)) return undefined;
    const text = 'the peer went on sending data after our close_notify, sent several times';
    return { rule: inherited(facts), grade: 'warn', who: 'peer', text, evidence: [...ourCloses, aliveBy] };
  }
  const sure = knew || ourCloses.length >= SURE;
  return {
    rule: isTls13(facts.version) ? 'dtls13-5.10-data-after-closure-ignored' : 'dtls12-inherits-close-notify',
    grade: sure ? 'fail' : 'warn',
    who: 'peer',
    text: `the peer answered data that we sent after our close_notify${sure ? '' : ', which it may never have seen'}`,
    evidence: [ourClose, peerClose, probe, aliveBy],
  };
}

/** RFC 9147 goes by the numbers; RFC 6347 says nothing about it, so there is nothing to hold against anyone. */
function dataAfterItsClose(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { afterPeerClose, peerClose } = facts;
  if (afterPeerClose.length === 0 || peerClose === undefined) return undefined;
  const bytes = afterPeerClose.reduce((sum, data) => sum + data.bytes, 0);
  const dtls13 = isTls13(facts.version);
  return {
    rule: dtls13 ? 'dtls13-5.10-data-after-closure-ignored' : 'dtls12-inherits-close-notify',
    grade: dtls13 ? 'fail' : 'info',
    who: 'peer',
    text: `${bytes} bytes of data came after the peer's own close_notify${dtls13 ? '; every receiver ignores them' : '; RFC 6347 does not say whether they were overtaken or sent too late'}`,
    evidence: [peerClose, ...afterPeerClose],
  };
}

/** Numbered before the alert and overtaken by it: either way of taking it is right. */
function overtakenData(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { peerClose, peerData } = facts;
  if (peerClose === undefined || !isTls13(facts.version)) return undefined;
  const overtaken = peerData.filter((data) => !data.afterClose && before(peerClose, data));
  if (overtaken.length === 0 || overtaken.some((data) => data === facts.aliveBy)) return undefined;
  return {
    rule: 'dtls13-5.10-earlier-data-still-valid',
    grade: 'info',
    who: 'network',
    text: "data that was numbered before the peer's close_notify came after it, and counts",
    evidence: [peerClose, ...overtaken],
  };
}

/** More of the peer's close_notify than there were of ours to be answered. */
function repeatedAlert(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { peerCloses, ourCloses } = facts;
  if (peerCloses.length <= Math.max(1, ourCloses.length)) return undefined;
  return {
    rule: byVersion(facts, 'dtls12-4.2.7-alerts-not-retransmitted', 'dtls13-5.10-alerts-not-retransmitted'),
    grade: 'info',
    who: 'peer',
    text: `the peer sent close_notify ${peerCloses.length} times`,
    evidence: peerCloses,
  };
}

/** Whoever sent it, it was not believed: anybody on the path, or beside it, could have. */
function forgedAlert(facts: DatagramCloseFacts): DtlsBreach | undefined {
  if (facts.forged.length === 0) return undefined;
  return {
    rule: byVersion(facts, 'dtls12-4.1-old-epoch-dropped', 'dtls13-4.2.1-old-epoch-dropped'),
    grade: 'info',
    who: 'network',
    text: 'an alert came in the clear although there are keys; anybody could have sent it, so it was dropped',
    evidence: facts.forged,
  };
}

function leftWithoutAlert(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const how = WITHOUT_ALERT[facts.plan?.mode ?? ''];
  if (how === undefined || facts.completed === undefined || facts.ourClose !== undefined) return undefined;
  const text = `notice: we sent no close_notify, as ${how} asks`;
  return { rule: inherited(facts), grade: 'info', who: 'local', text, evidence: [facts.plan] };
}

function wroteAfterClose(facts: DatagramCloseFacts): DtlsBreach | undefined {
  const { probe, ourClose } = facts;
  if (probe === undefined) return undefined;
  const text = 'notice: we sent data after our close_notify, to see whether it is answered';
  return {
    rule: byVersion(facts, 'dtls12-inherits-close-notify', 'dtls13-5.10-data-after-closure-ignored'),
    grade: 'info',
    who: 'local',
    text,
    evidence: [ourClose, probe],
  };
}

function inherited(facts: DatagramCloseFacts): DtlsRuleId {
  return byVersion(facts, 'dtls12-inherits-close-notify', 'dtls13-6.1-inherits-half-close');
}

function byVersion(facts: DatagramCloseFacts, dtls12: DtlsRuleId, dtls13: DtlsRuleId): DtlsRuleId {
  return isTls13(facts.version) ? dtls13 : dtls12;
}

const CHECKS: readonly DtlsCheck[] = [
  noAnswer,
  worksOn,
  dataAfterItsClose,
  overtakenData,
  repeatedAlert,
  forgedAlert,
  leftWithoutAlert,
  wroteAfterClose,
];

const WITHOUT_ALERT: Readonly<Record<string, string>> = {
  quiet: '--quiet-shutdown',
  vanish: '--vanish',
};
