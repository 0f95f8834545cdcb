import { createHash, type KeyObject, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

export type CertificateRequest = {
  /** Common name. */
  subject: string;
  publicKey: KeyObject;
  /** Who signs: the subject itself for a self-signed one. */
  issuer: { subject: string; publicKey: KeyObject; privateKey: KeyObject };
  notBefore: Date;
  notAfter: Date;
  /** 1 to 20 bytes, the first one below 0x80 and not 0. */
  serial: Uint8Array;
  ca: boolean;
  /** May its key sign certificates by its key usage? Default: as `ca` says. */
  signsCertificates?: boolean;
  /** DNS names and IP addresses of subjectAltName. */
  names?: readonly string[];
  ips?: readonly string[];
  /** Extended key usage; absent: none. */
  usage?: readonly ('server' | 'client')[];
};

/** An X.509 v3 certificate (RFC 5280) as DER, signed with SHA-256 (RSA, P-256), SHA-384, SHA-512 or Ed25519. */
export function issueCertificate(request: CertificateRequest): Buffer {
  const { issuer } = request;
  const { oid, hash, parameters } = signatureAlgorithm(issuer.privateKey);
  const algorithm = new AlgorithmIdentifier({ algorithm: oid, ...(parameters && { parameters }) });
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: arrayBuffer(request.serial),
    signature: algorithm,
    issuer: commonName(issuer.subject),
    validity: new Validity({ notBefore: request.notBefore, notAfter: request.notAfter }),
    subject: commonName(request.subject),
    subjectPublicKeyInfo: AsnConvert.parse(spki(request.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensionsOf(request)),
  });
  const signature = sign(hash, Buffer.from(AsnConvert.serialize(tbs)), issuer.privateKey);
  const certificate = new Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBuffer(signature),
  });
  return Buffer.from(AsnConvert.serialize(certificate));
}

/** DER as PEM text, with its final newline. */
export function certificatePem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensionsOf(request: CertificateRequest): Extension[] {
  const usage =
    (request.signsCertificates ?? request.ca)
      ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
      : KeyUsageFlags.digitalSignature;
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: request.ca }), true),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(request.publicKey))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({
        keyIdentifier: new KeyIdentifier(keyIdentifier(request.issuer.publicKey)),
      }),
    ),
  ];
  const names = [
    ...(request.names ?? []).map((dNSName) => new GeneralName({ dNSName })),
    ...(request.ips ?? []).map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  if (names.length > 0) extensions.push(extension(id_ce_subjectAltName, new SubjectAlternativeName(names)));
  if (request.usage !== undefined) {
    const purposes = request.usage.map((who) => (who === 'server' ? id_kp_serverAuth : id_kp_clientAuth));
    extensions.push(extension(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes)));
  }
  return extensions;
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

/** RFC 7093 §2 (1): the first 160 bits of a SHA-256. */
function keyIdentifier(publicKey: KeyObject): ArrayBuffer {
  return arrayBuffer(createHash('sha256').update(spki(publicKey)).digest().subarray(0, 20));
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function signatureAlgorithm(key: KeyObject): { oid: string; hash?: string; parameters?: ArrayBuffer } {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return { oid: SHA256_WITH_RSA, hash: 'sha256', parameters: arrayBuffer(ASN1_NULL) };
  if (type === 'ed25519') return { oid: ED25519 };
  const ecdsa = ECDSA[details?.namedCurve ?? ''];
  if (type !== 'ec' || ecdsa === undefined)
    throw new TypeError(`no certificate signatures with ${type} keys`);
  return ecdsa;
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

const COMMON_NAME = '2.5.4.3';
const ASN1_NULL = Uint8Array.of(5, 0);
/** RFC 4055 §5, RFC 8410 §3, RFC 5758 §3.2. */
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const ED25519 = '1.3.101.112';
const ECDSA: Readonly<Record<string, { oid: string; hash: string }>> = {
  prime256v1: { oid: '1.2.840.10045.4.3.2', hash: 'sha256' },
  secp384r1: { oid: '1.2.840.10045.4.3.3', hash: 'sha384' },
  secp521r1: { oid: '1.2.840.10045.4.3.4', hash: 'sha512' },
};
