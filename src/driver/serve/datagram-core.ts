import type { TlsCore } from '../../proto/core.ts';
import { createDtlsCore } from '../../proto/dtls/connection.ts';
import { type GateVerdict, judgeClientHello } from '../../proto/dtls/server-gate.ts';
import { DTLS_SUITES } from '../../proto/handshake/defaults.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { ascii } from '../../wire/bytes.ts';
import { type ServerCoreOptions, serverConfig } from './core.ts';

/** Of one DTLS server: who may come in, and the cores of those who may. They share ticket key, sessions and cookie key. */
export type DatagramCores = {
  /** Judges a datagram of a client that nothing is known of; keeps nothing of it. */
  gate(datagram: Uint8Array, remote: string, now: Millis): GateVerdict;
  create(emit: Emit, remote: string): TlsCore;
};

export function createDatagramCores(options: ServerCoreOptions): DatagramCores {
  const { deps } = options;
  const shared = { ...serverConfig(options), suites: DTLS_SUITES };
  const key = deps.random(32);
  const config = (remote: string) => ({ ...shared, cookie: { key, address: ascii(remote) } });
  return {
    gate: (datagram, remote, now) => judgeClientHello(datagram, config(remote), deps, now),
    create: (emit, remote) => createDtlsCore('server', config(remote), { ...deps, emit }),
  };
}
