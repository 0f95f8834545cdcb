import type { Heed, RecordStep } from '../proto/core.ts';
import type { ProtocolFault } from '../proto/fault.ts';
import { alertReason } from './alert-reasons.ts';
import { faultReasons, isOfRecords, LAYER } from './fault-reasons.ts';
import { sendAside, sendUnnoticed } from './flush.ts';
import { noteDifference } from './notes.ts';
import { forbidResumption } from './session.ts';
import type { Ssl } from './ssl.ts';

/** What one step of input came to, flags and session already brought up to date. */
export type Taken =
  | { kind: 'nothing' }
  /** Something was processed that the application does not see. `message`: of the handshake. `empty`: a data record without data. */
  | { kind: 'moved'; what: 'message' | 'empty' | 'other' }
  | { kind: 'data'; data: Uint8Array }
  | { kind: 'closed' }
  /** The connection is over: the reason texts. `by`: who said so. */
  | { kind: 'over'; by: 'alert' | 'fault'; queue: readonly string[] }
  | { kind: 'eof' }
  | { kind: 'reset'; errno: string }
  /** Datagrams: after SSL_SENT_SHUTDOWN neither alert nor data, and the call that met it is over. */
  | { kind: 'lost' }
  /** Datagrams: ICMP said that one of ours found nobody. */
  | { kind: 'unreachable'; errno: string };

/** Takes one record, or the end of the stream, off the core. What the core answers is sent if the transport takes it. */
export function takeIn(ssl: Ssl): Taken {
  ssl.waits = 'nothing';
  if (ssl.heldClosure) return closed(ssl);
  const { core } = ssl;
  const shaking = ssl.life !== 'open';
  const heed = heeded(ssl);
  // What was not given back keeps OpenSSL from reading on.
  const step = ssl.dropped ? NOTHING_READ : core.step(ssl.now(), heed);
  ssl.started = step.kind === 'idle' || step.kind === 'eof' ? core.unread() : 0;
  ssl.retry = 'none';
  const taken = heed === 'nothing' && !ENDS.has(step.kind) ? drop(ssl) : digest(ssl, step, heed);
  if (shaking || (step.kind === 'fault' && !isOfRecords(step.fault))) {
    // What goes on with the handshake is sent by whoever carries it on.
    if (taken.kind === 'over') sendUnnoticed(ssl);
    return taken;
  }
  const failed = sendAside(ssl);
  if (taken.kind !== 'over' || failed.length === 0) return taken;
  // The record layer's last word is said again over the alert that could not be sent.
  const again = taken.queue.filter((reason) => reason === LAYER);
  return { ...taken, queue: [...taken.queue, ...failed, ...again] };
}

/** The first record is let go unread; OpenSSL then finds that it was never given back, and fails. */
function drop(ssl: Ssl): Taken {
  if (!ssl.dropped) {
    ssl.dropped = true;
    return { kind: 'closed' };
  }
  if (!ssl.sent) ssl.core.sendAlert(FATAL, INTERNAL_ERROR);
  return over(ssl, 'fault', ['records not released', LAYER], !ssl.sent);
}

/** Behind SSL_RECEIVED_SHUTDOWN nothing counts, not even a handshake; in 1.2 after SSL_SENT_SHUTDOWN no handshake message does. */
function heeded(ssl: Ssl): Heed {
  if (ssl.life !== 'open') return ssl.received ? 'nothing' : 'all';
  if (!ssl.sent) return 'all';
  const version = ssl.core.version();
  return version === 'TLSv1.2' || version === 'DTLSv1.2' ? 'no-handshake' : 'all';
}

function digest(ssl: Ssl, step: RecordStep, heed: Heed): Taken {
  if (step.kind !== 'alert') ssl.cancellations = 0;
  switch (step.kind) {
    case 'idle':
      ssl.waits = 'read';
      ssl.retry = 'read';
      return { kind: 'nothing' };
    case 'progress':
      if (step.what === 'renegotiation') ssl.life = 'renegotiating';
      noteRenegotiation(ssl, step.what);
      return { kind: 'moved', what: sort(step.what) };
    case 'ignored':
      if (step.data !== undefined) return { kind: 'data', data: step.data };
      return ssl.datagrams && heed === 'no-handshake' ? passedOver(ssl) : { kind: 'moved', what: 'other' };
    case 'data':
      return { kind: 'data', data: step.data };
    case 'alert':
      return takeAlert(ssl, step);
    case 'fault':
      return fault(ssl, step.fault);
    case 'eof':
      return { kind: 'eof' };
    case 'reset':
      return takeReset(ssl, step.errno);
    case 'unreachable':
      return { kind: 'unreachable', errno: step.errno };
  }
}

