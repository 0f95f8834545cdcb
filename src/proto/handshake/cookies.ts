import { ascii, concat, equalBytes } from '../../wire/bytes.ts';
import { cookie as cookieExtension } from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import type { ClientHello } from '../../wire/hello.ts';
import { Malformed, Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { CookieKeeper } from './config.ts';
import type { Context } from './context.ts';

/** What a server that keeps nothing must still know after its HelloRetryRequest (RFC 9846 §4.2.2). */
export type RetryState = {
  suite: number;
  group: number;
  /** Was a share of the group asked for, or only the cookie? */
  shareAsked: boolean;
  /** Of the first ClientHello, with the suite's hash. */
  helloHash: Uint8Array;
};

/**
 * The cookie of a HelloVerifyRequest: a MAC over address, time and what the client must repeat (RFC 6347 §4.2.1). All but the session
 * ID: that server SHOULD would keep Mbed TLS 2.28 from resuming, which makes up a new one with each ClientHello.
 */
export function verifyCookie(ctx: Context, keeper: CookieKeeper, hello: ClientHello): Uint8Array {
  return cookieOf(ctx, keeper, hello, seconds(ctx));
}

export function checkVerifyCookie(ctx: Context, keeper: CookieKeeper, hello: ClientHello): boolean {
  const { cookie } = hello;
  if (cookie?.length !== TIME_LENGTH + MAC_LENGTH) return false;
  const made = new Reader(cookie).u32();
  return isFresh(ctx, made) && equalBytes(cookie, cookieOf(ctx, keeper, hello, made));
}

/** Does the ClientHello, or as much as has come of it, bring back a cookie of ours, of either version? */
export function bringsCookie(ctx: Context, keeper: CookieKeeper, hello: ClientHello): boolean {
  if (checkVerifyCookie(ctx, keeper, hello)) return true;
  const extension = findExtension(hello.extensions, EXTENSION.cookie);
  if (extension === undefined) return false;
  try {
    return openRetry(ctx, keeper, cookieExtension.decode(extension)) !== undefined;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** The cookie of a HelloRetryRequest: its state, sealed for the server itself and bound to the address. */
export function sealRetry(ctx: Context, keeper: CookieKeeper, state: RetryState): Uint8Array {
  const plain = new Writer()
    .u32(seconds(ctx))
    .u16(state.suite)
    .u16(state.group)
    .u8(state.shareAsked ? 1 : 0)
    .vector(1, state.helloHash)
    .finish();
  const nonce = ctx.deps.random(NONCE_LENGTH);
  return concat(nonce, retryAead(ctx, keeper).seal(nonce, keeper.address, plain));
}

/** Undefined for what is not ours, belongs to another address or is too old. */
export function openRetry(ctx: Context, keeper: CookieKeeper, cookie: Uint8Array): RetryState | undefined {
  if (cookie.length <= NONCE_LENGTH) return undefined;
  const nonce = cookie.subarray(0, NONCE_LENGTH);
  const plain = retryAead(ctx, keeper).open(nonce, keeper.address, cookie.subarray(NONCE_LENGTH));
  return plain && decodeState(ctx, plain);
}

function decodeState(ctx: Context, plain: Uint8Array): RetryState | undefined {
  try {
    const reader = new Reader(plain);
    const made = reader.u32();
    const suite = reader.u16();
    const group = reader.u16();
    const shareAsked = reader.u8() === 1;
    const helloHash = reader.vector(1).slice();
    reader.end();
    return isFresh(ctx, made) ? { suite, group, shareAsked, helloHash } : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function cookieOf(ctx: Context, keeper: CookieKeeper, hello: ClientHello, made: number): Uint8Array {
  const time = new Writer().u32(made).finish();
  const said = new Writer()
    .vector(1, keeper.address)
    .raw(time)
    .u16(hello.legacyVersion)
    .raw(hello.random)
    .prefixed(2, (suites) => {
      for (const suite of hello.cipherSuites) suites.u16(suite);
    })
    .vector(1, hello.compressionMethods)
    .finish();
  const key = derivedKey(ctx, keeper, 'HelloVerifyRequest');
  return concat(time, ctx.deps.provider.hmac('sha256', key)(said).subarray(0, MAC_LENGTH));
}

function retryAead(ctx: Context, keeper: CookieKeeper) {
  return ctx.deps.provider.aead('aes-256-gcm', derivedKey(ctx, keeper, 'HelloRetryRequest'));
}

/** One key for each purpose. */
function derivedKey(ctx: Context, keeper: CookieKeeper, purpose: string): Uint8Array {
  return ctx.deps.provider.hmac('sha256', keeper.key)(ascii(purpose));
}

function isFresh(ctx: Context, made: number): boolean {
  const age = seconds(ctx) - made;
  return age >= 0 && age <= LIFETIME;
}

function seconds(ctx: Context): number {
  return Math.floor(ctx.now / 1000) % 2 ** 32;
}

/** Seconds: a client that repeats its ClientHello once a minute (RFC 6347 §4.2.4.1) may lose it a few times. */
const LIFETIME = 600;
const TIME_LENGTH = 4;
/** With the time 32 bytes, the most that clients of DTLS 1.0's age take. */
const MAC_LENGTH = 28;
const NONCE_LENGTH = 12;
