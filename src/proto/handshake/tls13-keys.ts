import {
  deriveSecret,
  earlySecret,
  finishedVerifyData,
  handshakeSecret,
  mainSecret,
  nextTrafficSecret,
} from '../../crypto/schedule13.ts';
import type { Suite } from '../../crypto/suites.ts';
import type { Who } from '../../timeline/event.ts';
import { act, type Context, logSecret } from './context.ts';

/** Traffic secrets by whose sending they protect. */
export type TrafficSecrets = { local: Uint8Array; peer: Uint8Array };
export type HandshakeKeys = TrafficSecrets & { suite: Suite; secret: Uint8Array };
export type ApplicationKeys = TrafficSecrets & { suite: Suite; main: Uint8Array };

/** RFC 9846 §7.1 down to the handshake traffic secrets, with the transcript up to ServerHello. */
export function deriveHandshakeKeys(
  ctx: Context,
  suite: Suite,
  shared: Uint8Array,
  psk: Uint8Array | undefined,
): HandshakeKeys {
  const { provider } = ctx.deps;
  const early = earlySecret(provider, suite.hash, psk);
  const secret = handshakeSecret(provider, suite.hash, early, shared, ctx.flavor.labelPrefix);
  const client = derive(ctx, suite, secret, 'c hs traffic');
  const server = derive(ctx, suite, secret, 's hs traffic');
  logSecret(ctx, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', client);
  logSecret(ctx, 'SERVER_HANDSHAKE_TRAFFIC_SECRET', server);
  return { suite, secret, ...bySender(ctx, client, server) };
}

/** The application traffic secrets, with the transcript up to the server's Finished. */
export function deriveApplicationKeys(ctx: Context, keys: HandshakeKeys): ApplicationKeys {
  const { suite } = keys;
  const main = mainSecret(ctx.deps.provider, suite.hash, keys.secret, ctx.flavor.labelPrefix);
  const client = derive(ctx, suite, main, 'c ap traffic');
  const server = derive(ctx, suite, main, 's ap traffic');
  logSecret(ctx, 'CLIENT_TRAFFIC_SECRET_0', client);
  logSecret(ctx, 'SERVER_TRAFFIC_SECRET_0', server);
  logSecret(ctx, 'EXPORTER_SECRET', derive(ctx, suite, main, 'exp master'));
  return { suite, main, ...bySender(ctx, client, server) };
}

/** The secret tickets are made of, with the transcript up to the client's Finished. */
export function deriveResumptionSecret(ctx: Context, keys: ApplicationKeys): Uint8Array {
  return derive(ctx, keys.suite, keys.main, 'res master');
}

/** RFC 9846 §7.2. */
export function nextSecret(ctx: Context, suite: Suite, secret: Uint8Array): Uint8Array {
  return nextTrafficSecret(ctx.deps.provider, suite.hash, secret, ctx.flavor.labelPrefix);
}

export function install(
  ctx: Context,
  who: Who,
  level: 'handshake' | 'application',
  keys: TrafficSecrets & { suite: Suite },
): void {
  act(ctx, { do: 'secret', for: who, level, suite: keys.suite.id, secret: keys[who] });
}

/** verify_data for the transcript so far (RFC 9846 §4.5.3). */
export function verifyData(ctx: Context, sender: Who, keys: HandshakeKeys): Uint8Array {
  const { provider } = ctx.deps;
  const digest = ctx.transcript.digest();
  return finishedVerifyData(provider, keys.suite.hash, keys[sender], digest, ctx.flavor.labelPrefix);
}

function derive(ctx: Context, suite: Suite, secret: Uint8Array, label: string): Uint8Array {
  const digest = ctx.transcript.digest();
  return deriveSecret(ctx.deps.provider, suite.hash, secret, label, digest, ctx.flavor.labelPrefix);
}

function bySender(ctx: Context, client: Uint8Array, server: Uint8Array): TrafficSecrets {
  return ctx.role === 'client' ? { local: client, peer: server } : { local: server, peer: client };
}
