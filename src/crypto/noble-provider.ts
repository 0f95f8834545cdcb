import { ecb, gcm, unsafe } from '@noble/ciphers/aes.js';
import { chacha20poly1305, hchacha } from '@noble/ciphers/chacha.js';
import { ecdsa } from '@noble/curves/abstract/weierstrass.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { isCcm, tagLength } from './aeads.ts';
import { createCcm } from './ccm.ts';
import type {
  Aead,
  AeadName,
  CryptoProvider,
  CurveName,
  GroupName,
  HashName,
  Hmac,
  KeyShare,
  Random,
  RunningHash,
} from './provider.ts';
import { drawScalar, isCurve, looksUncompressed } from './scalar.ts';

/**
 * The portable provider. `oneShot` (the default) skips the tables of base point multiples, which cost more than a
 * handshake or two; false builds them at first use, for many handshakes in one process. The tables belong to the
 * curves, so the newest provider's choice holds for all.
 */
export function createNobleProvider(options: { oneShot?: boolean } = {}): CryptoProvider {
  const oneShot = options.oneShot ?? true;
  const window = oneShot ? 1 : 6;
  for (const curve of Object.values(CURVES)) curve.Point.BASE.precompute(window, true);
  ed25519.Point.BASE.precompute(window, true);
  const sharePublic = (secret: Uint8Array) =>
    oneShot ? x25519.scalarMult(secret, x25519.GuBytes) : x25519.getPublicKey(secret);

  const keyShare = (group: GroupName, random: Random): KeyShare => {
    if (group === 'x25519') {
      const secret = random(32);
      return {
        share: sharePublic(secret),
        agree: (peer) => attempt(() => x25519.scalarMult(secret, peer)),
      };
    }
    if (!isCurve(group)) throw new Error(`the noble provider was not given ${group} (see withMlkem)`);
    return curveShare(group, random);
  };

  return {
    name: 'noble',
    hash: (name) => runningHash(HASHES[name].create()),
    hmac: prepareHmac,
    aead: prepareAead,
    headerMask: prepareHeaderMask,
    keyShare,
    answerShare(group, peer, random) {
      const { share, agree } = keyShare(group, random);
      const secret = agree(peer);
      return secret === undefined ? undefined : { share, secret };
    },
    verifyEcdsa(curve, hash, publicKey, data, signature) {
      if (!looksUncompressed(curve, publicKey)) return false;
      const check = () => CURVES[curve].verify(signature, HASHES[hash](data), publicKey, ECDSA_OPTIONS);
      return attempt(check) ?? false;
    },
    verifyEd25519: (publicKey, data, signature) =>
      attempt(() => ed25519.verify(signature, data, publicKey, { zip215: false })) ?? false,
    // Hedged as RFC 6979 §3.6 allows: the nonce depends on key, message and fresh randomness.
    signEcdsa: (curve, hash, privateKey, data, random) =>
      ecdsa(CURVES[curve].Point, HASHES[hash]).sign(HASHES[hash](data), privateKey, {
        ...ECDSA_OPTIONS,
        extraEntropy: random(32),
      }),
    signEd25519: (privateKey, data) => ed25519.sign(data, privateKey),
    ed25519PublicKey: (privateKey) => ed25519.getPublicKey(privateKey),
  };
}

type NobleHash = ReturnType<(typeof HASHES)[HashName]['create']>;

function runningHash(state: NobleHash): RunningHash {
  return {
    update(data) {
      state.update(data);
    },
    digest: () => state.clone().digest(),
    clone: () => runningHash(state.clone()),
  };
}

function prepareHmac(name: HashName, key: Uint8Array): Hmac {
  const prepared = hmac.create(HASHES[name], key);
  return (...parts) => {
    const running = prepared.clone();
    for (const part of parts) running.update(part);
    return running.digest();
  };
}

function prepareAead(name: AeadName, key: Uint8Array): Aead {
  if (isCcm(name)) {
    const expanded = unsafe.expandKeyLE(Uint8Array.from(key));
    return createCcm((block) => void unsafe.encryptBlock(expanded, block), tagLength(name));
  }
  const cipher = name === 'chacha20-poly1305' ? chacha20poly1305 : gcm;
  const kept = Uint8Array.from(key);
  return {
    seal: (nonce, aad, plaintext) => cipher(kept, nonce, aad).encrypt(plaintext),
    open: (nonce, aad, ciphertext) => attempt(() => cipher(kept, nonce, aad).decrypt(ciphertext)),
  };
}

function prepareHeaderMask(name: AeadName, key: Uint8Array): (sample: Uint8Array) => Uint8Array {
  const kept = Uint8Array.from(key);
  if (name !== 'chacha20-poly1305') {
    // noble's ciphers are for one message.
    return (sample) => ecb(kept, { disablePadding: true }).encrypt(sample);
  }
  const keyWords = wordsOf(kept);
  // The sample is block counter and nonce in one. HChaCha is ChaCha20's block without its last addition, which for the
  // first four words only adds the constants; unlike the stream cipher's API it takes every counter a peer can choose.
  return (sample) => {
    const block = new Uint32Array(8);
    hchacha(CHACHA_CONSTANTS, keyWords, wordsOf(sample), block);
    const mask = new Uint8Array(16);
    const view = new DataView(mask.buffer);
    for (const [i, constant] of CHACHA_CONSTANTS.entries()) {
      view.setUint32(4 * i, ((block[i] ?? 0) + constant) >>> 0, true);
    }
    return mask;
  };
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function curveShare(name: CurveName, random: Random): KeyShare {
  const curve = CURVES[name];
  const secret = drawScalar(name, random);
  return {
    share: curve.getPublicKey(secret, false),
    agree(peer) {
      if (!looksUncompressed(name, peer)) return undefined;
      // The x-coordinate (RFC 9846 §7.4.2): a compressed point without its first byte.
      return attempt(() => curve.getSharedSecret(secret, peer, true).slice(1));
    },
  };
}

/** noble throws on bytes that are not valid; what a peer sends is no exception here. */
function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

const HASHES = { sha256, sha384, sha512 } as const;
const CURVES = { secp256r1: p256, secp384r1: p384, secp521r1: p521 } as const;
/** TLS hashes with the scheme's hash, not the curve's, and takes either s. */
const ECDSA_OPTIONS = { prehash: false, lowS: false, format: 'der' } as const;
/** "expand 32-byte k" (RFC 8439 §2.3). */
const CHACHA_CONSTANTS = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
