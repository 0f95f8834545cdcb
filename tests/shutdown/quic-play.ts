import type { Observation } from '../../src/driver/observe.ts';
import type { PeerSight } from '../../src/driver/peer-observed.ts';
import type { WireSeen } from '../../src/driver/quic/wire-seen.ts';
import { parseScenario } from '../../src/driver/script.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { ProfileName } from '../../src/shutdown/types.ts';
import { runScenario, type ScenarioRun } from '../../src/sim/scenario.ts';
import type { StepSpec } from './play.ts';

const provider = createNativeProvider();

/** One QUIC scenario, and what of it a table shows. */
export type QuicPlayed = {
  calls: string[];
  peer: string[];
  wire: string;
  notes: (number | string)[];
  run: ScenarioRun;
};

export function playQuic(profile: ProfileName, steps: readonly StepSpec[], setup: object = {}): QuicPlayed {
  const value = { id: 'test', protocol: 'quic', setup: { blocking: false, ...setup }, steps };
  const run = runScenario(parseScenario(value), { profile, provider });
  return {
    calls: run.observed.map(showCall),
    peer: run.peer_observed.map(showSight),
    wire: showWire(run.wire),
    notes: run.events.flatMap((event) =>
      event.kind === 'note' && event.code === 'profile-difference'
        ? [Number(/discrepancy (\d+)/.exec(event.text)?.[1] ?? 0)]
        : [],
    ),
    run,
  };
}

/** "shutdown_ex 0 [S]", "read s1 0 SSL "protocol is shutdown" [-]". */
function showCall(seen: Observation): string {
  const head = seen.on === undefined ? seen.op : `${seen.op} ${seen.on}`;
  if (seen.blocked === true) return `${head} blocked`;
  if (seen.op === 'conn_close_info') return `${head} ${showInfo(seen)}`;
  if (seen.op === 'stream_state') return `${head} ${seen.write_state} ${seen.read_state}`;
  if (seen.op === 'event_timeout') return `${head} ${seen.infinite === true ? 'infinite' : 'finite'}`;
  if (seen.op === 'relay_stats') return `${head} ${seen.datagrams_sent} ${seen.datagrams_from_peer}`;
  if (seen.quiet !== undefined) return `${head} ${seen.quiet}`;
  const flags =
    seen.shutdown === undefined ? '' : ` [${seen.shutdown.map((flag) => flag[0]).join('+') || '-'}]`;
  if (seen.ret === undefined) return head + flags;
  const silent = seen.ret > 0 || (seen.ret === 0 && seen.op.startsWith('shutdown'));
  return `${head} ${seen.ret}${silent ? '' : ` ${showError(seen)}`}${flags}`;
}

function showError({ error, errno = '', reason }: Observation): string {
  const name = String(error).replace('SSL_ERROR_', '');
  if (name === 'SYSCALL') return `${name} ${errno}`;
  return name === 'SSL' ? `${name} "${reason}"` : name;
}

type Info = Pick<Observation, 'ret' | 'error_code' | 'reason' | 'local' | 'transport'>;

function showInfo({ ret, error_code, reason, local, transport }: Info): string {
  if (ret === 0) return 'none';
  const who = local === true ? 'local' : 'remote';
  return `${who} ${transport === true ? 'transport' : 'application'} ${error_code} "${reason}"`;
}

function showSight(sight: PeerSight): string {
  if ('data' in sight) return `data ${sight.data}`;
  if ('fin' in sight) return 'fin';
  if ('reset' in sight) return `reset ${sight.reset}`;
  if ('conn_close' in sight) return `close ${showInfo({ ret: 1, ...sight.conn_close })}`;
  return Object.keys(sight)[0] ?? '';
}

/** "0x1d 7 once", "nothing". */
function showWire(wire: WireSeen | undefined): string {
  const sent = wire?.close_sent;
  if (wire === undefined || sent === undefined || sent === null) return 'nothing';
  const times = wire.close_sent_count === 1 ? 'once' : String(wire.close_sent_count);
  return `${sent.frame} ${sent.error_code}${sent.reason_len > 0 ? ` (${sent.reason_len})` : ''} ${times}`;
}
