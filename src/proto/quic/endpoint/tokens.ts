import type { Aead, CryptoProvider, Random } from '../../../crypto/provider.ts';
import type { Millis } from '../../../timeline/event.ts';
import { ascii, concat, equalBytes } from '../../../wire/bytes.ts';
import { Malformed, Reader } from '../../../wire/reader.ts';
import { Writer } from '../../../wire/writer.ts';

/** Where a datagram came from. `host`: a NEW_TOKEN token is good from any port of it (RFC 9000 §8.1.3). */
export type Remote = { host: string; port: number };

/** Makes and checks the tokens of one server (RFC 9000 §8.1). Nothing is remembered: what is to be known lies sealed in the token. */
export type TokenKeeper = { aead: Aead; random: Random; retryMs: Millis; newTokenMs: Millis };

export type TokenVerdict =
  | { kind: 'retry'; originalDestination: Uint8Array }
  | { kind: 'new-token' }
  /** `fatal`: it came with a Retry, after which a client takes no other one: there is no way on (§8.1.2). */
  | { kind: 'invalid'; fatal: boolean; why: string };

/** `key`: 16 bytes, the server's own. The times: how long a token is good. */
export function createTokenKeeper(options: {
  provider: CryptoProvider;
  random: Random;
  key: Uint8Array;
  retryMs: Millis;
  newTokenMs: Millis;
}): TokenKeeper {
  const { provider, random, key, retryMs, newTokenMs } = options;
  return { aead: provider.aead('aes-128-gcm', key), random, retryMs, newTokenMs };
}

/** For a Retry: bound to address and port, to the Initial it answers, and to the connection ID that it gives (§8.1.4, §17.2.5). */
export function retryToken(
  keeper: TokenKeeper,
  to: { remote: Remote; originalDestination: Uint8Array; source: Uint8Array; now: Millis },
): Uint8Array {
  const { remote, originalDestination, source, now } = to;
  const content = new Writer()
    .raw(timeBytes(now))
    .vector(1, originalDestination)
    .vector(1, source)
    .vector(2, ascii(addressOf(remote)))
    .finish();
  return seal(keeper, RETRY, content);
}

/** For a NEW_TOKEN frame: bound to the address. */
export function newToken(keeper: TokenKeeper, remote: Remote, now: Millis): Uint8Array {
  const content = new Writer().raw(timeBytes(now)).vector(2, ascii(remote.host)).finish();
  return seal(keeper, NEW_TOKEN, content);
}

/** `destination`: of the Initial that brings the token. */
export function checkToken(
  keeper: TokenKeeper,
  token: Uint8Array,
  from: { remote: Remote; destination: Uint8Array; now: Millis },
): TokenVerdict {
  const kind = token[0];
  if (kind !== RETRY && kind !== NEW_TOKEN) return { kind: 'invalid', fatal: false, why: 'not one of ours' };
  const fatal = kind === RETRY;
  const content = open(keeper, token);
  if (content === undefined) return { kind: 'invalid', fatal, why: 'not sealed by us' };
  try {
    const reader = new Reader(content);
    const age = from.now - readTime(reader);
    const most = fatal ? keeper.retryMs : keeper.newTokenMs;
    if (age < 0 || age > most) return { kind: 'invalid', fatal, why: 'expired' };
    return fatal ? checkRetry(reader, from) : checkNewToken(reader, from.remote);
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'invalid', fatal, why: error.message };
    throw error;
  }
}

function checkRetry(reader: Reader, from: { remote: Remote; destination: Uint8Array }): TokenVerdict {
  const originalDestination = reader.vector(1).slice();
  const source = reader.vector(1);
  if (!equalBytes(reader.vector(2), ascii(addressOf(from.remote)))) {
    return { kind: 'invalid', fatal: true, why: 'for another address' };
  }
  if (!equalBytes(source, from.destination)) {
    return { kind: 'invalid', fatal: true, why: 'for another connection ID' };
  }
  return { kind: 'retry', originalDestination };
}

function checkNewToken(reader: Reader, remote: Remote): TokenVerdict {
  if (equalBytes(reader.vector(2), ascii(remote.host))) return { kind: 'new-token' };
  return { kind: 'invalid', fatal: false, why: 'for another address' };
}

function seal({ aead, random }: TokenKeeper, kind: number, content: Uint8Array): Uint8Array {
  const nonce = random(NONCE);
  const head = Uint8Array.of(kind);
  return concat(head, nonce, aead.seal(nonce, head, content));
}

function open({ aead }: TokenKeeper, token: Uint8Array): Uint8Array | undefined {
  if (token.length < 1 + NONCE + TAG) return undefined;
  return aead.open(token.subarray(1, 1 + NONCE), token.subarray(0, 1), token.subarray(1 + NONCE));
}

function addressOf({ host, port }: Remote): string {
  return `${host} ${port}`;
}

/** Whole ms, in eight bytes. */
function timeBytes(now: Millis): Uint8Array {
  const whole = Math.floor(now);
  return new Writer()
    .u32(Math.floor(whole / 2 ** 32))
    .u32(whole % 2 ** 32)
    .finish();
}

function readTime(reader: Reader): Millis {
  return reader.u32() * 2 ** 32 + reader.u32();
}

/** The first byte tells where a token was given out: so much must be known of one that does not open, too (§8.1.1). */
const RETRY = 0x72;
const NEW_TOKEN = 0x6e;
const NONCE = 12;
const TAG = 16;
