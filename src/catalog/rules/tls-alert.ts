import { type CloseFacts, isTls13, transportEnd, WARNING } from '../close-facts.ts';
import type { Check } from './rule.ts';
import type { TlsRuleId } from './tls-clauses.ts';
import { byVersion } from './tls-end.ts';

/** How the peer's alerts were formed, and what it did after an error alert. */
export const ALERT_CHECKS: readonly Check[] = [
  closeNotifyLevel,
  errorAlertLevel,
  openAfterFatal,
  dataAfterFatal,
  reservedAlert,
  bareAlert,
  alertForm,
];

function closeNotifyLevel({ peerClose, version }: CloseFacts): ReturnType<Check> {
  if (peerClose === undefined || peerClose.level === WARNING) return undefined;
  const tls13 = isTls13(version);
  return {
    rule: tls13 ? 'rfc9846-6.1-close-notify-warning-level' : 'tls12-7.2-fatal-received-terminates',
    grade: 'warn',
    who: 'peer',
    text: `close_notify came at level ${peerClose.level}${tls13 ? '' : '; clients that go by the level take it for an error'}`,
    evidence: [peerClose],
  };
}

/** TLS 1.3: every error alert. TLS 1.2: one that was followed by the end of the connection. */
function errorAlertLevel(facts: CloseFacts): ReturnType<Check> {
  if (isTls13(facts.version)) {
    const alert = facts.errorAlert;
    if (alert === undefined || alert.level !== WARNING) return undefined;
    const rule: TlsRuleId = 'tls13-6-error-alerts-sent-fatal';
    return {
      rule,
      grade: 'warn',
      who: 'peer',
      text: `alert ${alert.descriptionName} came at level warning`,
      evidence: [alert],
    };
  }
  const end = transportEnd(facts);
  const last = facts.peerAlerts.at(-1);
  if (end === undefined || last === undefined || facts.peerClose !== undefined) return undefined;
  if (last.level !== WARNING || WARNINGS_12.includes(last.description)) return undefined;
  const rule: TlsRuleId = 'tls12-7.2.2-closing-alert-is-fatal-level';
  return {
    rule,
    grade: 'warn',
    who: 'peer',
    text: `alert ${last.descriptionName} at level warning was followed by the end`,
    evidence: [last, end],
  };
}

function openAfterFatal(facts: CloseFacts): ReturnType<Check> {
  const limit = facts.limits.find((fact) => fact.phase === 'fin');
  if (facts.errorAlert === undefined || limit === undefined || transportEnd(facts) !== undefined)
    return undefined;
  const tls13 = isTls13(facts.version);
  return {
    rule: byVersion(facts, 'tls12-7.2.2-sender-of-fatal-closes', 'tls13-6.2-close-on-fatal'),
    grade: tls13 ? 'fail' : 'warn',
    who: 'peer',
    text: `the connection was still open ${limit.ms} ms after the peer's fatal alert`,
    evidence: [facts.errorAlert, limit],
  };
}

function dataAfterFatal(facts: CloseFacts): ReturnType<Check> {
  const { errorAlert } = facts;
  if (errorAlert === undefined) return undefined;
  const data = facts.peerData.filter((event) => event.seq > errorAlert.seq);
  if (data.length === 0) return undefined;
  return {
    rule: byVersion(facts, 'tls12-7.2.2-sender-of-fatal-closes', 'tls13-6.2-no-data-after-error'),
    grade: isTls13(facts.version) ? 'fail' : 'warn',
    who: 'peer',
    text: "data followed the peer's fatal alert",
    evidence: [errorAlert, ...data],
  };
}

function reservedAlert(facts: CloseFacts): ReturnType<Check> {
  if (isTls13(facts.version)) return undefined;
  const alert = facts.peerAlerts.find((event) => RESERVED.includes(event.description));
  if (alert === undefined) return undefined;
  const rule: TlsRuleId = 'tls12-7.2.2-reserved-alerts-unused';
  return {
    rule,
    grade: 'fail',
    who: 'peer',
    text: `reserved alert ${alert.description} was sent`,
    evidence: [alert],
  };
}

function bareAlert(facts: CloseFacts): ReturnType<Check> {
  const alert = facts.peerAlerts.find((event) => !event.protected);
  if (alert === undefined) return undefined;
  return {
    rule: byVersion(facts, 'tls12-7.2-alerts-use-current-protection', 'tls13-6-alerts-encrypted'),
    grade: 'fail',
    who: 'peer',
    text: `alert ${alert.descriptionName} came unprotected on a protected connection`,
    evidence: [alert],
  };
}

/** What the record layer refused: an alert that is empty, split or not alone. TLS 1.2 forbids the empty one only. */
function alertForm({ fault, version }: CloseFacts): ReturnType<Check> {
  if (fault === undefined) return undefined;
  const tls13 = isTls13(version);
  const breach = { who: 'peer', text: fault.detail, evidence: [fault] } as const;
  if (fault.rule === 'empty-record' && fault.detail.startsWith('alert ')) {
    return {
      rule: tls13 ? 'tls13-5.4-no-empty-alert' : 'tls12-6.2.1-no-empty-alert-record',
      grade: 'fail',
      ...breach,
    };
  }
  if (fault.rule !== 'alert-length' || !tls13) return undefined;
  const bytes = Number(/\d+/u.exec(fault.detail)?.[0]);
  return {
    rule: bytes < 2 ? 'tls13-5.1-alert-not-fragmented' : 'tls13-5.1-alert-not-coalesced',
    grade: 'warn',
    ...breach,
  };
}

/** Alerts that TLS 1.2 knows as warnings: close_notify, user_canceled, no_renegotiation, unrecognized_name (RFC 6066 §3). */
const WARNINGS_12: readonly number[] = [0, 90, 100, 112];
const RESERVED: readonly number[] = [21, 41, 60];
