import type { X509Certificate } from 'node:crypto';
import type { Examined } from '../proto/handshake/peer-auth.ts';
import type { Anchors } from './anchors.ts';
import { distinguishedNames } from './distinguished-names.ts';

export type Verdict = Examined['verdict'];

/**
 * Is there a path from the leaf (the first of `sent`) to an anchor, each step signed by a CA, each certificate valid at
 * that time? The others sent may come in any order, and more of them than needed (RFC 9846 §4.5.2).
 */
export function judgeChain(sent: readonly X509Certificate[], anchors: Anchors, at: Date): Verdict {
  const [leaf] = sent;
  if (leaf === undefined) return refuse('no certificate', BAD_CERTIFICATE);
  const search: Search = { sent, anchors, at, everyAnchor: false, checks: 0, failure: undefined };
  if (walk(search, [leaf])) return { ok: true };
  // Names may be equal and yet encoded differently: before refusing for want of an issuer, try every anchor.
  if ((search.failure?.rank ?? 0) < RANK.signature) {
    search.everyAnchor = true;
    if (walk(search, [leaf])) return { ok: true };
  }
  return search.failure?.verdict ?? refuse('unable to get local issuer certificate', UNKNOWN_CA);
}

export function refuse(reason: string, alert: number): Verdict {
  return { ok: false, reason, alert };
}

type Search = {
  readonly sent: readonly X509Certificate[];
  readonly anchors: Anchors;
  readonly at: Date;
  everyAnchor: boolean;
  /** Signatures checked so far: a peer's certificates can be made to have very many paths. */
  checks: number;
  /** The most telling reason why a path failed. */
  failure: { rank: number; depth: number; verdict: Verdict } | undefined;
};

function walk(search: Search, path: readonly X509Certificate[]): boolean {
  const tip = path.at(-1);
  if (tip === undefined || path.length > DEPTH_LIMIT) return false;
  if (search.anchors.has(tip)) return validNow(search, path);
  if (isSelfSigned(tip)) {
    const where = path.length > 1 ? ' in certificate chain' : '';
    return fail(search, RANK.deadEnd, path, refuse(`self-signed certificate${where}`, UNKNOWN_CA));
  }
  for (const issuer of candidates(search, path, tip)) {
    if (search.checks >= CHECK_LIMIT) break;
    if (!tip.checkIssued(issuer)) continue;
    search.checks++;
    if (!signedBy(tip, issuer)) {
      fail(search, RANK.signature, path, refuse('certificate signature failure', BAD_CERTIFICATE));
    } else if (!issuer.ca) {
      fail(search, RANK.notCa, path, refuse('invalid CA certificate', UNKNOWN_CA));
    } else if (walk(search, [...path, issuer])) {
      return true;
    }
  }
  return fail(search, RANK.deadEnd, path, refuse('unable to get local issuer certificate', UNKNOWN_CA));
}

function candidates(
  search: Search,
  path: readonly X509Certificate[],
  tip: X509Certificate,
): readonly X509Certificate[] {
  const name = distinguishedNames(tip.raw)?.issuer ?? '';
  const trusted = search.everyAnchor ? search.anchors.all() : search.anchors.named(name);
  const used = (certificate: X509Certificate) => path.some((other) => other.raw.equals(certificate.raw));
  return [...trusted, ...search.sent.slice(1)].filter((certificate) => !used(certificate));
}

function validNow(search: Search, path: readonly X509Certificate[]): boolean {
  for (const [depth, certificate] of path.entries()) {
    const whose = depth === 0 ? 'certificate' : 'issuer certificate';
    if (search.at < new Date(certificate.validFrom)) {
      const reason = `${whose} is not yet valid (before ${certificate.validFrom})`;
      return fail(search, RANK.date, path, refuse(reason, CERTIFICATE_EXPIRED));
    }
    if (search.at > new Date(certificate.validTo)) {
      const reason = `${whose} has expired (${certificate.validTo})`;
      return fail(search, RANK.date, path, refuse(reason, CERTIFICATE_EXPIRED));
    }
  }
  return true;
}

function fail(search: Search, rank: number, path: readonly X509Certificate[], verdict: Verdict): false {
  const depth = path.length;
  const before = search.failure;
  if (before === undefined || rank > before.rank || (rank === before.rank && depth > before.depth)) {
    search.failure = { rank, depth, verdict };
  }
  return false;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && signedBy(certificate, certificate);
}

function signedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key or algorithm OpenSSL does not know.
    return false;
  }
}

/** RFC 9846 §6.2. */
export const BAD_CERTIFICATE = 42;
const CERTIFICATE_EXPIRED = 45;
const UNKNOWN_CA = 48;

const DEPTH_LIMIT = 12;
const CHECK_LIMIT = 64;
/** What tells more goes first: a whole path that is out of date, then a step that is wrong, then a missing step. */
const RANK = { deadEnd: 1, signature: 2, notCa: 3, date: 4 } as const;
