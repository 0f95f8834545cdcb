import { schemeById, schemeFits } from '../../crypto/signatures.ts';
import { ALERT } from '../../wire/alert.ts';
import { ascii, concat } from '../../wire/bytes.ts';
import type { Role } from '../role.ts';
import type { Context } from './context.ts';
import { illegalParameter, peerFault } from './faults.ts';
import type { Identity, PeerKey } from './peer-auth.ts';

/** The leaf's key, and whether the chain was found good. */
export type PeerCertificate = { key: PeerKey; verified: boolean };

/** Has the chain judged and put on the timeline. With `verify: 'require'` a bad one ends the handshake. */
export function examinePeer(ctx: Context, chain: readonly Uint8Array[]): PeerCertificate {
  const { config, deps } = ctx;
  const presenter: Role = ctx.role === 'client' ? 'server' : 'client';
  const serverName = presenter === 'server' ? config.serverName : undefined;
  const examined = deps.peerAuth.examine({ chain, presenter, serverName });
  if (examined === undefined)
    throw peerFault('certificate-unreadable', ALERT.bad_certificate, 'the leaf certificate cannot be parsed');
  const { facts, key, verdict } = examined;
  const fact = { kind: 'certificate', by: 'peer', ...facts, chainLength: chain.length } as const;
  if (verdict.ok) deps.emit({ ...fact, verified: verdict.judged === false ? 'skipped' : 'ok' });
  else {
    const verified = config.verify === 'require' ? 'failed' : 'insecure';
    deps.emit({ ...fact, verified, reason: verdict.reason });
    if (config.verify === 'require') throw peerFault('certificate-rejected', verdict.alert, verdict.reason);
  }
  return { key, verified: verdict.ok && verdict.judged !== false };
}

/** Checks a handshake signature: offered by us, fit for key and version (else illegal_parameter), and right. */
export function checkSignature(
  ctx: Context,
  version: 0x0303 | 0x0304,
  key: PeerKey,
  signed: { scheme: number; signature: Uint8Array; content: Uint8Array },
): void {
  const scheme = schemeById(signed.scheme);
  const name = schemeName(signed.scheme);
  if (scheme === undefined || !ctx.config.signatureSchemes.includes(signed.scheme))
    throw illegalParameter('signature-scheme-not-offered', name);
  if (!schemeFits(scheme, key.type, version))
    throw illegalParameter('signature-scheme-unfit', `${name} with a key of type ${key.type}`);
  if (!key.verify(signed.scheme, signed.content, signed.signature))
    throw peerFault('bad-signature', ALERT.decrypt_error, `${name} signature does not verify`);
}

/** Our best scheme among those the peer takes. */
export function chooseScheme(
  identity: Identity,
  offered: readonly number[],
  version: 0x0303 | 0x0304,
): number | undefined {
  return identity.schemes.find((id) => {
    const scheme = schemeById(id);
    return scheme !== undefined && offered.includes(id) && schemeFits(scheme, identity.keyType, version);
  });
}

/** What a TLS 1.3 CertificateVerify signs (RFC 9846 §4.5.2). */
export function verifyContent(signer: Role, transcriptHash: Uint8Array): Uint8Array {
  const context = ascii(`TLS 1.3, ${signer} CertificateVerify`);
  return concat(new Uint8Array(64).fill(0x20), context, Uint8Array.of(0), transcriptHash);
}

export function schemeName(id: number): string {
  return schemeById(id)?.name ?? `signature scheme 0x${id.toString(16).padStart(4, '0')}`;
}
