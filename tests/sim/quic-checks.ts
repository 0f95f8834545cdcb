import type { Role } from '../../src/proto/role.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/wire/utf8.ts';
import type { Life, Plan } from './quic-life.ts';
import type { QuicStorm } from './quic-storm.ts';

/** Everything that must hold of a storm, as the things that do not. */
export function problems(run: QuicStorm): string[] {
  const { client, server } = run;
  const found: string[] = [];
  if (!run.idle) found.push('a timer ran on after the end');
  if (run.amplification > 3) found.push(`${run.amplification} times what came was sent to nobody knows whom`);
  if (run.mostUnread > MOST_UNREAD) found.push(`${run.mostUnread} bytes waited unread`);
  if (run.events.length > MOST_EVENTS) found.push(`${run.events.length} events: something goes in circles`);
  const { quicVersions } = run.configs.server;
  const common = run.configs.client.quicVersions.some((version) => quicVersions.includes(version));
  if (client === undefined) return [...found, 'the client never came to its end'];
  if (server === undefined) {
    if (run.serverBegan) found.push('the server never came to its end');
    else if (common && run.network.loss === 0 && client.closedAt === undefined)
      found.push('no server without loss');
    const kind = client.cause?.kind;
    const ends = common ? ['idle-timeout', 'close'] : ['version-negotiation', 'idle-timeout', 'close'];
    if (client.handshake || kind === undefined || !ends.includes(kind))
      found.push(`alone, it ended by ${kind}`);
    return found;
  }
  if (!common) found.push('a connection without a common version');
  found.push(...sideProblems(run, 'client', client, server), ...sideProblems(run, 'server', server, client));
  return found;
}

function sideProblems(run: QuicStorm, name: Role, life: Life, other: Life): string[] {
  const events = run.events.filter(({ conn }) => conn === name);
  return [
    ...lifeProblems(run, name, life, other),
    ...callProblems(run.plans[name], life),
    ...deliveryProblems(run.plans[name], life, other),
    ...stateProblems(run, name, events),
    ...closeProblems(run, name, events, life),
    ...heardProblems(run, name, events, other),
    ...idleProblems(run, name, events),
  ].map((problem) => `${name}: ${problem}`);
}

function lifeProblems(run: QuicStorm, name: Role, life: Life, other: Life): string[] {
  const found: string[] = [];
  if (life.corrupt !== undefined) found.push(`another byte than was written: ${life.corrupt}`);
  if (!life.left && life.phase !== 'terminated') found.push(`it ended in ${life.phase}`);
  const { cause } = life;
  if (cause === undefined && !life.left) found.push('it ended for no cause');
  if (cause?.kind === 'aborted' && run.close !== 'vanish') found.push(`aborted: ${cause.why}`);
  if (cause?.kind === 'version-negotiation') found.push(cause.kind);
  const forgotten = name === 'client' && run.resets && (other.left || other.phase === 'terminated');
  if (cause?.kind === 'stateless-reset' && !forgotten) found.push(cause.kind);
  if (cause?.kind === 'close' && run.close !== 'transport-error' && cause.layer === 'transport') {
    const early = cause.by === 'peer' && cause.code === APPLICATION_ERROR;
    const answer = cause.by === 'peer' && cause.code === 0n;
    const expired = run.retries && cause.by === 'peer' && cause.code === INVALID_TOKEN;
    if (!early && !answer && !expired) found.push(`a fault nobody made: 0x${cause.code.toString(16)}`);
  }
  const { loss, jitter = 0, reorder = 0 } = run.network;
  // A close may overtake the client's Finished, which is then never read.
  if (loss + jitter + reorder === 0 && !life.handshake && run.close !== 'in-handshake')
    found.push('no handshake without loss');
  return found;
}

/** SSL_shutdown_ex: 1 when all is over, 0 where it was not to wait for that. */
function callProblems({ calls, close }: Plan, life: Life): string[] {
  if (!calls || life.closedAt === undefined || close === 'vanish') return [];
  const { returned } = life;
  const ours = life.cause?.kind === 'close' && life.cause.by === 'local';
  if (close === 'rapid' && ours ? returned === 0 : returned === 1 && life.phase === 'terminated') return [];
  return [`SSL_shutdown_ex gave ${returned} in phase ${life.phase}`];
}

/** What was flushed when we closed is all there; nothing is ever there that was not written. */
function deliveryProblems(plan: Plan, life: Life, other: Life): string[] {
  const found: string[] = [];
  for (const [id, { bytes, fin }] of other.received) {
    const wrote = life.written.get(id);
    if (bytes > (wrote?.bytes ?? 0)) found.push(`stream ${id}: more arrived than was written`);
    if (fin && wrote?.fin !== true) found.push(`stream ${id}: an end nobody wrote`);
  }
  const byCall =
    plan.calls && plan.close !== 'no-flush' && life.cause?.kind === 'close' && life.cause.by === 'local';
  if (life.flushed !== true && !byCall) return found;
  for (const [id, { bytes, fin, reset }] of life.written) {
    const got = other.received.get(id);
    if (reset !== undefined) continue;
    if ((got?.bytes ?? 0) !== bytes || (fin && got?.fin !== true)) {
      found.push(
        `stream ${id}: ${bytes} bytes were flushed, ${got?.bytes ?? 0} arrived, fin ${fin} ${got?.fin}`,
      );
    }
  }
  return found;
}

