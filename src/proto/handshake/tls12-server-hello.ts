import { suiteById } from '../../crypto/suites.ts';
import { ascii } from '../../wire/bytes.ts';
import * as data from '../../wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../wire/extensions.ts';
import { encodeServerHello } from '../../wire/hello.ts';
import { chooseProtocol } from './alpn.ts';
import type { ClientOffer } from './client-offer.ts';
import { act, type Context, hear, send } from './context.ts';
import { answerExtras } from './extra-extensions.ts';
import { handshakeFailure, illegalParameter } from './faults.ts';
import { applyRecordSizeLimit } from './record-size-limit.ts';
import { chooseSuite } from './server-choice.ts';
import type { Tls12ServerRun, Tls12ServerState } from './server-state.ts';
import type { Session } from './session.ts';
import { sendPskFlight12 } from './tls12-psk-server.ts';
import { sendServerFlight12 } from './tls12-server-flight.ts';
import { resumableSession, sendResumedFlight } from './tls12-server-resume.ts';

/** RFC 5246 §7.4.1.2 as a server reads it. */
export function onClientHello12(ctx: Context, offer: ClientOffer): Tls12ServerState {
  const { hello, message } = offer;
  if (!hello.compressionMethods.includes(0))
    throw illegalParameter('compression', 'the client does not offer the null compression');
  const secure = offersSecureRenegotiation(offer);
  checkPointFormats(offer);
  const extendedMasterSecret =
    findExtension(hello.extensions, EXTENSION.extended_master_secret) !== undefined;
  const session = resumableSession(ctx, offer, extendedMasterSecret);
  const suite = (session && suiteById(session.suite)) ?? chooseSuite(ctx, offer, 0x0303);
  const { tickets, sessionCache } = ctx.config;
  const ticketPromised = session === undefined && tickets !== undefined && offer.ticket !== undefined;
  const run: Tls12ServerRun = {
    suite,
    serverRandom: serverRandom(ctx),
    sessionId: newSessionId(ctx, offer, session, sessionCache !== undefined && !ticketPromised),
    extendedMasterSecret,
    ticketPromised,
    alpn: chooseProtocol(ctx, hello.extensions),
    serverName: offer.serverName,
    clientCertificate: false,
    verified: session?.verified ?? false,
  };
  act(ctx, { do: 'version', version: 0x0303 });
  ctx.transcript.begin(suite.hash, 0x0303);
  hear(ctx, message);
  sendServerHello(ctx, offer, run, secure);
  if (session !== undefined) return sendResumedFlight(ctx, { ...run, resumed: session }, session);
  return suite.keyExchange === 'ecdhe'
    ? sendServerFlight12(ctx, offer, run)
    : sendPskFlight12(ctx, offer, run);
}

function sendServerHello(ctx: Context, offer: ClientOffer, run: Tls12ServerRun, secure: boolean): void {
  const { extensions } = offer.hello;
  const out: Extension[] = [];
  const add = (type: number, bytes: Uint8Array): void => void out.push({ type, data: bytes });
  if (secure) add(EXTENSION.renegotiation_info, data.renegotiationInfo.encode(NOTHING));
  if (run.extendedMasterSecret) add(EXTENSION.extended_master_secret, NOTHING);
  if (findExtension(extensions, EXTENSION.ec_point_formats) !== undefined)
    add(EXTENSION.ec_point_formats, data.u8List.encode([UNCOMPRESSED]));
  if (run.ticketPromised) add(EXTENSION.session_ticket, NOTHING);
  if (run.alpn !== undefined)
    add(EXTENSION.application_layer_protocol_negotiation, data.protocolList.encode([run.alpn]));
  const limit = applyRecordSizeLimit(ctx, extensions, 0x0303);
  if (limit !== undefined) add(EXTENSION.record_size_limit, data.u16.encode(limit));
  out.push(...answerExtras(ctx, extensions, 0x0303, 'server_hello'));
  const message = encodeServerHello({
    legacyVersion: ctx.flavor.wire[0x0303],
    random: run.serverRandom,
    sessionId: run.sessionId,
    cipherSuite: run.suite.id,
    compressionMethod: 0,
    extensions: out,
  });
  send(ctx, 'initial', message);
}

/** RFC 9846 §4.2.3: a server that could do TLS 1.3 says so in the last eight bytes. */
function serverRandom(ctx: Context): Uint8Array {
  const random = ctx.deps.random(32).slice();
  if (ctx.config.versions.includes(0x0304)) random.set(ascii('DOWNGRD\x01'), 24);
  return random;
}

/** RFC 5246 §7.4.1.3, RFC 5077 §3.4: the client's own ID resumes, a fresh one can be resumed, none can't. */
function newSessionId(
  ctx: Context,
  offer: ClientOffer,
  session: Session | undefined,
  cached: boolean,
): Uint8Array {
  if (session !== undefined) return offer.hello.sessionId;
  return cached ? ctx.deps.random(32) : NOTHING;
}

/** RFC 5746 §3.6: by extension, which must be empty, or by SCSV. */
function offersSecureRenegotiation({ hello }: ClientOffer): boolean {
  const info = findExtension(hello.extensions, EXTENSION.renegotiation_info);
  if (info === undefined) return hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV);
  if (data.renegotiationInfo.decode(info).length > 0)
    throw handshakeFailure('renegotiation-info', 'renegotiation_info is not empty in a first handshake');
  return true;
}

/** RFC 8422 §5.1. */
function checkPointFormats({ hello }: ClientOffer): void {
  const formats = findExtension(hello.extensions, EXTENSION.ec_point_formats);
  if (formats !== undefined && !data.u8List.decode(formats).includes(UNCOMPRESSED))
    throw illegalParameter('point-formats', 'the client does not take uncompressed points');
}

const NOTHING = new Uint8Array(0);
const UNCOMPRESSED = 0;
const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;
