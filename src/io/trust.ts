import { X509Certificate } from 'node:crypto';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { PeerAuth } from '../proto/handshake/peer-auth.ts';
import type { Role } from '../proto/role.ts';
import { addressFamily } from './address-family.ts';
import { type Anchors, anchorsFromPem, defaultAnchors } from './anchors.ts';
import { certificateFacts, certificateNames, publicKeyOf } from './certificate-facts.ts';
import { BAD_CERTIFICATE, judgeChain, refuse, type Verdict } from './chain.ts';
import { createPeerKey } from './peer-key.ts';

export type TrustOptions = {
  /** PEM texts; they replace the default roots (Node's and NODE_EXTRA_CA_CERTS). */
  ca?: readonly string[];
  /** The time to judge validity by; absent: now. */
  at?: Date;
  provider: CryptoProvider;
  /** False: certificates are parsed, not judged. */
  verify: boolean;
};

/**
 * Judges chains with node:crypto: path to a trusted certificate, validity, CA flags, host name or IP address, the leaf's
 * extended key usage. Not looked at: name constraints, path length, revocation, hash strength inside the chain.
 * Throws CredentialError for a `ca` without usable certificates.
 */
export function createTrust(options: TrustOptions): PeerAuth {
  const anchors = options.ca === undefined ? defaultAnchors() : anchorsFromPem(options.ca);
  return {
    examine({ chain, presenter, serverName }) {
      const parsed = chain.map(parse);
      const [leaf] = parsed;
      if (leaf === undefined) return undefined;
      return {
        facts: certificateFacts(leaf),
        key: createPeerKey(publicKeyOf(leaf), options.provider),
        verdict: options.verify
          ? judge(leaf, parsed, anchors, options.at ?? new Date(), presenter, serverName)
          : { ok: true, judged: false },
      };
    },
  };
}

function judge(
  leaf: X509Certificate,
  parsed: readonly (X509Certificate | undefined)[],
  anchors: Anchors,
  at: Date,
  presenter: Role,
  serverName: string | undefined,
): Verdict {
  const broken = parsed.indexOf(undefined);
  if (broken >= 0) return refuse(`certificate ${broken + 1} of the chain can't be parsed`, BAD_CERTIFICATE);
  const sent = parsed.filter((certificate) => certificate !== undefined);
  const chain = judgeChain(sent, anchors, at);
  if (!chain.ok) return chain;
  const purpose = judgePurpose(leaf, presenter);
  if (!purpose.ok || presenter === 'client' || serverName === undefined) return purpose;
  return judgeName(leaf, serverName);
}

function judgePurpose(leaf: X509Certificate, presenter: Role): Verdict {
  // Node's `keyUsage` is the extended key usage, undefined where the certificate has none.
  const usages: readonly string[] | undefined = leaf.keyUsage;
  if (usages === undefined || usages.includes(ANY_USAGE) || usages.includes(USAGE[presenter]))
    return { ok: true };
  const reason = `unsuitable certificate purpose: extended key usage does not allow a TLS ${presenter}`;
  return refuse(reason, UNSUPPORTED_CERTIFICATE);
}

function judgeName(leaf: X509Certificate, serverName: string): Verdict {
  const name = serverName.replace(/\.$/, '').replace(/%.*$/, '');
  const isAddress = addressFamily(name) !== undefined;
  const matches = isAddress ? leaf.checkIP(name) : leaf.checkHost(name, HOST_OPTIONS);
  if (matches !== undefined) return { ok: true };
  const what = isAddress ? 'IP address mismatch' : 'hostname mismatch';
  return refuse(
    `${what}: certificate is for ${listed(certificateNames(leaf))}, not ${name}`,
    CERTIFICATE_UNKNOWN,
  );
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no name at all';
  const more = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function parse(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** RFC 9525 §6.3: no partial wildcards, no common name. */
const HOST_OPTIONS = { subject: 'never', wildcards: true, partialWildcards: false } as const;
const NAMES_SHOWN = 5;

/** RFC 5280 §4.2.1.12: what the presenter must be allowed to be. */
const USAGE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const ANY_USAGE = '2.5.29.37.0';

/** RFC 9846 §6.2. */
const UNSUPPORTED_CERTIFICATE = 43;
const CERTIFICATE_UNKNOWN = 46;
