import type { CloseFacts } from './close-facts.ts';
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
        ? 'look at what stands between: bytes that do not decrypt come from a broken peer or a middlebox'
        : (ALERT_ADVICE[measured.alert.name] ?? "the peer's log says what it objected to");
    case 'fin-mid-record':
      return 'treat what was read as incomplete; look for a crash, a timeout or a proxy that cuts';
    case 'reset':
      return 'on the peer: read what the client sent before close(2), and call SSL_shutdown; a close with unread data resets';
    case 'fin':
      return measured.truncationPossible === 'no'
        ? 'on the peer: call SSL_shutdown before close; strict clients report an unexpected EOF'
        : 'on the peer: call SSL_shutdown before close; until then rely on a length inside the data, not on its end';
    case 'silent':
      return measured.peerNeverClosed === true
        ? 'close from this side, or ask the peer to (Connection: close, QUIT); --timeout close=… waits longer'
        : 'do not wait for the answer (--rapid shows that way), or wait longer with --timeout close=…';
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

function handshakeAdvice(facts: CloseFacts): string | undefined {
  const rule = facts.handshakeFailed?.rule ?? '';
  if (rule.startsWith('certificate'))
    return 'give the issuing certificate with --ca, or go on regardless with --insecure';
  return RULE_ADVICE[rule];
}

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

const RULE_ADVICE: Readonly<Record<string, string>> = {
  'not-tls': 'the port speaks something else than TLS: check the port, or use STARTTLS',
  limit: 'the peer stalled: --timeout handshake=… waits longer',
};
