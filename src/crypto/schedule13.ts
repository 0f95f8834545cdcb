import { hashLength, hkdfExpandLabel, hkdfExtract } from './kdf.ts';
import type { CryptoProvider, HashName } from './provider.ts';
import type { Suite } from './suites.ts';

// The key schedule of TLS 1.3 (RFC 9846 §7). `prefix` is the label prefix: "tls13 " unless DTLS 1.3 says "dtls13".

/** Early Secret (§7.1). Without a PSK: of a block of zeros. */
export function earlySecret(provider: CryptoProvider, hash: HashName, psk?: Uint8Array): Uint8Array {
  return hkdfExtract(provider, hash, new Uint8Array(0), psk ?? new Uint8Array(hashLength(hash)));
}

/** Handshake Secret (§7.1). `shared`: the (EC)DHE secret; absent in a PSK-only handshake. */
export function handshakeSecret(
  provider: CryptoProvider,
  hash: HashName,
  early: Uint8Array,
  shared?: Uint8Array,
  prefix?: string,
): Uint8Array {
  return extractNext(provider, hash, early, shared, prefix);
}

/** Main Secret (§7.1; "master secret" before RFC 9846). */
export function mainSecret(
  provider: CryptoProvider,
  hash: HashName,
  handshake: Uint8Array,
  prefix?: string,
): Uint8Array {
  return extractNext(provider, hash, handshake, undefined, prefix);
}

/** Derive-Secret (§7.1), over a transcript hash already made. Labels: "c hs traffic", "s ap traffic", "exp master", … */
export function deriveSecret(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  transcriptHash: Uint8Array,
  prefix?: string,
): Uint8Array {
  return hkdfExpandLabel(provider, hash, secret, label, transcriptHash, hashLength(hash), prefix);
}

/** Record keys from a traffic secret (§7.3). */
export function trafficKeys(
  provider: CryptoProvider,
  suite: Suite,
  secret: Uint8Array,
  prefix?: string,
): { key: Uint8Array; iv: Uint8Array } {
  return {
    key: hkdfExpandLabel(provider, suite.hash, secret, 'key', NOTHING, suite.keyLength, prefix),
    iv: hkdfExpandLabel(provider, suite.hash, secret, 'iv', NOTHING, suite.ivLength, prefix),
  };
}

/** The secret after a KeyUpdate (§7.2). */
export function nextTrafficSecret(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  prefix?: string,
): Uint8Array {
  return hkdfExpandLabel(provider, hash, secret, 'traffic upd', NOTHING, hashLength(hash), prefix);
}

/** verify_data of Finished, and with a binder key a PSK binder (§4.5.3, §4.3.11.2). `baseKey`: the sender's traffic secret. */
export function finishedVerifyData(
  provider: CryptoProvider,
  hash: HashName,
  baseKey: Uint8Array,
  transcriptHash: Uint8Array,
  prefix?: string,
): Uint8Array {
  const key = hkdfExpandLabel(provider, hash, baseKey, 'finished', NOTHING, hashLength(hash), prefix);
  return provider.hmac(hash, key)(transcriptHash);
}

/** binder_key (§7.1), for a PSK from a ticket or one agreed elsewhere. `early`: the Early Secret of that PSK. */
export function binderKey(
  provider: CryptoProvider,
  hash: HashName,
  early: Uint8Array,
  origin: 'resumption' | 'external' = 'resumption',
  prefix?: string,
): Uint8Array {
  const label = origin === 'resumption' ? 'res binder' : 'ext binder';
  return deriveSecret(provider, hash, early, label, emptyHash(provider, hash), prefix);
}

/** The PSK of a ticket, from the resumption secret ("res master") and the ticket's nonce (§4.7.1). */
export function resumptionPsk(
  provider: CryptoProvider,
  hash: HashName,
  resumptionSecret: Uint8Array,
  nonce: Uint8Array,
  prefix?: string,
): Uint8Array {
  return hkdfExpandLabel(provider, hash, resumptionSecret, 'resumption', nonce, hashLength(hash), prefix);
}

/** TLS-Exporter (§7.5), from the exporter secret ("exp master"). */
export function exporter(
  provider: CryptoProvider,
  hash: HashName,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  prefix?: string,
): Uint8Array {
  const secret = deriveSecret(provider, hash, exporterSecret, label, emptyHash(provider, hash), prefix);
  const running = provider.hash(hash);
  running.update(context);
  return hkdfExpandLabel(provider, hash, secret, 'exporter', running.digest(), length, prefix);
}

function extractNext(
  provider: CryptoProvider,
  hash: HashName,
  previous: Uint8Array,
  ikm: Uint8Array | undefined,
  prefix: string | undefined,
): Uint8Array {
  const salt = deriveSecret(provider, hash, previous, 'derived', emptyHash(provider, hash), prefix);
  return hkdfExtract(provider, hash, salt, ikm ?? new Uint8Array(hashLength(hash)));
}

function emptyHash(provider: CryptoProvider, hash: HashName): Uint8Array {
  return provider.hash(hash).digest();
}

const NOTHING = new Uint8Array(0);
