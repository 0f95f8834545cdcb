import type { ConnCloseInfo } from '../../shutdown/quic/close-info.ts';
import { fromAscii } from '../../wire/bytes.ts';
import { decodeUtf8 } from '../../wire/utf8.ts';

/** SSL_CONN_CLOSE_INFO in the case format. */
export type ShownCloseInfo = {
  error_code: number | string;
  frame_type: number;
  reason: string;
  reason_len: number;
  local: boolean;
  transport: boolean;
};

export function showCloseInfo({ code, frameType, reason, local, transport }: ConnCloseInfo): ShownCloseInfo {
  return {
    error_code: seenAs(code),
    frame_type: Number(frameType),
    reason: showReason(reason),
    reason_len: reason.length,
    local,
    transport,
  };
}

/** A code: beyond 2^53 - 1 as a string. */
export function seenAs(code: bigint): number | string {
  return code > BigInt(Number.MAX_SAFE_INTEGER) ? String(code) : Number(code);
}

/** A long one by its first 20 bytes. */
function showReason(reason: Uint8Array): string {
  const shown = reason.length < LONG ? reason : reason.subarray(0, SHORT);
  return decodeUtf8(shown) ?? fromAscii(shown);
}

const LONG = 200;
const SHORT = 20;
