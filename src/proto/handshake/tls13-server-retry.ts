import { type Suite, suiteById } from '../../crypto/suites.ts';
import { cookie, u16 } from '../../wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../wire/extensions.ts';
import { encodeServerHello, HELLO_RETRY_RANDOM, type ServerHello } from '../../wire/hello.ts';
import type { ClientOffer } from './client-offer.ts';
import type { CookieKeeper } from './config.ts';
import { act, type Context, hear, send } from './context.ts';
import { openRetry, sealRetry } from './cookies.ts';
import { illegalParameter } from './faults.ts';
import type { Retried, Tls13ServerState } from './server-state.ts';

/** What a HelloRetryRequest says. `group`: absent when the share is there and only the cookie is asked for. */
type Asked = { group: number | undefined; cookie: Uint8Array | undefined };

/** RFC 9846 §4.2.4. */
export function sendHelloRetry(
  ctx: Context,
  offer: ClientOffer,
  suite: Suite,
  group: number,
): Tls13ServerState {
  hear(ctx, offer.message);
  ctx.transcript.retry();
  send(ctx, 'initial', helloRetryRequest(ctx, offer, suite, { group, cookie: undefined }));
  dummyChangeCipherSpec(ctx, offer);
  skipEarlyData(ctx, offer);
  return { version: 0x0304, name: 'WAIT_CH2', retried: { first: offer.hello, suite, group } };
}

/** The message of a server that forgets the client over it: the cookie remembers (RFC 9846 §4.3.2). */
export function statelessRetry(
  ctx: Context,
  keeper: CookieKeeper,
  offer: ClientOffer,
  suite: Suite,
  group: number,
): Uint8Array {
  const shareAsked = !offer.shares?.some((share) => share.group === group);
  const hash = ctx.deps.provider.hash(suite.hash);
  hash.update(ctx.flavor.frame(offer.message.raw, 0, 0x0304));
  const cookie = sealRetry(ctx, keeper, { suite: suite.id, group, shareAsked, helloHash: hash.digest() });
  return helloRetryRequest(ctx, offer, suite, { group: shareAsked ? group : undefined, cookie });
}

/**
 * Goes on behind such a message, from what the cookie says. One that is not good ends the handshake, so that the client
 * begins without (RFC 9147 §5.1).
 */
export function takeUpRetry(
  ctx: Context,
  offer: ClientOffer,
  keeper: CookieKeeper,
  cookie: Uint8Array,
): Retried {
  const state = openRetry(ctx, keeper, cookie);
  const suite = state && suiteById(state.suite);
  if (state === undefined || suite === undefined)
    throw illegalParameter('bad-cookie', 'the cookie is not one of ours for this client');
  act(ctx, { do: 'version', version: 0x0304 });
  ctx.transcript.begin(suite.hash, 0x0304);
  ctx.transcript.retry(state.helloHash);
  const asked = { group: state.shareAsked ? state.group : undefined, cookie };
  ctx.transcript.add('local', helloRetryRequest(ctx, offer, suite, asked));
  return { suite, group: state.group };
}

/** The same bytes for the same cookie. */
function helloRetryRequest(ctx: Context, offer: ClientOffer, suite: Suite, asked: Asked): Uint8Array {
  const version = u16.encode(ctx.flavor.wire[0x0304]);
  const extensions: Extension[] = [{ type: EXTENSION.supported_versions, data: version }];
  if (asked.group !== undefined)
    extensions.push({ type: EXTENSION.key_share, data: u16.encode(asked.group) });
  if (asked.cookie !== undefined)
    extensions.push({ type: EXTENSION.cookie, data: cookie.encode(asked.cookie) });
  return encodeServerHello(answer(ctx, offer, suite, HELLO_RETRY_RANDOM, extensions));
}

/** What ServerHello and HelloRetryRequest have in common. */
export function answer(
  ctx: Context,
  { hello }: ClientOffer,
  suite: Suite,
  random: Uint8Array,
  extensions: readonly Extension[],
): ServerHello {
  const sessionId = ctx.flavor.compatibility ? hello.sessionId : new Uint8Array(0);
  const legacyVersion = ctx.flavor.wire[0x0303];
  return { legacyVersion, random, sessionId, cipherSuite: suite.id, compressionMethod: 0, extensions };
}

/** RFC 9846 §4.2.10: our tickets allow none, and it comes all the same from clients that confuse theirs. */
export function skipEarlyData(ctx: Context, { hello }: ClientOffer): void {
  if (findExtension(hello.extensions, EXTENSION.early_data) !== undefined)
    act(ctx, { do: 'skip-early-data' });
}

/** Appendix E.4: once, after our first message, if the client wants the disguise. */
export function dummyChangeCipherSpec(ctx: Context, { hello }: ClientOffer): void {
  if (ctx.flavor.compatibility && hello.sessionId.length > 0) act(ctx, { do: 'change-cipher-spec' });
}
