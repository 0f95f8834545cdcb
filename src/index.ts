import { parseScenario } from './driver/script.ts';
import { chooseProvider } from './io/provider.ts';
import type { ProfileName } from './shutdown/types.ts';
import type { ScenarioRun } from './sim/scenario.ts';

export type { DiagnoseOptions } from './api/diagnose.ts';
export { diagnose } from './api/diagnose.ts';
export type { DtlsCloseOptions } from './api/dtls-close.ts';
export { dtlsClose } from './api/dtls-close.ts';
export { explain } from './api/explain.ts';
export type { QuicCloseRequest as QuicCloseOptions } from './api/quic-close.ts';
export { quicClose } from './api/quic-close.ts';
export type { RunningServer, ServeOptions } from './api/serve.ts';
export { serve, serveEach } from './api/serve.ts';
export type { ServedRun, ServeExecOptions } from './api/serve-exec.ts';
export { serveExec } from './api/serve-exec.ts';
export type { TlsCloseOptions, TlsCloseResult, TlsCloseRun } from './api/tls-close.ts';
export { tlsClose } from './api/tls-close.ts';
export type { Behaviour } from './catalog/behaviour.ts';
export type { ClientFacts, QuicClientFacts } from './catalog/client-facts.ts';
export type { ClientGrade, ClientVerdict } from './catalog/client-grade.ts';
export type { ExplainOptions, ExplainResult } from './catalog/explain/explain-message.ts';
export type { Explanation } from './catalog/explain/explanation.ts';
export { judge } from './catalog/outcome.ts';
export { evaluate as evaluateTls } from './catalog/rules/tls.ts';
export type { ServedClient } from './catalog/serve-options.ts';
export type { DatagramCloseMode } from './driver/close/datagram-plan.ts';
export { DATAGRAM_CLOSE_MODES } from './driver/close/datagram-plan.ts';
export type { CloseLimits, CloseMode, ClosePlan } from './driver/close/plan.ts';
export { CLOSE_MODES, DEFAULT_LIMITS, DEFAULT_PLAN } from './driver/close/plan.ts';
export type { QuicCloseMode } from './driver/close/quic-plan.ts';
export { QUIC_CLOSE_MODES } from './driver/close/quic-plan.ts';
export type { ScriptResult } from './driver/run-script.ts';
export type { Scenario } from './driver/script.ts';
export { parseScenario } from './driver/script.ts';
export type { ExchangeKind, ServeLimits } from './driver/serve/plan.ts';
export type { StopSignal } from './driver/stop-signal.ts';
export { formatTarget, parseTarget } from './driver/target.ts';
export type { Failure } from './driver/unmet.ts';
export { UsageError } from './driver/usage-error.ts';
export type { ExchangeName } from './exchange/exchanges.ts';
export { EXCHANGE_NAMES } from './exchange/exchanges.ts';
export type { StarttlsName } from './exchange/starttls.ts';
export { STARTTLS_NAMES } from './exchange/starttls.ts';
export type { Session } from './proto/handshake/session.ts';
export { toJson, toNdjson } from './render/json.ts';
export type { RepeatReport, Report } from './render/report.ts';
export { toRepeatReport, toReport } from './render/report.ts';
export type { ScenarioRun } from './sim/scenario.ts';
export type { CheckFinding, CheckReport, Diagnosis, VersionReport } from './timeline/diagnosis.ts';
export type { Emit, Fact, TimelineEvent } from './timeline/event.ts';
export type { Finding, Grade, Outcome, OutcomeClass } from './timeline/outcome.ts';

/**
 * Plays a scenario (parsed already, or as read from JSON or YAML) against the embedded peer, in virtual time and from a
 * seed: the same call gives the same timeline. Throws UsageError for what is no scenario or cannot be played.
 */
export async function runScenario(
  scenario: unknown,
  options: { profile?: ProfileName; crypto?: 'auto' | 'noble' | 'native'; seed?: number } = {},
): Promise<ScenarioRun> {
  const parsed = parseScenario(scenario);
  const provider = await chooseProvider(options.crypto ?? 'auto', { mlkem: false });
  const sim = await import('./sim/scenario.ts');
  return sim.runScenario(parsed, { profile: options.profile ?? 'manual', provider, seed: options.seed ?? 0 });
}
