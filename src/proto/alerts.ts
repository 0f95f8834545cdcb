import type { Fact, Who } from '../timeline/event.ts';
import { ALERT, ALERT_LEVEL, alertKind, alertName, levelName } from '../wire/alert.ts';
import { ProtocolFault } from './fault.ts';
import type { TlsPolicy } from './handshake/config.ts';

export type Alert = { level: number; description: number };

export type AlertMeaning = 'closure' | 'user_canceled' | 'fatal' | 'ignored';

/** What an alert depends on besides itself. `warnings`: how many came in a row before this one. */
export type AlertContext = {
  version: 0x0303 | 0x0304 | undefined;
  policy: TlsPolicy;
  warnings: number;
  /** We have sent a HelloRequest, so that no_renegotiation is an answer. */
  askedRenegotiation: boolean;
};

/**
 * One alert, whole and alone in its record: 1.3 forbids anything else (RFC 9846 §5.1); in 1.2 a split or
 * joined alert is legal on paper and refused all the same, as everybody does. Throws ProtocolFault.
 */
export function decodeAlert(content: Uint8Array): Alert {
  const [level, description] = content;
  if (content.length !== 2 || level === undefined || description === undefined) {
    throw fault('alert-length', ALERT.unexpected_message, `alert record of ${content.length} bytes, not 2`);
  }
  return { level, description };
}

/** RFC 9846 §6: the description alone decides. Before, and while the version is not known, RFC 5246 §7.2: the level too. */
export function meaningOf(alert: Alert, context: AlertContext): AlertMeaning {
  return context.version === 0x0304 ? meaning13(alert) : meaning12(alert, context);
}

export function describeAlert({ level, description }: Alert): string {
  return `${levelName(level)} ${alertName(description)}`;
}

/** An alert for the timeline. */
export function alertFact(by: Who, { level, description }: Alert, isProtected: boolean): Fact {
  return {
    kind: 'alert',
    by,
    level,
    levelName: levelName(level),
    description,
    descriptionName: alertName(description),
    protected: isProtected,
  };
}

function meaning13({ description }: Alert): AlertMeaning {
  if (alertKind(description)?.class13 !== 'closure') return 'fatal';
  return description === ALERT.close_notify ? 'closure' : 'user_canceled';
}

function meaning12(alert: Alert, context: AlertContext): AlertMeaning {
  const { level, description } = alert;
  const closeNotify = description === ALERT.close_notify;
  if (closeNotify && context.policy.closeNotifyLevel === 'any') return 'closure';
  if (level === ALERT_LEVEL.fatal) return 'fatal';
  checkWarnings(alert, context);
  if (description === ALERT.no_renegotiation && !context.askedRenegotiation) {
    const detail = 'no_renegotiation, though no renegotiation was asked for';
    throw fault('no-renegotiation', ALERT.handshake_failure, detail);
  }
  if (level !== ALERT_LEVEL.warning) {
    throw fault('unknown-alert-level', ALERT.illegal_parameter, `alert ${describeAlert(alert)}`);
  }
  if (closeNotify) return 'closure';
  return description === ALERT.user_canceled ? 'user_canceled' : 'ignored';
}

function checkWarnings({ level, description }: Alert, { policy, warnings }: AlertContext): void {
  if (level !== ALERT_LEVEL.warning || warnings < policy.warningLimit) return;
  if (description === ALERT.close_notify && !policy.closeNotifyCounts) return;
  const detail = `${warnings + 1} warning alerts in a row, the last ${alertName(description)}`;
  throw fault('too-many-warnings', ALERT.unexpected_message, detail);
}

function fault(rule: string, alert: number, detail: string): ProtocolFault {
  return new ProtocolFault({ blame: 'peer', rule, alert, detail });
}
