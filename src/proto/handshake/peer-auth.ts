import type { Role } from '../role.ts';

export type CertificateFacts = {
  subject: string;
  issuer: string;
  names: readonly string[];
  keyType: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
};

/** The leaf's public key: checks a signature of a TLS SignatureScheme (RFC 9846 §4.3.3). False also for a scheme the key can't make. */
export type PeerKey = {
  /** rsaEncryption, rsassaPss, ecdsa on its curve, or ed25519: decides which schemes and suites fit. */
  readonly type: 'rsa' | 'rsa-pss' | 'ec-secp256r1' | 'ec-secp384r1' | 'ec-secp521r1' | 'ed25519' | 'other';
  verify(scheme: number, content: Uint8Array, signature: Uint8Array): boolean;
};

export type Examined = {
  facts: CertificateFacts;
  key: PeerKey;
  /**
   * `judged: false`: nobody asked for a judgement. `alert`: what RFC 9846 §6.2 gives for the reason (unknown_ca,
   * certificate_expired, bad_certificate …).
   */
  verdict: { ok: true; judged?: false } | { ok: false; reason: string; alert: number };
};

/** The port through which a chain is judged. Synchronous. Undefined: the leaf can't be parsed (bad_certificate). */
export type PeerAuth = {
  examine(request: {
    chain: readonly Uint8Array[];
    presenter: Role;
    serverName?: string | undefined;
  }): Examined | undefined;
};

/** Our own certificate and key. */
export type Identity = {
  /** DER, leaf first. */
  chain: readonly Uint8Array[];
  keyType: PeerKey['type'];
  /** SignatureSchemes this key can make, best first. */
  schemes: readonly number[];
  sign(scheme: number, content: Uint8Array): Uint8Array;
};
