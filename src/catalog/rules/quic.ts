import type { TimelineEvent } from '../../timeline/event.ts';
import type { Finding } from '../../timeline/outcome.ts';
import { at } from '../close-facts.ts';
import { firstClose, type QuicCloseFacts, readQuicClose } from '../quic-facts.ts';
import { QUIC_CLAUSES, type QuicRuleId } from './quic-clauses.ts';
import type { Breach } from './rule.ts';

/** Every closing rule that the timeline of one QUIC connection shows broken, with the events that prove it. */
export function evaluateQuic(events: readonly TimelineEvent[], conn = 'local'): Finding[] {
  const facts = readQuicClose(events, conn);
  return CHECKS.flatMap((check) => check(facts) ?? []).map(toFinding);
}

type QuicBreach = Breach<QuicRuleId>;
type QuicCheck = (facts: QuicCloseFacts) => QuicBreach | undefined;

function toFinding({ rule, grade, who, text, evidence }: QuicBreach): Finding {
  const { clause, level } = QUIC_CLAUSES[rule];
  const seqs = evidence.filter((event) => event !== undefined).map((event) => event.seq);
  return { rule, clause, grade, level, who, text, evidence: seqs };
}

/** Numbered after its own CONNECTION_CLOSE, so sent after it. */
function sendsAfterItsClose({ afterPeerClose, peerCloses }: QuicCloseFacts): QuicBreach | undefined {
  if (afterPeerClose.length === 0) return undefined;
  return {
    rule: 'quic-10.2.2-draining-sends-nothing',
    grade: 'fail',
    who: 'peer',
    text: `the peer sent ${times(afterPeerClose.length, 'packet')} that is no CONNECTION_CLOSE after its own`,
    evidence: [peerCloses[0], ...afterPeerClose],
  };
}

/** Our close, or its answers, may have been lost: nobody can tell from here. */
function neverQuiet({ heard, terminated, ourCloses, peerCloses }: QuicCloseFacts): QuicBreach | undefined {
  const after = heard.filter(({ state }) => state === 'terminated');
  if (after.length === 0 || ourCloses.length === 0) return undefined;
  const knew = peerCloses.length > 0;
  return {
    rule: 'quic-10.2.2-draining-sends-nothing',
    grade: knew ? 'fail' : 'warn',
    who: 'peer',
    text: `${times(after.length, 'datagram')} came after the closing period${knew ? '' : '; the peer may never have seen our close'}`,
    evidence: [ourCloses[0], terminated, ...after],
  };
}

/** In answer to ours the peer drains: one CONNECTION_CLOSE, once in each space that it is owed in. */
function closePingPong(facts: QuicCloseFacts): QuicBreach | undefined {
  const { peerCloses, ourCloses, rtt } = facts;
  const first = firstClose(facts);
  const [theirs] = peerCloses;
  if (first?.by !== 'local' || theirs === undefined) return undefined;
  // Too soon to be an answer: both closed at the same moment, and then each repeats its own to what was on its way.
  const crossed = at(theirs) - at(first) < (rtt?.minimumMs ?? 0);
  if (crossed && peerCloses.length <= MOST_CROSSING) return undefined;
  const copies = peerCloses.filter(({ copy }) => copy > 1);
  const packets = new Set(peerCloses.map(({ space, packet }) => `${space} ${packet}`));
  // The same packet twice may have been doubled on the way.
  const once = copies.length === 1 && packets.size < peerCloses.length;
  if (copies.length === 0 || once) return undefined;
  return {
    rule: 'quic-10.2.2-no-close-pingpong',
    grade: 'warn',
    who: 'peer',
    text: `the peer answered our CONNECTION_CLOSE ${peerCloses.length} times; once is all it may, unless both closed at the same moment`,
    evidence: [ourCloses[0], ...peerCloses],
  };
}

/** More copies than there were datagrams of ours to be answered. */
function closeStorm(facts: QuicCloseFacts): QuicBreach | undefined {
  const { peerCloses, packets } = facts;
  const [first] = peerCloses;
  if (first === undefined || firstClose(facts)?.by !== 'peer') return undefined;
  const copies = peerCloses.filter(({ space }) => space === first.space).length;
  const asked = packets.filter(({ by, t }) => by === 'local' && t >= at(first) - IN_FLIGHT_MS).length;
  if (copies - 1 <= asked) return undefined;
  return {
    rule: 'quic-10.2.1-closing-rate-limited',
    grade: 'warn',
    who: 'peer',
    text: `the peer repeated its CONNECTION_CLOSE ${copies - 1} times for ${times(asked, 'packet')} of ours`,
    evidence: peerCloses,
  };
}

function applicationCloseTooEarly({ peerCloses, fault }: QuicCloseFacts): QuicBreach | undefined {
  // The frame itself was refused before anything was made of it.
  if (fault?.rule === 'frame-out-of-place' && fault.detail.includes('0x1d')) {
    return {
      rule: 'quic-10.2.3-1d-becomes-1c',
      grade: 'fail',
      who: 'peer',
      text: `the peer sent an application close (0x1d) too early: ${fault.detail}`,
      evidence: [fault],
    };
  }
  const wrong = peerCloses.filter(({ frameType, space }) => frameType === 0x1d && space !== 'application');
  if (wrong.length === 0) return undefined;
  return {
    rule: 'quic-10.2.3-1d-becomes-1c',
    grade: 'fail',
    who: 'peer',
    text: `the peer sent an application close (0x1d) in ${wrong.map(({ space }) => space).join(' and ')} packets`,
    evidence: wrong,
  };
}

