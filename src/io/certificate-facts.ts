import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFacts } from '../proto/handshake/peer-auth.ts';
import { shortenIpv6 } from './address-family.ts';

/** What a timeline says of a certificate. The texts come from whoever made it. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: certificateNames(certificate),
    keyType: keyTypeName(publicKeyOf(certificate)),
    notBefore: isoTime(certificate.validFrom),
    notAfter: isoTime(certificate.validTo),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** DNS names and IP addresses of subjectAltName; the common name does not count (RFC 9525 §2). */
export function certificateNames(certificate: X509Certificate): string[] {
  const names: string[] = [];
  for (const [, type, quoted, bare] of (certificate.subjectAltName ?? '').matchAll(ALT_NAME)) {
    const value = quoted === undefined ? bare : unquoted(quoted);
    if (value === undefined) continue;
    if (type === 'DNS') names.push(value);
    if (type === 'IP Address') names.push(shortenIpv6(value));
  }
  return names;
}

/** Undefined for an algorithm OpenSSL does not know. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

function keyTypeName(key: KeyObject | undefined): string {
  const details = key?.asymmetricKeyDetails;
  switch (key?.asymmetricKeyType) {
    case 'rsa':
      return `RSA-${details?.modulusLength}`;
    case 'rsa-pss':
      return `RSA-PSS-${details?.modulusLength}`;
    case 'ec':
      return NIST_NAMES[details?.namedCurve ?? ''] ?? details?.namedCurve ?? 'EC';
    case 'ed25519':
      return 'Ed25519';
    default:
      return key?.asymmetricKeyType ?? 'unknown';
  }
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** "DNS:a.example, IP Address:192.0.2.1"; Node puts a value in quotes when it could be mistaken. */
const ALT_NAME = /([A-Za-z ]+?):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g;
const NIST_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
