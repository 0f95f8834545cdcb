import type { CloseRequest, QuicCore } from '../../proto/quic/core.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import type { Difference } from '../notes.ts';
import type { ProfileName } from '../types.ts';
import { QUIC_PROFILES, type QuicChoices } from './choices.ts';

export type QuicSslSetup = {
  core: QuicCore;
  profile: ProfileName;
  /** SSL_set_blocking_mode. */
  blocking: boolean;
  /** SSL_set_default_stream_mode: with `none` nothing can be read or written on the connection object. */
  defaultStream: 'auto-bidi' | 'none';
  /** SSL_VALUE_EVENT_HANDLING_MODE_EXPLICIT: events are handled in SSL_handle_events, and by calls that block. */
  explicitEvents: boolean;
  /** Who handles events between calls; by default what the profile says. On call: nobody. */
  pump?: QuicChoices['pump'];
  /** Hands the core's datagrams to the transport. False: it takes no more for now. */
  flush(): boolean;
  /** Would the transport take a datagram? */
  writable(): boolean;
  now(): Millis;
  emit?: Emit;
};

/** What stands behind the `SSL *` of a QUIC connection. The calls of this folder read and change it; nobody else does. */
export type QuicSsl = {
  readonly is: 'connection';
  readonly core: QuicCore;
  readonly profile: ProfileName;
  readonly choices: QuicChoices;
  readonly blocking: boolean;
  readonly explicitEvents: boolean;
  readonly pump: QuicChoices['pump'];
  readonly flush: () => boolean;
  readonly writable: () => boolean;
  readonly now: () => Millis;
  readonly emit: Emit | undefined;
  /** The handshake was begun. */
  started: boolean;
  /** SSL_SENT_SHUTDOWN and SSL_RECEIVED_SHUTDOWN, as of the last event. */
  sent: boolean;
  received: boolean;
  /** SSL_shutdown was called: nothing can be written any more. */
  shutting: boolean;
  /** It was called to flush, and nothing had been begun before: it waits for acknowledgements. */
  flushing: boolean;
  /** The arguments of the first call of SSL_shutdown_ex. */
  firstArgs: CloseRequest | undefined;
  /** A call came back with 0 in the middle of the flush: CONNECTION_CLOSE is still to be sent. */
  owesClose: boolean;
  /** How the flush ended was told. */
  flushTold: boolean;
  /** The stream that stands behind the connection object, once one was needed. */
  defaultStream: bigint | undefined;
  /** `none`: there will be no other. */
  defaultStreamMode: QuicSslSetup['defaultStream'];
  /** SSL_write that said WANT_WRITE: bytes of it that were taken, by stream. */
  readonly begunWrites: Map<bigint, number>;
  /** The transport took no more. */
  stuck: boolean;
  /** How often events were handled: a call that waits looks whether somebody else did. */
  ticks: number;
  readonly noted: Set<Difference>;
  /** Calls so far, for their numbers on the timeline. */
  calls: number;
};

/** What stands behind the `SSL *` of one of its streams. */
export type QuicStream = { readonly is: 'stream'; readonly connection: QuicSsl; readonly id: bigint };

/** What a call can be made on. */
export type QuicObject = QuicSsl | QuicStream;

/** A new SSL object over a core that has not begun. */
export function createQuicSsl(setup: QuicSslSetup): QuicSsl {
  const choices = QUIC_PROFILES[setup.profile];
  return {
    is: 'connection',
    core: setup.core,
    profile: setup.profile,
    choices,
    blocking: setup.blocking,
    explicitEvents: setup.explicitEvents,
    pump: setup.pump ?? choices.pump,
    flush: setup.flush,
    writable: setup.writable,
    now: setup.now,
    emit: setup.emit,
    started: false,
    sent: false,
    received: false,
    shutting: false,
    flushing: false,
    firstArgs: undefined,
    owesClose: false,
    flushTold: false,
    defaultStream: undefined,
    defaultStreamMode: setup.defaultStream,
    begunWrites: new Map(),
    stuck: false,
    ticks: 0,
    noted: new Set(),
    calls: 0,
  };
}

/** The connection that an object belongs to (SSL_get0_connection). */
export function connectionOf(object: QuicObject): QuicSsl {
  return object.is === 'connection' ? object : object.connection;
}

/** Closing, draining or over. */
export function isEnding(ssl: QuicSsl): boolean {
  const phase = ssl.core.phase();
  return phase === 'closing' || phase === 'draining' || phase === 'terminated';
}

/** May streams still be changed? Not once SSL_shutdown was called, nor when the connection is ending. */
export function mayChange(ssl: QuicSsl): boolean {
  return !ssl.shutting && !isEnding(ssl);
}

/** The stream behind an object, if there is one. */
export function streamOf(object: QuicObject): bigint | undefined {
  return object.is === 'stream' ? object.id : object.defaultStream;
}

/** Nothing stands behind the connection object, and nothing will. */
export function hasNoStream({ defaultStream, defaultStreamMode }: QuicSsl): boolean {
  return defaultStream === undefined && defaultStreamMode === 'none';
}
