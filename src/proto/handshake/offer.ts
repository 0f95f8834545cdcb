import { groupById } from '../../crypto/groups.ts';
import type { KeyShare } from '../../crypto/provider.ts';
import * as data from '../../wire/extension-data.ts';
import { EXTENSION, type Extension } from '../../wire/extensions.ts';
import { type ClientHello, encodeClientHello } from '../../wire/hello.ts';
import { act, type Context, send } from './context.ts';
import { illegalParameter } from './faults.ts';
import { appendPsks, offerablePsks, type PskOffer, renewed } from './psk.ts';
import { isIpAddress, offerable } from './resumption.ts';
import type { Session } from './session.ts';
import { usableGroups, usableSuites } from './usable.ts';

/** A ClientHello of ours and what must be remembered of it. */
export type Offer = {
  hello: ClientHello;
  message: Uint8Array;
  shares: ReadonlyMap<number, KeyShare>;
  /** TLS 1.3: under offer, in this order. */
  psks: readonly PskOffer[];
  /** The session under offer, of either version; stays when a HelloRetryRequest makes its ticket impossible. */
  session?: Session;
  /** Group or cookie that a HelloRetryRequest asked for: this is the second ClientHello. */
  retried?: { suite: number; group: number | undefined };
  /** How often a HelloVerifyRequest was answered. */
  verified?: number;
};

/** RFC 9846 §4.2.2: one ClientHello for every version of the configuration. */
export function createOffer(ctx: Context): Offer {
  const { deps, flavor } = ctx;
  const session = offerable(ctx);
  const session12 = session?.version === 0x0303 ? session : undefined;
  const random = deps.random(32);
  ctx.clientRandom = random;
  const shares = createShares(ctx);
  const full: ClientHello = {
    legacyVersion: flavor.wire[0x0303],
    random,
    sessionId: offeredSessionId(ctx, session12),
    ...(flavor.helloCookie && { cookie: NOTHING }),
    cipherSuites: usableSuites(ctx),
    compressionMethods: Uint8Array.of(0),
    extensions: offeredExtensions(ctx, shares, session12),
  };
  const offer = fitting(ctx, seal(ctx, { hello: full, shares }, offerablePsks(ctx, session)));
  if (session === undefined) return offer;
  deps.emit({ kind: 'session', what: 'offered', why: sessionWords(session) });
  return { ...offer, session };
}

/**
 * A server that keeps nothing of strangers cannot put their ClientHello together. One whose shares make it too long asks the server
 * for a group instead (RFC 9846 §4.3.8): the cookie costs a round trip anyway.
 */
function fitting(ctx: Context, offer: Offer): Offer {
  const longest = ctx.flavor.longestHello ?? Number.POSITIVE_INFINITY;
  if (offer.message.length <= longest || offer.shares.size === 0) return offer;
  const shares = new Map<number, KeyShare>();
  const extensions = offer.hello.extensions
    .filter(({ type }) => type !== EXTENSION.pre_shared_key)
    .map((extension) => (extension.type === EXTENSION.key_share ? keyShareExtension(shares) : extension));
  const shorter = seal(ctx, { hello: { ...offer.hello, extensions }, shares }, offer.psks);
  return shorter.message.length <= longest ? shorter : offer;
}

/** RFC 9846 §4.2.2: the second ClientHello is the first but for what the HelloRetryRequest asked for. */
export function retryOffer(
  ctx: Context,
  offer: Offer,
  asked: { suite: number; hash: string; group: number | undefined; cookie: Uint8Array | undefined },
): Offer {
  const shares = asked.group === undefined ? offer.shares : new Map([shareOf(ctx, asked.group)]);
  const extensions: Extension[] = [];
  const cookie: Extension[] =
    asked.cookie === undefined ? [] : [{ type: EXTENSION.cookie, data: data.cookie.encode(asked.cookie) }];
  // Where the message may be cut, the cookie is to be in its first piece: the server reads no further before it has seen it.
  if (ctx.flavor.helloCookie) extensions.push(...cookie);
  for (const extension of offer.hello.extensions) {
    if (extension.type === EXTENSION.pre_shared_key) continue;
    if (extension.type === EXTENSION.key_share) extensions.push(keyShareExtension(shares));
    else extensions.push(extension);
  }
  if (!ctx.flavor.helloCookie) extensions.push(...cookie);
  // A PSK whose hash is not the chosen suite's must not be offered again (§4.2.2, §4.3.11).
  const psks = renewed(ctx, offer.psks).filter((psk) => psk.hash === asked.hash);
  const next = seal(ctx, { hello: { ...offer.hello, extensions }, shares }, psks);
  const retried = { suite: asked.suite, group: asked.group };
  return offer.session === undefined ? { ...next, retried } : { ...next, retried, session: offer.session };
}

