import { ALERT } from '../../wire/alert.ts';
import { ProtocolFault } from '../fault.ts';

/** The peer's fault. `rule`: a short stable name. */
export function peerFault(rule: string, alert: number, detail: string): ProtocolFault {
  return new ProtocolFault({ blame: 'peer', rule, alert, detail });
}

/** A value that is well-formed but not allowed here (RFC 9846 §6.2, illegal_parameter). */
export function illegalParameter(rule: string, detail: string): ProtocolFault {
  return peerFault(rule, ALERT.illegal_parameter, detail);
}

export function missingExtension(name: string, where: string): ProtocolFault {
  return peerFault('missing-extension', ALERT.missing_extension, `no ${name} in ${where}`);
}

/** Nothing that both sides can do (RFC 9846 §6.2, handshake_failure). */
export function handshakeFailure(rule: string, detail: string): ProtocolFault {
  return peerFault(rule, ALERT.handshake_failure, detail);
}
