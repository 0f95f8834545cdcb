import type { Millis } from '../timeline/event.ts';
import type { CloseNote } from '../timeline/outcome.ts';

/** What a client did at the end of a connection to a server of ours. Times in ms after the last closing act of ours before. */
export type ClientFacts = {
  handshake: 'completed' | 'resumed' | 'failed';
  closedFirst: 'client' | 'server' | 'nobody';
  /** Its close_notify, relative to ours: `alone` when we sent none. */
  closeNotify: 'before' | 'after' | 'alone' | 'none';
  closeNotifyMs?: Millis;
  /** How its direction ended. `unseen`: we reset the connection, or had stopped reading, and saw nothing after that. `none`: datagrams have no end. */
  end: 'fin' | 'reset' | 'open' | 'unseen' | 'none';
  endMs?: Millis;
  /** An error alert it sent. */
  alert?: { level: number; description: number; name: string };
  /** Application data it sent. */
  bytes: number;
  /** QUIC alone, which has neither close_notify nor alerts. */
  quic?: QuicClientFacts;
};

export type ClientReport = { text: string; facts: ClientFacts };

/** What only a QUIC client can do at the end of its connection. */
export type QuicClientFacts = {
  /** Its CONNECTION_CLOSE, in order of arrival. */
  closes: readonly CloseNote[];
  /** How its connection ended for us. `forgotten`: we forgot it on purpose. `cut`: our server was stopped before its end. */
  ended: 'closed' | 'idle-timeout' | 'stateless-reset' | 'forgotten' | 'cut';
  /** Datagrams of the client that came when it must have known of our CONNECTION_CLOSE, and held none. */
  datagramsAfterOurClose: number;
  /** Streams that it reset. */
  resets: number;
  /** What it broke, as the name of our rule. */
  fault?: string;
};