/** closing and draining: three PTO by the estimate of that moment, to the instant; then nothing. */
function stateProblems(run: QuicStorm, name: Role, events: readonly TimelineEvent[]): string[] {
  const found: string[] = [];
  let rtt = UNKNOWN_RTT;
  let ends: number | undefined;
  let state = 'open';
  let answers = 0;
  const peer = run.configs[name === 'client' ? 'server' : 'client'];
  for (const event of events) {
    if (event.kind === 'rtt') rtt = { smoothed: event.smoothedMs, variation: event.variationMs };
    if (event.kind === 'packet' && event.by === 'local') {
      if (state === 'terminated') found.push('a packet after the end');
      if (state === 'draining') answers++;
      const other = event.frames.some(
        ({ name: frame }) => frame !== 'CONNECTION_CLOSE' && frame !== 'PADDING',
      );
      if ((state === 'closing' || state === 'draining') && other) {
        found.push(`${state}, and it says ${event.frames.map((frame) => frame.name).join(' ')}`);
      }
    }
    if (event.kind !== 'connection-state') continue;
    state = event.to;
    if (event.to === 'terminated' && ends !== undefined && event.t !== ends) {
      found.push(`closing was to end at ${ends} and ended at ${event.t}`);
    }
    if (event.to !== 'closing' && event.to !== 'draining') continue;
    if (event.until === undefined) found.push(`${event.to} until nobody knows when`);
    if (event.from === 'closing') {
      if (event.until !== ends) found.push(`draining after closing: until ${event.until}, not ${ends}`);
      continue;
    }
    ends = event.until;
    const bare = rtt.smoothed + Math.max(4 * rtt.variation, 1);
    const choices = [bare, bare + peer.policy.maxAckDelayMs, bare + 25];
    const lasts = (event.until ?? 0) - event.t;
    if (!choices.some((pto) => Math.abs(lasts - 3 * pto) < 1e-6)) {
      found.push(
        `${event.to} lasts ${lasts} ms, three PTO are ${choices.map((pto) => 3 * pto).join(' or ')}`,
      );
    }
    if (Math.abs(sumOf(event.formula ?? '') - lasts) > 2) found.push(`${lasts} ms is not ${event.formula}`);
  }
  const most = run.configs[name].policy.answerClose ? 3 : 0;
  if (answers > most) found.push(`${answers} packets while draining`);
  return found;
}

/** "3 × PTO = 3 × (srtt 33.1 + max(4 × rttvar 16.6, 1) + max_ack_delay 25) ms" → the number. */
function sumOf(formula: string): number {
  const parts =
    /^(\d+) × PTO = \1 × \(srtt ([\d.]+) \+ max\(4 × rttvar ([\d.]+), 1\)(?: \+ max_ack_delay ([\d.]+))?\) ms$/u.exec(
      formula,
    );
  if (parts === null) return Number.NaN;
  const [, times, smoothed, variation, delay = '0'] = parts;
  return Number(times) * (Number(smoothed) + Math.max(4 * Number(variation), 1) + Number(delay));
}

/** How often CONNECTION_CLOSE was said: once, and again as the policy allows for so many datagrams heard. */
function closeProblems(run: QuicStorm, name: Role, events: readonly TimelineEvent[], life: Life): string[] {
  const found: string[] = [];
  const { closeRepetition, answerClose } = run.configs[name].policy;
  const copies = new Map<string, number>();
  let heard = 0;
  let drained = false;
  for (const event of events) {
    const counts = event.kind === 'heard' && event.packets.some((packet) => !STATELESS.includes(packet));
    if (counts && event.state === 'closing') heard++;
    if (event.kind === 'connection-state' && event.to === 'draining' && event.from !== 'closing')
      drained = true;
    if (event.kind !== 'close' || event.by !== 'local') continue;
    const count = (copies.get(event.space) ?? 0) + 1;
    copies.set(event.space, count);
    if (event.copy !== count) found.push(`copy ${event.copy} of a close is number ${count}`);
    if (event.space !== 'application' && event.frameType !== 0x1c) found.push(`0x1d in ${event.space}`);
  }
  const doubled = heard === 0 ? 0 : Math.floor(Math.log2(heard)) + 1;
  const again = { doubling: doubled, always: heard, never: 0 }[closeRepetition];
  for (const [space, count] of copies) {
    if (drained && count > (answerClose ? 1 : 0)) found.push(`${count} closes in ${space} while draining`);
    if (!drained && count > 1 + again) found.push(`${count} closes in ${space}, having heard ${heard}`);
  }
  const said = life.closedAt !== undefined && run.close !== 'vanish' && life.cause?.kind === 'close';
  if (said && life.cause?.kind === 'close' && life.cause.by === 'local') {
    const began = events.some(({ kind }) => kind === 'packet');
    if (began && copies.size === 0 && life.handshake) found.push('it closed and never said so');
    const inFull = !life.left && life.handshake && copies.size > 0 && run.close !== 'in-handshake';
    const said = Math.max(...copies.values());
    // Everything heard was heard one by one: exactly as often as the policy says.
    if (inFull && !closedByPeer(events) && said !== 1 + again) {
      found.push(`${said} closes, having heard ${heard} (${closeRepetition})`);
    }
  }
  return found;
}

