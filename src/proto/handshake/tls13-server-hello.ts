import type { GroupName } from '../../crypto/provider.ts';
import type { Suite } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { equalBytes } from '../../wire/bytes.ts';
import * as data from '../../wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../wire/extensions.ts';
import { type ClientHello, encodeServerHello } from '../../wire/hello.ts';
import type { ClientOffer } from './client-offer.ts';
import { act, type Context, hear, send } from './context.ts';
import { answerExtras } from './extra-extensions.ts';
import { illegalParameter, missingExtension, peerFault } from './faults.ts';
import { chooseGroup, chooseSuite } from './server-choice.ts';
import type { Retried, Tls13ServerState } from './server-state.ts';
import { deriveHandshakeKeys, install } from './tls13-keys.ts';
import { sendServerFlight } from './tls13-server-flight.ts';
import { type AcceptedPsk, choosePsk, noPsk, wantedHash } from './tls13-server-psk.ts';
import { answer, dummyChangeCipherSpec, sendHelloRetry, skipEarlyData } from './tls13-server-retry.ts';

/** RFC 9846 §4.2.2 as a server reads it, the first time or after a HelloRetryRequest. */
export function onClientHello13(ctx: Context, offer: ClientOffer, retried?: Retried): Tls13ServerState {
  const { suite, group } = negotiate13(ctx, offer, retried);
  const share = offer.shares?.find((entry) => entry.group === group.id)?.share;
  if (retried === undefined) {
    act(ctx, { do: 'version', version: 0x0304 });
    ctx.transcript.begin(suite.hash, 0x0304);
  }
  if (share === undefined || (retried !== undefined && retried.group !== group.id)) {
    if (retried !== undefined)
      throw illegalParameter('hello-retry-ignored', 'the second ClientHello lacks the share asked for');
    return sendHelloRetry(ctx, offer, suite, group.id);
  }
  const psk = choosePsk(ctx, offer, suite);
  const { identity, pskKeys } = ctx.config;
  if (psk === undefined && identity === undefined && pskKeys !== undefined) throw noPsk(offer);
  if (psk === undefined && offer.schemes === undefined)
    throw missingExtension('signature_algorithms', 'ClientHello');
  const answer = ctx.deps.provider.answerShare(group.provider, share, ctx.deps.random);
  if (answer === undefined) throw illegalParameter('bad-key-share', `not a valid share of ${group.provider}`);
  hear(ctx, offer.message);
  send(ctx, 'initial', serverHello(ctx, offer, suite, { group: group.id, share: answer.share }, psk));
  if (retried === undefined) dummyChangeCipherSpec(ctx, offer);
  const keys = deriveHandshakeKeys(ctx, suite, answer.secret, psk?.key);
  install(ctx, 'local', 'handshake', keys);
  install(ctx, 'peer', 'handshake', keys);
  skipEarlyData(ctx, offer);
  const helloRetry = retried !== undefined;
  return sendServerFlight(ctx, offer, { keys, group: group.id, psk, helloRetry });
}

/** Suite and group, once the ClientHello is found to be what it must be. */
export function negotiate13(
  ctx: Context,
  offer: ClientOffer,
  retried?: Retried,
): { suite: Suite; group: { id: number; provider: GroupName } } {
  checkVersion(ctx, offer);
  checkHello(offer);
  if (retried !== undefined) checkSecondHello(offer, retried);
  const suite = retried?.suite ?? chooseSuite(ctx, offer, 0x0304, wantedHash(ctx, offer));
  return { suite, group: chooseGroup(ctx, offer, 0x0304) };
}

/** RFC 9846 §4.2.2: a ClientHello that offers TLS 1.3 calls itself TLS 1.2. */
function checkVersion(ctx: Context, { hello }: ClientOffer): void {
  if (hello.legacyVersion === ctx.flavor.wire[0x0303]) return;
  const detail = `legacy_version 0x${hello.legacyVersion.toString(16).padStart(4, '0')}`;
  throw peerFault('legacy-version', ALERT.protocol_version, detail);
}

/** RFC 9846 §4.2.2, §4.3.8, §4.3.11, §9.2: what a TLS 1.3 ClientHello must and must not be. */
function checkHello({ hello, groups, shares, psks, pskModes }: ClientOffer): void {
  // RFC 9147 §5.3: the cookie of DTLS 1.3 is an extension.
  if (hello.cookie !== undefined && hello.cookie.length > 0)
    throw illegalParameter('legacy-cookie', 'legacy_cookie in DTLS 1.3');
  if (hello.compressionMethods.length !== 1 || hello.compressionMethods[0] !== 0)
    throw illegalParameter('compression', 'a TLS 1.3 client offers compression');
  if (groups === undefined) throw missingExtension('supported_groups', 'ClientHello');
  if (shares === undefined) throw missingExtension('key_share', 'ClientHello');
  const shared = shares.map((share) => share.group);
  if (new Set(shared).size !== shared.length || shared.some((group) => !groups.includes(group)))
    throw illegalParameter('key-share-list', 'key_share does not follow supported_groups');
  if (psks === undefined) return;
  if (pskModes === undefined) throw missingExtension('psk_key_exchange_modes', 'ClientHello');
  if (hello.extensions.at(-1)?.type !== EXTENSION.pre_shared_key)
    throw illegalParameter('psk-not-last', 'pre_shared_key is not the last extension');
  if (psks.identities.length !== psks.binders.length)
    throw illegalParameter('psk-binders', 'as many binders as identities are due');
}

/** RFC 9846 §4.2.2: nothing changes but what the HelloRetryRequest asked for. A cookie keeps only the hash of the first. */
function checkSecondHello(offer: ClientOffer, { first }: Retried): void {
  const { hello } = offer;
  if (first !== undefined) checkUnchanged(hello, first);
  if (findExtension(hello.extensions, EXTENSION.early_data) !== undefined)
    throw illegalParameter('early-data-after-retry', 'early_data in the second ClientHello');
}

function checkUnchanged(hello: ClientHello, first: ClientHello): void {
  const suites = Uint16Array.from(hello.cipherSuites).join();
  const same =
    equalBytes(hello.random, first.random) &&
    equalBytes(hello.sessionId, first.sessionId) &&
    suites === Uint16Array.from(first.cipherSuites).join();
  if (!same) throw illegalParameter('hello-changed', 'the second ClientHello is not the first');
}

function serverHello(
  ctx: Context,
  offer: ClientOffer,
  suite: Suite,
  share: data.KeyShareEntry,
  psk: AcceptedPsk | undefined,
): Uint8Array {
  const extensions: Extension[] = [
    { type: EXTENSION.key_share, data: data.keyShareEntry.encode(share) },
    { type: EXTENSION.supported_versions, data: data.u16.encode(ctx.flavor.wire[0x0304]) },
  ];
  if (psk !== undefined)
    extensions.unshift({ type: EXTENSION.pre_shared_key, data: data.u16.encode(psk.index) });
  extensions.push(...answerExtras(ctx, offer.hello.extensions, 0x0304, 'server_hello'));
  return encodeServerHello(answer(ctx, offer, suite, ctx.deps.random(32), extensions));
}
