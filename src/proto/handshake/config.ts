import type { Identity } from './peer-auth.ts';
import type { Session, SessionCache, TicketIssuer } from './session.ts';

/** What a connection is to negotiate. Numbers are the registries' (RFC 9846 §4.3.3, §4.3.7, appendix B.4). */
export type HandshakeConfig = {
  /** Acceptable versions. Client: all are offered in one ClientHello. */
  versions: readonly (0x0303 | 0x0304)[];
  /** Preference order; 1.2 and 1.3 suites in one list. */
  suites: readonly number[];
  groups: readonly number[];
  /** Groups for which the client sends a share at once (default: the first of `groups`). */
  shares?: readonly number[];
  signatureSchemes: readonly number[];
  serverName?: string;
  alpn?: readonly string[];
  /** Server: required. Client: answers a CertificateRequest. */
  identity?: Identity;
  /** Server: ask for a client certificate. */
  clientCertificate?: 'request' | 'require';
  /** `require`: a chain that fails ends the handshake with its alert. `report`: it goes on, and the timeline says `insecure`. */
  verify: 'require' | 'report';
  /** Client: the session to offer. */
  session?: Session;
  /** Server. */
  tickets?: TicketIssuer;
  sessionCache?: SessionCache;
  /** record_size_limit to announce (RFC 8449); absent: not sent. */
  recordSizeLimit?: number;
};

/** Where implementations differ within the rules, or where a profile wants something else. Defaults are the RFC's. */
export type TlsPolicy = {
  /** TLS 1.2: how many warning alerts in a row before unexpected_message(10). */
  warningLimit: number;
  /** TLS 1.2: close_notify at level fatal is `fatal`, at an undefined level illegal_parameter (RFC 5246 §7.2). */
  closeNotifyLevel: 'strict' | 'any';
  /** Are the peer's requests for a KeyUpdate answered after our close_notify? RFC 9846 §6.1 wants silence. */
  answersAfterClose: boolean;
  /** TLS 1.3 client: alerts before its Finished go under the handshake key, or in the clear as before there was one. */
  handshakeAlerts: 'protected' | 'plain';
};

export type TlsConfig = HandshakeConfig & { policy: TlsPolicy };
