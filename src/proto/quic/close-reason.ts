import { wholeCharacters } from '../../wire/utf8.ts';
import type { QuicPolicy } from './core.ts';

/** The reason as far as it fits, cut inside a character only where the policy does not mind. */
export function cutReason(
  reason: Uint8Array,
  most: number,
  cut: QuicPolicy['reasonLimit']['cut'],
): Uint8Array {
  if (reason.length <= most) return reason;
  const length = Math.max(0, most);
  return reason.subarray(0, cut === 'bytes' ? length : wholeCharacters(reason, length));
}
