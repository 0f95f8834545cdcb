import type { RecordCore } from '../proto/core.ts';
import type { Role } from '../proto/role.ts';
import type { Emit, Millis, ShutdownFlag } from '../timeline/event.ts';
import { type Difference, noteDifference } from './notes.ts';
import { type Choices, PROFILES } from './profiles.ts';
import type { Flushed, ProfileName, SavedSession, SslOptions } from './types.ts';

export type SslSetup = SslOptions & {
  core: RecordCore;
  /** `none`: neither SSL_set_connect_state nor SSL_set_accept_state was called. */
  role: Role | 'none';
  /** DTLS: records come and go as datagrams. */
  datagrams?: boolean;
  /** Hands the core's queued units to the transport. */
  flush(): Flushed;
  /** Would a write be taken now? A blocking call waits for it. */
  writable(): boolean;
  now(): Millis;
  /** For the notes that say where the other profile would have answered differently. */
  emit?: Emit;
};

/** What stands behind an `SSL *`. The calls of this folder read and change it; nobody else does. */
export type Ssl = {
  readonly core: RecordCore;
  readonly role: Role | 'none';
  readonly profile: ProfileName;
  readonly choices: Choices;
  readonly blocking: boolean;
  readonly ignoreUnexpectedEof: boolean;
  readonly autoRetry: boolean;
  readonly datagrams: boolean;
  readonly flush: () => Flushed;
  readonly writable: () => boolean;
  readonly now: () => Millis;
  readonly emit: Emit | undefined;
  /** `renegotiating`: a HelloRequest was answered. `updating`: a KeyUpdate waits to be sent. `dead`: SSL_ERROR_SSL has occurred. */
  life: 'before' | 'handshake' | 'open' | 'renegotiating' | 'updating' | 'dead';
  quiet: boolean;
  sent: boolean;
  received: boolean;
  /** Application data taken in and not read. */
  inbox: Uint8Array[];
  /** Our close_notify: not owed, waiting for a pending write to go first (which it never will), or tried and to be tried again. */
  alert: 'none' | 'behind-a-write' | 'retry';
  /** Bytes of an SSL_write that said WANT_WRITE and has to be repeated. */
  pendingWrite: number | undefined;
  /** Datagrams: the last SSL_write was not sent, and its datagram is gone. */
  gaveUpWrite: boolean;
  /** A record that ended the connection, and that OpenSSL has not given back. */
  unreleased: boolean;
  /** Our close_notify was tried and fills the write buffer. */
  alertInBuffer: boolean;
  /** A record was let go unread, in a handshake after SSL_RECEIVED_SHUTDOWN. */
  dropped: boolean;
  /** What the last attempt to read or write waits for, and what the transport asked to have tried again: SSL_get_error's sources. */
  waits: 'nothing' | 'read' | 'write';
  retry: 'none' | 'read' | 'write';
  /** The warning alert that SSL_get_error looks at: only with close_notify (0) the end of data is ZERO_RETURN. */
  warning: number;
  /** TLS 1.3: user_canceled came, and how many of them in a row. */
  canceled: boolean;
  cancellations: number;
  /** TLS 1.3: a close_notify that was met stays where it is and is met again. */
  heldClosure: boolean;
  /** The transport's reset was reported: from then on writes meet EPIPE and reads the end. */
  resetTold: boolean;
  /** SSL_ERROR_SYSCALL has occurred. */
  syscall: boolean;
  /** Bytes of an unfinished record that a read attempt has taken off the socket. */
  started: number;
  session: SavedSession | undefined;
  /** Datagrams: SSL_clear has gone over an MTU that was set by hand, as ours always is. */
  mtuCleared: boolean;
  /** How many sessions were given before SSL_clear. */
  givenBefore: number;
  /** Numbers of the discrepancies that this connection's notes have named. */
  readonly noted: Set<Difference>;
  /** Calls so far, for their numbers on the timeline. */
  calls: number;
};

