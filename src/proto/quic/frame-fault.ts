import type { TRANSPORT_ERROR } from '../../wire/quic-errors.ts';
import { frameTypeNumber } from '../../wire/quic-frame-types.ts';
import type { Frame } from '../../wire/quic-types.ts';
import type { ProtocolFault } from '../fault.ts';
import { transportFault } from './faults.ts';

/** The peer broke a rule with this frame. */
export function frameFault(
  code: keyof typeof TRANSPORT_ERROR,
  frame: Frame,
  rule: string,
  detail: string,
): ProtocolFault {
  return transportFault(code, rule, detail, frameTypeNumber(frame));
}
