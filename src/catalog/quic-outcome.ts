import type { TimelineEvent } from '../timeline/event.ts';
import type { CloseNote, Outcome, OutcomeClass, QuicOutcome } from '../timeline/outcome.ts';
import { at, type Of } from './close-facts.ts';
import {
  firstClose,
  mainClose,
  type QuicCloseFacts,
  readQuicClose,
  saysNoError,
  spacings,
} from './quic-facts.ts';
import { adviseQuic, summarizeQuic } from './quic-text.ts';
import { exitCodeOf } from './verdict.ts';

/** judge for QUIC: the peer's silence is the answer, and only CONNECTION_CLOSE, a stateless reset or the idle timeout end anything. */
export function judgeQuic(events: readonly TimelineEvent[], conn: string): Outcome {
  const facts = readQuicClose(events, conn);
  const name = classify(facts);
  const quic = measureQuic(facts);
  const first = firstClose(facts);
  const advice = adviseQuic(facts, name);
  const received = bytesBy(facts, 'peer');
  return {
    class: name,
    summary: summarizeQuic(facts, name, quic),
    ...(advice === undefined ? {} : { advice }),
    closedFirst: first?.by ?? 'none',
    ...answerMs(facts),
    peerCloseNotify: relation(facts, first),
    bytesAfterOurClose: 0,
    truncationPossible: truncation(facts, quic),
    ...(neverClosed(facts) ? { peerNeverClosed: true as const } : {}),
    bytesReceived: received,
    quic,
    exitCode: exitCode(facts, events, conn, name),
  };
}

/** First match wins. */
function classify(facts: QuicCloseFacts): OutcomeClass {
  if (facts.completed === undefined && facts.plan?.closeIn === undefined) return classifyUnfinished(facts);
  if (facts.interrupted !== undefined) return 'interrupted';
  if (facts.statelessReset !== undefined) return 'stateless-reset';
  const first = firstClose(facts);
  if (first?.by === 'peer') return facts.completed === undefined ? 'handshake-failed' : 'peer-closed';
  if (facts.idleTimeout !== undefined) return 'idle-timeout';
  if (heardAfter(facts) > 0) return 'never-quiet';
  if (facts.unreachable !== undefined && facts.lastMessage === undefined) return 'unreachable';
  if (neverClosed(facts)) return 'silent';
  if (facts.plan?.looks === false || facts.terminated === undefined) return 'not-observed';
  return 'clean';
}

function classifyUnfinished(facts: QuicCloseFacts): OutcomeClass {
  if (facts.connected === undefined && facts.interrupted === undefined) return 'unreachable';
  if (facts.unreachable !== undefined && facts.lastMessage === undefined) return 'unreachable';
  if (facts.refused !== undefined) return 'no-version';
  if (facts.failed === undefined && facts.interrupted !== undefined) return 'interrupted';
  return 'handshake-failed';
}

function measureQuic(facts: QuicCloseFacts): QuicOutcome {
  const { ourCloses, peerCloses, rtt, flush } = facts;
  const ours = mainClose(ourCloses);
  const again = peerCloses.filter(({ copy }) => copy > 1);
  const written = flush?.written ?? 0;
  const acknowledged = flush?.acknowledged ?? 0;
  const ending = facts.closing ?? facts.draining;
  return {
    version: facts.version,
    ...(ours === undefined ? {} : { localClose: { ...toNote(ours), copies: ourCloses.length } }),
    peerCloses: peerCloses.map(toNote),
    ...(again.length > 0 ? { identical: again.every((close) => close.identical === true) } : {}),
    spacingMs: spacings(peerCloses),
    bytesWritten: written,
    bytesAcknowledged: acknowledged,
    bytesUnacknowledged: written - acknowledged,
    idle: idleOf(facts),
    token: tokenOf(facts),
    ...(rtt === undefined ? {} : { rttMs: rtt.smoothedMs, threeRttMs: 3 * rtt.smoothedMs }),
    ...(ending?.ptoMs === undefined ? {} : { ptoMs: ending.ptoMs }),
    ...(ending?.until === undefined ? {} : { closingMs: ending.until - ending.t }),
    ...(ending?.formula === undefined ? {} : { closingFormula: ending.formula }),
    datagramsWhileClosing: facts.heard.length - heardAfter(facts),
    datagramsAfterClose: heardAfter(facts),
  };
}

