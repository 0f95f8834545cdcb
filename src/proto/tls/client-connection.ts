import type { CoreDeps, RecordCore } from '../core.ts';
import { createClientHandshake } from '../handshake/client.ts';
import type { TlsConfig } from '../handshake/config.ts';
import { TLS } from '../handshake/flavor.ts';
import { wireTlsCore } from './wiring.ts';

/** The client's side alone: what only connects need not load how a server negotiates (BENCH.md). */
export function createTlsClientCore(config: TlsConfig, deps: CoreDeps): RecordCore {
  return wireTlsCore((_, ...rest) => createClientHandshake(...rest, TLS), 'client', config, deps);
}
