import type { TimelineEvent } from '../timeline/event.ts';
import { capPeerText } from './escape.ts';
import type { Row, Span } from './layout.ts';
import { quicVersionText } from './text-quic.ts';

type Completed = Extract<TimelineEvent, { kind: 'handshake.completed' }>;
type Certificate = Extract<TimelineEvent, { kind: 'certificate' }>;

/** Whom we talked to, and what was agreed: target and address, version and algorithms, certificate. */
export function toHeader(events: readonly TimelineEvent[], verbose: boolean): Row[] {
  const rows: Row[] = [];
  const run = events.find((event) => event.kind === 'run');
  const connected = events.find((event) => event.kind === 'transport.connected');
  const target: Span[] = [];
  if (run?.kind === 'run') target.push({ text: capPeerText(run.target), tone: 'strong' });
  if (connected?.kind === 'transport.connected' && !isTarget(run, connected.remote)) {
    target.push({ text: `  ${connected.remote}` });
  }
  if (run?.kind === 'run') target.push({ text: aboutRun(run, verbose), tone: 'faint' });
  if (target.length > 0) rows.push({ body: target, indent: 2 });
  const completed = events.find((event): event is Completed => event.kind === 'handshake.completed');
  if (completed !== undefined) {
    const quic = events.findLast((event) => event.kind === 'quic-version' && event.what !== 'refused');
    const over = quic?.kind === 'quic-version' ? `${quicVersionText(quic.version)} · ` : '';
    rows.push({ body: [{ text: over + agreed(completed, verbose) }], indent: 2 });
  }
  const certificate = events.find(
    (event): event is Certificate => event.kind === 'certificate' && event.by === 'peer',
  );
  if (certificate !== undefined) rows.push(...certificateRows(certificate, verbose));
  return rows;
}

function isTarget(run: TimelineEvent | undefined, remote: string): boolean {
  return run?.kind === 'run' && run.target === remote;
}

function aboutRun(run: Extract<TimelineEvent, { kind: 'run' }>, verbose: boolean): string {
  const profile = run.profile === 'manual' && !verbose ? '' : `  profile ${run.profile}`;
  const tool = verbose ? `  sslshut ${run.tool.version}, ${run.tool.crypto}, Node ${run.tool.node}` : '';
  return profile + tool;
}

function agreed(event: Completed, verbose: boolean): string {
  const parts = [event.version, event.suite];
  if (event.group !== undefined) parts.push(event.group);
  if (verbose && event.signature !== undefined) parts.push(event.signature);
  if (event.alpn !== undefined) parts.push(`ALPN ${capPeerText(event.alpn)}`);
  if (event.resumed) parts.push('resumed');
  if (event.clientCertificate) parts.push('client certificate sent');
  if (verbose && event.helloRetry) parts.push('after HelloRetryRequest');
  if (verbose && event.extendedMasterSecret !== undefined) {
    parts.push(event.extendedMasterSecret ? 'extended master secret' : 'no extended master secret');
  }
  return parts.join(' · ');
}

function certificateRows(event: Certificate, verbose: boolean): Row[] {
  const rows: Row[] = [
    {
      body: [
        { text: `certificate ${capPeerText(event.subject === '' ? '(no subject)' : event.subject)}: ` },
        certificateResult(event),
      ],
      indent: 2,
    },
  ];
  if (!verbose) return rows;
  const details = [
    `names ${capPeerText(event.names.join(', ') || 'none')}`,
    `issuer ${capPeerText(event.issuer)}`,
    `${event.keyType}, chain of ${event.chainLength}, ${event.notBefore} to ${event.notAfter}`,
    `sha256 ${event.fingerprint}`,
    'not checked: revocation, name constraints, path length, signature hashes inside the chain',
  ];
  for (const detail of details)
    rows.push({ lead: [{ text: '  ' }], body: [{ text: detail, tone: 'faint' }] });
  return rows;
}

function certificateResult(event: Certificate): Span {
  const reason = event.reason === undefined ? '' : `: ${capPeerText(event.reason)}`;
  switch (event.verified) {
    case 'ok':
      return { text: 'verified', tone: 'good' };
    case 'failed':
      return { text: `failed verification${reason}`, tone: 'bad' };
    case 'insecure':
      return { text: `NOT TRUSTED, going on because of --insecure${reason}`, tone: 'warn' };
    case 'skipped':
      return { text: 'not verified', tone: 'faint' };
  }
}
