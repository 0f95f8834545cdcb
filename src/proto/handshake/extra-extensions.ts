import { type Extension, findExtension } from '../../wire/extensions.ts';
import type { Context } from './context.ts';
import type { ExtraExtension } from './flavor.ts';

/** Server: takes note of the client's and gives ours, for the message they are answered in. */
export function answerExtras(
  ctx: Context,
  offered: readonly Extension[],
  version: 0x0303 | 0x0304,
  message: ExtraExtension['answeredIn'],
): Extension[] {
  const out: Extension[] = [];
  for (const extra of extrasIn(ctx, version, message)) {
    extra.received(findExtension(offered, extra.type), version);
    const data = extra.data('server');
    if (data !== undefined) out.push({ type: extra.type, data });
  }
  return out;
}

/** Client: the server's. */
export function takeExtras(
  ctx: Context,
  answers: readonly Extension[],
  version: 0x0303 | 0x0304,
  message: ExtraExtension['answeredIn'],
): void {
  for (const { type, received } of extrasIn(ctx, version, message))
    received(findExtension(answers, type), version);
}

/** The types that may be answered there. */
export function extraTypes(
  ctx: Context,
  version: 0x0303 | 0x0304,
  message: ExtraExtension['answeredIn'],
): number[] {
  return extrasIn(ctx, version, message).map(({ type }) => type);
}

function extrasIn(
  ctx: Context,
  version: 0x0303 | 0x0304,
  message: ExtraExtension['answeredIn'],
): readonly ExtraExtension[] {
  return ctx.flavor.extraExtensions.filter(
    ({ answeredIn }) => message === (version === 0x0304 ? answeredIn : 'server_hello'),
  );
}
