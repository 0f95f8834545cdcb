import { before, type CloseFacts, isTls13, transportEnd } from '../close-facts.ts';
import { neverClosed } from '../measure.ts';
import type { Check } from './rule.ts';
import type { TlsRuleId } from './tls-clauses.ts';

/** How the peer's direction ended: with close_notify, in time, with nothing after it. */
export const END_CHECKS: readonly Check[] = [
  endWithoutCloseNotify,
  noAnswer,
  answeredWithAlert,
  dataAfterItsClose,
  responseAfterOurClose,
  responseCutByOurClose,
  heldOpen12,
  resetAfterClose,
  userCanceledAlone,
];

/** The peer ended its stream of its own accord, without close_notify. Worse where the data does not tell its own length. */
function endWithoutCloseNotify(facts: CloseFacts): ReturnType<Check> {
  const end = bareEnd(facts);
  if (end === undefined || !endedFirst(facts, end)) return undefined;
  const partial = facts.eof?.partialRecord ?? 0;
  const received = receivedBytes(facts);
  const counted = facts.plan?.expected !== undefined && received >= facts.plan.expected;
  const whole = facts.answer?.complete === true && facts.answer.framing === 'self-delimited';
  const complete = counted || whole;
  const what = end.kind === 'transport.fin' ? 'FIN' : 'RST';
  return {
    rule: byVersion(
      facts,
      'tls12-7.2.1-close-notify-before-write-close',
      'tls13-6.1-close-notify-before-write-close',
    ),
    grade: partial > 0 || (received > 0 && !complete) ? 'fail' : 'warn',
    who: 'peer',
    text:
      partial > 0
        ? `${what} came inside a record, without close_notify`
        : `${what} came without close_notify${received > 0 ? ` after ${received} bytes of data` : ''}${complete ? `, which ${whole ? 'is all of its answer' : 'are all that was expected'}` : ''}`,
    evidence: [facts.peerData.at(-1), ...(whole ? [facts.answer] : []), end, facts.eof],
  };
}

/** Our close_notify was answered by FIN, by RST, or by nothing. Only the proof of the end is missing, so it is a warning. */
function noAnswer(facts: CloseFacts): ReturnType<Check> {
  const { ourClose, peerClose } = facts;
  if (ourClose === undefined || peerClose !== undefined || failed(facts) || neverClosed(facts))
    return undefined;
  const rule = byVersion(
    facts,
    'tls12-7.2.1-reply-close-notify',
    'tls13-6.1-receiver-still-owes-close-notify',
  );
  const end = bareEnd(facts);
  if (end !== undefined) {
    if (endedFirst(facts, end)) return undefined;
    const what = end.kind === 'transport.fin' ? 'FIN' : 'RST';
    return {
      rule,
      grade: 'warn',
      who: 'peer',
      text: `our close_notify was answered by ${what} alone`,
      evidence: [ourClose, end],
    };
  }
  const limit = facts.limits.find((fact) => fact.phase === 'close');
  if (limit === undefined) return undefined;
  const stillSending = facts.peerData.some((data) => !before(data, ourClose));
  return {
    rule,
    grade: stillSending && isTls13(facts.version) ? 'info' : 'warn',
    who: 'peer',
    text: stillSending
      ? `no close_notify within ${limit.ms} ms of ours: the peer is still sending data`
      : `no close_notify within ${limit.ms} ms of ours`,
    evidence: [ourClose, limit],
  };
}

function answeredWithAlert(facts: CloseFacts): ReturnType<Check> {
  const { ourClose, errorAlert } = facts;
  if (ourClose === undefined || errorAlert === undefined || before(errorAlert, ourClose)) return undefined;
  const late = facts.ourData.find((data) => data.afterClose);
  const text = `alert ${errorAlert.descriptionName} in answer to`;
  if (late !== undefined) {
    const rule = byVersion(
      facts,
      'tls12-7.2.1-data-after-closure-ignored',
      'tls13-6.1-data-after-close-notify-ignored',
    );
    return {
      rule,
      grade: 'fail',
      who: 'peer',
      text: `${text} data after our close_notify`,
      evidence: [ourClose, late, errorAlert],
    };
  }
  if (isTls13(facts.version)) return undefined;
  const rule: TlsRuleId = 'tls12-7.2.1-either-may-initiate';
  return {
    rule,
    grade: 'warn',
    who: 'peer',
    text: `${text} our close_notify`,
    evidence: [ourClose, errorAlert],
  };
}