function takeAlert(ssl: Ssl, alert: { means: string; description: number }): Taken {
  switch (alert.means) {
    case 'closure':
      if (ssl.core.version() !== 'TLSv1.3') ssl.warning = 0;
      else ssl.heldClosure = ssl.life === 'open';
      if (ssl.canceled) {
        noteDifference(ssl, 3, {
          manual: 'reports the end of data after user_canceled and close_notify as SSL_ERROR_ZERO_RETURN',
          'openssl-3.5':
            'reports the end of data after user_canceled and close_notify as SSL_ERROR_SYSCALL, errno 0',
        });
      }
      return closed(ssl);
    case 'user_canceled':
      return canceled(ssl, alert.description);
    default:
      return fatal(ssl, alert.description);
  }
}

function closed(ssl: Ssl): Taken {
  ssl.received = true;
  return { kind: 'closed' };
}

/** TLS 1.3 has no other warning left, and OpenSSL goes on seeing it after the close_notify that follows. */
function canceled(ssl: Ssl, description: number): Taken {
  if (ssl.core.version() !== 'TLSv1.3') {
    ssl.warning = description;
    return { kind: 'moved', what: 'other' };
  }
  ssl.canceled = true;
  if (ssl.choices.canceledThenClosed === 'syscall') ssl.warning = description;
  ssl.cancellations += 1;
  if (ssl.cancellations < CANCELLATIONS) return { kind: 'moved', what: 'other' };
  if (!ssl.sent) ssl.core.sendAlert(FATAL, UNEXPECTED_MESSAGE);
  return over(ssl, 'fault', ['too many warn alerts'], !ssl.sent);
}

function fatal(ssl: Ssl, description: number): Taken {
  noteDifference(ssl, 8, {
    manual: 'does not set SSL_RECEIVED_SHUTDOWN for an alert other than close_notify',
    'openssl-3.5': 'sets SSL_RECEIVED_SHUTDOWN for a fatal alert',
  });
  if (ssl.choices.receivedBy === 'any-fatal-alert') ssl.received = true;
  return over(ssl, 'alert', [alertReason(description)], true);
}

function fault(ssl: Ssl, broken: ProtocolFault): Taken {
  // After SSL_SENT_SHUTDOWN no alert but close_notify leaves, however the flag was set.
  if (ssl.sent && ssl.alert === 'none') ssl.core.discardTransmit();
  ssl.unreleased ||= ssl.datagrams && broken.rule === 'unexpected-record-type';
  const reasons = faultReasons(broken, { version: ssl.core.version(), closing: ssl.sent });
  return over(ssl, 'fault', reasons, !ssl.sent);
}

function over(ssl: Ssl, by: 'alert' | 'fault', queue: readonly string[], spoilsSession: boolean): Taken {
  if (spoilsSession) forbidResumption(ssl);
  ssl.life = 'dead';
  return { kind: 'over', by, queue };
}

/** Datagrams, after SSL_SENT_SHUTDOWN: neither alert nor data. */
function passedOver(ssl: Ssl): Taken {
  noteDifference(ssl, 7, {
    manual: 'passes over a record that is neither alert nor data, and the call goes on',
    'openssl-3.5':
      'lets a call end over a record that is neither alert nor data, with SSL_ERROR_SYSCALL, errno 0',
  });
  return ssl.choices.unreadDatagram === 'is-lost' ? { kind: 'lost' } : { kind: 'moved', what: 'other' };
}

/** If a write has met the reset already, there is nothing left but the end. */
function takeReset(ssl: Ssl, errno: string): Taken {
  if (ssl.resetTold) return { kind: 'eof' };
  ssl.resetTold = true;
  return { kind: 'reset', errno };
}

function noteRenegotiation(ssl: Ssl, what: string): void {
  const refused = what === 'hello-request' && ssl.role === 'client' && ssl.choices.helloRequest === 'refuses';
  if (!refused && what !== 'renegotiation') return;
  noteDifference(ssl, 'renegotiation', {
    manual: 'answers a HelloRequest with no_renegotiation, and the connection goes on',
    'openssl-3.5':
      'answers a HelloRequest with a ClientHello: until that handshake is over SSL_shutdown fails with "shutdown while in init"',
  });
}

function sort(what: string): 'message' | 'empty' | 'other' {
  if (what === 'empty') return 'empty';
  return MESSAGES.has(what) ? 'message' : 'other';
}

const MESSAGES: ReadonlySet<string> = new Set([
  'handshake',
  'connected',
  'ticket',
  'key-update',
  'hello-request',
  'renegotiation',
]);
const NOTHING_READ: RecordStep = { kind: 'ignored', bytes: 0 };
const ENDS: ReadonlySet<RecordStep['kind']> = new Set(['idle', 'eof', 'reset']);
const FATAL = 2;
const UNEXPECTED_MESSAGE = 10;
const INTERNAL_ERROR = 80;
/** How many user_canceled alerts in a row are one too many for OpenSSL. */
const CANCELLATIONS = 5;
