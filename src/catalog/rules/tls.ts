import type { TimelineEvent } from '../../timeline/event.ts';
import type { Finding } from '../../timeline/outcome.ts';
import { type CloseFacts, isTls13, readClose } from '../close-facts.ts';
import { isDatagrams } from '../datagram-facts.ts';
import { isQuic } from '../quic-facts.ts';
import { evaluateDatagrams } from './dtls.ts';
import { evaluateQuic } from './quic.ts';
import type { Breach, Check } from './rule.ts';
import { ALERT_CHECKS } from './tls-alert.ts';
import { TLS_CLAUSES } from './tls-clauses.ts';
import { byVersion, END_CHECKS } from './tls-end.ts';
import { LOCAL_CHECKS } from './tls-local.ts';

/** Every closing rule that the timeline of one connection, of whatever protocol, shows broken, with the events that prove it. */
export function evaluate(events: readonly TimelineEvent[], conn = 'local'): Finding[] {
  if (isQuic(events)) return evaluateQuic(events, conn);
  if (isDatagrams(events)) return evaluateDatagrams(events, conn);
  const facts = readClose(events, conn);
  const breaches = CHECKS.map((check) => check(facts));
  breaches.push(resumedAfterFailure(facts, events));
  return breaches.filter((breach) => breach !== undefined).map(toFinding);
}

function toFinding(breach: Breach): Finding {
  const { clause, level } = TLS_CLAUSES[breach.rule];
  const evidence = breach.evidence.filter((event) => event !== undefined).map((event) => event.seq);
  return {
    rule: breach.rule,
    clause,
    grade: breach.grade,
    level,
    who: breach.who,
    text: breach.text,
    evidence,
  };
}

/** Stateless tickets can't be called back, so this is for information. */
function resumedAfterFailure(facts: CloseFacts, events: readonly TimelineEvent[]): Breach | undefined {
  if (facts.errorAlert === undefined) return undefined;
  const accepted = events.find(
    (event) => event.conn === 'resume' && event.kind === 'session' && event.what === 'accepted',
  );
  if (accepted === undefined) return undefined;
  return {
    rule: byVersion(facts, 'tls12-7.2.2-no-resume-after-fatal', 'tls13-6-discard-tickets-after-failure'),
    grade: 'info',
    who: 'peer',
    text: `the session was resumed although its connection ended with a fatal alert${isTls13(facts.version) ? '' : '; TLS 1.2 forbids it'}`,
    evidence: [facts.errorAlert, accepted],
  };
}

const CHECKS: readonly Check[] = [...END_CHECKS, ...ALERT_CHECKS, ...LOCAL_CHECKS];
