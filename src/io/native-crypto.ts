import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type Hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { isCcm, tagLength } from '../crypto/aeads.ts';
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
} from '../crypto/provider.ts';
import { drawScalar, isCurve, looksUncompressed } from '../crypto/scalar.ts';
import { concat, fromHex } from '../wire/bytes.ts';

/**
 * The provider over node:crypto. Keys are KeyObjects (raw bytes are slow on Node 24) and private keys are imported from
 * drawn bytes, never generated and never exported as JWK (which can deadlock Node 20).
 */
export function createNativeProvider(): CryptoProvider {
  return {
    name: 'native',
    hash: (name) => runningHash(createHash(name)),
    hmac: prepareHmac,
    aead: prepareAead,
    headerMask: prepareHeaderMask,
    keyShare: startShare,
    answerShare(group, peer, random) {
      const { share, agree } = startShare(group, random);
      const secret = agree(peer);
      return secret === undefined ? undefined : { share, secret };
    },
    verifyEcdsa(curve, hash, publicKey, data, signature) {
      if (!looksUncompressed(curve, publicKey)) return false;
      const check = () => verify(hash, data, curvePublicKey(curve, publicKey), signature);
      return attempt(check) ?? false;
    },
    verifyEd25519: (publicKey, data, signature) =>
      attempt(() => verify(undefined, data, ed25519PublicKey(publicKey), signature)) ?? false,
    signEcdsa: (curve, hash, privateKey, data) => plain(sign(hash, data, curvePrivateKey(curve, privateKey))),
    signEd25519: (privateKey, data) => plain(sign(undefined, data, ed25519PrivateKey(privateKey))),
    ed25519PublicKey: (privateKey) => ed25519PublicBytes(ed25519PrivateKey(privateKey)),
  };
}

function runningHash(state: Hash): RunningHash {
  return {
    update(data) {
      state.update(data);
    },
    digest: () => plain(state.copy().digest()),
    clone: () => runningHash(state.copy()),
  };
}

function prepareHmac(name: HashName, key: Uint8Array): Hmac {
  const prepared = createSecretKey(key);
  return (...parts) => {
    const running = createHmac(name, prepared);
    for (const part of parts) running.update(part);
    return plain(running.digest());
  };
}

function prepareAead(name: AeadName, key: Uint8Array): Aead {
  if (isCcm(name)) return prepareCcm(name, key);
  const prepared = createSecretKey(key);
  // All three take the options of GCM; the types know only some of the names.
  const cipher = name as 'aes-128-gcm';
  return {
    seal(nonce, aad, plaintext) {
      const sealing = createCipheriv(cipher, prepared, nonce, TAG_OPTIONS);
      sealing.setAAD(aad);
      const body = sealing.update(plaintext);
      sealing.final();
      return concat(body, sealing.getAuthTag());
    },
    open(nonce, aad, ciphertext) {
      const end = ciphertext.length - TAG_OPTIONS.authTagLength;
      if (end < 0) return undefined;
      const opening = createDecipheriv(cipher, prepared, nonce, TAG_OPTIONS);
      opening.setAAD(aad);
      opening.setAuthTag(ciphertext.subarray(end));
      const body = opening.update(ciphertext.subarray(0, end));
      return attempt(() => {
        opening.final();
        return plain(body);
      });
    },
  };
}

/** CCM wants the length before the data and the tag before the ciphertext. */
function prepareCcm(name: AeadName, key: Uint8Array): Aead {
  const prepared = createSecretKey(key);
  const cipher = key.length === 16 ? 'aes-128-ccm' : 'aes-256-ccm';
  const options = { authTagLength: tagLength(name) };
  return {
    seal(nonce, aad, plaintext) {
      const sealing = createCipheriv(cipher, prepared, nonce, options);
      sealing.setAAD(aad, { plaintextLength: plaintext.length });
      const body = sealing.update(plaintext);
      sealing.final();
      return concat(body, sealing.getAuthTag());
    },
    open(nonce, aad, ciphertext) {
      const end = ciphertext.length - options.authTagLength;
      if (end < 0) return undefined;
      return attempt(() => {
        const opening = createDecipheriv(cipher, prepared, nonce, options);
        opening.setAuthTag(ciphertext.subarray(end));
        opening.setAAD(aad, { plaintextLength: end });
        const body = opening.update(ciphertext.subarray(0, end));
        opening.final();
        return plain(body);
      });
    },
  };
}

