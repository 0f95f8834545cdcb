import { type CloseFacts, isTls13, unsent } from './close-facts.ts';
import type { Measured } from './measure.ts';

/** What to do about it: one sentence, or nothing where there is nothing to do. */
export function advise(facts: CloseFacts, measured: Measured): string | undefined {
  switch (measured.class) {
    case 'unreachable':
      return (
        ERRNO_ADVICE[facts.unreachable?.errno ?? ''] ?? 'check the address, the port and what lies between'
      );
    case 'handshake-failed':
      return handshakeAdvice(facts);
    case 'alert':
      return measured.alert === undefined
        ? faultAdvice(facts.fault?.rule)
        : (ALERT_ADVICE[measured.alert.name] ?? "the peer's log says what it objected to");
    case 'fin-mid-record':
      return 'treat what was read as incomplete; look for a crash, a timeout or a proxy that cuts';
    case 'reset':
      return 'on the peer: read what the client sent before close(2), and call SSL_shutdown; a close with unread data resets';
    case 'fin':
      return measured.truncationPossible === 'no'
        ? 'on the peer: call SSL_shutdown before close; strict clients report an unexpected EOF'
        : 'on the peer: call SSL_shutdown before close; until then rely on a length inside the data, not on its end';
    case 'alive-after-close':
      return 'on the peer: drop the association on close_notify, and answer nothing more in it';
    case 'silent':
      return silentAdvice(facts, measured);
    case 'reset-after-close':
      return 'nothing is lost for TLS; on the peer: read to the end of the stream before close(2)';
    case 'held-open':
      return 'close the socket from this side after close_notify; the peer keeps a descriptor meanwhile';
    case 'late':
      return 'the peer answers only after a wait of its own: a lingering close, or a queue in front of it';
    case 'interrupted':
    case 'clean':
    case 'not-observed':
      return undefined;
  }
}

function handshakeAdvice({ handshakeFailed: fact }: CloseFacts): string | undefined {
  if (fact === undefined) return undefined;
  if (fact.rule.startsWith('certificate')) return certificateAdvice(fact.detail, fact.alert);
  if (fact.rule === 'alert') return HANDSHAKE_ALERT_ADVICE[fact.alert ?? -1];
  return RULE_ADVICE[fact.rule] ?? (fact.blame === 'peer' ? faultAdvice(fact.rule) : undefined);
}

/** `alert`: the one that we sent the peer for its certificate. */
function certificateAdvice(detail: string, alert: number | undefined): string {
  if (detail.startsWith('hostname mismatch')) {
    return 'give the name that the certificate is for with --sni, or go on regardless with --insecure';
  }
  return (
    CERTIFICATE_ADVICE[alert ?? -1] ??
    'give the issuing certificate with --ca, or go on regardless with --insecure'
  );
}

function faultAdvice(rule = ''): string {
  return FAULT_ADVICE[rule] ?? "the peer's TLS breaks the rules: update it, or look at what stands between";
}

function silentAdvice(facts: CloseFacts, measured: Measured): string {
  if (measured.peerNeverClosed === true) {
    return 'close from this side, or ask the peer to (Connection: close, QUIT); --timeout close=… waits longer';
  }
  if (unsent(facts))
    return 'the peer has stopped reading: what it was sent fills its receive window, and close_notify comes after that';
  if (measured.bytesAfterOurClose > 0) {
    return isTls13(facts.version)
      ? 'the peer may go on sending in TLS 1.3: read its answer before the close (--send, --read-until), or close without waiting (--rapid)'
      : 'in TLS 1.2 the peer has to answer at once: read its answer before the close (--send, --read-until), or close without waiting (--rapid)';
  }
  const longer =
    facts.plan?.mode === 'full' || facts.plan?.mode === 'half-close' ? '--timeout close=…' : '--linger';
  return `do not wait for the answer (--rapid shows that way), or wait longer with ${longer}`;
}

const HUNG_UP =
  "the peer's log may say why it hung up; proxies do so when nothing stands behind that name (--sni) or port";
const CLEAR_TEXT =
  'something on the peer writes to the socket below TLS: look for a process or proxy that goes on in clear';

const ERRNO_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check the port, and that the service runs',
  ENOTFOUND: 'the name does not resolve: check its spelling and the resolver',
  EAI_AGAIN: 'the resolver did not answer: try again, or give an address',
  ETIMEDOUT: 'no answer at all: a firewall may be dropping the packets; --timeout connect=… waits longer',
  EHOSTUNREACH: 'no route to that host: check the network, or try -4 or -6',
  ENETUNREACH: 'no route to that network: try -4 or -6',
};

const ALERT_ADVICE: Readonly<Record<string, string>> = {
  certificate_required: 'the peer wants a client certificate: give --cert and --key',
  bad_certificate: 'the peer refused our certificate: check --cert and --key',
  unknown_ca: "the peer does not know our certificate's issuer",
  unexpected_message:
    'the peer did not expect that record at that point: it may not support this way of closing',
};

/** By the peer's alert (RFC 9846 §6.2, RFC 5246 §7.2.2). */
const HANDSHAKE_ALERT_ADVICE: Readonly<Record<number, string>> = {
  0: 'the peer takes no connections now, or not from here: its log says why',
  40: 'peer and client have nothing in common: try --tls, --ciphers, --groups, or a client certificate with --cert',
  42: 'the peer refused our certificate: check --cert and --key',
  46: 'the peer refused our certificate: check --cert and --key',
  48: "the peer does not know our certificate's issuer",
  70: 'the peer does not take that TLS version: try another with --tls, or it knows none after TLS 1.1',
  71: 'the peer asks for stronger parameters: try --ciphers and --groups',
  80: 'the peer failed for a reason of its own: its log says which',
  112: 'the peer has nothing under that name: try another with --sni, or --no-sni',
  116: 'the peer wants a client certificate: give --cert and --key',
  120: 'the peer speaks none of the protocols offered: try another with --alpn',
};

/** By the alert that a certificate deserves. */
const CERTIFICATE_ADVICE: Readonly<Record<number, string>> = {
  43: 'the peer needs a certificate that is made for TLS servers; --insecure goes on regardless',
  45: "renew the peer's certificate, or set this machine's clock right; --insecure goes on regardless",
};

const FAULT_ADVICE: Readonly<Record<string, string>> = {
  'bad-record-mac':
    'bytes were changed, lost or mixed up on the way: look at what stands between, then at the peer',
  'record-too-short': CLEAR_TEXT,
  'unexpected-record-type': CLEAR_TEXT,
  'record-version': CLEAR_TEXT,
  'record-overflow': CLEAR_TEXT,
  'unprotected-record': CLEAR_TEXT,
};

const RULE_ADVICE: Readonly<Record<string, string>> = {
  'not-tls': 'the port speaks something else than TLS: check the port, or use STARTTLS',
  limit: 'the peer stalled: --timeout handshake=… waits longer',
  'starttls-limit':
    'the peer stalled: is it the protocol that --starttls names? --timeout handshake=… waits longer',
  'starttls-refused':
    "turn TLS on at the peer; if it is on, something in between may have removed the offer: don't go on in the clear",
  'starttls-malformed':
    'the port speaks something else: check the port, the name after --starttls, or whether TLS begins at once there',
  'starttls-too-long': 'the port speaks something else: check the port, and the name after --starttls',
  'starttls-injection':
    'a reply that came in the clear would pass for one under TLS: a fault of the peer, or somebody in between; do not go on',
  eof: HUNG_UP,
  reset: HUNG_UP,
};
