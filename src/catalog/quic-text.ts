import type { Millis } from '../timeline/event.ts';
import type { OutcomeClass, QuicOutcome } from '../timeline/outcome.ts';
import { messageName } from '../wire/handshake.ts';
import { at, type Of } from './close-facts.ts';
import { mainClose, type QuicCloseFacts, saysNoError } from './quic-facts.ts';
import { unreachableText } from './unreachable-text.ts';

/** One sentence: who ended the connection, and how. Peer text in it is escaped where it is rendered. */
export function summarizeQuic(facts: QuicCloseFacts, name: OutcomeClass, quic: QuicOutcome): string {
  const theirs = mainClose(facts.peerCloses);
  switch (name) {
    case 'unreachable':
      return facts.completed === undefined
        ? unreachableText(facts)
        : "nobody listened at the peer's port any more (ICMP)";
    case 'no-version':
      return `the peer speaks none of the QUIC versions offered; it knows ${versions(facts.refused)}`;
    case 'handshake-failed':
      return handshakeFailed(facts);
    case 'interrupted':
      return `the run was interrupted (${facts.interrupted?.signal ?? 'unknown'}) ${PHASES[facts.phase ?? ''] ?? 'before the close was over'}`;
    case 'stateless-reset':
      return facts.ourCloses.length === 0
        ? 'the peer answered with a stateless reset: it knows this connection no more'
        : 'the peer answered our close with a stateless reset: it had already forgotten the connection';
    case 'peer-closed':
      return `the peer closed the connection${theirs === undefined ? '' : ` with ${closeText(theirs)}`}`;
    case 'idle-timeout':
      return `nothing came from the peer for ${span(facts.idleTimeout?.silentMs)}: the connection ended by its idle timeout`;
    case 'never-quiet':
      return `the peer still sent (${count(quic.datagramsAfterClose, 'datagram')}) after our closing period was over`;
    case 'silent':
      return `the peer did not close within ${within(facts)}`;
    case 'not-observed':
      return notObserved(facts);
    default:
      return clean(facts, theirs);
  }
}

/** What to do about it, or nothing where there is nothing to do. */
export function adviseQuic(facts: QuicCloseFacts, name: OutcomeClass): string | undefined {
  switch (name) {
    case 'unreachable':
      return RESOLVER_ADVICE[facts.unreachable?.errno ?? ''] ?? UNREACHABLE_ADVICE;
    case 'no-version':
      return 'ask for a version that the peer lists: --quic v1 or --quic v2';
    case 'handshake-failed':
      return handshakeAdvice(facts);
    case 'stateless-reset':
      return facts.ourCloses.length === 0
        ? 'on the peer: look for a restart, or for a load balancer that sends packets of one connection to several servers'
        : 'on the peer: keep closing and draining state for three PTO (RFC 9000 §10.2)';
    case 'peer-closed':
      return saysNoError(mainClose(facts.peerCloses))
        ? undefined
        : "the code and reason say what the peer objected to; the peer's log may say more";
    case 'idle-timeout':
      return 'the path died or the peer vanished; --keep-alive keeps a quiet connection open, --idle-timeout waits longer';
    case 'never-quiet':
      return 'on the peer: enter draining on CONNECTION_CLOSE and send nothing more; or our close was lost: --repeat shows how often';
    case 'silent':
      return 'close from this side; --timeout close=… waits longer';
    default:
      return undefined;
  }
}

/** "0x1d H3_NO_ERROR (0x100), reason "bye"": always the frame type with the code. */
export function closeText(close: {
  frameType: number;
  code: bigint;
  codeName: string;
  reason: string;
}): string {
  const reason = close.reason === '' ? 'without a reason' : `reason "${close.reason}"`;
  const code = `0x${close.code.toString(16)}`;
  const name = close.codeName === code ? `code ${code}` : `${close.codeName} (${code})`;
  return `CONNECTION_CLOSE 0x${close.frameType.toString(16)} ${name}, ${reason}`;
}

