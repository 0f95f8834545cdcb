import type { ExplainOptions, ExplainResult } from '../catalog/explain/explain-message.ts';

/**
 * What an error message, a log line, a stack trace or a code says about the end of a connection: `candidates`, the likeliest first;
 * `matched` is false where nothing fits and they are merely near. Reads at most 1 MiB of the text. `space` narrows to one space of codes,
 * `alpn` says whose QUIC application codes they are. The catalogue is loaded at the first call.
 */
export async function explain(text: string, options: ExplainOptions = {}): Promise<ExplainResult> {
  const { explainMessage } = await import('../catalog/explain/explain-message.ts');
  return explainMessage(text, options);
}
