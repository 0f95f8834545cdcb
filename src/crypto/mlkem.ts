import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { concat } from '../wire/bytes.ts';
import type { CryptoProvider, GroupName, KeyShare, Random } from './provider.ts';

/**
 * Adds X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem) to a provider, whose X25519 it uses. On the wire and in the secret
 * ML-KEM's half comes first. In a file of its own because loading ML-KEM costs more than a whole handshake.
 */
export function withMlkem(base: CryptoProvider): CryptoProvider {
  return {
    ...base,
    name: base.name === 'noble' ? base.name : `${base.name}+noble(${HYBRID})`,
    keyShare: (group, random) =>
      group === HYBRID ? hybridShare(base, random) : base.keyShare(group, random),
    answerShare: (group, peer, random) =>
      group === HYBRID ? answerHybrid(base, peer, random) : base.answerShare(group, peer, random),
  };
}

function hybridShare(base: CryptoProvider, random: Random): KeyShare {
  const { publicKey, secretKey } = ml_kem768.keygen(random(64));
  const classic = base.keyShare('x25519', random);
  return {
    share: concat(publicKey, classic.share),
    agree(peer) {
      if (peer.length !== CIPHERTEXT_LENGTH + X25519_LENGTH) return undefined;
      const shared = classic.agree(peer.subarray(CIPHERTEXT_LENGTH));
      if (shared === undefined) return undefined;
      return concat(ml_kem768.decapsulate(peer.slice(0, CIPHERTEXT_LENGTH), secretKey), shared);
    },
  };
}

function answerHybrid(
  base: CryptoProvider,
  peer: Uint8Array,
  random: Random,
): { share: Uint8Array; secret: Uint8Array } | undefined {
  if (peer.length !== KEY_LENGTH + X25519_LENGTH) return undefined;
  const encapsulated = encapsulate(peer.slice(0, KEY_LENGTH), random(32));
  const classic = base.answerShare('x25519', peer.subarray(KEY_LENGTH), random);
  if (encapsulated === undefined || classic === undefined) return undefined;
  return {
    share: concat(encapsulated.cipherText, classic.share),
    secret: concat(encapsulated.sharedSecret, classic.secret),
  };
}

function encapsulate(
  key: Uint8Array,
  message: Uint8Array,
): { cipherText: Uint8Array; sharedSecret: Uint8Array } | undefined {
  try {
    return ml_kem768.encapsulate(key, message);
  } catch {
    // FIPS 203 §7.2: the key fails the modulus check.
    return undefined;
  }
}

const HYBRID: GroupName = 'x25519mlkem768';
/** Bytes (FIPS 203 §8, table 3). */
const KEY_LENGTH = 1184;
const CIPHERTEXT_LENGTH = 1088;
const X25519_LENGTH = 32;
