import { constants, type KeyObject, verify } from 'node:crypto';
import type { CryptoProvider } from '../crypto/provider.ts';
import { looksUncompressed } from '../crypto/scalar.ts';
import { curveOfKeyType, type SignatureScheme, schemeById } from '../crypto/signatures.ts';
import type { PeerKey } from '../proto/handshake/peer-auth.ts';

/** RSA is checked by node:crypto, the others by the provider. */
export function createPeerKey(key: KeyObject | undefined, provider: CryptoProvider): PeerKey {
  const type = keyTypeOf(key);
  if (key === undefined || type === 'other') return UNUSABLE;
  const curve = curveOfKeyType(type);
  if (provider.name.startsWith('native') && (curve !== undefined || type === 'ed25519'))
    return nativeKey(key, type);
  if (curve !== undefined) {
    const point = subjectPublicKey(key, POINT_LENGTHS[curve]);
    if (!looksUncompressed(curve, point)) return UNUSABLE;
    return {
      type,
      verify(id, content, signature) {
        const scheme = schemeById(id);
        if (scheme?.algorithm !== 'ecdsa' || scheme.hash === undefined) return false;
        return provider.verifyEcdsa(curve, scheme.hash, point, content, signature);
      },
    };
  }
  if (type === 'ed25519') {
    const bytes = subjectPublicKey(key, 32);
    return {
      type,
      verify: (id, content, signature) =>
        schemeById(id)?.algorithm === 'ed25519' && provider.verifyEd25519(bytes, content, signature),
    };
  }
  return {
    type,
    verify(id, content, signature) {
      const scheme = schemeById(id);
      if (scheme === undefined || !scheme.keyTypes.includes(type)) return false;
      return verifyRsa(key, scheme, content, signature);
    },
  };
}

/** The key's kind in the words of PeerKey. */
export function keyTypeOf(key: KeyObject | undefined): PeerKey['type'] {
  switch (key?.asymmetricKeyType) {
    case 'rsa':
      return 'rsa';
    case 'rsa-pss':
      return 'rsa-pss';
    case 'ed25519':
      return 'ed25519';
    case 'ec':
      return CURVE_KEY_TYPES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'other';
    default:
      return 'other';
  }
}

/** Padding as the scheme says; a PSS salt is as long as the hash (RFC 9846 §4.3.3). */
export function rsaOptions(scheme: SignatureScheme): { padding: number; saltLength?: number } {
  return scheme.algorithm === 'rsa-pss'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { padding: constants.RSA_PKCS1_PADDING };
}

/** The key stays node:crypto's own: taking it apart and putting it together again costs 2 ms at the first time (BENCH.md). */
function nativeKey(key: KeyObject, type: PeerKey['type']): PeerKey {
  const algorithm = type === 'ed25519' ? 'ed25519' : 'ecdsa';
  return {
    type,
    verify(id, content, signature) {
      const scheme = schemeById(id);
      if (scheme?.algorithm !== algorithm) return false;
      try {
        return verify(scheme.hash, content, key, signature);
      } catch {
        return false;
      }
    },
  };
}

function verifyRsa(
  key: KeyObject,
  scheme: SignatureScheme,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(scheme.hash, content, { key, ...rsaOptions(scheme) }, signature);
  } catch {
    // A key whose own parameters forbid the scheme.
    return false;
  }
}

/** The bits at the end of a SubjectPublicKeyInfo. */
function subjectPublicKey(key: KeyObject, length: number): Uint8Array {
  return Uint8Array.from(key.export({ type: 'spki', format: 'der' }).subarray(-length));
}

const UNUSABLE: PeerKey = { type: 'other', verify: () => false };
const POINT_LENGTHS = { secp256r1: 65, secp384r1: 97, secp521r1: 133 } as const;
const CURVE_KEY_TYPES: Readonly<Record<string, PeerKey['type']>> = {
  prime256v1: 'ec-secp256r1',
  secp384r1: 'ec-secp384r1',
  secp521r1: 'ec-secp521r1',
};
