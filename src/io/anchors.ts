import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CredentialError } from './credential-error.ts';
import { distinguishedNames } from './distinguished-names.ts';
import { certificatesInPem } from './pem.ts';

/** The certificates we trust, parsed one by one as they are asked for. */
export type Anchors = {
  /** Those whose encoded subject name is this key of distinguishedNames(). */
  named(subject: string): readonly X509Certificate[];
  all(): readonly X509Certificate[];
  has(certificate: X509Certificate): boolean;
};

/** Throws CredentialError for a text without certificates or with a broken one. */
export function anchorsFromPem(texts: readonly string[]): Anchors {
  for (const text of texts) {
    if (certificatesInPem(text).length === 0) {
      throw new CredentialError(
        'no-certificate',
        'the CA file holds no certificate',
        'it must be PEM text with a line "-----BEGIN CERTIFICATE-----"',
      );
    }
  }
  return indexed(texts, (position) => {
    throw new CredentialError('bad-certificate', `certificate ${position} of the CA file can't be parsed`);
  });
}

/** Node's own roots and NODE_EXTRA_CA_CERTS. Nothing is loaded before the first question. */
export function defaultAnchors(): Anchors {
  let loaded: Anchors | undefined;
  const load = (): Anchors => {
    loaded ??= indexed([...process.getBuiltinModule('node:tls').rootCertificates, extraRoots()], () => {});
    return loaded;
  };
  return {
    named: (subject) => load().named(subject),
    all: () => load().all(),
    has: (certificate) => load().has(certificate),
  };
}

type Entry = { der: Buffer; parsed?: X509Certificate | undefined; broken?: true };

function indexed(texts: readonly string[], onBroken: (position: number) => void): Anchors {
  const entries: Entry[] = [];
  const bySubject = new Map<string, Entry[]>();
  for (const [i, der] of texts.flatMap(certificatesInPem).entries()) {
    const subject = distinguishedNames(der)?.subject;
    if (subject === undefined) {
      onBroken(i + 1);
      continue;
    }
    const entry: Entry = { der };
    entries.push(entry);
    const same = bySubject.get(subject);
    if (same === undefined) bySubject.set(subject, [entry]);
    else same.push(entry);
  }
  const parsed = (list: readonly Entry[]) =>
    list.map(parse).filter((certificate) => certificate !== undefined);
  return {
    named: (subject) => parsed(bySubject.get(subject) ?? []),
    all: () => parsed(entries),
    has(certificate) {
      const subject = distinguishedNames(certificate.raw)?.subject;
      return (bySubject.get(subject ?? '') ?? []).some((entry) => entry.der.equals(certificate.raw));
    },
  };
}

function parse(entry: Entry): X509Certificate | undefined {
  if (entry.parsed === undefined && entry.broken === undefined) {
    try {
      entry.parsed = new X509Certificate(entry.der);
    } catch {
      entry.broken = true;
    }
  }
  return entry.parsed;
}

function extraRoots(): string {
  const path = process.env.NODE_EXTRA_CA_CERTS;
  if (path === undefined || path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Node itself has already warned about a file it can't read.
    return '';
  }
}