/** A new SSL object over a core that has not begun. */
export function createSsl(setup: SslSetup): Ssl {
  return {
    core: setup.core,
    role: setup.role,
    profile: setup.profile,
    choices: PROFILES[setup.profile],
    blocking: setup.blocking,
    ignoreUnexpectedEof: setup.ignoreUnexpectedEof,
    autoRetry: setup.autoRetry,
    datagrams: setup.datagrams ?? false,
    flush: setup.flush,
    writable: setup.writable,
    now: setup.now,
    emit: setup.emit,
    life: 'before',
    quiet: setup.quietShutdown,
    sent: false,
    received: false,
    inbox: [],
    alert: 'none',
    pendingWrite: undefined,
    gaveUpWrite: false,
    unreleased: false,
    alertInBuffer: false,
    dropped: false,
    waits: 'nothing',
    retry: 'none',
    warning: 0,
    canceled: false,
    cancellations: 0,
    heldClosure: false,
    resetTold: false,
    syscall: false,
    started: 0,
    session: undefined,
    mtuCleared: false,
    givenBefore: 0,
    noted: new Set(),
    calls: 0,
  };
}

/** SSL_get_shutdown, of any SSL object. */
export function sslGetShutdown(ssl: { readonly sent: boolean; readonly received: boolean }): ShutdownFlag[] {
  return [...(ssl.sent ? (['SENT'] as const) : []), ...(ssl.received ? (['RECEIVED'] as const) : [])];
}

/** SSL_set_shutdown: the flags become these, nothing is sent. */
export function sslSetShutdown(ssl: Ssl, flags: readonly ShutdownFlag[]): void {
  ssl.sent = flags.includes('SENT');
  ssl.received = flags.includes('RECEIVED');
}

export function sslSetQuietShutdown(ssl: Ssl, quiet: boolean): void {
  ssl.quiet = quiet;
}

/** SSL_pending: decrypted bytes that SSL_read can deliver without looking at the network. */
export function sslPending(ssl: Ssl): number {
  return ssl.inbox.reduce((sum, data) => sum + data.length, 0);
}

/** SSL_has_pending: has anything been taken off the socket that was not dealt with yet, whole or not? A header alone is dealt with. */
export function sslHasPending(ssl: Ssl): boolean {
  if (ssl.inbox.length > 0 || ssl.heldClosure || ssl.unreleased) return true;
  if (ssl.datagrams) return (ssl.core.begun?.() ?? 0) > 0;
  return ssl.started > 0 && ssl.started !== HEADER_LENGTH;
}

/** Bytes that would still lie in the kernel's socket if OpenSSL were reading it: SSL_read never came for them. */
export function unreadInSocket(ssl: Ssl): number {
  return Math.max(0, ssl.core.unread() - ssl.started);
}

/** What close(2) makes of the connection now: a FIN, or a RST over what nobody has read. */
export function socketCloses(ssl: Ssl): 'fin' | 'reset' {
  if (unreadInSocket(ssl) === 0) return 'fin';
  noteDifference(ssl, 15, {
    manual: 'closes the socket with FIN, whatever lies in it unread',
    'openssl-3.5': 'leaves unread bytes in the socket: closing it makes the kernel send RST',
  });
  return ssl.choices.closeOverUnread;
}

/** SSL_state_string_long, SSL_in_init and SSL_is_init_finished. */
export function sslState(ssl: Ssl): { inInit: boolean; finished: boolean; state: string } {
  return { inInit: ssl.life !== 'open', finished: ssl.life === 'open', state: stateText(ssl) };
}

function stateText(ssl: Ssl): string {
  switch (ssl.life) {
    case 'before':
      return BEFORE;
    case 'handshake':
      return waitingText(ssl);
    case 'renegotiating':
      return 'SSLv3/TLS write client hello';
    case 'updating':
      return `TLSv1.3 write ${ssl.role} key update`;
    case 'open':
      return 'SSL negotiation finished successfully';
    case 'dead':
      return 'error';
  }
}

/** What the side last did before it began to wait. */
function waitingText(ssl: Ssl): string {
  const version = ssl.core.version()?.replace('DTLS', 'TLS');
  if (ssl.role !== 'server') {
    return version === 'TLSv1.2' ? 'SSLv3/TLS write finished' : 'SSLv3/TLS write client hello';
  }
  if (version === undefined) return BEFORE;
  return version === 'TLSv1.2' ? 'SSLv3/TLS write server done' : 'TLSv1.3 early data';
}

const HEADER_LENGTH = 5;
const BEFORE = 'before SSL initialization';
