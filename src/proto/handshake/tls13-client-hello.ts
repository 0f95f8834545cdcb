import { groupById } from '../../crypto/groups.ts';
import { type Suite, suiteById, suiteName } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { equalBytes } from '../../wire/bytes.ts';
import * as data from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import type { ServerHello } from '../../wire/hello.ts';
import type { Tls13ClientState, WaitServerHello } from './client-state.ts';
import { act, type Context, hear, type Received } from './context.ts';
import { checkAnswers } from './extension-rules.ts';
import { extraTypes, takeExtras } from './extra-extensions.ts';
import { illegalParameter, missingExtension, peerFault } from './faults.ts';
import { type Offer, retryOffer, sendOffer } from './offer.ts';
import type { PskOffer } from './psk.ts';
import { deriveHandshakeKeys, install } from './tls13-keys.ts';
import { usableGroups } from './usable.ts';

/** RFC 9846 §4.2.4: says what the next ClientHello must bring; one only, and it must change something. */
export function onHelloRetryRequest(
  ctx: Context,
  offer: Offer,
  hello: ServerHello,
  message: Received,
): WaitServerHello {
  if (offer.retried !== undefined)
    throw peerFault('second-hello-retry', ALERT.unexpected_message, 'a second HelloRetryRequest');
  checkAnswers('hello_retry_request', hello.extensions, offer.hello.extensions);
  const suite = checkEcho(ctx, offer, hello);
  const share = findExtension(hello.extensions, EXTENSION.key_share);
  const cookieData = findExtension(hello.extensions, EXTENSION.cookie);
  const group = share === undefined ? undefined : data.u16.decode(share);
  const cookie = cookieData === undefined ? undefined : data.cookie.decode(cookieData);
  if (group === undefined && cookie === undefined)
    throw illegalParameter('hello-retry-changes-nothing', 'neither key_share nor cookie');
  if (group !== undefined) checkRetryGroup(ctx, offer, group);
  act(ctx, { do: 'version', version: 0x0304 });
  ctx.transcript.begin(suite.hash, 0x0304);
  ctx.transcript.retry();
  hear(ctx, message);
  const next = retryOffer(ctx, offer, { suite: suite.id, hash: suite.hash, group, cookie });
  sendOffer(ctx, next);
  return { version: undefined, name: 'WAIT_SH', offer: next };
}

/** RFC 9846 §4.2.3. */
export function onServerHello13(
  ctx: Context,
  offer: Offer,
  hello: ServerHello,
  message: Received,
): Tls13ClientState {
  const extra = extraTypes(ctx, 0x0304, 'server_hello');
  checkAnswers('server_hello', hello.extensions, offer.hello.extensions, extra);
  const suite = checkEcho(ctx, offer, hello);
  if (offer.retried !== undefined && offer.retried.suite !== suite.id)
    throw illegalParameter('suite-changed', 'not the suite of the HelloRetryRequest');
  const { group, shared } = agree(offer, hello);
  const psk = acceptedPsk(offer, hello, suite);
  reportSession(ctx, offer, psk);
  if (offer.retried === undefined) act(ctx, { do: 'version', version: 0x0304 });
  ctx.transcript.begin(suite.hash, 0x0304);
  takeExtras(ctx, hello.extensions, 0x0304, 'server_hello');
  hear(ctx, message);
  const keys = deriveHandshakeKeys(ctx, suite, shared, psk?.key);
  install(ctx, 'peer', 'handshake', keys);
  install(ctx, 'local', 'handshake', keys);
  const run = {
    offered: offer.hello.extensions,
    keys,
    group,
    helloRetry: offer.retried !== undefined,
    resumed: psk?.session,
    byPsk: psk !== undefined,
    // Who knows an external key is who it says.
    verified: psk !== undefined && psk.session?.verified !== false,
  };
  return { version: 0x0304, name: 'WAIT_EE', run };
}

/** What a ServerHello and a HelloRetryRequest must repeat or leave alone. Gives the suite. */
function checkEcho(ctx: Context, offer: Offer, hello: ServerHello): Suite {
  if (hello.legacyVersion !== ctx.flavor.wire[0x0303])
    throw illegalParameter('legacy-version', `legacy_version 0x${hello.legacyVersion.toString(16)}`);
  // RFC 9147 §5.4: a DTLS server echoes none.
  const echo = ctx.flavor.compatibility ? offer.hello.sessionId : NOTHING;
  if (!equalBytes(hello.sessionId, echo))
    throw illegalParameter('session-id-echo', 'legacy_session_id_echo is not what was sent');
  if (hello.compressionMethod !== 0)
    throw illegalParameter('compression', `compression method ${hello.compressionMethod}`);
  const suite = suiteById(hello.cipherSuite);
  const offered = offer.hello.cipherSuites.includes(hello.cipherSuite);
  if (suite === undefined || !offered || suite.version !== 0x0304)
    throw illegalParameter(
      'suite-not-offered',
      `the server chose ${suiteName(hello.cipherSuite)}, which was not offered for this version`,
    );
  return suite;
}

/** RFC 9846 §4.3.8: a group we offered, without having sent a share for it. */
function checkRetryGroup(ctx: Context, offer: Offer, group: number): void {
  if (!usableGroups(ctx, 0x0304).includes(group))
    throw illegalParameter('group-not-offered', `HelloRetryRequest for group ${group}`);
  if (offer.shares.has(group))
    throw illegalParameter('hello-retry-changes-nothing', `a share of group ${group} was sent`);
}

/** RFC 9846 §4.3.8, §7.4: psk_dhe_ke is all we offer, so there must be a share. */
function agree(offer: Offer, hello: ServerHello): { group: number; shared: Uint8Array } {
  const share = findExtension(hello.extensions, EXTENSION.key_share);
  if (share === undefined) throw missingExtension('key_share', 'ServerHello');
  const entry = data.keyShareEntry.decode(share);
  const ours = offer.shares.get(entry.group);
  const name = groupById(entry.group)?.name ?? `group ${entry.group}`;
  if (ours === undefined) throw illegalParameter('group-not-offered', `ServerHello with a share of ${name}`);
  const shared = ours.agree(entry.share);
  if (shared === undefined) throw illegalParameter('bad-key-share', `not a valid share of ${name}`);
  return { group: entry.group, shared };
}

/** RFC 9846 §4.3.11: an index into our list, and a suite of the same hash. */
function acceptedPsk(offer: Offer, hello: ServerHello, suite: Suite): PskOffer | undefined {
  const selected = findExtension(hello.extensions, EXTENSION.pre_shared_key);
  if (selected === undefined) return undefined;
  const index = data.u16.decode(selected);
  const psk = offer.psks[index];
  if (psk === undefined) throw illegalParameter('psk-index', `selected_identity ${index}`);
  if (psk.hash !== suite.hash)
    throw illegalParameter('psk-hash', `${suite.name} does not go with the pre-shared key`);
  return psk;
}

function reportSession(ctx: Context, offer: Offer, psk: PskOffer | undefined): void {
  if (offer.session === undefined) return;
  const accepted = psk?.session !== undefined;
  const fact = { kind: 'session', what: accepted ? 'accepted' : 'refused' } as const;
  if (accepted) ctx.deps.emit({ ...fact, why: 'the server took the pre-shared key' });
  else if (offer.session.version === 0x0303)
    ctx.deps.emit({ ...fact, why: 'the server chose TLS 1.3, the session is of TLS 1.2' });
  else ctx.deps.emit({ ...fact, why: 'the server did not take the pre-shared key' });
}

const NOTHING = new Uint8Array(0);
