import { TRANSPORT_ERROR } from '../../wire/quic-errors.ts';
import { ProtocolFault } from '../fault.ts';

/** The peer broke a rule of the transport (RFC 9000 §20.1). `frameType`: of the frame that was wrong. */
export function transportFault(
  code: keyof typeof TRANSPORT_ERROR,
  rule: string,
  detail: string,
  frameType?: bigint,
): ProtocolFault {
  const transportCode = TRANSPORT_ERROR[code];
  return new ProtocolFault({
    ...{ blame: 'peer', rule, transportCode, detail },
    ...(frameType !== undefined && { frameType }),
  });
}
