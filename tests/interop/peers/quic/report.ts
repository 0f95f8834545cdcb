import type { Run } from '../../sslshut.ts';

type Close = { frameType: number; code: number; reason: string; space: string };
type Outcome = { class: string; exitCode: number; quic?: { peerCloses: readonly Close[] } };
type Event = { kind: string; by?: string; what?: string; code?: number; stream?: number; detail?: string };

/** What the expectations speak of: the outcome, what was agreed on, and what of the timeline no outcome tells. */
export function quicFacts(run: Run) {
  let report: {
    outcome: Outcome;
    handshake?: Record<string, unknown>;
    resumption?: Record<string, unknown>;
    timeline: readonly Event[];
  };
  try {
    report = JSON.parse(run.stdout);
  } catch {
    throw new Error(`exit ${run.code}, no JSON\n${run.stdout}${run.stderr}`);
  }
  const theirs = report.timeline.filter(({ by }) => by === 'peer');
  return {
    ...report.outcome,
    handshake: report.handshake,
    resumption: report.resumption,
    peerClose: report.outcome.quic?.peerCloses[0],
    retries: theirs.filter(({ kind, what }) => kind === 'token' && what === 'retry').length,
    keyUpdated: theirs.some(({ kind }) => kind === 'quic-key-update'),
    theirReset: theirs.find(({ kind, what }) => kind === 'stream' && what === 'reset')?.code,
    response: theirs.find(({ kind, what }) => kind === 'exchange' && what === 'response')?.detail,
  };
}
