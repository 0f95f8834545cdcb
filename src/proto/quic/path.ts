import type { Millis } from '../../timeline/event.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { terminate } from './close.ts';
import { useFreshPeerId } from './connection-ids.ts';
import { createAmplification, creditReceived, validateAddress } from './recovery/amplification.ts';
import { ptoOf } from './recovery/rtt.ts';
import { initialCongestion, initialRtt } from './recovery/state.ts';
import type { Path, QuicState } from './state.ts';

export function createPath(validated: boolean): Path {
  return {
    ...{ from: undefined, amplification: createAmplification(validated) },
    ...{ challenge: undefined, before: undefined, responses: [] },
  };
}

/** RFC 9000 §8.2.2: answered where it came from, a few at a time. `bytes`: of the datagram, which bounds the answer. */
export function onPathChallenge(
  state: QuicState,
  data: Uint8Array,
  from: string | undefined,
  bytes: number,
): void {
  const { responses } = state.path;
  state.emit({ kind: 'path', by: 'peer', what: 'challenge', detail: toHex(data) });
  responses.push({ data, to: from, most: 3 * bytes });
  if (responses.length > MOST_RESPONSES) responses.shift();
}

/** §8.2.3: any of the challenges under way; what answers none is ignored. */
export function onPathResponse(state: QuicState, data: Uint8Array): void {
  const { path } = state;
  state.emit({ kind: 'path', by: 'peer', what: 'response', detail: toHex(data) });
  if (!path.challenge?.data.some((sent) => equalBytes(sent, data))) return;
  path.challenge = undefined;
  path.before = undefined;
  state.outbox.challenge = false;
  validateAddress(path.amplification);
  state.emit({ kind: 'path', by: 'peer', what: 'validated', detail: path.from ?? 'the only one' });
}

/** Begins to validate the path as it is now (§8.2.1). */
function challengePath(state: QuicState, now: Millis): void {
  const { path, recovery, deps, outbox } = state;
  const pto = ptoOf(recovery, 'application');
  const again = now + pto;
  if (path.challenge === undefined) {
    // §8.2.4: three times the larger of the PTO and the one of a new path.
    path.challenge = { data: [], due: now + 3 * Math.max(pto, NEW_PATH_PTO), again };
  }
  path.challenge.again = again;
  path.challenge.data = [deps.random(8), ...path.challenge.data].slice(0, MOST_CHALLENGES);
  outbox.challenge = true;
}

/** A server follows its client to a new address (§9.3) when that says something new there that is no probe. */
export function onPacketFrom(
  state: QuicState,
  packet: { from: string | undefined; isNewest: boolean; probes: boolean; bytes: number },
  now: Millis,
): void {
  const { path, role } = state;
  const { from } = packet;
  if (role === 'client' || from === path.from || !packet.isNewest || packet.probes) return;
  const before = path.amplification.validated ? { from: path.from } : path.before;
  const isRebinding = hostOf(from) === hostOf(path.from);
  path.from = from;
  path.before = before;
  path.amplification = createAmplification(false);
  path.challenge = undefined;
  creditReceived(path.amplification, packet.bytes);
  if (!isRebinding) forgetPath(state);
  state.emit({ kind: 'path', by: 'peer', what: 'migrated', detail: from ?? '' });
  challengePath(state, now);
}

/** When something of a validation is due. */
export function pathTimer({ path }: QuicState): Millis | undefined {
  return path.challenge && Math.min(path.challenge.due, path.challenge.again);
}

/** Asks once more, or gives up (§8.2.4, §9.3.2). */
export function onPathTimer(state: QuicState, now: Millis): void {
  const { path } = state;
  const { challenge } = path;
  if (challenge === undefined) return;
  if (challenge.due > now) {
    if (challenge.again <= now) challengePath(state, now);
    return;
  }
  path.challenge = undefined;
  state.outbox.challenge = false;
  state.emit({ kind: 'path', by: 'local', what: 'failed', detail: path.from ?? 'the only one' });
  if (path.amplification.validated) return;
  if (path.before === undefined) {
    state.closing.cause ??= { kind: 'aborted', why: 'no viable path' };
    terminate(state, now, 'no viable path');
    return;
  }
  path.from = path.before.from;
  path.before = undefined;
  path.amplification = createAmplification(true);
}

/** Moves to a connection ID that was not used, if there is one, and asks whether the path is good. */
export function probePath(state: QuicState, now: Millis): void {
  useFreshPeerId(state.theirs);
  challengePath(state, now);
}

/** §9.4: what was learnt of the old path says nothing of the new one. */
function forgetPath({ recovery }: QuicState): void {
  const { inFlight, datagram } = recovery.congestion;
  recovery.rtt = initialRtt();
  recovery.congestion = { ...initialCongestion(datagram), inFlight };
}

function hostOf(address: string | undefined): string {
  return address?.replace(/[^0-9A-Za-z][0-9]+$/, '') ?? '';
}

const MOST_RESPONSES = 4;
const MOST_CHALLENGES = 3;
/** RFC 9002 §6.2.2: with the initial round trip time. */
const NEW_PATH_PTO = 999;
