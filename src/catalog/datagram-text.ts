import type { Millis } from '../timeline/event.ts';
import { advise } from './advice.ts';
import type { DatagramCloseFacts } from './datagram-facts.ts';
import type { Measured } from './measure.ts';
import { summarize } from './summary.ts';

/** One sentence: who ended the association, and how. */
export function summarizeDatagrams(facts: DatagramCloseFacts, measured: Measured): string {
  switch (measured.class) {
    case 'unreachable':
      return unreachable(facts, measured);
    case 'silent':
      return silent(facts, measured);
    case 'alive-after-close':
      return alive(facts, measured);
    case 'late':
      return `both sides sent close_notify; the peer's answer took ${span(measured.answerMs)}`;
    case 'clean':
      return clean(facts, measured);
    case 'not-observed':
      return notObserved(facts);
    default:
      return summarize(facts, measured);
  }
}

/** What to do about it, or nothing where there is nothing to do. */
export function adviseDatagrams(facts: DatagramCloseFacts, measured: Measured): string | undefined {
  switch (measured.class) {
    case 'unreachable':
      return facts.completed === undefined
        ? advise(facts, measured)
        : 'on the peer: keep the socket until close_notify has been answered';
    case 'silent':
      return silentAdvice(facts, measured);
    case 'alive-after-close':
      return measured.peerCloseNotify === 'none' && facts.ourCloses.length < SURE
        ? 'the first close_notify may have been lost: --retry-close 2 sends it again and tells which it is'
        : 'on the peer: drop the association on close_notify, and answer nothing more in it';
    case 'handshake-failed':
      return facts.handshakeFailed?.rule === 'limit' && facts.lastMessage === undefined
        ? 'nothing at all came back: check the port, and that it speaks DTLS; a firewall may drop the datagrams'
        : advise(facts, measured);
    case 'late':
      return 'the answer was lost and repeated, or the peer lets time pass before it closes';
    default:
      return advise(facts, measured);
  }
}

function unreachable(facts: DatagramCloseFacts, measured: Measured): string {
  const { gone, completed, ourClose } = facts;
  if (completed === undefined) return summarize(facts, measured);
  const when = ourClose === undefined ? 'before we closed' : 'when our close_notify came';
  return `nobody listened at the peer's port any more ${when} (ICMP, ${gone?.errno ?? 'unreachable'})`;
}

function silent(facts: DatagramCloseFacts, measured: Measured): string {
  const limit = within(facts);
  if (measured.peerNeverClosed === true) return `the peer did not close within ${limit}`;
  if (facts.ourClose === undefined) return `the peer said nothing within ${limit}`;
  const times = facts.ourCloses.length;
  const sent = times === 1 ? '' : `, sent ${times} times,`;
  const doubt =
    times === 1
      ? 'it, or its answer, may have been lost: over datagrams that cannot be told from silence'
      : 'that all of them, or all answers, were lost is unlikely, but cannot be told from silence';
  return `no answer to our close_notify${sent} within ${limit}; ${doubt}`;
}

function silentAdvice(facts: DatagramCloseFacts, measured: Measured): string {
  if (measured.peerNeverClosed === true) {
    return 'close from this side, or ask the peer to; --timeout close=… waits longer';
  }
  return facts.ourCloses.length < SURE
    ? '--retry-close 2 sends close_notify twice more, --repeat shows how often it happens; or do not wait for the answer (--rapid)'
    : 'do not wait for the answer (--rapid shows that way); peers that drop the association without a word are common';
}

function alive(facts: DatagramCloseFacts, measured: Measured): string {
  const what =
    facts.probe === undefined
      ? `the peer went on sending data (${bytes(measured.bytesAfterOurClose)}) long after our close_notify`
      : 'the peer answered data that we sent after our close_notify';
  if (measured.peerCloseNotify !== 'none') return `${what}, although it had closed too`;
  return facts.ourCloses.length < SURE
    ? `${what}, and never answered that one`
    : `${what}: it ignores close_notify`;
}

function clean(facts: DatagramCloseFacts, measured: Measured): string {
  if (facts.ourClose === undefined) return 'the peer sent close_notify';
  if (measured.closedFirst === 'peer')
    return 'the peer closed first, with close_notify; we answered with ours';
  const again = facts.ourCloses.length === 1 ? '' : ` (sent ${facts.ourCloses.length} times)`;
  return `both sides sent close_notify; the peer answered ours${again} in ${span(measured.answerMs)}`;
}

function notObserved({ plan }: DatagramCloseFacts): string {
  switch (plan?.mode) {
    case 'rapid':
      return 'we sent close_notify and left; what the peer did then was not looked at';
    case 'quiet':
      return 'we closed without a word (quiet shutdown); what the peer did then was not looked at';
    case 'vanish':
      return 'we left without a word; the peer keeps the association until a timer of its own ends it';
    default:
      return 'what the peer did was not looked at';
  }
}

function within(facts: DatagramCloseFacts): string {
  const ms = facts.limits.find((limit) => limit.phase === 'close')?.ms ?? facts.plan?.limits.close;
  return ms === undefined ? 'the limit' : span(ms);
}

function span(ms: Millis | undefined): string {
  if (ms === undefined) return 'no measured time';
  return ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(2))} s`;
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** So many close_notify without an answer are held against the peer; one may get lost. */
export const SURE = 3;
