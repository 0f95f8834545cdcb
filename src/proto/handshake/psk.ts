import { hashLength } from '../../crypto/kdf.ts';
import type { HashName } from '../../crypto/provider.ts';
import { binderKey, earlySecret, finishedVerifyData } from '../../crypto/schedule13.ts';
import { suiteById } from '../../crypto/suites.ts';
import type { Millis } from '../../timeline/event.ts';
import { bindersLength, offeredPsks } from '../../wire/extension-data.ts';
import { EXTENSION } from '../../wire/extensions.ts';
import { type ClientHello, encodeClientHello } from '../../wire/hello.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';

/** A ticket as pre-shared key under offer. */
export type PskOffer = { session: Session; ticket: Uint8Array; hash: HashName; obfuscatedAge: number };

/** Undefined for sessions that are not TLS 1.3 tickets. */
export function pskOffer(session: Session, now: Millis): PskOffer | undefined {
  const hash = suiteById(session.suite)?.hash;
  if (session.version !== 0x0304 || session.ticket === undefined || hash === undefined) return undefined;
  return { session, ticket: session.ticket, hash, obfuscatedAge: obfuscatedAge(session, now) };
}

/** The ClientHello with pre_shared_key as its last extension and the binder over all before it (RFC 9846 §4.3.11.2). */
export function appendPsk(
  ctx: Context,
  hello: ClientHello,
  psk: PskOffer,
): { hello: ClientHello; message: Uint8Array } {
  const withBinder = (binder: Uint8Array): ClientHello => {
    const identities = [{ identity: psk.ticket, obfuscatedAge: psk.obfuscatedAge }];
    const data = offeredPsks.encode({ identities, binders: [binder] });
    return { ...hello, extensions: [...hello.extensions, { type: EXTENSION.pre_shared_key, data }] };
  };
  const placeholder = new Uint8Array(hashLength(psk.hash));
  const draft = encodeClientHello(withBinder(placeholder));
  const partial = draft.subarray(0, draft.length - bindersLength([placeholder]));
  const sealed = withBinder(pskBinder(ctx, psk.hash, psk.session.secret, partial));
  return { hello: sealed, message: encodeClientHello(sealed) };
}

/** The binder of a PSK over the transcript and the beginning of a ClientHello, both sides' (RFC 9846 §4.3.11.2). */
export function pskBinder(ctx: Context, hash: HashName, psk: Uint8Array, partial: Uint8Array): Uint8Array {
  const { provider } = ctx.deps;
  const prefix = ctx.flavor.labelPrefix;
  const key = binderKey(provider, hash, earlySecret(provider, hash, psk), 'resumption', prefix);
  return finishedVerifyData(provider, hash, key, ctx.transcript.digestWith(hash, partial), prefix);
}

/** RFC 9846 §4.3.11: milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
function obfuscatedAge(session: Session, now: Millis): number {
  const age = Math.max(0, Math.floor(now - session.receivedAt));
  return (age + session.ageAdd) % 2 ** 32;
}
