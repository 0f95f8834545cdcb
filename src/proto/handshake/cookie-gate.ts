import type { Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { decodeHandshake, HANDSHAKE } from '../../wire/handshake.ts';
import { encodeHelloVerifyRequest } from '../../wire/hello.ts';
import { Malformed } from '../../wire/reader.ts';
import type { CoreDeps } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { type ClientOffer, readClientHello } from './client-offer.ts';
import type { HandshakeConfig } from './config.ts';
import { type Context, createContext } from './context.ts';
import { checkVerifyCookie, verifyCookie } from './cookies.ts';
import { peerFault } from './faults.ts';
import type { Flavor } from './flavor.ts';
import { chooseVersion } from './server-choice.ts';
import { negotiate13 } from './tls13-server-hello.ts';
import { openCookie, statelessRetry } from './tls13-server-retry.ts';

export type GateVerdict =
  /** Send this message (header of TLS) with the message_seq of the ClientHello, and forget the client. */
  | { do: 'answer'; version: 0x0303 | 0x0304; message: Uint8Array }
  /** The client has shown that it is there: a machine with the same configuration takes this ClientHello as its first. */
  | { do: 'admit' }
  /** No handshake comes of it. */
  | { do: 'refuse'; fault: ProtocolFault };

/**
 * Judges a whole ClientHello (header of TLS) before anything is kept of its sender: HelloVerifyRequest or
 * HelloRetryRequest, both with a cookie, until one comes back (RFC 6347 §4.2.1, RFC 9147 §5.1). Without `config.cookie`
 * everybody is admitted. Never throws for what a peer sent.
 */
export function judgeClientHello(
  setup: { config: HandshakeConfig; deps: CoreDeps; flavor: Flavor },
  now: Millis,
  message: Uint8Array,
): GateVerdict {
  const ctx = createContext('server', setup.config, setup.deps, setup.flavor);
  ctx.now = now;
  try {
    return judge(ctx, message);
  } catch (error) {
    if (error instanceof ProtocolFault) return { do: 'refuse', fault: error };
    if (error instanceof Malformed)
      return { do: 'refuse', fault: peerFault('decode-error', ALERT.decode_error, error.message) };
    throw error;
  }
}

/** The HelloVerifyRequest that is due, if any. */
export function cookieRequest12(ctx: Context, { hello }: ClientOffer): Uint8Array | undefined {
  const keeper = ctx.config.cookie;
  if (keeper === undefined || checkVerifyCookie(ctx, keeper, hello)) return undefined;
  return encodeHelloVerifyRequest(verifyCookie(ctx, keeper, hello));
}

function judge(ctx: Context, raw: Uint8Array): GateVerdict {
  const { type, body } = decodeHandshake(raw);
  if (type !== HANDSHAKE.client_hello)
    throw peerFault('unexpected-message', ALERT.unexpected_message, 'a handshake begins with a ClientHello');
  const offer = readClientHello({ level: 'initial', type, body, raw }, ctx.flavor);
  const version = chooseVersion(ctx, offer);
  const message = version === 0x0304 ? cookieRequest13(ctx, offer) : cookieRequest12(ctx, offer);
  return message === undefined ? { do: 'admit' } : { do: 'answer', version, message };
}

/** The HelloRetryRequest that is due, if any. */
function cookieRequest13(ctx: Context, offer: ClientOffer): Uint8Array | undefined {
  const keeper = ctx.config.cookie;
  if (keeper === undefined) return undefined;
  if (offer.cookie !== undefined) {
    openCookie(ctx, keeper, offer.cookie);
    return undefined;
  }
  const { suite, group } = negotiate13(ctx, offer);
  return statelessRetry(ctx, offer, suite, group.id);
}
