import type { Who } from '../timeline/event.ts';

/** A rule was broken: by whom, which one, and what the RFC says to answer. Thrown inside a core, caught once in `step`. */
export class ProtocolFault extends Error {
  readonly blame: Who;
  /** A short stable name, e.g. "record-overflow", "bad-record-mac", "decode-error", "finished-mismatch". */
  readonly rule: string;
  /** Alert description to send (RFC 9846 §6.2), or undefined where nothing may be sent. */
  readonly alert: number | undefined;
  /** QUIC: the code of the CONNECTION_CLOSE it deserves (RFC 9000 §20.1), and the type of the frame that was wrong. */
  readonly transportCode: bigint | undefined;
  readonly frameType: bigint | undefined;
  readonly detail: string;

  constructor(fault: {
    blame: Who;
    rule: string;
    alert?: number;
    transportCode?: bigint;
    frameType?: bigint;
    detail: string;
  }) {
    super(`${fault.rule}: ${fault.detail}`);
    this.name = 'ProtocolFault';
    this.blame = fault.blame;
    this.rule = fault.rule;
    this.alert = fault.alert;
    this.transportCode = fault.transportCode;
    this.frameType = fault.frameType;
    this.detail = fault.detail;
  }
}
