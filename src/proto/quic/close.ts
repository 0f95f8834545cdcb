import type { Millis } from '../../timeline/event.ts';
import { ascii } from '../../wire/bytes.ts';
import { TRANSPORT_ERROR } from '../../wire/quic-errors.ts';
import type { ProtocolFault } from '../fault.ts';
import type { CloseCause, CloseRequest, QuicPhase, Space } from './core.ts';
import { canSend } from './keys.ts';
import { closingTime } from './recovery/closing-time.ts';
import { allowance } from './recovery/congestion.ts';
import type { QuicState } from './state.ts';
import { endStreams } from './streams/port.ts';

/** Our own close (RFC 9000 §10.2). False: nothing was begun. */
export function beginClosing(state: QuicState, now: Millis, request: CloseRequest): boolean {
  const { closing, config, phase } = state;
  if (phase === 'closing' || phase === 'draining' || phase === 'terminated') return false;
  const tooLarge = request.code > LARGEST_CODE || request.code < 0n;
  if (tooLarge && config.policy.oversizeCode === 'refuse') return false;
  closing.cause = { kind: 'close', by: 'local', ...request };
  if (phase === 'idle') {
    terminate(state, now, 'closed before anything was sent');
    return true;
  }
  const held = config.policy.closeNeedsWindow && allowance(state.recovery) < config.maxDatagram;
  if (!tooLarge && !held) {
    closing.says = request;
    closing.owed = true;
  }
  enter(state, now, 'closing', words(request, 'we close'));
  failHandshake(state, { blame: 'local', rule: 'closed', detail: 'closed before the handshake was over' });
  return true;
}

/** Somebody broke a rule: the connection ends with the code that goes with it (§11). */
export function closeWithFault(state: QuicState, now: Millis, fault: ProtocolFault): void {
  const { blame, rule, detail, alert } = fault;
  const code = codeOf(fault);
  state.emit({
    ...{ kind: 'fault', blame, rule, detail, transportCode: code },
    ...(alert !== undefined && { alert }),
  });
  failHandshake(state, fault);
  const plain = alert !== undefined && state.config.policy.alertSays === 'handshake-alert';
  const frameType = fault.frameType ?? (alert === undefined || plain ? undefined : CRYPTO_FRAME);
  beginClosing(state, now, {
    ...{ layer: 'transport', code, reason: ascii(plain ? 'handshake alert' : rule) },
    ...(frameType !== undefined && { frameType }),
  });
}

/**
 * The peer's CONNECTION_CLOSE (§10.2.2), which came in this space: whoever can send there can read there. When we had closed before, the
 * time of the end stays.
 */
export function beginDraining(state: QuicState, now: Millis, cause: CloseCause, space?: Space): void {
  const { closing, phase, config } = state;
  if (phase === 'draining' || phase === 'terminated') return;
  closing.cause ??= cause;
  const byClose = cause.kind === 'close';
  if (phase !== 'closing' && byClose && config.policy.answerClose) {
    closing.says = { layer: 'transport', code: TRANSPORT_ERROR.NO_ERROR, reason: new Uint8Array(0) };
    closing.owed = true;
    closing.within = space;
  } else closing.owed = false;
  enter(state, now, 'draining', byClose ? words(cause, 'the peer closed') : 'a stateless reset came');
}

/** Nothing more will be said or heard. */
export function terminate(state: QuicState, now: Millis, why: string): void {
  if (state.phase === 'terminated') return;
  const from = state.phase;
  state.phase = 'terminated';
  state.closing.owed = false;
  state.closing.ends ??= now;
  quiet(state);
  state.emit({ kind: 'connection-state', from, to: 'terminated', why });
}

/** The time is over (§10.2): what `closingEnds` said. */
export function endClosing(state: QuicState, now: Millis): void {
  const { phase, closing } = state;
  if (phase !== 'closing' && phase !== 'draining') return;
  if (closing.ends !== undefined && now >= closing.ends) terminate(state, now, `${phase} is over`);
}

