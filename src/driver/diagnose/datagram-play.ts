import { alertFact } from '../../proto/alerts.ts';
import type { Millis } from '../../timeline/event.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import type { Closing } from '../close/closing.ts';
import { playDatagrams } from '../serve/datagram-steps.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import type { DatagramProbeAct, DatagramProbeLimits } from './datagram-plan.ts';

/** Plays the acts in order, until the association fails or its port is found closed. */
export function* playDatagramActs(
  closing: Closing,
  acts: readonly DatagramProbeAct[],
  limits: DatagramProbeLimits,
): Task<void> {
  /** Of data, when something was last sent. */
  let received = 0;
  for (const act of acts) {
    if (isDead(closing)) return;
    if (act.dtls === 'send' || act.dtls === 'late-data') received = closing.seen.bytesReceived;
    yield* play(closing, act, { limits, received });
  }
}

/** Hands over what is queued; what fails to leave is lost, as over UDP anything may be. */
export function sendDatagrams({ channel, core }: Closing): void {
  if (typeof channel.flush() === 'object') core.discardTransmit();
}

function* play(
  closing: Closing,
  act: DatagramProbeAct,
  { limits, received }: { limits: DatagramProbeLimits; received: number },
): Task<void> {
  const { core, channel, emit, seen, now } = closing;
  switch (act.dtls) {
    case 'send':
      core.sendData(payload(act.bytes));
      return sendDatagrams(closing);
    case 'close':
      return yield* close(closing, act.again);
    case 'late-data':
      sendBelow(closing, core.raw.record(DATA_RECORD, payload(act.bytes)));
      return emit({ kind: 'data', by: 'local', bytes: act.bytes, afterClose: true });
    case 'boundary':
      return boundary(closing, act.lower, act.higher);
    case 'forge':
      return playDatagrams(channel, { peer: 'forge', level: act.level, description: act.description });
    case 'bad-mac': {
      const record = core.raw.record(ALERT_RECORD, CLOSE_NOTIFY);
      const last = record.length - 1;
      record[last] = (record[last] ?? 0) ^ 1;
      sendBelow(closing, record);
      return emit({ kind: 'transport.tapped', by: 'local', rule: act.dtls, bytes: record.length });
    }
    case 'sleep':
      return yield* sleepUntil(now() + act.ms);
    case 'await': {
      const limit = limits[act.limit];
      const come = (): boolean =>
        act.what === 'data' ? seen.bytesReceived > received || answered(closing) : answered(closing);
      if (yield* until(act.what, () => come() || isDead(closing), now() + limit)) return;
      return emit({ kind: 'limit', phase: act.limit, ms: limit });
    }
  }
}

/** Each is a record of its own: DTLS itself never sends an alert again (RFC 6347 §4.2.7, RFC 9147 §5.10). */
function* close(closing: Closing, again: readonly Millis[]): Task<void> {
  const { core, emit, now } = closing;
  core.sendAlert(ALERT_LEVEL.warning, ALERT.close_notify);
  sendDatagrams(closing);
  for (const ms of again) {
    if (yield* until('an answer', () => answered(closing) || isDead(closing), now() + ms)) return;
    sendBelow(closing, core.raw.record(ALERT_RECORD, CLOSE_NOTIFY));
    emit(alertFact('local', CLOSURE, true));
  }
}

function boundary(closing: Closing, lower: number, higher: number): void {
  const { core, emit } = closing;
  const before = core.raw.record(DATA_RECORD, payload(lower));
  const alert = core.raw.record(ALERT_RECORD, CLOSE_NOTIFY);
  const after = core.raw.record(DATA_RECORD, payload(higher));
  for (const record of [alert, before, after]) sendBelow(closing, record);
  emit(alertFact('local', CLOSURE, true));
  emit({ kind: 'data', by: 'local', bytes: lower, afterClose: false });
  emit({ kind: 'data', by: 'local', bytes: higher, afterClose: true });
}

function sendBelow(closing: Closing, bytes: Uint8Array): void {
  closing.core.raw.send(bytes);
  sendDatagrams(closing);
}

function answered({ seen }: Closing): boolean {
  return seen.peerClose !== undefined || seen.failed !== undefined;
}

function isDead({ seen, core }: Closing): boolean {
  return seen.unreachable !== undefined || core.phase() === 'failed';
}

/** A line, should anybody read it. */
function payload(bytes: number): Uint8Array {
  const data = new Uint8Array(bytes).fill(LETTER);
  data[bytes - 1] = LF;
  return data;
}

const ALERT_RECORD = 21;
const DATA_RECORD = 23;
const LETTER = 0x78;
const LF = 10;
const CLOSURE = { level: ALERT_LEVEL.warning, description: ALERT.close_notify };
const CLOSE_NOTIFY = Uint8Array.of(CLOSURE.level, CLOSURE.description);
