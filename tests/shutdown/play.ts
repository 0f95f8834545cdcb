import type { Observation } from '../../src/driver/observe.ts';
import type { PeerSight } from '../../src/driver/peer-observed.ts';
import { parseScenario } from '../../src/driver/script.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { ProfileName } from '../../src/shutdown/types.ts';
import { runScenario, type ScenarioRun } from '../../src/sim/scenario.ts';

const provider = createNativeProvider();

export type Protocol = 'tls1.2' | 'tls1.3';
export const BOTH: readonly Protocol[] = ['tls1.2', 'tls1.3'];
export type StepSpec = Readonly<Record<string, unknown>>;

export const local = (op: string, args: object = {}): StepSpec => ({ local: op, ...args });
export const peer = (op: string, args: object = {}): StepSpec => ({ peer: op, ...args });
export const net = (op: string): StepSpec => ({ net: op });

export const shutdown = local('shutdown');
export const read = local('read');
export const peerCloses = peer('shutdown');

/** One scenario, and what of it a table shows. */
export type Played = { calls: string[]; peer: string[]; notes: number[]; run: ScenarioRun };

export function play(
  protocol: Protocol | 'dtls1.2' | 'dtls1.3',
  profile: ProfileName,
  steps: readonly StepSpec[],
  setup: object = {},
): Played {
  const scenario = parseScenario({ id: 'test', protocol, setup: { blocking: false, ...setup }, steps });
  const run = runScenario(scenario, { profile, provider });
  return {
    calls: run.observed.map((seen) => showCall(seen, profile)),
    peer: run.peer_observed.map(showSight),
    notes: run.events.flatMap((event) =>
      event.kind === 'note' && event.code === 'profile-difference'
        ? [Number(/discrepancy (\d+)/.exec(event.text)?.[1])]
        : [],
    ),
    run,
  };
}

/**
 * "shutdown -1 WANT_READ [S]". What SSL_get_error says after a shutdown that returned 0 is shown in profile manual only:
 * OpenSSL's answer there means nothing.
 */
function showCall(seen: Observation, profile: ProfileName): string {
  if (seen.blocked === true) return `${seen.op} blocked`;
  const flags =
    seen.shutdown === undefined ? '' : ` [${seen.shutdown.map((flag) => flag[0]).join('+') || '-'}]`;
  if (seen.ret === undefined) return seen.op + flags + others(seen);
  const silent = seen.ret > 0 || (profile === 'openssl-3.5' && seen.op === 'shutdown' && seen.ret === 0);
  const queued = seen.ret > 0 && seen.reason ? ` queued "${seen.reason}"` : '';
  return `${seen.op} ${seen.ret}${silent ? queued : ` ${showError(seen)}`}${flags}${others(seen)}`;
}

function showError({ error, errno = '', reason, reasons }: Observation): string {
  const name = String(error).replace('SSL_ERROR_', '');
  if (name === 'SYSCALL') return `${name} ${errno}`;
  return name === 'SSL' ? `${name} "${(reasons ?? [reason]).join(', ')}"` : name;
}

function others(seen: Observation): string {
  if (seen.pending !== undefined) return ` ${seen.pending} ${String(seen.has_pending)}`;
  if (seen.state !== undefined) return ` ${seen.state}`;
  if (seen.reused !== undefined) return seen.reused ? ' reused' : ' not reused';
  if (seen.resumable === undefined) return '';
  return `${seen.resumable ? ' resumable' : ' not resumable'}, ${String(seen.tickets_received)} given`;
}

function showSight(sight: PeerSight): string {
  const clear = 'plaintext' in sight ? ' in the clear' : '';
  if ('alert' in sight) return sight.alert + clear;
  if ('data' in sight) return `data ${sight.data}`;
  if ('handshake' in sight) return `handshake ${sight.handshake}${clear}`;
  return Object.keys(sight)[0] ?? '';
}
