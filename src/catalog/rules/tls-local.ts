import { type CloseFacts, isTls13 } from '../close-facts.ts';
import type { Check } from './rule.ts';
import type { TlsRuleId } from './tls-clauses.ts';
import { byVersion } from './tls-end.ts';

/** What we were told to do against the letter: said as a notice, and no part of the verdict on the peer. */
export const LOCAL_CHECKS: readonly Check[] = [closedWithoutAlert, tookFinAsClose, wroteAfterClose];

function closedWithoutAlert(facts: CloseFacts): ReturnType<Check> {
  const mode = facts.plan?.mode ?? '';
  const how = MODES_WITHOUT_ALERT[mode];
  if (how === undefined || facts.completed === undefined || facts.ourClose !== undefined) return undefined;
  return {
    rule: byVersion(
      facts,
      'tls12-7.2.1-close-notify-before-write-close',
      'tls13-6.1-close-notify-before-write-close',
    ),
    grade: 'info',
    who: 'local',
    text: `notice: we sent no close_notify, as ${how} asks`,
    evidence: [facts.plan, facts.ourFin, facts.ourReset],
  };
}

function tookFinAsClose(facts: CloseFacts): ReturnType<Check> {
  if (
    facts.plan?.ignoreUnexpectedEof !== true ||
    facts.peerFin === undefined ||
    facts.peerClose !== undefined
  ) {
    return undefined;
  }
  const rule: TlsRuleId = isTls13(facts.version)
    ? 'tls13-6.1-bare-fin-may-be-truncation'
    : 'tls12-7.2.1-close-notify-before-write-close';
  return {
    rule,
    grade: 'info',
    who: 'local',
    text: "notice: the calls took the peer's FIN for close_notify, as --ignore-unexpected-eof asks",
    evidence: [facts.plan, facts.peerFin],
  };
}

function wroteAfterClose(facts: CloseFacts): ReturnType<Check> {
  const data = facts.ourData.find((event) => event.afterClose);
  if (data === undefined) return undefined;
  return {
    rule: byVersion(
      facts,
      'tls12-7.2.1-data-after-closure-ignored',
      'tls13-6.1-data-after-close-notify-ignored',
    ),
    grade: 'info',
    who: 'local',
    text: 'notice: we sent data after our close_notify, as --write-after-close asks',
    evidence: [facts.ourClose, data],
  };
}

const MODES_WITHOUT_ALERT: Readonly<Record<string, string>> = {
  quiet: '--quiet-shutdown',
  'abrupt-fin': '--abrupt fin',
  'abrupt-rst': '--abrupt rst',
};
