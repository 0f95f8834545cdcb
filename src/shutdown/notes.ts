import type { Emit } from '../timeline/event.ts';
import type { ProfileName } from './types.ts';

type Noter = {
  readonly profile: ProfileName;
  readonly emit: Emit | undefined;
  readonly noted: Set<Difference>;
};

/** A numbered discrepancy between the manual page and OpenSSL, or one that no page speaks of. */
export type Difference = number | 'renegotiation' | 'close-answer' | 'mtu';

/**
 * Says on the timeline what the other profile would have done at this point, once per connection and discrepancy.
 * `outcomes`: what each profile does, as the end of "profile … ".
 */
export function noteDifference(
  ssl: Noter,
  which: Difference,
  outcomes: Readonly<Record<ProfileName, string>>,
): void {
  if (ssl.noted.has(which)) return;
  ssl.noted.add(which);
  const other: ProfileName = ssl.profile === 'manual' ? 'openssl-3.5' : 'manual';
  ssl.emit?.({
    kind: 'note',
    code: 'profile-difference',
    text: `profile ${other} ${outcomes[other]}${typeof which === 'number' ? ` (discrepancy ${which})` : ''}`,
  });
}
