import { readdirSync, readFileSync } from 'node:fs';

/** A recorded case: what OpenSSL 3.5.7 did. */
export type RecordedCase = {
  id: string;
  observed: Record<string, unknown>[];
  peer_observed: Record<string, unknown>[];
} & Record<string, unknown>;

export function readRecordedCases(): RecordedCase[] {
  const folder = new URL('../../fixtures/oracle/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as RecordedCase);
}

/** The cases of a file that has one in each line. */
export function readCaseLines(name: string): RecordedCase[] {
  return readFileSync(new URL(`../../fixtures/oracle/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedCase);
}

/** What of a run is compared, as text: a thousand deep comparisons would take longer than the runs. */
export function essence({
  observed,
  peer_observed,
  wire,
}: {
  observed: readonly object[];
  peer_observed: readonly object[];
  wire?: unknown;
}): string {
  return JSON.stringify([observed.map(binding), peer_observed, wire], (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** What of an observation binds: timing never does, nor what SSL_get_error says after a shutdown that returned 0. */
export function binding(entry: object): Record<string, unknown> {
  const { timing: _timing, ...rest } = entry as Record<string, unknown>;
  if (!String(rest.op).startsWith('shutdown') || rest.ret !== 0) return rest;
  const { error: _error, errno: _errno, ...shutdown } = rest;
  return shutdown;
}
