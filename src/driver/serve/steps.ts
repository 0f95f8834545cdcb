import { type Alert, alertFact } from '../../proto/alerts.ts';
import type { Fact, Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { ascii, concat } from '../../wire/bytes.ts';
import type { Witness } from '../close/witness.ts';
import { type Peer, sendRaw } from '../peer.ts';
import { actAsPeer, recordsOf } from '../peer-steps.ts';
import type { PeerStep, RecordSpec } from '../script-ops.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import { playDatagrams } from './datagram-steps.ts';
import { type Heard, takeHeard } from './hear.ts';
import type { ServePlan, ServeStep } from './plan.ts';

/** One connection that is being served. */
export type Serving = {
  readonly plan: ServePlan;
  readonly peer: Peer;
  readonly heard: Heard;
  readonly seen: Witness;
  /** What of the answer has not been sent. */
  answer: Uint8Array;
};

/** Plays the steps one after the other; each begins when what was to be sent before has left. */
export function* playSteps(serving: Serving, steps: readonly ServeStep[]): Task<void> {
  for (const step of steps) {
    if (serving.seen.peerReset !== undefined || serving.seen.ourReset !== undefined) return;
    yield* playStep(serving, step);
  }
}

/** Waits until everything queued has left for the kernel; no longer than the limit, and not for a dead connection. */
export function* drained(serving: Serving): Task<void> {
  const { channel } = serving.peer;
  const { clock } = channel.scheduler;
  const sent = (): boolean => {
    const flushed = channel.flush();
    if (typeof flushed === 'object') channel.core.discardTransmit();
    return (
      flushed !== 'blocked' && (typeof flushed === 'object' || channel.transport.writable() || ended(serving))
    );
  };
  yield* until('the write', sent, clock.now() + serving.plan.limits.idle);
}

/** Nothing of ours can reach the client any more. */
function ended({ seen }: Serving): boolean {
  return [seen.peerReset, seen.ourReset, seen.ourFin, seen.left].some((when) => when !== undefined);
}

export function* playStep(serving: Serving, step: ServeStep): Task<void> {
  const { channel } = serving.peer;
  const { clock } = channel.scheduler;
  switch (step.peer) {
    case 'respond':
      return yield* respond(serving, step);
    case 'withhold': {
      const held = channel.core.raw.record(DATA, serving.answer);
      serving.answer = new Uint8Array(0);
      channel.emit({ kind: 'transport.tapped', by: 'local', rule: 'withhold', bytes: held.length });
      return;
    }
    case 'trickle':
      return yield* trickle(serving, step.records, step.every_ms);
    case 'plaintext': {
      const bytes = ascii(step.text);
      yield* drained(serving);
      sendRaw(serving.peer, bytes);
      channel.emit({ kind: 'transport.tapped', by: 'local', rule: 'plaintext', bytes: bytes.length });
      return yield* drained(serving);
    }
    case 'overtaken':
    case 'forge':
      playDatagrams(serving.peer.channel, step);
      return yield* drained(serving);
    case 'sleep':
      return yield* sleepUntil(clock.now() + step.ms);
    case 'echo-on':
      return yield* echoOn(serving, clock.now() + step.max_ms);
    case 'await':
      return yield* awaitClient(serving, step.what, clock.now() + step.max_ms);
    default:
      if (step.afterMs !== undefined) yield* sleepUntil(clock.now() + step.afterMs);
      yield* drained(serving);
      actAsPeer(serving.peer, step);
      for (const fact of factsOf(step)) channel.emit(fact);
      yield* drained(serving);
  }
}

function* respond(
  serving: Serving,
  { keep = 0, unlessClosed, behind = [] }: Extract<ServeStep, { peer: 'respond' }>,
): Task<void> {
  if (unlessClosed === true && serving.heard.closeNotify) return;
  const { peer } = serving;
  const { core } = peer.channel;
  const part = serving.answer.subarray(0, Math.max(0, serving.answer.length - keep));
  serving.answer = serving.answer.subarray(part.length);
  if (behind.length === 0) {
    if (part.length > 0) core.sendData(part);
  } else {
    const data = part.length === 0 ? [] : [core.raw.record(DATA, part)];
    sendRaw(peer, concat(...data, ...behind.flatMap((record) => recordsOf(peer, record))));
    const fact: Fact = { kind: 'data', by: 'local', bytes: part.length, afterClose: false };
    for (const each of [...(part.length === 0 ? [] : [fact]), ...behind.flatMap(factsOfRecord)])
      peer.channel.emit(each);
  }
  yield* drained(serving);
}

function* trickle({ peer, seen }: Serving, records: readonly RecordSpec[], everyMs: Millis): Task<void> {
  const { emit, scheduler } = peer.channel;
  for (const record of records) {
    const bytes = concat(...recordsOf(peer, record));
    for (const [at, byte] of bytes.entries()) {
      if (at > 0) yield* sleepUntil(scheduler.clock.now() + everyMs);
      if (seen.peerReset !== undefined) return;
      sendRaw(peer, Uint8Array.of(byte));
    }
    for (const fact of factsOfRecord(record)) emit(fact);
  }
}

function* echoOn(serving: Serving, deadline: Millis): Task<void> {
  const { peer, heard } = serving;
  heard.takesLate = true;
  const more = (): boolean => heard.waitingBytes > 0 || heard.over;
  while ((yield* until('late data', more, deadline)) && heard.waitingBytes > 0) {
    peer.channel.core.sendData(takeHeard(heard));
    yield* drained(serving);
  }
}

function* awaitClient(serving: Serving, what: 'close_notify' | 'end', deadline: Millis): Task<void> {
  const { heard, seen } = serving;
  const over = (): boolean => heard.over || seen.peerFin !== undefined || seen.peerReset !== undefined;
  yield* until(
    `the client's ${what}`,
    () => over() || (what === 'close_notify' && heard.closeNotify),
    deadline,
  );
}

/** What raw records do not report of themselves. */
function factsOf(step: PeerStep): Fact[] {
  switch (step.peer) {
    case 'shutdown':
      return sentBelow(step, { level: WARNING, description: ALERT.close_notify });
    case 'raw_alert':
      return sentBelow(step, step);
    case 'write':
      return [{ kind: 'data', by: 'local', bytes: (step.size ?? 10) * (step.times ?? 1), afterClose: true }];
    case 'stop_reading':
    case 'resume_reading':
      return [{ kind: 'transport.tapped', by: 'local', rule: step.peer, bytes: 0 }];
    case 'burst':
      return step.records.flatMap(factsOfRecord);
    default:
      return [];
  }
}

function factsOfRecord(record: RecordSpec): Fact[] {
  const { rec, ...args } = record;
  return factsOf({ ...args, peer: rec } as PeerStep);
}

/** An alert of ours that went out below the core, which does not report it. */
function sentBelow({ times = 1 }: { times?: number }, alert: Alert): Fact[] {
  return Array.from({ length: times }, () => alertFact('local', alert, true));
}

const WARNING = 1;
const DATA = 23;