function prepareHeaderMask(name: AeadName, key: Uint8Array): (sample: Uint8Array) => Uint8Array {
  const prepared = createSecretKey(key);
  if (name === 'chacha20-poly1305') {
    return (sample) => plain(createCipheriv('chacha20', prepared, sample).update(MASK_INPUT));
  }
  const block = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', prepared, null);
  block.setAutoPadding(false);
  return (sample) => plain(block.update(sample));
}

function startShare(group: GroupName, random: Random): KeyShare {
  if (group === 'x25519') return x25519Share(random);
  if (!isCurve(group)) throw new Error(`the native provider was not given ${group} (see withMlkem)`);
  const ecdh = createECDH(OPENSSL_CURVES[group]);
  ecdh.setPrivateKey(drawScalar(group, random));
  return {
    share: plain(ecdh.getPublicKey()),
    agree(peer) {
      if (!looksUncompressed(group, peer)) return undefined;
      return attempt(() => plain(ecdh.computeSecret(peer)));
    },
  };
}

function x25519Share(random: Random): KeyShare {
  const d = Buffer.from(random(32)).toString('base64url');
  // Node checks that `x` is a text and computes with `d` alone.
  const privateKey = createPrivateKey({ key: { ...X25519, x: '', d }, format: 'jwk' });
  const times = (point: Uint8Array): Uint8Array =>
    plain(diffieHellman({ privateKey, publicKey: x25519PublicKey(point) }));
  return {
    // The public key by its definition (RFC 7748 §6.1). Asking OpenSSL for it, and DER, load decoders and encoders: 1 ms.
    share: times(BASE_POINT),
    // OpenSSL refuses an all-zero result (RFC 7748 §6.1).
    agree: (peer) => (peer.length === 32 ? attempt(() => times(peer)) : undefined),
  };
}

function x25519PublicKey(point: Uint8Array): KeyObject {
  const x = Buffer.from(point).toString('base64url');
  return createPublicKey({ key: { ...X25519, x }, format: 'jwk' });
}

const X25519 = { kty: 'OKP', crv: 'X25519' } as const;
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));

function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.from(concat(ED25519_DER.pkcs8, seed)),
    format: 'der',
    type: 'pkcs8',
  });
}

function ed25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(ED25519_DER.spki, bytes)), format: 'der', type: 'spki' });
}

function ed25519PublicBytes(privateKey: KeyObject): Uint8Array {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return Uint8Array.from(spki.subarray(-32));
}

function curvePublicKey(curve: CurveName, point: Uint8Array): KeyObject {
  const key = Buffer.from(concat(CURVE_DER[curve].spki, point));
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** SEC 1 ECPrivateKey without the public key, which OpenSSL computes. */
function curvePrivateKey(curve: CurveName, scalar: Uint8Array): KeyObject {
  const { sec1Head, sec1Tail } = CURVE_DER[curve];
  return createPrivateKey({
    key: Buffer.from(concat(sec1Head, scalar, sec1Tail)),
    format: 'der',
    type: 'sec1',
  });
}

/** A Buffer of node:crypto's as what the contract promises: `slice` of a Buffer would not copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

const TAG_OPTIONS = { authTagLength: 16 } as const;
const MASK_INPUT = new Uint8Array(16);
const OPENSSL_CURVES = { secp256r1: 'prime256v1', secp384r1: 'secp384r1', secp521r1: 'secp521r1' } as const;

/** What stands in front of the raw key bytes: RFC 8410 §4 and §7. */
const ED25519_DER = {
  spki: fromHex('302a300506032b6570032100'),
  pkcs8: fromHex('302e020100300506032b657004220420'),
};

/** What stands around the raw key bytes: RFC 5480 §2, RFC 5915 §3. */
const CURVE_DER = {
  secp256r1: {
    spki: fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
    sec1Head: fromHex('30310201010420'),
    sec1Tail: fromHex('a00a06082a8648ce3d030107'),
  },
  secp384r1: {
    spki: fromHex('3076301006072a8648ce3d020106052b81040022036200'),
    sec1Head: fromHex('303e0201010430'),
    sec1Tail: fromHex('a00706052b81040022'),
  },
  secp521r1: {
    spki: fromHex('30819b301006072a8648ce3d020106052b8104002303818600'),
    sec1Head: fromHex('30500201010442'),
    sec1Tail: fromHex('a00706052b81040023'),
  },
} as const;
