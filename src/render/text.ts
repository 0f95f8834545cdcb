import type { TimelineEvent } from '../timeline/event.ts';
import type { Finding, Outcome } from '../timeline/outcome.ts';
import { capPeerText } from './escape.ts';
import { fitRow, type Page, plainStyle, type Row, type Span, type Style } from './layout.ts';
import { toResumption } from './report.ts';
import { toHeader } from './text-header.ts';
import { toTimelineRows } from './text-timeline.ts';
import { byGrade, count, duration, gradeTone, toVerdict } from './verdict-text.ts';

export type TextOptions = {
  /** Columns to fitRow into; 80 where nothing is known. */
  width: number;
  /** Records, messages one by one, phases, certificate details, passed rules. */
  verbose: boolean;
  /** Colours, given by whoever knows that the output can show them. */
  style?: Style;
  /** False where the terminal's character set is not UTF-8: then only ASCII comes out. */
  unicode: boolean;
  /** Nothing but findings and verdict. */
  brief?: boolean;
};

/** A run as lines for a terminal: who we talked to, what happened, what follows from it; the verdict comes last. */
export function toText(events: readonly TimelineEvent[], options: TextOptions): string[] {
  const page: Page = { width: options.width, style: options.style ?? plainStyle, unicode: options.unicode };
  const outcome = outcomeOf(events);
  const findings = byGrade(events.filter((event) => event.kind === 'finding'));
  const sections = [
    options.brief === true ? [] : toHeader(events, options.verbose),
    options.brief === true ? [] : toTimelineRows(events, options.verbose),
    findings
      .filter((finding) => options.verbose || finding.grade !== 'pass')
      .flatMap((finding) => findingRows(finding, events)),
    outcome === undefined ? [] : outcomeRows(outcome, findings, events, options.brief === true),
  ];
  return sections
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.flatMap((row) => fitRow(row, page)))
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

function outcomeOf(events: readonly TimelineEvent[]): Outcome | undefined {
  const last = events.findLast((event) => event.kind === 'outcome');
  return last?.kind === 'outcome' ? last.outcome : undefined;
}

function findingRows(finding: Finding, events: readonly TimelineEvent[]): Row[] {
  const times = finding.evidence
    .map((seq) => events.find((event) => event.seq === seq))
    .flatMap((event) => (event === undefined || UNSHOWN.includes(event.kind) ? [] : [event.t]));
  const where = times.length === 0 ? '' : `, see ${[...new Set(times.map(atTime))].join(' and ')}`;
  return [
    {
      lead: [{ text: finding.grade.padEnd(6), tone: gradeTone(finding.grade) }],
      body: [
        { text: finding.rule, tone: 'strong' },
        { text: ` (${finding.clause}${where})`, tone: 'faint' },
      ],
    },
    { body: [{ text: capPeerText(finding.text, 600) }], lead: [{ text: '      ' }] },
  ];
}

function atTime(t: number): string {
  return `${t.toFixed(1)} ms`;
}

function outcomeRows(
  outcome: Outcome,
  findings: readonly Finding[],
  events: readonly TimelineEvent[],
  brief: boolean,
): Row[] {
  const { headline, basis, advice } = toVerdict(outcome, findings);
  const indent = 2;
  const rows: Row[] = [{ body: headline, indent }];
  const facts = brief ? [] : [...factsOf(outcome), ...resumptionOf(events), ...reuseOf(events)];
  if (!brief || outcome.class !== 'clean') facts.push(...basis);
  if (facts.length > 0) rows.push({ lead: [{ text: '  ' }], body: facts.flatMap(separated) });
  if (advice !== undefined)
    rows.push({ lead: [{ text: '  advice: ', tone: 'strong' }], body: [{ text: advice }] });
  return rows;
}

function separated(fact: string, index: number): Span[] {
  const span: Span = { text: fact, whole: true };
  return index === 0 ? [span] : [{ text: ' · ' }, span];
}

function resumptionOf(events: readonly TimelineEvent[]): string[] {
  const resumption = toResumption(events);
  if (resumption === undefined) return [];
  const { eligible, offered, accepted } = resumption;
  if (!eligible) return ['the session could not be resumed'];
  if (!offered) return ['the session could be resumed, but was not offered'];
  return [`the session was ${accepted ? 'resumed' : 'offered again and refused'}`];
}

