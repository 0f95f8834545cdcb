import type { CoreDeps, RecordCore } from '../proto/core.ts';
import { createDtlsCore } from '../proto/dtls/connection.ts';
import type { TlsConfig } from '../proto/handshake/config.ts';
import type { Role } from '../proto/role.ts';
import { createTlsCore } from '../proto/tls/connection.ts';
import type { ScenarioProtocol } from './script.ts';

/** A core of a scenario's protocol. */
export function createScriptCore(
  protocol: ScenarioProtocol,
  role: Role,
  config: TlsConfig,
  deps: CoreDeps,
): RecordCore {
  // A scenario writes records of any size, and loopback carries them.
  if (overDatagrams(protocol)) return createDtlsCore(role, { ...config, mtu: LOOPBACK_MTU }, deps);
  return createTlsCore(role, config, deps);
}

export function overDatagrams(protocol: ScenarioProtocol): boolean {
  return protocol === 'dtls1.2' || protocol === 'dtls1.3';
}

const LOOPBACK_MTU = 65_000;
