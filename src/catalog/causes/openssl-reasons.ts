import type { Culprit, Severity } from './cause.ts';
import type { ConfirmName } from './confirm.ts';

/** A reason of OpenSSL's SSL library that the error catalogue has no entry of its own for. */
export type ReasonCause = {
  name: string;
  meaning: string;
  who: Culprit;
  severity: Severity;
  fix: string;
  confirm: ConfirmName;
};

/** By number: `openssl errstr` names them. Those from 1000 on are alerts of the peer, 1000 more than the alert's number. */
export const OPENSSL_REASONS: Readonly<Record<number, ReasonCause>> = {
  100: reason(
    'app data in handshake',
    'Application data came while a handshake was running.',
    'peer',
    'bug',
    'Look for a peer that writes before its handshake is over, or after it began a new one.',
    'handshake',
  ),
  123: reason(
    'bad signature',
    'A signature of the handshake does not verify.',
    'peer',
    'misconfiguration',
    'Check that certificate and key belong together.',
    'handshake',
  ),
  127: reason(
    'bad write retry',
    'SSL_write was repeated with another buffer or length than the call that had to wait.',
    'local',
    'bug',
    'Repeat the same call, or set SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.',
    'serve-zero-window',
  ),
  134: reason(
    'certificate verify failed',
    "We refused the peer's certificate; the verify result says why.",
    'peer',
    'misconfiguration',
    'Give the issuer to the verifying side, renew the certificate, or use the name that it is for.',
    'handshake',
  ),
  155: reason(
    'https proxy request',
    'A CONNECT for a proxy came in clear text to a TLS port.',
    'peer',
    'misconfiguration',
    'Tell the client that this is no proxy in clear text.',
    'watch-client',
  ),
  156: reason(
    'http request',
    'An HTTP request came in clear text to a TLS port.',
    'peer',
    'misconfiguration',
    'Use https, or another port.',
    'watch-client',
  ),
  177: reason(
    'no certificate assigned',
    'The server has no certificate for this context.',
    'local',
    'misconfiguration',
    'Load certificate and key before the first handshake.',
    'handshake',
  ),
  191: reason(
    'no protocols available',
    'The allowed range of versions is empty.',
    'local',
    'misconfiguration',
    'Look at MinProtocol and MaxProtocol, and at the security level.',
    'handshake',
  ),
  193: reason(
    'no shared cipher',
    'Client and server have no cipher suite in common; a server without a usable certificate looks so too.',
    'either',
    'misconfiguration',
    'Compare the suites of both sides, and see that the certificate is loaded.',
    'handshake',
  ),
  198: reason(
    'packet length too long',
    'A record announced more than a record may hold: what came is hardly TLS.',
    'either',
    'misconfiguration',
    'Look for clear text on the TLS port.',
    'handshake',
  ),
  199: reason(
    'peer did not return a certificate',
    'The server asked for a client certificate and got none.',
    'peer',
    'misconfiguration',
    'Give the client a certificate, or do not require one.',
    'watch-client',
  ),
  229: reason(
    'ssl handshake failure',
    'A handshake could not be completed, or SSL_read was called on a connection whose handshake had failed.',
    'either',
    'misconfiguration',
    'The error before it in the queue says why.',
    'handshake',
  ),
  235: reason(
    'no application protocol',
    'The server has none of the ALPN protocols that the client offered.',
    'either',
    'misconfiguration',
    'Offer one that the server has.',
    'handshake',
  ),
  244: reason(
    'unexpected message',
    'A handshake message came that does not belong there.',
    'either',
    'bug',
    'Look for middleboxes, and for a peer that starts its handshake twice.',
    'handshake',
  ),
  245: reason(
    'unexpected record',
    'A record came that does not belong there.',
    'peer',
    'bug',
    'Look for clear text, or for a renegotiation that nobody wanted.',
    'handshake',
  ),
  246: reason(
    'unknown alert type',
    'An alert came with a level or description that does not exist.',
    'peer',
    'bug',
    'Update the peer.',
    'alert-level',
  ),
  252: reason(
    'unknown protocol',
    'What came first is no version of TLS that is known: mostly clear text.',
    'either',
    'misconfiguration',
    'Look for clear text on the TLS port, and for STARTTLS that was left out.',
    'implicit-tls',
  ),
  258: reason(
    'unsupported protocol',
    'The peer chose a version that is not allowed here.',
    'either',
    'misconfiguration',
    'Let both sides speak TLS 1.2 or 1.3.',
    'handshake',
  ),
  266: reason(
    'wrong ssl version',
    'The version of the handshake is not the one that was agreed on.',
    'either',
    'misconfiguration',
    'Let both sides speak TLS 1.2 or 1.3.',
    'handshake',
  ),
  267: reason(
    'wrong version number',
    'The first bytes were no TLS record: nearly always clear text on a TLS port, or TLS on a port of clear text.',
    'either',
    'misconfiguration',
    'Look for the right port, and for STARTTLS that was left out.',
    'implicit-tls',
  ),
  276: reason(
    'uninitialized',
    'A call on an SSL object that was never told whether it is client or server; SSL_shutdown among them.',
    'local',
    'bug',
    'Call SSL_connect or SSL_accept first, and SSL_shutdown only after a handshake.',
    'handshake',
  ),
  277: reason(
    'session id context uninitialized',
    'A server that verifies clients resumes no session without a session id context.',
    'local',
    'misconfiguration',
    'Call SSL_CTX_set_session_id_context.',
    'resume',
  ),
  281: reason(
    'decryption failed or bad record mac',
    'A record does not decrypt: changed on the way, or not TLS at all.',
    'either',
    'bug',
    'Look for a process that writes below TLS, and for clear text after the TLS close.',
    'serve-plaintext',
  ),
  312: reason(
    'read timeout expired',
    'DTLS: a handshake message was not answered in time.',
    'either',
    'misconfiguration',
    'Call DTLSv1_handle_timeout, and look whether UDP gets through.',
    'dtls-reply',
  ),
  334: reason(
    'dtls message too big',
    'More data than a datagram holds.',
    'local',
    'bug',
    'Write less at once: DTLS does not cut a write into several records.',
    'dtls-reply',
  ),
  338: reason(
    'unsafe legacy renegotiation disabled',
    'The server lacks the secure renegotiation extension (RFC 5746).',
    'peer',
    'misconfiguration',
    'Update the server; an old middlebox may be in its place.',
    'handshake',
  ),
  339: reason(
    'no renegotiation',
    'The peer declined a renegotiation.',
    'peer',
    'benign',
    'Do not ask for one.',
    'handshake',
  ),
  409: reason(
    'too many warn alerts',
    'The peer sent one warning alert after another.',
    'peer',
    'bug',
    'Update the peer.',
    'alert-level',
  ),
};

/** OpenSSL 3's libraries, by number, as its error lines name them. */
export const OPENSSL_LIBRARIES: Readonly<Record<number, string>> = {
  2: 'system library',
  4: 'rsa routines',
  6: 'digital envelope routines',
  9: 'PEM routines',
  11: 'x509 certificate routines',
  13: 'asn1 encoding routines',
  16: 'elliptic curve routines',
  20: 'SSL routines',
  32: 'BIO routines',
  39: 'OCSP routines',
};

function reason(
  name: string,
  meaning: string,
  who: Culprit,
  severity: Severity,
  fix: string,
  confirm: ConfirmName,
): ReasonCause {
  return { name, meaning, who, severity, fix, confirm };
}
