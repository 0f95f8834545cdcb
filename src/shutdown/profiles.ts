import type { TlsPolicy } from '../proto/handshake/config.ts';
import type { ProfileName } from './types.ts';

/**
 * Everything in which the manual page and OpenSSL 3.5.7 part, for TLS and DTLS: one named choice per numbered
 * discrepancy (ARCHITECTURE.md lists them). Nothing else in this folder asks which profile it runs under.
 */
export type Choices = {
  /** 1. SSL_shutdown while an SSL_write is pending. */
  pendingWrite: 'finish-it-first' | 'give-up-the-alert';
  /** 2. A fatal alert in answer to our close_notify. */
  fatalAnswer: 'an-error' | 'completes';
  /** 3. TLS 1.3: the end of data when user_canceled came before close_notify. */
  canceledThenClosed: 'zero-return' | 'syscall';
  /** 4. A FIN under SSL_OP_IGNORE_UNEXPECTED_EOF, after our close_notify. */
  ignoredEof: 'counts-as-close-notify' | 'forgets-ours';
  /** 5. What a non-blocking SSL_shutdown returns while the process goes on. */
  waitingReturns: 0 | -1;
  /** 6. The second SSL_shutdown meets application data (TLS). */
  unreadData: 'stays-readable' | 'ends-the-connection';
  /** 7. The same in DTLS. */
  unreadDatagram: 'stays-readable' | 'is-lost';
  /** 8. What sets SSL_RECEIVED_SHUTDOWN besides a close_notify. */
  receivedBy: 'ends-that-were-asked-for' | 'any-fatal-alert';
  /** 10. SSL_shutdown after SSL_ERROR_SYSCALL. */
  afterSyscall: 'refused' | 'tries';
  /** 11. args_len of SSL_shutdown_ex. */
  argsLength: 'checked' | 'ignored';
  /** 15. Closing the socket over bytes that SSL_read never took. */
  closeOverUnread: 'fin' | 'reset';
  /** No page speaks of it: TLS 1.2, a HelloRequest. The core's policy has to say the same. */
  helloRequest: 'refuses' | 'renegotiates';
  /** No page speaks of it: DTLS, what SSL_clear does to an MTU that was set by hand. */
  mtuAfterClear: 'kept' | 'forgotten';
};

/** The profiles agree on 9, 12, 13 (as far as 10 lets a call get there) and 14. */
export const PROFILES: Readonly<Record<ProfileName, Choices>> = {
  manual: {
    pendingWrite: 'finish-it-first',
    fatalAnswer: 'an-error',
    canceledThenClosed: 'zero-return',
    ignoredEof: 'counts-as-close-notify',
    waitingReturns: 0,
    unreadData: 'stays-readable',
    unreadDatagram: 'stays-readable',
    receivedBy: 'ends-that-were-asked-for',
    afterSyscall: 'refused',
    argsLength: 'checked',
    closeOverUnread: 'fin',
    helloRequest: 'refuses',
    mtuAfterClear: 'kept',
  },
  'openssl-3.5': {
    pendingWrite: 'give-up-the-alert',
    fatalAnswer: 'completes',
    canceledThenClosed: 'syscall',
    ignoredEof: 'forgets-ours',
    waitingReturns: -1,
    unreadData: 'ends-the-connection',
    unreadDatagram: 'is-lost',
    receivedBy: 'any-fatal-alert',
    afterSyscall: 'tries',
    argsLength: 'ignored',
    closeOverUnread: 'reset',
    helloRequest: 'renegotiates',
    mtuAfterClear: 'forgotten',
  },
};

/**
 * OpenSSL gives up at the fifth warning in a row, close_notify included, and does not mind an empty TLS 1.2 handshake record:
 * return values hang on it, and no page speaks of it.
 */
const COMMON_POLICY: Partial<TlsPolicy> = {
  warningLimit: 4,
  closeNotifyCounts: true,
  emptyHandshakeRecord: 'ignore',
};

const INTERNAL_ERROR = 80;

/** Where a profile wants another policy of the core than the RFC's default. */
export const PROFILE_POLICIES: Readonly<Record<ProfileName, Partial<TlsPolicy>>> = {
  manual: COMMON_POLICY,
  // OpenSSL lets the answer to a KeyUpdate wait for its next write. As a client it does not use its handshake key before the
  // change_cipher_spec that goes out with its Finished, and in TLS 1.2 it answers a HelloRequest with a ClientHello: imitated so
  // far, and no further. A TLS 1.2 record too short for its tag it takes for a failure of its own.
  'openssl-3.5': {
    ...COMMON_POLICY,
    handshakeAlerts: 'plain',
    keyUpdateAnswers: 'late',
    renegotiation: 'begin',
    alerts: { 'record-too-short': INTERNAL_ERROR },
  },
};
