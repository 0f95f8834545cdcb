import type { Suite } from '../../crypto/suites.ts';
import type { CertificateRequest12, CertificateRequest13 } from '../../wire/certificate.ts';
import type { Extension } from '../../wire/extensions.ts';
import type { PeerCertificate } from './certificates.ts';
import type { Offer } from './offer.ts';
import type { PeerKey } from './peer-auth.ts';
import type { Session } from './session.ts';
import type { Connected13 } from './tls13-connected.ts';
import type { HandshakeKeys } from './tls13-keys.ts';

/** Names are RFC 9846's (appendix A.1); TLS 1.2 has no names of its own, so they are made the same way. */
export type ClientState =
  | { version: undefined; name: 'START' }
  | WaitServerHello
  | Tls13ClientState
  | Tls12ClientState;

export type WaitServerHello = { version: undefined; name: 'WAIT_SH'; offer: Offer };

/** What a TLS 1.3 client carries from ServerHello to Finished. */
export type Tls13ClientRun = {
  offered: readonly Extension[];
  keys: HandshakeKeys;
  group: number;
  helloRetry: boolean;
  /** The ticket that the server took. */
  resumed?: Session | undefined;
  /** The server took a pre-shared key, of a ticket or not: no certificate comes. */
  byPsk: boolean;
  alpn?: string | undefined;
  request?: CertificateRequest13;
  scheme?: number;
  verified: boolean;
};

export type Tls13ClientState = { version: 0x0304 } & (
  | { name: 'WAIT_EE' | 'WAIT_CERT_CR' | 'WAIT_CERT' | 'WAIT_FINISHED'; run: Tls13ClientRun }
  | { name: 'WAIT_CV'; run: Tls13ClientRun; key: PeerKey }
  | { name: 'CONNECTED'; connected: Connected13; ticketBase: Tls13TicketBase }
);

/** What every ticket of a connection turns into a session with. */
export type Tls13TicketBase = {
  suite: Suite;
  resumptionSecret: Uint8Array;
  alpn?: string | undefined;
  verified: boolean;
};

/** What a TLS 1.2 client carries from ServerHello on. */
export type Tls12ClientRun = {
  suite: Suite;
  serverRandom: Uint8Array;
  /** The server's session_id; may be empty. */
  sessionId: Uint8Array;
  extendedMasterSecret: boolean;
  /** The server said that a NewSessionTicket will come. */
  ticketPromised: boolean;
  ticket?: { lifetime: number; ticket: Uint8Array };
  alpn?: string | undefined;
  group?: number;
  scheme?: number;
  clientCertificate: boolean;
  verified: boolean;
  resumed?: Session;
};

export type Tls12ClientState = { version: 0x0303 } & (
  | { name: 'WAIT_CERT'; run: Tls12ClientRun }
  | { name: 'WAIT_PSK_SKE'; run: Tls12ClientRun }
  | { name: 'WAIT_PSK_SHD'; run: Tls12ClientRun; exchange: ServerPoint | undefined }
  | { name: 'WAIT_SKE'; run: Tls12ClientRun; peer: PeerCertificate }
  | { name: 'WAIT_CR_SHD'; run: Tls12ClientRun; point: Uint8Array; group: number }
  | {
      name: 'WAIT_SHD';
      run: Tls12ClientRun;
      point: Uint8Array;
      group: number;
      request: CertificateRequest12;
    }
  | { name: 'WAIT_TICKET' | 'WAIT_CCS' | 'WAIT_FINISHED'; run: Tls12ClientRun; master: Uint8Array }
  | { name: 'CONNECTED' }
);

/** The server's share in ServerKeyExchange. */
export type ServerPoint = { group: number; point: Uint8Array };