function toNote(close: Of<'close'>): CloseNote {
  const { frameType, code, codeName, reason, space, packet, errorFrame } = close;
  return {
    ...{ frameType, code, codeName, reason, space, packet },
    ...(errorFrame === undefined ? {} : { errorFrame }),
  };
}

function idleOf({ idle, idleTimeout }: QuicCloseFacts): QuicOutcome['idle'] {
  return idleTimeout === undefined ? idle : { ...idle, observedMs: idleTimeout.silentMs };
}

function tokenOf({ tokens, peerCloses, completed }: QuicCloseFacts): QuicOutcome['token'] {
  const sent = tokens.some(({ by, what }) => by === 'peer' && what === 'retry');
  if (peerCloses.some(({ frameType, code }) => frameType === 0x1c && code === INVALID_TOKEN))
    return 'refused';
  if (!sent) return 'none';
  return completed === undefined ? 'unknown' : 'accepted';
}

/** Our CONNECTION_CLOSE answered by one of the peer's. */
function answerMs({ ourCloses, peerCloses }: QuicCloseFacts): { answerMs?: number } {
  const [ours] = ourCloses;
  const [theirs] = peerCloses;
  if (ours === undefined || theirs === undefined || at(theirs) < at(ours)) return {};
  return { answerMs: at(theirs) - at(ours) };
}

function relation(facts: QuicCloseFacts, first: Of<'close'> | undefined): Outcome['peerCloseNotify'] {
  if (facts.peerCloses.length === 0) return 'none';
  return first?.by === 'peer' ? 'before' : 'after';
}

/**
 * yes: something we wrote was never acknowledged, or a stream of the exchange stopped without FIN. Control streams, which only end with
 * their connection, are unidirectional and do not count. Whoever asked for so many bytes and got them misses none.
 */
function truncation(
  { streamData, streams, plan }: QuicCloseFacts,
  quic: QuicOutcome,
): Outcome['truncationPossible'] {
  if (quic.bytesUnacknowledged > 0) return 'yes';
  const theirs = streamData.filter(({ by, stream }) => by === 'peer' && isBidi(stream));
  if (plan?.expected !== undefined) {
    return theirs.reduce((sum, { bytes }) => sum + bytes, 0) >= plan.expected ? 'no' : 'yes';
  }
  const open = new Set(theirs.map(({ stream }) => stream));
  for (const { by, what, stream } of streams) {
    if (by !== 'peer' || !isBidi(stream)) continue;
    if (what === 'reset') return 'yes';
    if (what === 'fin') open.delete(stream);
  }
  for (const { stream, fin } of theirs) if (fin) open.delete(stream);
  if (open.size > 0) return 'yes';
  return theirs.length > 0 || quic.bytesWritten > 0 ? 'no' : 'unknown';
}

function isBidi(stream: number): boolean {
  return stream % 4 < 2;
}

/** An answer to our close is no close of its own. */
function neverClosed(facts: QuicCloseFacts): boolean {
  const { plan, limits } = facts;
  const waited = plan?.mode === 'wait-peer' && limits.some(({ phase }) => phase === 'close');
  return waited && firstClose(facts)?.by !== 'peer';
}

/** After closing was over the peer still sent. */
function heardAfter({ heard }: QuicCloseFacts): number {
  return heard.filter(({ state }) => state === 'terminated').length;
}

function bytesBy({ streamData }: QuicCloseFacts, who: 'local' | 'peer'): number {
  return streamData.reduce((sum, { by, bytes }) => (by === who ? sum + bytes : sum), 0);
}

/** A peer that closes without an error is what --wait-peer asks for. */
function exitCode(
  facts: QuicCloseFacts,
  events: readonly TimelineEvent[],
  conn: string,
  name: OutcomeClass,
): number {
  // ICMP in place of an answer to our close is no failure to get there.
  if (name === 'unreachable' && facts.completed !== undefined) return 1;
  const asked =
    name === 'peer-closed' && facts.plan?.mode === 'wait-peer' && saysNoError(mainClose(facts.peerCloses));
  return exitCodeOf(events, conn, asked ? 'clean' : name);
}

const INVALID_TOKEN = 0x0bn;
