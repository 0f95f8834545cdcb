import type { Millis } from '../../timeline/event.ts';

/** What a client keeps of a connection to resume it later. Plain data: may be stored and offered in another run. */
export type Session = {
  version: 0x0303 | 0x0304;
  suite: number;
  /** TLS 1.3: the resumption PSK of this ticket. TLS 1.2: the master secret. */
  secret: Uint8Array;
  ticket?: Uint8Array;
  /** TLS 1.2 session ID, when the server gave one. */
  sessionId?: Uint8Array;
  /** Seconds. 0: not said. */
  lifetime: number;
  /** TLS 1.3 ticket_age_add. */
  ageAdd: number;
  receivedAt: Millis;
  extendedMasterSecret: boolean;
  /** The peer's chain was judged good when the session began. False: `verify: 'require'` must not take it up again. */
  verified?: boolean;
  serverName?: string;
  alpn?: string;
};

/** A server's memory of TLS 1.2 session IDs (bounded by whoever makes it). */
export type SessionCache = {
  store(id: Uint8Array, session: Session): void;
  find(id: Uint8Array): Session | undefined;
};

/** Server: how tickets are made. `key`: 32 bytes, AES-256-GCM; tickets of another key are refused, not faulted. */
export type TicketIssuer = {
  key: Uint8Array;
  lifetime: number;
  count: number;
  /** Keys whose tickets are taken too. */
  otherKeys?(): readonly Uint8Array[];
};
