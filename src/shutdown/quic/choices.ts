import type { ProfileName } from '../types.ts';

/**
 * Everything in which the manual page and OpenSSL 3.5.7 part, for the calls of QUIC: one named choice per numbered discrepancy
 * (ARCHITECTURE.md lists them). On 17, 18 and 29 it is the core's policy that differs; on 19, 23, 27, 28 and 30 to 32 both agree.
 */
export type QuicChoices = {
  /** 11. args_len of SSL_shutdown_ex. */
  argsLength: 'checked' | 'ignored';
  /** 16. An error code of more than 62 bits. */
  oversizeCode: 'refused' | 'taken';
  /** 20. Whose code and reason are sent: of the first call, or of the one that closes. */
  argumentsOf: 'the-first-call' | 'the-closing-call';
  /** 21. A blocking SSL_shutdown whose flush the connection does not outlive. */
  endedFlush: 'waits-for-the-end' | 'returns-0';
  /** 22. SSL_SHUTDOWN_FLAG_WAIT_PEER without blocking: done with the peer's close, or with draining. */
  waitPeerDone: 'with-the-close' | 'with-draining';
  /** 24. Does SSL_handle_events send CONNECTION_CLOSE once everything is flushed? */
  eventsClose: boolean;
  /** 25. Explicit event handling: does SSL_shutdown process events all the same? */
  shutdownHandlesEvents: boolean;
  /** 26. SSL_get_shutdown: what either side said, or how far the connection is. */
  flags: 'what-was-said' | 'how-far-it-is';
  /** 33. Who handles events when nobody calls: always somebody, thread assisted mode or not, or nobody. */
  pump: 'eager' | 'on-call';
};

export const QUIC_PROFILES: Readonly<Record<ProfileName, QuicChoices>> = {
  manual: {
    argsLength: 'checked',
    oversizeCode: 'refused',
    argumentsOf: 'the-first-call',
    endedFlush: 'waits-for-the-end',
    waitPeerDone: 'with-the-close',
    eventsClose: true,
    shutdownHandlesEvents: true,
    flags: 'what-was-said',
    pump: 'eager',
  },
  'openssl-3.5': {
    argsLength: 'ignored',
    oversizeCode: 'taken',
    argumentsOf: 'the-closing-call',
    endedFlush: 'returns-0',
    waitPeerDone: 'with-draining',
    eventsClose: false,
    shutdownHandlesEvents: false,
    flags: 'how-far-it-is',
    pump: 'on-call',
  },
};