/** RFC 6347 §4.2.1: the ClientHello again, with the cookie of a HelloVerifyRequest. */
export function verifiedOffer(ctx: Context, offer: Offer, cookie: Uint8Array): Offer {
  const extensions = offer.hello.extensions.filter(({ type }) => type !== EXTENSION.pre_shared_key);
  const hello = { ...offer.hello, cookie, extensions };
  const next = seal(ctx, { hello, shares: offer.shares }, renewed(ctx, offer.psks));
  return { ...offer, ...next, verified: (offer.verified ?? 0) + 1 };
}

/** Sends it, and what goes with it. */
export function sendOffer(ctx: Context, offer: Offer): void {
  if (offer.retried !== undefined && ctx.flavor.compatibility) act(ctx, { do: 'change-cipher-spec' });
  send(ctx, 'initial', offer.message);
}

function seal(
  ctx: Context,
  offer: { hello: ClientHello; shares: ReadonlyMap<number, KeyShare> },
  psks: readonly PskOffer[],
): Offer {
  try {
    if (psks.length === 0) return { ...offer, psks, message: encodeClientHello(offer.hello) };
    return { ...offer, psks, ...appendPsks(ctx, offer.hello, psks) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw illegalParameter('hello-too-large', 'what the peer wants echoed does not fit a ClientHello');
  }
}

function offeredExtensions(
  ctx: Context,
  shares: ReadonlyMap<number, KeyShare>,
  session12: Session | undefined,
): Extension[] {
  const { config, flavor } = ctx;
  const out: Extension[] = [];
  const add = (type: number, bytes: Uint8Array): void => void out.push({ type, data: bytes });
  const with12 = config.versions.includes(0x0303);
  const with13 = config.versions.includes(0x0304);
  const name = config.serverName?.replace(/\.$/, '');
  if (name !== undefined && name !== '' && !isIpAddress(name))
    add(EXTENSION.server_name, data.serverName.encode(name));
  if (with12) {
    add(EXTENSION.extended_master_secret, NOTHING);
    add(EXTENSION.renegotiation_info, data.renegotiationInfo.encode(NOTHING));
    add(EXTENSION.ec_point_formats, data.u8List.encode([UNCOMPRESSED]));
    add(EXTENSION.session_ticket, session12?.ticket ?? NOTHING);
  }
  add(EXTENSION.supported_groups, data.u16List.encode(usableGroups(ctx, with13 ? 0x0304 : 0x0303)));
  add(EXTENSION.signature_algorithms, data.u16List.encode(config.signatureSchemes));
  if (config.alpn !== undefined && config.alpn.length > 0)
    add(EXTENSION.application_layer_protocol_negotiation, data.protocolList.encode(config.alpn));
  if (config.recordSizeLimit !== undefined)
    add(EXTENSION.record_size_limit, data.u16.encode(config.recordSizeLimit));
  if (with13) {
    const versions = [...config.versions].sort((a, b) => b - a).map((version) => flavor.wire[version]);
    add(EXTENSION.supported_versions, data.versionList.encode(versions));
    add(EXTENSION.psk_key_exchange_modes, data.u8List.encode([PSK_DHE_KE]));
    out.push(keyShareExtension(shares));
  }
  for (const extra of flavor.extraExtensions) {
    const bytes = extra.data('client');
    if (bytes !== undefined) add(extra.type, bytes);
  }
  return out;
}

/** RFC 9846 §4.2.2, legacy_session_id; RFC 5077 §3.4: with a ticket, any ID tells whether the server took it. */
function offeredSessionId(ctx: Context, session12: Session | undefined): Uint8Array {
  if (session12 !== undefined && session12.ticket === undefined) return session12.sessionId ?? NOTHING;
  const wanted =
    session12 !== undefined || (ctx.flavor.compatibility && ctx.config.versions.includes(0x0304));
  return wanted ? ctx.deps.random(32) : NOTHING;
}

function createShares(ctx: Context): Map<number, KeyShare> {
  if (!ctx.config.versions.includes(0x0304)) return new Map();
  const usable = usableGroups(ctx, 0x0304);
  const wanted = ctx.config.shares ?? usable.slice(0, 1);
  return new Map(usable.filter((id) => wanted.includes(id)).map((id) => shareOf(ctx, id)));
}

function shareOf(ctx: Context, id: number): [number, KeyShare] {
  const group = groupById(id);
  if (group === undefined) throw illegalParameter('group-not-offered', `no share of group ${id}`);
  return [id, ctx.deps.provider.keyShare(group.provider, ctx.deps.random)];
}

function keyShareExtension(shares: ReadonlyMap<number, KeyShare>): Extension {
  const entries = Array.from(shares, ([group, share]) => ({ group, share: share.share }));
  return { type: EXTENSION.key_share, data: data.keyShareList.encode(entries) };
}

function sessionWords(session: Session): string {
  if (session.version === 0x0304) return 'a TLS 1.3 ticket as pre-shared key';
  return session.ticket === undefined ? 'a TLS 1.2 session ID' : 'a TLS 1.2 session ticket';
}

const NOTHING = new Uint8Array(0);
const UNCOMPRESSED = 0;
/** RFC 9846 §4.3.9. */
export const PSK_DHE_KE = 1;