function handshakeFailed(facts: QuicCloseFacts): string {
  const [theirs] = facts.peerCloses;
  if (theirs !== undefined) return `the peer ended the handshake with ${closeText(theirs)}`;
  if (facts.failed === undefined) return 'the handshake was not completed';
  if (facts.failed.rule !== 'limit') return `the handshake failed: ${facts.failed.detail}`;
  const heard =
    facts.lastMessage === undefined
      ? 'nothing of a handshake had come from it'
      : `the last message from it was ${messageName(facts.lastMessage.name)}`;
  return `the peer did not complete the handshake within ${span(facts.plan?.limits.handshake)}; ${heard}`;
}

function handshakeAdvice({ peerCloses, failed, lastMessage, packets }: QuicCloseFacts): string | undefined {
  const [theirs] = peerCloses;
  if (theirs !== undefined)
    return CLOSE_ADVICE[theirs.code.toString(16)] ?? "the peer's log says what it objected to";
  if (failed?.rule.startsWith('certificate') === true) {
    return 'give the issuing certificate with --ca, the right name with --sni, or go on regardless with --insecure';
  }
  if (lastMessage !== undefined) return undefined;
  return packets.some(({ by }) => by === 'peer')
    ? 'the peer acknowledges and says no more: it may know none of the names offered (--alpn, --sni), or none of the suites'
    : 'nothing came back: check that the peer speaks QUIC on that port; a firewall may drop UDP';
}

function clean(facts: QuicCloseFacts, theirs: Of<'close'> | undefined): string {
  const [ours] = facts.ourCloses;
  if (theirs !== undefined && ours !== undefined) {
    return `we closed, and the peer answered once with ${closeText(theirs)} in ${span(at(theirs) - at(ours))}`;
  }
  if (ours === undefined) return 'the connection ended without a word from either side';
  return 'we closed, and the peer went silent: it is draining, as it should';
}

function notObserved({ plan, ourCloses }: QuicCloseFacts): string {
  if (plan?.mode === 'vanish') {
    return 'we left without a word; the peer keeps the connection until its idle timeout';
  }
  return ourCloses.length === 0
    ? 'no CONNECTION_CLOSE went out; what the peer did was not looked at'
    : 'we sent CONNECTION_CLOSE and left; what the peer did then was not looked at';
}

function versions(refused: Of<'quic-version'> | undefined): string {
  const known = (refused?.supported ?? []).map((version) => VERSIONS[version] ?? `0x${version.toString(16)}`);
  return known.length === 0 ? 'none that it tells' : known.join(', ');
}

function within({ plan, limits }: QuicCloseFacts): string {
  return span(limits.find(({ phase }) => phase === 'close')?.ms ?? plan?.limits.close);
}

function span(ms: Millis | undefined): string {
  if (ms === undefined) return 'no measured time';
  return ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

const UNREACHABLE_ADVICE =
  'check the port, and that the service listens on UDP there; TCP on the same port says nothing about it';
const RESOLVER_ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not resolve: check its spelling and the resolver',
  EAI_AGAIN: 'the resolver did not answer: try again, or give an address',
};

const VERSIONS: Readonly<Record<number, string>> = { 1: 'v1', 1798521807: 'v2' };

/** By the code, in hex: of the transport, or 0x100 and a TLS alert (RFC 9000 §20.1, RFC 9001 §4.8). */
const CLOSE_ADVICE: Readonly<Record<string, string>> = {
  '2': 'the peer takes no connections now, or not from here: its log says why',
  b: 'the token of the Retry was refused: the address may have changed on the way',
  '128': 'peer and client have nothing in common: try --groups, --ciphers or --alpn',
  '12a': 'the peer refused our certificate: check --cert and --key',
  '170': 'the peer has nothing under that name: try another with --sni',
  '174': 'the peer wants a client certificate: give --cert and --key',
  '178': 'the peer speaks none of the protocols offered: try another with --alpn',
};

const PHASES: Readonly<Record<string, string>> = {
  connect: 'while it was connecting',
  handshake: 'during the handshake',
  exchange: 'during the exchange, before the close',
  idle: 'while it was idle, before the close',
  close: 'during the close',
  linger: 'while it listened after the close',
};