/** §10.2.1: a datagram came while we are closing. */
export function heardWhileClosing(state: QuicState): void {
  const { closing, config, phase } = state;
  closing.heard++;
  if (phase !== 'closing' || closing.says === undefined) return;
  const { closeRepetition } = config.policy;
  const powerOfTwo = (closing.heard & (closing.heard - 1)) === 0;
  if (closeRepetition === 'always' || (closeRepetition === 'doubling' && powerOfTwo)) sayCloseAgain(state);
}

export function sayCloseAgain({ closing }: QuicState): void {
  closing.owed = true;
  closing.later = undefined;
}

/** Told once: the handshake cannot complete any more. */
export function failHandshake(
  state: QuicState,
  why: Pick<ProtocolFault, 'rule' | 'detail'> & {
    blame: 'local' | 'peer' | 'network';
    alert?: number | undefined;
  },
): void {
  if (state.handshake.complete || state.handshake.over) return;
  state.handshake.over = true;
  const { blame, rule, detail, alert } = why;
  state.emit({ kind: 'handshake.failed', blame, rule, detail, ...(alert !== undefined && { alert }) });
}

/**
 * In which spaces the close is said (§10.2.3): in 1-RTT packets once the handshake is confirmed; before, in every one that the peer
 * may be able to read. A client knows that its server has Handshake keys when it has them itself.
 */
export function closeSpaces(state: QuicState): Space[] {
  const { handshake, role, closing } = state;
  const spaces = (['initial', 'handshake', 'application'] as const).filter((space) =>
    canSend(state.keys, space),
  );
  if (closing.within !== undefined) return spaces.filter((space) => space === closing.within);
  if (handshake.confirmed) return spaces.filter((space) => space === 'application');
  const skipsInitial = role === 'client' && spaces.includes('handshake');
  return spaces.filter((space) => space !== 'initial' || !skipsInitial);
}

/** What is said there: nothing of the application in early packets (§10.2.3). */
export function closeFor(request: CloseRequest, space: Space): CloseRequest {
  if (request.layer === 'transport' || space === 'application') return request;
  return {
    layer: 'transport',
    code: TRANSPORT_ERROR.APPLICATION_ERROR,
    frameType: 0n,
    reason: new Uint8Array(0),
  };
}

function enter(state: QuicState, now: Millis, to: 'closing' | 'draining', why: string): void {
  const from: QuicPhase = state.phase;
  state.phase = to;
  quiet(state);
  const { closing, config } = state;
  const { ptoMs, durationMs, formula } = closingTime(
    state.recovery,
    config.policy.closingAckDelay === 'always' ? 'application' : highestSpace(state),
    config.policy.closingPtos,
  );
  const goesOn = closing.ends !== undefined;
  closing.ends ??= now + durationMs;
  const until = closing.ends;
  state.emit({
    ...{ kind: 'connection-state', from, to, why, until },
    ...(!goesOn && { ptoMs, formula }),
  });
}

/** What was made before is not sent after. */
function quiet(state: QuicState): void {
  endStreams(state.streams);
  state.outbox.pending = undefined;
}

function highestSpace(state: QuicState): Space {
  if (canSend(state.keys, 'application')) return 'application';
  return canSend(state.keys, 'handshake') ? 'handshake' : 'initial';
}

function codeOf({ transportCode, alert }: ProtocolFault): bigint {
  if (transportCode !== undefined) return transportCode;
  return alert === undefined ? TRANSPORT_ERROR.INTERNAL_ERROR : CRYPTO_ERROR + BigInt(alert);
}

function words({ layer, code }: CloseRequest, who: string): string {
  return `${who} with ${layer === 'application' ? '0x1d' : '0x1c'} code 0x${code.toString(16)}`;
}

const LARGEST_CODE = 2n ** 62n - 1n;
/** RFC 9001 §4.8. */
const CRYPTO_ERROR = 0x100n;
const CRYPTO_FRAME = 0x06n;
