import type { Millis } from '../timeline/event.ts';
import { messageName } from '../wire/handshake.ts';
import { type CloseFacts, transportEnd, unsent } from './close-facts.ts';
import type { Measured } from './measure.ts';
import { unreachableText } from './unreachable-text.ts';

/** One sentence: who ended the connection, and how. Peer text in it (details, reasons) is escaped where it is rendered. */
export function summarize(facts: CloseFacts, measured: Measured): string {
  switch (measured.class) {
    case 'unreachable':
      return unreachableText(facts);
    case 'handshake-failed':
      return handshakeFailed(facts);
    case 'interrupted':
      return interrupted(facts);
    case 'alert':
      return alert(facts, measured);
    case 'fin-mid-record':
      return `the peer sent FIN inside a record (${bytes(facts.eof?.partialRecord ?? 0)} of it had come): the data is cut off`;
    case 'reset':
      return `the peer reset the connection (${facts.peerReset?.errno ?? 'RST'})${inside(facts)} without close_notify${when(facts, measured)}`;
    case 'fin':
      return `the peer sent FIN without close_notify${when(facts, measured)}${doubt(facts)}`;
    case 'alive-after-close':
      return 'the association still works after our close';
    case 'silent':
      return silent(facts, measured);
    case 'reset-after-close':
      return 'the peer sent close_notify and then RST where FIN belongs';
    case 'held-open':
      return heldOpen(facts, measured);
    case 'late':
      return `both sides sent close_notify, then the peer sent FIN; its answer took ${span(measured.answerMs)}`;
    case 'clean':
      return clean(facts, measured);
    case 'not-observed':
      return notObserved(facts);
  }
}

function interrupted({ interrupted: fact, phase = '' }: CloseFacts): string {
  const signal = fact?.signal ?? 'unknown';
  return `the run was interrupted (${signal}) ${PHASE_WORDS[phase] ?? 'before the close was over'}`;
}

function handshakeFailed(facts: CloseFacts): string {
  const fact = facts.handshakeFailed;
  switch (fact?.rule) {
    case undefined:
      return 'the handshake was not completed';
    case 'limit':
      return `the peer did not complete the handshake within ${within(facts, 'handshake')}; ${lastHeard(facts)}`;
    case 'eof':
    case 'reset':
      return `the handshake failed: ${fact?.detail}; ${lastHeard(facts)}`;
    default:
      return `${fact?.rule.startsWith('starttls-') ? 'TLS did not begin' : 'the handshake failed'}: ${fact?.detail}`;
  }
}

function lastHeard({ lastMessage }: CloseFacts): string {
  if (lastMessage === undefined) return 'no handshake message had come from it';
  return `the last message from it was ${messageName(lastMessage.name)}`;
}

function alert(facts: CloseFacts, measured: Measured): string {
  if (measured.alert !== undefined) {
    const { level, description, name } = measured.alert;
    const provoked = facts.plan?.mode === 'abrupt-fin' && measured.closedFirst === 'local';
    const after = provoked ? ', in answer to our FIN' : '';
    return `the peer ended the connection with alert ${name} (${description}, level ${level})${after}`;
  }
  const fault = facts.fault;
  return `the peer broke the protocol (${fault?.rule ?? 'unknown rule'}: ${fault?.detail ?? ''}); nothing after it counts`;
}

function heldOpen(facts: CloseFacts, measured: Measured): string {
  if (!capped(facts)) return `the peer sent close_notify but no FIN within ${within(facts, 'fin')}`;
  return `the peer sent close_notify, but data went on (${bytes(measured.bytesReceived)} in all); reading stopped there`;
}

function silent(facts: CloseFacts, measured: Measured): string {
  if (capped(facts)) {
    return `the peer sent ${bytes(measured.bytesReceived)} and no close_notify; reading stopped there`;
  }
  const limit = within(facts, 'close');
  if (measured.peerNeverClosed === true) return `the peer did not close within ${limit}`;
  const data = measured.bytesAfterOurClose;
  const said = data === 0 ? '' : `, though it went on sending data (${bytes(data)})`;
  if (unsent(facts)) return `our close_notify could not be sent within ${limit}: the peer does not read`;
  if (facts.ourClose === undefined) return `the peer did not react within ${limit}${said}`;
  return `the peer did not answer our close_notify within ${limit}${said}`;
}

function capped({ notes }: CloseFacts): boolean {
  return notes.some((note) => note.code === 'read-cap');
}

function clean(facts: CloseFacts, measured: Measured): string {
  if (facts.ourClose === undefined) return 'the peer sent close_notify, then FIN';
  if (measured.closedFirst === 'peer') {
    return 'the peer closed first, with close_notify; we answered with ours, and FIN came';
  }
  return `both sides sent close_notify, then the peer sent FIN; it answered ours in ${span(measured.answerMs)}`;
}

function notObserved(facts: CloseFacts): string {
  switch (facts.plan?.mode) {
    case 'rapid':
      return 'we sent close_notify and closed at once; what the peer did then was not looked at';
    case 'quiet':
      return 'we closed without a word (quiet shutdown); what the peer did then was not looked at';
    case 'abrupt-fin':
      return 'we sent FIN without close_notify; what the peer did then was not looked at';
    case 'abrupt-rst':
      return 'we reset the connection; what the peer did then cannot be seen';
    default:
      return 'what the peer did was not looked at';
  }
}

/** What came after ours need not be its answer: the two may have crossed. */
function when(facts: CloseFacts, measured: Measured): string {
  if (measured.closedFirst === 'peer') return ', before we closed';
  return facts.ourClose === undefined ? ', after our FIN' : ', after our close_notify';
}

function inside({ eof }: CloseFacts): string {
  const partial = eof?.partialRecord ?? 0;
  return partial === 0 ? '' : ` inside a record (${bytes(partial)} of it had come),`;
}

function doubt(facts: CloseFacts): string {
  return transportEnd(facts)?.certainty === 'unknown'
    ? ' (it may have been RST: this platform does not tell)'
    : '';
}

function within(facts: CloseFacts, phase: string): string {
  const ms = facts.limits.find((limit) => limit.phase === phase)?.ms ?? facts.plan?.limits[phase];
  return ms === undefined ? 'the limit' : span(ms);
}

function span(ms: Millis | undefined): string {
  if (ms === undefined) return 'no measured time';
  return ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

const PHASE_WORDS: Readonly<Record<string, string>> = {
  connect: 'while it was connecting',
  starttls: 'before TLS began',
  handshake: 'during the handshake',
  exchange: 'during the exchange, before the close',
  idle: 'while it was idle, before the close',
  close: 'during the close',
  fin: "while it waited for the peer's FIN",
  linger: "after the peer's FIN",
  // biome-ignore lint/suspicious/noThenProperty: the phase's name; its value is never callable
  then: 'while the connection was used again, after the close',
};
