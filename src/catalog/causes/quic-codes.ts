import type { Severity } from './cause.ts';
import type { ConfirmName } from './confirm.ts';

/** What to make of a code; what it means stands in wire/quic-error-codes.ts. */
export type QuicCodeCause = { severity: Severity; fix: string; confirm: ConfirmName };

/** By name; the others are faults of the library that received them, see OTHER_QUIC_CODE. */
export const QUIC_CODES: Readonly<Record<string, QuicCodeCause>> = {
  NO_ERROR: fine(
    'Nothing, unless streams were still open: what they had not delivered is lost.',
    'quic-wait',
  ),
  INTERNAL_ERROR: broken("The sender's log says what broke in it."),
  CONNECTION_REFUSED: setting(
    'Try again later or elsewhere: the server is stopping, full, or does not want this client.',
  ),
  TRANSPORT_PARAMETER_ERROR: broken(
    'Update the side that received it; look at the transport parameters that it sends.',
  ),
  INVALID_TOKEN: setting(
    'Forget the token; servers behind one load balancer must share the keys that protect tokens.',
  ),
  APPLICATION_ERROR: setting(
    'The application gave up before the handshake was over, and QUIC hides its own code then: its log has it.',
  ),
  AEAD_LIMIT_REACHED: fine('Connect again; a key update in time avoids it.', 'quic-wait'),
  NO_VIABLE_PATH: setting('Let datagrams of 1200 bytes through on every path.'),
  VERSION_NEGOTIATION_ERROR: setting(
    'Offer a version that the server has; look for something that changes the first packets.',
  ),
  H3_NO_ERROR: fine(
    'Nothing: the connection or stream ended as it should. Clients must not report it as an error.',
    'quic-wait',
  ),
  H3_INTERNAL_ERROR: broken("The sender's log says what broke in it."),
  H3_EXCESSIVE_LOAD: setting(
    'Send fewer requests at once, and cancel fewer: it is the answer to what looks like an attack.',
  ),
  H3_REQUEST_REJECTED: fine('Repeat the request on a new connection: it was not processed.', 'quic-stream'),
  H3_REQUEST_CANCELLED: fine(
    'Nothing, if somebody meant to cancel. The answer so far is incomplete.',
    'quic-stream',
  ),
  H3_REQUEST_INCOMPLETE: lost(
    'Look for a client that resets its streams, or ends them before the request is whole.',
  ),
  H3_CONNECT_ERROR: lost('Look at the TCP connection behind the proxy: it was reset.'),
  H3_VERSION_FALLBACK: setting('Repeat the request over HTTP/1.1 or HTTP/2.'),
  DOQ_NO_ERROR: fine('Nothing: the connection ended as it should.', 'quic-wait'),
  DOQ_INTERNAL_ERROR: broken("The sender's log says what broke in it."),
  DOQ_REQUEST_CANCELLED: fine('Nothing, if the client meant to give up.', 'quic-stream'),
  DOQ_EXCESSIVE_LOAD: setting('Send fewer queries at once.'),
  WEBTRANSPORT_SESSION_GONE: lost('The session ended before its streams: end them first.'),
};

export const OTHER_QUIC_CODE: QuicCodeCause = broken(
  'A fault of the side that received it, as the sender sees it: update its QUIC library; the reason phrase says more.',
);

/** Of a code that no registry names. */
export const UNKNOWN_QUIC_CODE: QuicCodeCause = setting(
  'Ask what protocol was spoken, and look the code up there: --alpn narrows it.',
);

function fine(fix: string, confirm: ConfirmName): QuicCodeCause {
  return { severity: 'benign', fix, confirm };
}

function broken(fix: string): QuicCodeCause {
  return { severity: 'bug', fix, confirm: 'quic-wait' };
}

function setting(fix: string): QuicCodeCause {
  return { severity: 'misconfiguration', fix, confirm: 'quic-handshake' };
}

function lost(fix: string): QuicCodeCause {
  return { severity: 'data-loss', fix, confirm: 'quic-stream' };
}
