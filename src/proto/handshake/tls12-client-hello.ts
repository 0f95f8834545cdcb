import { type Suite, suiteById, suiteName } from '../../crypto/suites.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { renegotiationInfo, u8List } from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import type { ServerHello } from '../../wire/hello.ts';
import { selectedProtocol } from './alpn.ts';
import type { Tls12ClientRun, Tls12ClientState } from './client-state.ts';
import { act, type Context, hear, type Received } from './context.ts';
import { checkAnswers } from './extension-rules.ts';
import { extraTypes, takeExtras } from './extra-extensions.ts';
import { handshakeFailure, illegalParameter } from './faults.ts';
import type { Offer } from './offer.ts';
import { applyRecordSizeLimit } from './record-size-limit.ts';
import type { Session } from './session.ts';
import { deriveKeys12 } from './tls12-keys.ts';

/** RFC 5246 §7.4.1.3: a new session, or the one we offered. */
export function onServerHello12(
  ctx: Context,
  offer: Offer,
  hello: ServerHello,
  message: Received,
): Tls12ClientState {
  const extra = extraTypes(ctx, 0x0303, 'server_hello');
  checkAnswers('server_hello_12', hello.extensions, offer.hello.extensions, extra);
  const suite = checkSuite(offer, hello);
  checkRenegotiation(hello);
  checkPointFormats(hello);
  const has = (type: number): boolean => findExtension(hello.extensions, type) !== undefined;
  const run: Tls12ClientRun = {
    suite,
    serverRandom: hello.random.slice(),
    sessionId: hello.sessionId.slice(),
    extendedMasterSecret: has(EXTENSION.extended_master_secret),
    ticketPromised: has(EXTENSION.session_ticket),
    alpn: selectedProtocol(ctx, hello.extensions),
    clientCertificate: false,
    verified: false,
  };
  act(ctx, { do: 'version', version: 0x0303 });
  applyRecordSizeLimit(ctx, hello.extensions, 0x0303);
  takeExtras(ctx, hello.extensions, 0x0303, 'server_hello');
  ctx.transcript.begin(suite.hash, 0x0303);
  hear(ctx, message);
  const session = resumedSession(offer, hello);
  reportSession(ctx, offer, session);
  if (session !== undefined)
    return resume(ctx, { ...run, resumed: session, verified: session.verified !== false });
  const byPsk = suite.keyExchange !== 'ecdhe';
  // Who knows a pre-shared key is who it says.
  if (byPsk) return { version: 0x0303, name: 'WAIT_PSK_SKE', run: { ...run, verified: true } };
  return { version: 0x0303, name: 'WAIT_CERT', run };
}

/** RFC 5246 §7.3: no key exchange; the server's change_cipher_spec and Finished come first. */
function resume(ctx: Context, run: Tls12ClientRun & { resumed: Session }): Tls12ClientState {
  const { resumed, suite } = run;
  if (resumed.suite !== suite.id)
    throw illegalParameter('suite-changed', `the session resumed was not made with ${suite.name}`);
  // RFC 7627 §5.3: both ways round.
  if (resumed.extendedMasterSecret !== run.extendedMasterSecret)
    throw handshakeFailure(
      'extended-master-secret-changed',
      `resumed ${run.extendedMasterSecret ? 'with' : 'without'} extended_master_secret, unlike the session`,
    );
  act(ctx, deriveKeys12(ctx, run, resumed.secret).peer);
  const name = run.ticketPromised ? 'WAIT_TICKET' : 'WAIT_CCS';
  return { version: 0x0303, name, run, master: resumed.secret };
}

function checkSuite(offer: Offer, hello: ServerHello): Suite {
  if (hello.compressionMethod !== 0)
    throw illegalParameter('compression', `compression method ${hello.compressionMethod}`);
  const suite = suiteById(hello.cipherSuite);
  const offered = offer.hello.cipherSuites.includes(hello.cipherSuite);
  if (suite === undefined || !offered || suite.version !== 0x0303)
    throw illegalParameter(
      'suite-not-offered',
      `the server chose ${suiteName(hello.cipherSuite)}, which was not offered for this version`,
    );
  return suite;
}

/** RFC 5746 §3.4: empty in a first handshake. Servers without it are met all the same: we never renegotiate. */
function checkRenegotiation(hello: ServerHello): void {
  const info = findExtension(hello.extensions, EXTENSION.renegotiation_info);
  if (info !== undefined && renegotiationInfo.decode(info).length > 0)
    throw handshakeFailure('renegotiation-info', 'renegotiation_info is not empty in a first handshake');
}

/** RFC 8422 §5.2. */
function checkPointFormats(hello: ServerHello): void {
  const formats = findExtension(hello.extensions, EXTENSION.ec_point_formats);
  if (formats !== undefined && !u8List.decode(formats).includes(0))
    throw illegalParameter('point-formats', 'the server does not take uncompressed points');
}

/** An echoed session ID means resumption (RFC 5246 §7.4.1.3, RFC 5077 §3.4). */
function resumedSession(offer: Offer, hello: ServerHello): Session | undefined {
  const { session } = offer;
  const echoed = hello.sessionId.length > 0 && equalBytes(hello.sessionId, offer.hello.sessionId);
  if (!echoed) return undefined;
  if (session?.version !== 0x0303)
    throw illegalParameter('session-id-echo', 'the server resumes a session that was not offered');
  return session;
}

function reportSession(ctx: Context, offer: Offer, resumed: Session | undefined): void {
  if (offer.session === undefined) return;
  const fact = { kind: 'session', what: resumed === undefined ? 'refused' : 'accepted' } as const;
  if (resumed !== undefined) ctx.deps.emit({ ...fact, why: 'the server took the session' });
  else if (offer.session.version === 0x0304)
    ctx.deps.emit({ ...fact, why: 'the server chose TLS 1.2, the session is of TLS 1.3' });
  else ctx.deps.emit({ ...fact, why: 'the server began a new session' });
}
