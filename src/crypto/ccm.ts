import { concat, equalBytes } from '../wire/bytes.ts';
import type { Aead } from './provider.ts';

/**
 * CCM (RFC 3610) over a block cipher of 16 bytes that encrypts in place. Nonces of 7 to 13 bytes; what they leave of 15
 * is the length field.
 */
export function createCcm(encryptBlock: (block: Uint8Array) => void, tagLength: number): Aead {
  const seal = (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array => {
    const out = new Uint8Array(plaintext.length + tagLength);
    addKeystream(encryptBlock, nonce, plaintext, out);
    out.set(maskedTag(nonce, aad, plaintext), plaintext.length);
    return out;
  };
  const maskedTag = (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array => {
    const tag = authenticate(encryptBlock, tagLength, nonce, aad, plaintext).subarray(0, tagLength);
    const mask = counterBlock(nonce, 0);
    encryptBlock(mask);
    for (let i = 0; i < tagLength; i++) tag[i] = (tag[i] ?? 0) ^ (mask[i] ?? 0);
    return tag;
  };
  const open = (nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined => {
    const length = ciphertext.length - tagLength;
    if (length < 0) return undefined;
    const plaintext = new Uint8Array(length);
    addKeystream(encryptBlock, nonce, ciphertext.subarray(0, length), plaintext);
    return equalBytes(maskedTag(nonce, aad, plaintext), ciphertext.subarray(length)) ? plaintext : undefined;
  };
  return { seal, open };
}

/** CBC-MAC over B_0, the additional data with its length, and the message (RFC 3610 §2.2). */
function authenticate(
  encryptBlock: (block: Uint8Array) => void,
  tagLength: number,
  nonce: Uint8Array,
  aad: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const mac = counterBlock(nonce, message.length);
  mac[0] = (aad.length > 0 ? 0x40 : 0) | (((tagLength - 2) / 2) << 3) | (14 - nonce.length);
  encryptBlock(mac);
  if (aad.length > 0) {
    if (aad.length >= LONG_AAD) throw new RangeError(`${aad.length} bytes of additional data`);
    absorb(encryptBlock, mac, concat(Uint8Array.of(aad.length >> 8, aad.length & 0xff), aad));
  }
  absorb(encryptBlock, mac, message);
  return mac;
}

/** Whole blocks, the last one filled up with zeros. */
function absorb(encryptBlock: (block: Uint8Array) => void, mac: Uint8Array, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const end = Math.min(BLOCK, bytes.length - at);
    for (let i = 0; i < end; i++) mac[i] = (mac[i] ?? 0) ^ (bytes[at + i] ?? 0);
    encryptBlock(mac);
  }
}

/** RFC 3610 §2.3: the message's keystream begins with counter 1. */
function addKeystream(
  encryptBlock: (block: Uint8Array) => void,
  nonce: Uint8Array,
  input: Uint8Array,
  output: Uint8Array,
): void {
  for (let at = 0, counter = 1; at < input.length; at += BLOCK, counter++) {
    const stream = counterBlock(nonce, counter);
    encryptBlock(stream);
    const end = Math.min(BLOCK, input.length - at);
    for (let i = 0; i < end; i++) output[at + i] = (input[at + i] ?? 0) ^ (stream[i] ?? 0);
  }
}

/** Flags, nonce, and a number in the rest. */
function counterBlock(nonce: Uint8Array, value: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block[0] = 14 - nonce.length;
  block.set(nonce, 1);
  for (let i = BLOCK - 1, rest = value; i > nonce.length; i--, rest = Math.floor(rest / 256))
    block[i] = rest % 256;
  return block;
}

const BLOCK = 16;
/** From here on the length has another form, which no record needs. */
const LONG_AAD = 0xff00;