function reasonKept({ peerCloses }: QuicCloseFacts): QuicBreach | undefined {
  const wrong = peerCloses.filter(
    ({ frameType, code, space, reasonBytes }) =>
      frameType === 0x1c && code === APPLICATION_ERROR && space !== 'application' && reasonBytes > 0,
  );
  if (wrong.length === 0) return undefined;
  return {
    rule: 'quic-10.2.3-converted-reason-empty',
    grade: 'fail',
    who: 'peer',
    text: 'APPLICATION_ERROR came with a reason in a packet that others than the peer could have read',
    evidence: wrong,
  };
}

function earlySpaceAfterConfirmed({ peerCloses, packets }: QuicCloseFacts): QuicBreach | undefined {
  const done = packets.find(
    ({ by, frames }) => by === 'peer' && frames.some(({ name }) => name === 'handshake_done'),
  );
  const wrong = peerCloses.filter(({ space, seq }) => space !== 'application' && seq > (done?.seq ?? seq));
  if (wrong.length === 0) return undefined;
  return {
    rule: 'quic-10.2.3-1rtt-after-confirmed',
    grade: 'fail',
    who: 'peer',
    text: 'the peer closed in a packet of the handshake after it had confirmed the handshake',
    evidence: [done, ...wrong],
  };
}

function reasonNotText({ peerCloses }: QuicCloseFacts): QuicBreach | undefined {
  const wrong = peerCloses.filter(({ reasonHex }) => reasonHex !== undefined);
  if (wrong.length === 0) return undefined;
  return {
    rule: 'quic-19.19-reason-utf8',
    grade: 'warn',
    who: 'peer',
    text: 'the reason of the CONNECTION_CLOSE is not UTF-8',
    evidence: wrong,
  };
}

function closeNotifyAsCode({ peerCloses }: QuicCloseFacts): QuicBreach | undefined {
  const wrong = peerCloses.filter(({ frameType, code }) => frameType === 0x1c && code === CLOSE_NOTIFY);
  if (wrong.length === 0) return undefined;
  return {
    rule: 'quictls-4.1.3-no-alerts-in-crypto',
    grade: 'warn',
    who: 'peer',
    text: 'frame type 0x1c with code 0x100 is the alert close_notify, which QUIC never sends; H3_NO_ERROR (0x100) belongs in 0x1d',
    evidence: wrong,
  };
}

function resetWhileClosing(facts: QuicCloseFacts): QuicBreach | undefined {
  const { statelessReset, ourCloses } = facts;
  if (statelessReset === undefined) return undefined;
  const [ours] = ourCloses;
  if (ours === undefined || at(statelessReset) < ours.t) {
    return {
      rule: 'quic-10.3-may-send',
      grade: 'info',
      who: 'peer',
      text: 'the peer has lost its state: a stateless reset ended the connection',
      evidence: [statelessReset],
    };
  }
  return {
    rule: 'quic-10.2-server-keeps-states',
    grade: 'warn',
    who: 'peer',
    text: `a stateless reset came ${(at(statelessReset) - ours.t).toFixed(1)} ms after our close: the peer keeps no draining state`,
    evidence: [ours, statelessReset],
  };
}

/** What triggered it is not to be told; whatever it was, it was not larger than the largest that we sent. */
function resetTooLarge({ statelessReset, packets }: QuicCloseFacts): QuicBreach | undefined {
  if (statelessReset === undefined) return undefined;
  const short = packets.filter(
    ({ by, type, seq }) => by === 'local' && type === '1rtt' && seq < statelessReset.seq,
  );
  const largest = short.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  if (short.length === 0 || statelessReset.bytes < largest) return undefined;
  return {
    rule: 'quic-10.3.3-smaller-than-trigger',
    grade: 'fail',
    who: 'peer',
    text: `the stateless reset has ${statelessReset.bytes} bytes; no packet of ours that could have caused it has more than ${largest}`,
    evidence: [statelessReset],
  };
}

function leftWithoutClose({ plan, completed, ourCloses }: QuicCloseFacts): QuicBreach | undefined {
  if (plan?.mode !== 'vanish' || completed === undefined || ourCloses.length > 0) return undefined;
  const text = 'notice: we sent no CONNECTION_CLOSE, as --vanish asks';
  return { rule: 'quic-10.1-abandon-early-needs-close', grade: 'info', who: 'local', text, evidence: [plan] };
}

function times(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

const CHECKS: readonly QuicCheck[] = [
  sendsAfterItsClose,
  neverQuiet,
  closePingPong,
  closeStorm,
  applicationCloseTooEarly,
  reasonKept,
  earlySpaceAfterConfirmed,
  reasonNotText,
  closeNotifyAsCode,
  resetWhileClosing,
  resetTooLarge,
  leftWithoutClose,
];

/** Copies that a close which crossed ours may have: more than one for each packet that was on its way. */
const MOST_CROSSING = 8;
const APPLICATION_ERROR = 0x0cn;
const CLOSE_NOTIFY = 0x100n;
/** What of ours the peer may have been answering when its first copy was on the way. */
const IN_FLIGHT_MS = 1000;
