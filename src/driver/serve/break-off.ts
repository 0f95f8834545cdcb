import { concat } from '../../wire/bytes.ts';
import { CONTENT, decodeRecordHeader, RECORD_HEADER_LENGTH } from '../../wire/tls-record.ts';
import type { Channel } from '../channel.ts';
import { type Task, until } from '../task.ts';
import type { HandshakeMoment } from './plan.ts';
import type { Serving } from './steps.ts';

/** Shakes hands up to that moment; what would come next never leaves. False: the client is gone before, or took too long. */
export function* breakOff({ peer, plan, seen }: Serving, at: HandshakeMoment): Task<boolean> {
  const { channel } = peer;
  const { core, scheduler } = channel;
  const { clock } = scheduler;
  const deadline = clock.now() + plan.limits.handshake;
  const gone = (): boolean => seen.peerFin !== undefined || seen.peerReset !== undefined;
  while (core.phase() === 'idle' || core.phase() === 'handshake') {
    if (!(yield* until('the handshake', () => core.ready() || gone(), deadline))) break;
    if (!core.ready()) return false;
    core.step(clock.now());
    const unit = core.peekTransmit();
    if (unit === undefined || core.phase() === 'failed') continue;
    const kept = at === 'client-hello' ? new Uint8Array(0) : beforeFinished(unit);
    if (kept !== undefined) {
      core.discardTransmit();
      if (kept.length > 0) core.raw.send(kept);
      channel.flush();
      const bytes = unit.length - kept.length;
      channel.emit({ kind: 'transport.tapped', by: 'local', rule: 'withhold', bytes });
      return true;
    }
    channel.flush();
  }
  if (core.phase() === 'failed') channel.flush();
  else channel.emit({ kind: 'limit', phase: 'handshake', ms: plan.limits.handshake });
  return false;
}

/** Looks at what comes, answers nothing. */
export function* listenOnly(channel: Channel): Task<void> {
  for (;;) {
    yield* until('the client', () => channel.core.ready());
    if (channel.core.step(channel.scheduler.clock.now(), 'nothing').kind === 'eof') return;
  }
}

/**
 * The records of a server's flight in front of its Finished; undefined for a flight without one. In TLS 1.3 that is the last record, and
 * protected; in TLS 1.2 it follows change_cipher_spec, which is left out with it.
 */
function beforeFinished(unit: Uint8Array): Uint8Array | undefined {
  const records = recordsIn(unit);
  const types = records.map((record) => record[0]);
  if (types.at(-1) === CONTENT.application_data) return concat(...records.slice(0, -1));
  const spec = types.indexOf(CONTENT.change_cipher_spec);
  const last = types.at(-1) === CONTENT.handshake && spec >= 0 && spec === types.length - 2;
  return last ? concat(...records.slice(0, spec)) : undefined;
}

function recordsIn(unit: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < unit.length; ) {
    const end = at + RECORD_HEADER_LENGTH + decodeRecordHeader(unit.subarray(at)).length;
    records.push(unit.subarray(at, end));
    at = end;
  }
  return records;
}
