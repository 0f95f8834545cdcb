import type { Suite } from '../../crypto/suites.ts';
import type { ClientHello } from '../../wire/hello.ts';
import type { PeerKey } from './peer-auth.ts';
import type { Session } from './session.ts';
import type { Connected13 } from './tls13-connected.ts';
import type { ApplicationKeys, HandshakeKeys } from './tls13-keys.ts';

/** Names are RFC 9846's (appendix A.2); START waits for the ClientHello. */
export type ServerState = { version: undefined; name: 'START' } | Tls13ServerState | Tls12ServerState;

/** What a HelloRetryRequest fixed. `first`: unless all there is left of it is a hash in the cookie. */
export type Retried = {
  first?: ClientHello;
  suite: Suite;
  group: number;
};

/** What a TLS 1.3 server carries from its flight to the client's Finished. */
export type Tls13ServerRun = {
  keys: HandshakeKeys;
  application: ApplicationKeys;
  group: number;
  scheme?: number | undefined;
  alpn?: string | undefined;
  serverName?: string | undefined;
  resumed?: Session | undefined;
  helloRetry: boolean;
  /** The client can use tickets: it takes psk_dhe_ke (RFC 9846 §4.3.9). */
  takesTickets: boolean;
  clientCertificate: boolean;
  verified: boolean;
};

/** What a server's tickets say. */
export type TicketBase = {
  suite: Suite;
  resumptionSecret: Uint8Array;
  alpn?: string | undefined;
  serverName?: string | undefined;
  verified: boolean;
  /** Tickets issued; makes their nonces. */
  issued: number;
};

export type Tls13ServerState = { version: 0x0304 } & (
  | { name: 'WAIT_CH2'; retried: Retried }
  | { name: 'WAIT_CERT' | 'WAIT_FINISHED'; run: Tls13ServerRun }
  | { name: 'WAIT_CV'; run: Tls13ServerRun; key: PeerKey }
  | { name: 'CONNECTED'; connected: Connected13; ticketBase: TicketBase }
);

/** What a TLS 1.2 server carries from its ServerHello on. */
export type Tls12ServerRun = {
  suite: Suite;
  serverRandom: Uint8Array;
  sessionId: Uint8Array;
  extendedMasterSecret: boolean;
  /** Announced in the ServerHello. */
  ticketPromised: boolean;
  group?: number;
  scheme?: number;
  alpn?: string | undefined;
  serverName?: string | undefined;
  clientCertificate: boolean;
  verified: boolean;
  resumed?: Session;
};

export type Tls12ServerState = { version: 0x0303 } & (
  | { name: 'WAIT_CERT'; run: Tls12ServerRun; share: ServerShare }
  | { name: 'WAIT_CKE'; run: Tls12ServerRun; share: ServerShare; key?: PeerKey }
  | { name: 'WAIT_PSK_CKE'; run: Tls12ServerRun; share: ServerShare | undefined }
  | { name: 'WAIT_CV'; run: Tls12ServerRun; master: Uint8Array; key: PeerKey }
  | { name: 'WAIT_CCS' | 'WAIT_FINISHED'; run: Tls12ServerRun; master: Uint8Array }
  | { name: 'CONNECTED' }
);

export type ServerShare = { agree(peer: Uint8Array): Uint8Array | undefined };