/** --then: what became of the connection after both close_notify alerts. */
function reuseOf(events: readonly TimelineEvent[]): string[] {
  const begun = events.findIndex((event) => event.kind === 'phase' && event.name === 'then');
  if (begun === -1) return [];
  const again = events.filter((event) => event.conn === 'again');
  if (again.some((event) => event.kind === 'handshake.completed'))
    return ['TLS again on the same connection'];
  if (again.length > 0) return ['the second handshake on the connection failed'];
  const heard = events
    .slice(begun)
    .filter((event) => event.kind === 'transport.plaintext')
    .reduce((sum, event) => sum + (event.by === 'peer' ? event.bytes : 0), 0);
  return [heard === 0 ? 'no answer in clear text' : `${count(heard, 'byte')} of clear text in answer`];
}

function factsOf(outcome: Outcome): string[] {
  const facts = [];
  const summarized = ['clean', 'late'].includes(outcome.class);
  const ours = outcome.quic === undefined ? 'close_notify' : 'CONNECTION_CLOSE';
  if (outcome.peerCloseNotify === 'after' && outcome.answerMs !== undefined && !summarized) {
    facts.push(`${ours} answered after ${duration(outcome.answerMs)}`);
  }
  // Of QUIC the facts below say it.
  if (outcome.peerCloseNotify === 'before' && !summarized && outcome.quic === undefined)
    facts.push("the peer's close_notify came before ours");
  if (outcome.finMs !== undefined) facts.push(`FIN after ${duration(outcome.finMs)}`);
  const { bytesReceived: received, bytesAfterOurClose: after } = outcome;
  if (received > 0) {
    const part = after === received ? ', all' : after > 0 ? `, ${count(after, 'byte')} of them` : undefined;
    const when = part === undefined ? '' : `${part} after our ${ours}`;
    facts.push(`${count(received, 'byte')} received${when}`);
  }
  if (outcome.unreadAtReset !== undefined) {
    facts.push(`${count(outcome.unreadAtReset, 'byte')} missing when the reset came`);
  }
  if (outcome.resetAfterFin === 'yes') facts.push('RST after the FIN');
  if (outcome.peerNeverClosed === true) facts.push('the peer never closed');
  return [...facts, ...datagramFacts(outcome), ...quicFacts(outcome)];
}

function datagramFacts(outcome: Outcome): string[] {
  const { closeNotifySent = 0, bytesAfterPeerClose = 0, forgedAlerts = 0, undecryptable = 0 } = outcome;
  const facts = [];
  if (closeNotifySent > 1) facts.push(`close_notify sent ${closeNotifySent} times`);
  if (bytesAfterPeerClose > 0) {
    facts.push(`${count(bytesAfterPeerClose, 'byte')} after the peer's own close_notify`);
  }
  if (forgedAlerts > 0) facts.push(`${count(forgedAlerts, 'alert')} in the clear dropped`);
  if (undecryptable > 0) facts.push(`${count(undecryptable, 'record')} that did not decrypt dropped`);
  return facts;
}

function quicFacts({ quic }: Outcome): string[] {
  if (quic === undefined) return [];
  const {
    bytesUnacknowledged,
    datagramsWhileClosing,
    datagramsAfterClose,
    closingMs,
    threeRttMs,
    localClose,
  } = quic;
  const facts = [];
  if (bytesUnacknowledged > 0) facts.push(`${count(bytesUnacknowledged, 'byte')} never acknowledged`);
  if (localClose !== undefined && localClose.copies > 1)
    facts.push(`CONNECTION_CLOSE sent ${localClose.copies} times`);
  if (datagramsWhileClosing > 0) facts.push(`${count(datagramsWhileClosing, 'datagram')} while closing`);
  if (datagramsAfterClose > 0) facts.push(`${count(datagramsAfterClose, 'datagram')} after it`);
  if (closingMs !== undefined && threeRttMs !== undefined) {
    facts.push(`closing lasts 3 PTO = ${duration(closingMs)} (three RTT would be ${duration(threeRttMs)})`);
  }
  return facts;
}

/** Events that no line of the timeline stands for. */
const UNSHOWN: readonly TimelineEvent['kind'][] = ['run', 'plan', 'phase', 'call'];