function dataAfterItsClose(facts: CloseFacts): ReturnType<Check> {
  const late = facts.peerData.filter((data) => data.afterClose);
  if (late.length === 0 || facts.peerClose === undefined) return undefined;
  const bytes = late.reduce((total, data) => total + data.bytes, 0);
  return {
    rule: byVersion(
      facts,
      'tls12-7.2.1-data-after-closure-ignored',
      'tls13-6.1-data-after-close-notify-ignored',
    ),
    grade: 'fail',
    who: 'peer',
    text: `the peer sent ${bytes} bytes of data after its own close_notify; every receiver drops them`,
    evidence: [facts.peerClose, ...late],
  };
}

/** TLS 1.2 says to drop pending writes; whoever finishes the response first does what TLS 1.3 asks. */
function responseAfterOurClose(facts: CloseFacts): ReturnType<Check> {
  const { ourClose } = facts;
  if (ourClose === undefined || isTls13(facts.version) || failed(facts)) return undefined;
  const after = facts.peerData.filter((data) => !before(data, ourClose) && !data.afterClose);
  if (after.length === 0) return undefined;
  const rule: TlsRuleId = 'tls12-7.2.1-close-at-once-drop-writes';
  return {
    rule,
    grade: 'info',
    who: 'peer',
    text: 'the peer went on sending data after our close_notify',
    evidence: [ourClose, ...after],
  };
}

/** TLS 1.3: our close_notify is no reason to cut the response. Seen only where its length is known. */
function responseCutByOurClose(facts: CloseFacts): ReturnType<Check> {
  const { ourClose, peerClose, plan } = facts;
  if (!isTls13(facts.version) || plan?.expected === undefined || ourClose === undefined) return undefined;
  const missing = plan.expected - receivedBytes(facts);
  if (peerClose === undefined || before(peerClose, ourClose) || missing <= 0) return undefined;
  const rule: TlsRuleId = 'tls13-6.1-receiver-may-keep-writing';
  return {
    rule,
    grade: 'warn',
    who: 'peer',
    text: `the response ended ${missing} bytes short when our close_notify came`,
    evidence: [ourClose, peerClose],
  };
}

function heldOpen12(facts: CloseFacts): ReturnType<Check> {
  const limit = facts.limits.find((fact) => fact.phase === 'fin');
  const { ourClose, peerClose } = facts;
  if (limit === undefined || isTls13(facts.version) || transportEnd(facts) !== undefined) return undefined;
  if (ourClose === undefined || peerClose === undefined || before(peerClose, ourClose)) return undefined;
  const rule: TlsRuleId = 'tls12-7.2.1-close-at-once-drop-writes';
  return {
    rule,
    grade: 'warn',
    who: 'peer',
    text: `no FIN within ${limit.ms} ms of the closing exchange`,
    evidence: [peerClose, limit],
  };
}

/** RST in place of FIN, after close_notify was read: nothing of TLS is lost. */
function resetAfterClose({ peerClose, peerReset }: CloseFacts): ReturnType<Check> {
  if (peerClose === undefined || peerReset === undefined || before(peerReset, peerClose)) return undefined;
  const rule: TlsRuleId = 'tcp-3.6.1-rst-on-unread-data';
  return {
    rule,
    grade: 'info',
    who: 'peer',
    text: 'RST came after close_notify, in place of FIN',
    evidence: [peerClose, peerReset],
  };
}

/** user_canceled is no end by itself: readers wait for the close_notify that follows it. */
function userCanceledAlone(facts: CloseFacts): ReturnType<Check> {
  const { userCanceled, peerClose } = facts;
  const end = transportEnd(facts);
  if (userCanceled === undefined || peerClose !== undefined || end === undefined) return undefined;
  return {
    rule: byVersion(
      facts,
      'tls12-7.2.2-user-canceled-then-close-notify',
      'rfc9846-6.1-user-canceled-must-close-notify',
    ),
    grade: 'warn',
    who: 'peer',
    text: 'user_canceled was not followed by close_notify',
    evidence: [userCanceled, end],
  };
}

export function byVersion(facts: CloseFacts, tls12: TlsRuleId, tls13: TlsRuleId): TlsRuleId {
  return isTls13(facts.version) ? tls13 : tls12;
}

function failed(facts: CloseFacts): boolean {
  return facts.errorAlert !== undefined || facts.fault !== undefined;
}

type End = NonNullable<ReturnType<typeof transportEnd>>;

/** The peer's FIN or RST, when no close_notify and no error alert of either side explains it. */
function bareEnd(facts: CloseFacts): End | undefined {
  if (facts.completed === undefined || facts.peerClose !== undefined || failed(facts)) return undefined;
  return transportEnd(facts);
}

function endedFirst(facts: CloseFacts, end: End): boolean {
  const ours = facts.ourClose ?? facts.ourFin ?? facts.ourReset;
  return ours === undefined || before(end, ours) || (facts.eof?.partialRecord ?? 0) > 0;
}

function receivedBytes(facts: CloseFacts): number {
  return facts.peerData.reduce((total, data) => total + data.bytes, 0);
}
