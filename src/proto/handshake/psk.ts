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
import { usableSuites } from './usable.ts';

/** A pre-shared key as the key schedule takes it. With `session` it comes from a ticket, without from elsewhere. */
export type Psk = { key: Uint8Array; hash: HashName; session?: Session };

/** One under offer. */
export type PskOffer = Psk & { identity: Uint8Array; obfuscatedAge: number };

/** The ticket of the session, if it is one of TLS 1.3, then the key of the configuration. */
export function offerablePsks(ctx: Context, session: Session | undefined): PskOffer[] {
  const ticket = session && ticketOffer(session, ctx.now);
  const external = externalOffer(ctx);
  return [ticket, external].filter((psk) => psk !== undefined);
}

/** The same once more, as old as they are by now. */
export function renewed(ctx: Context, psks: readonly PskOffer[]): PskOffer[] {
  return psks.map((psk) =>
    psk.session === undefined ? psk : { ...psk, obfuscatedAge: obfuscatedAge(psk.session, ctx.now) },
  );
}

/** The ClientHello with pre_shared_key as its last extension and the binders over all before them (RFC 9846 §4.3.11.2). */
export function appendPsks(
  ctx: Context,
  hello: ClientHello,
  psks: readonly PskOffer[],
): { hello: ClientHello; message: Uint8Array } {
  const withBinders = (binders: readonly Uint8Array[]): ClientHello => {
    const data = offeredPsks.encode({ identities: psks, binders });
    return { ...hello, extensions: [...hello.extensions, { type: EXTENSION.pre_shared_key, data }] };
  };
  const placeholders = psks.map((psk) => new Uint8Array(hashLength(psk.hash)));
  const draft = encodeClientHello(withBinders(placeholders));
  const partial = draft.subarray(0, draft.length - bindersLength(placeholders));
  const sealed = withBinders(psks.map((psk) => pskBinder(ctx, psk, partial)));
  return { hello: sealed, message: encodeClientHello(sealed) };
}

/** The binder of a PSK over the transcript and the beginning of a ClientHello, both sides' (RFC 9846 §4.3.11.2). */
export function pskBinder(ctx: Context, psk: Psk, partial: Uint8Array): Uint8Array {
  const { provider } = ctx.deps;
  const { hash } = psk;
  const prefix = ctx.flavor.labelPrefix;
  const origin = psk.session === undefined ? 'external' : 'resumption';
  const key = binderKey(provider, hash, earlySecret(provider, hash, psk.key), origin, prefix);
  return finishedVerifyData(provider, hash, key, ctx.transcript.digestWith(hash, partial), prefix);
}

/** Undefined for sessions that are not TLS 1.3 tickets. */
function ticketOffer(session: Session, now: Millis): PskOffer | undefined {
  const hash = suiteById(session.suite)?.hash;
  if (session.version !== 0x0304 || session.ticket === undefined || hash === undefined) return undefined;
  const { ticket, secret } = session;
  return { identity: ticket, key: secret, hash, session, obfuscatedAge: obfuscatedAge(session, now) };
}

/** Without an identity, or a suite of its hash, TLS 1.3 has no place for it. Its age is 0 (RFC 9846 §4.3.11). */
function externalOffer(ctx: Context): PskOffer | undefined {
  const { psk } = ctx.config;
  const suites = usableSuites(ctx).map(suiteById);
  const goes = suites.some((suite) => suite?.version === 0x0304 && suite.hash === EXTERNAL_HASH);
  if (psk === undefined || !goes || psk.identity.length === 0) return undefined;
  return { ...psk, hash: EXTERNAL_HASH, obfuscatedAge: 0 };
}

/** RFC 9846 §4.3.11: milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
function obfuscatedAge(session: Session, now: Millis): number {
  const age = Math.max(0, Math.floor(now - session.receivedAt));
  return (age + session.ageAdd) % 2 ** 32;
}

/** Of a key agreed on without saying more (RFC 9846 §4.3.11). */
export const EXTERNAL_HASH: HashName = 'sha256';