function closedByPeer(events: readonly TimelineEvent[]): boolean {
  return events.some(
    (event) => event.kind === 'stateless-reset' || (event.kind === 'close' && event.by === 'peer'),
  );
}

/** A close that came is the one that was said. */
function heardProblems(run: QuicStorm, name: Role, events: readonly TimelineEvent[], other: Life): string[] {
  const found: string[] = [];
  const plan = run.plans[name === 'client' ? 'server' : 'client'];
  const byOther = run.events.filter(
    (event) => event.kind === 'close' && event.by === 'local' && event.conn !== name,
  );
  for (const event of events) {
    if (event.kind !== 'close' || event.by !== 'peer') continue;
    if (byOther.length === 0) found.push('a close nobody said');
    const answer = other.cause?.kind === 'close' && other.cause.by === 'peer';
    if (answer) continue;
    const early = event.space !== 'application';
    if (run.retries && event.space === 'initial' && event.code === INVALID_TOKEN) continue;
    const application = run.close !== 'transport-error';
    const code = early && application ? APPLICATION_ERROR : plan.code;
    if (event.code !== code) found.push(`0x${event.code.toString(16)} came, 0x${code.toString(16)} was said`);
    if (early && application && event.reason !== '')
      found.push(`a reason in ${event.space}: ${event.reason}`);
    if (!early && !plan.reason.startsWith(event.reason)) found.push(`the reason is ${event.reason}`);
    if (decodeUtf8(encodeUtf8(event.reason)) === undefined) found.push('half a character');
    if (plan.reason.length < 400 && !early && event.reason !== plan.reason) found.push('the reason was cut');
  }
  return found;
}

/** Silent for exactly as long as both agreed on, counted from what restarts the timer. */
function idleProblems(run: QuicStorm, name: Role, events: readonly TimelineEvent[]): string[] {
  const found: string[] = [];
  const limits = [run.configs.client.policy.idleTimeoutMs, run.configs.server.policy.idleTimeoutMs];
  const own = run.configs[name].policy.idleTimeoutMs;
  const { maxAckDelayMs } = run.configs[name === 'client' ? 'server' : 'client'].policy;
  let rtt = UNKNOWN_RTT;
  let since = 0;
  let asked = false;
  for (const event of events) {
    if (event.kind === 'rtt') rtt = { smoothed: event.smoothedMs, variation: event.variationMs };
    if (event.kind === 'packet' && event.by === 'peer') {
      since = event.t;
      asked = false;
    }
    if (
      event.kind === 'packet' &&
      event.by === 'local' &&
      event.frames.some((frame) => elicits(frame.name))
    ) {
      if (!asked) since = event.t;
      asked = true;
    }
    if (event.kind !== 'idle-timeout') continue;
    if (![own, Math.min(...limits)].includes(event.effectiveMs))
      found.push(`idle for ${event.effectiveMs} ms`);
    const bare = rtt.smoothed + Math.max(4 * rtt.variation, 1);
    const lasts = [25, maxAckDelayMs].map((delay) => Math.max(event.effectiveMs, 3 * (bare + delay)));
    const silent = event.t - since;
    if (!lasts.some((ms) => Math.abs(silent - ms) < 1e-6))
      found.push(`idle after ${silent}, not ${lasts[1]} ms`);
  }
  return found;
}

function elicits(frame: string): boolean {
  return frame !== 'ACK' && frame !== 'PADDING' && frame !== 'CONNECTION_CLOSE';
}

/** Said by who knows no connection: no reason to say a close again. */
const STATELESS = ['retry', 'version-negotiation', 'of another version'];
/** kInitialRtt (RFC 9002 §6.2.2). */
const UNKNOWN_RTT = { smoothed: 333, variation: 166.5 };
const INVALID_TOKEN = 0x0bn;
const APPLICATION_ERROR = 0x0cn;
const MOST_UNREAD = 64 * 1024;
const MOST_EVENTS = 20_000;
