import type { TlsCore } from '../../proto/core.ts';
import { createDtlsCore } from '../../proto/dtls/connection.ts';
import { createHelloPieces } from '../../proto/dtls/hello-pieces.ts';
import { judgeClientHello } from '../../proto/dtls/server-gate.ts';
import { DTLS_SUITES } from '../../proto/handshake/defaults.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { ascii } from '../../wire/bytes.ts';
import { type ServerCoreOptions, serverConfig } from './core.ts';

/**
 * What becomes of a datagram of nobody's. `answer`: these bytes go back · `make`: an association, whose first input is the datagram,
 * or `first`, put together from several.
 */
export type Admission =
  | { kind: 'answer'; bytes: Uint8Array }
  | { kind: 'make'; first?: Uint8Array }
  | { kind: 'drop' };

/** Of one DTLS server: who may come in, and the cores of those who may. They share ticket key, sessions and cookie key. */
export type DatagramCores = {
  /** Judges a datagram of a client that nothing is known of; keeps nothing of it, but for a few pieces that say nothing alone. */
  gate(datagram: Uint8Array, remote: string, now: Millis): Admission;
  create(emit: Emit, remote: string): TlsCore;
};

export function createDatagramCores(options: ServerCoreOptions): DatagramCores {
  const { deps } = options;
  const shared = { ...serverConfig(options), suites: DTLS_SUITES };
  const key = deps.random(32);
  const pieces = createHelloPieces();
  const config = (remote: string) => ({ ...shared, cookie: { key, address: ascii(remote) } });
  return {
    gate(datagram, remote, now) {
      const verdict = judgeClientHello(datagram, config(remote), deps, now);
      if (verdict.kind !== 'piece') return verdict;
      const first = pieces.add(remote, verdict.record, verdict.fragment, now);
      if (first === undefined) return { kind: 'drop' };
      const judged = judgeClientHello(first, config(remote), deps, now);
      if (judged.kind === 'make') return { kind: 'make', first };
      return judged.kind === 'answer' ? judged : { kind: 'drop' };
    },
    create: (emit, remote) => createDtlsCore('server', config(remote), { ...deps, emit }),
  };
}
