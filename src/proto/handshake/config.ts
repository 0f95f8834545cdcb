import type { KeyLimits } from '../../crypto/aead-limits.ts';
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
  /** Server: picks out of what is offered where none of `alpn` is. */
  alpnElse?(offered: readonly string[]): string | undefined;
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
  /** Client: offered for the PSK suites of 1.2 and as an external PSK in 1.3, beside certificates as `suites` says. */
  psk?: ExternalPsk;
  /** Server: knows the keys of PSK identities. Without `identity` nothing but a PSK will do. */
  pskKeys?: PskKeys;
  /**
   * Server, DTLS: no state before the client has shown that it gets what is sent to its address. A machine that has asked
   * for a cookie is in phase `start` still, and any other one with the same key takes it.
   */
  cookie?: CookieKeeper;
  /** record_size_limit to announce (RFC 8449); absent: not sent. */
  recordSizeLimit?: number;
};

/** A key agreed on elsewhere. In 1.3 it goes with SHA-256 (RFC 9846 §4.3.11). `identity`: 1 to 65535 bytes. */
export type ExternalPsk = { identity: Uint8Array; key: Uint8Array };

/** `find` gives undefined for an identity it does not know; `hint` is for ServerKeyExchange (RFC 4279 §2). */
export type PskKeys = { find(identity: Uint8Array): Uint8Array | undefined; hint?: Uint8Array };

/** `key`: 32 bytes, the server's own. `address`: of the client, as any bytes that tell it from others. */
export type CookieKeeper = { key: Uint8Array; address: Uint8Array };

/** Where implementations differ within the rules, or where a profile wants something else. Defaults are the RFC's. */
export type TlsPolicy = {
  /** TLS 1.2: how many warning alerts in a row before unexpected_message(10). */
  warningLimit: number;
  /** Does a close_notify behind as many warnings count as one too many? */
  closeNotifyCounts: boolean;
  /** TLS 1.2: close_notify at level fatal is `fatal`, at an undefined level illegal_parameter (RFC 5246 §7.2). */
  closeNotifyLevel: 'strict' | 'any';
  /** TLS 1.3: when the peer's request for a KeyUpdate is answered. `late`: before our next write, or the peer's next handshake message. */
  keyUpdateAnswers: 'at-once' | 'late';
  /** TLS 1.2: `begin`: a client answers a HelloRequest with a ClientHello, and that is as far as it goes. */
  renegotiation: 'refuse' | 'begin';
  /** Alerts that are sent instead of the RFC's, by the rule that was broken. */
  alerts: Readonly<Record<string, number>>;
  /** TLS 1.2: a handshake record without content, which RFC 5246 §6.2.1 forbids. */
  emptyHandshakeRecord: 'refuse' | 'ignore';
  /** TLS 1.3 client: alerts before its Finished go under the handshake key, or in the clear as before there was one. */
  handshakeAlerts: 'protected' | 'plain';
};

export type TlsConfig = HandshakeConfig & {
  policy: TlsPolicy;
  /** Keys are changed after less use than their AEAD allows; where they cannot be, the connection ends. */
  keyLimits?: Partial<KeyLimits>;
};
