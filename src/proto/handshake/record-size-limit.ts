import { u16 } from '../../wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../wire/extensions.ts';
import { act, type Context } from './context.ts';
import { illegalParameter } from './faults.ts';

/**
 * Tells the record layer what the peer asked for (RFC 8449 §4). Counts only when we announced a limit too; if it counts, what a
 * server answers with, which must not be more than its version has.
 */
export function applyRecordSizeLimit(
  ctx: Context,
  extensions: readonly Extension[],
  version: 0x0303 | 0x0304,
): number | undefined {
  const data = findExtension(extensions, EXTENSION.record_size_limit);
  if (data === undefined) return undefined;
  const limit = u16.decode(data);
  const most = version === 0x0304 ? 2 ** 14 + 1 : 2 ** 14;
  if (limit < SMALLEST) throw illegalParameter('record-size-limit', `record_size_limit ${limit}`);
  // A client may hope for later versions and ask for more; a server knows the version (§4).
  if (limit > most && ctx.role === 'client')
    throw illegalParameter('record-size-limit', `record_size_limit ${limit}`);
  const ours = ctx.config.recordSizeLimit;
  if (ours === undefined) return undefined;
  act(ctx, { do: 'record-size-limit', limit: Math.min(limit, most) });
  return Math.min(ours, most);
}

const SMALLEST = 64;
