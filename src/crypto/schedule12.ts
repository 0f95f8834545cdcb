import { concat } from '../wire/bytes.ts';
import { Writer } from '../wire/writer.ts';
import { prf12 } from './kdf.ts';
import type { CryptoProvider, HashName } from './provider.ts';
import type { Suite } from './suites.ts';

/** What both directions of a TLS 1.2 connection are protected with. */
export type KeyBlock = {
  clientKey: Uint8Array;
  serverKey: Uint8Array;
  clientIv: Uint8Array;
  serverIv: Uint8Array;
};

/** The premaster secret with a PSK: zeros beside it, or the ECDHE secret (RFC 4279 §2, RFC 5489 §2). */
export function pskPremaster(key: Uint8Array, shared?: Uint8Array): Uint8Array {
  const other = shared ?? new Uint8Array(key.length);
  return new Writer().vector(2, other).vector(2, key).finish();
}

/** master_secret (RFC 5246 §8.1). */
export function masterSecret(
  provider: CryptoProvider,
  hash: HashName,
  preMaster: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Uint8Array {
  return prf12(provider, hash, preMaster, 'master secret', concat(clientRandom, serverRandom), 48);
}

/** master_secret bound to the transcript up to and including ClientKeyExchange (RFC 7627 §4). */
export function extendedMasterSecret(
  provider: CryptoProvider,
  hash: HashName,
  preMaster: Uint8Array,
  sessionHash: Uint8Array,
): Uint8Array {
  return prf12(provider, hash, preMaster, 'extended master secret', sessionHash, 48);
}

/** Keys and IVs out of key_block (RFC 5246 §6.3; AEAD suites have no MAC keys). */
export function keyBlock(
  provider: CryptoProvider,
  suite: Suite,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): KeyBlock {
  const { keyLength, ivLength } = suite;
  const seed = concat(serverRandom, clientRandom);
  const block = prf12(provider, suite.hash, master, 'key expansion', seed, 2 * (keyLength + ivLength));
  const ivs = 2 * keyLength;
  return {
    clientKey: block.slice(0, keyLength),
    serverKey: block.slice(keyLength, ivs),
    clientIv: block.slice(ivs, ivs + ivLength),
    serverIv: block.slice(ivs + ivLength),
  };
}

/** verify_data of Finished (RFC 5246 §7.4.9). */
export function finishedVerifyData12(
  provider: CryptoProvider,
  hash: HashName,
  master: Uint8Array,
  from: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array {
  return prf12(provider, hash, master, `${from} finished`, transcriptHash, 12);
}
