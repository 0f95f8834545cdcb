import type { CoreDeps, RecordCore } from '../core.ts';
import { createClientHandshake } from '../handshake/client.ts';
import type { TlsConfig } from '../handshake/config.ts';
import { TLS } from '../handshake/flavor.ts';
import { createServerHandshake } from '../handshake/server.ts';
import type { Role } from '../role.ts';
import { wireTlsCore } from './wiring.ts';

/** A TLS connection without I/O (see `RecordCore`), of either role. */
export function createTlsCore(role: Role, config: TlsConfig, deps: CoreDeps): RecordCore {
  return wireTlsCore(createMachine, role, config, deps);
}

function createMachine(role: Role, config: TlsConfig, deps: CoreDeps) {
  return role === 'client'
    ? createClientHandshake(config, deps, TLS)
    : createServerHandshake(config, deps, TLS);
}
