import type { ProfileName } from '../shutdown/types.ts';
import type { Emit } from '../timeline/event.ts';

/** Says where the profile `openssl-3.5` goes by its table of DTLS 1.2, because OpenSSL has no DTLS 1.3. */
export function noteProfileRange(emit: Emit, profile: ProfileName, dtls13: boolean): void {
  if (dtls13 && profile === 'openssl-3.5')
    emit({ kind: 'note', code: 'profile-range', text: BEYOND_OPENSSL });
}

const BEYOND_OPENSSL = 'OpenSSL has no DTLS 1.3: this is what its DTLS 1.2 would do';
