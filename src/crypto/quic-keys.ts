import { fromHex } from '../wire/bytes.ts';
import { QUIC_VERSION } from '../wire/quic-versions.ts';
import { tagLength } from './aeads.ts';
import { hashLength, hkdfExpandLabel, hkdfExtract } from './kdf.ts';
import type { Aead, CryptoProvider, HashName } from './provider.ts';
import { type Suite, suiteById } from './suites.ts';

/** Packet protection in one direction (RFC 9001 §5), ready for use. */
export type PacketKeys = {
  suite: Suite;
  version: number;
  aead: Aead;
  iv: Uint8Array;
  /** Bytes that sealing adds. */
  tag: number;
  /** Header protection (§5.4): mask of a 16-byte sample. The same in all key phases. */
  mask: (sample: Uint8Array) => Uint8Array;
  /** Where the next phase's secret comes from. */
  secret: Uint8Array;
};

/** Keys of Initial packets (§5.2). `destination`: of the client's first Initial, or of the one that answers a Retry. */
export function initialKeys(
  provider: CryptoProvider,
  version: number,
  destination: Uint8Array,
): { client: PacketKeys; server: PacketKeys } {
  return {
    client: initialKeysOf(provider, version, destination, 'client'),
    server: initialKeysOf(provider, version, destination, 'server'),
  };
}

/** Only those that one side seals with. */
export function initialKeysOf(
  provider: CryptoProvider,
  version: number,
  destination: Uint8Array,
  sender: 'client' | 'server',
): PacketKeys {
  const suite = suiteOf(0x1301);
  const initial = hkdfExtract(provider, suite.hash, labels(version).salt, destination);
  const label = sender === 'client' ? 'client in' : 'server in';
  const secret = hkdfExpandLabel(provider, suite.hash, initial, label, NOTHING, hashLength(suite.hash));
  return packetKeys(provider, version, suite, secret);
}

/** Keys from a traffic secret of the handshake (§5.1). */
export function packetKeys(
  provider: CryptoProvider,
  version: number,
  suite: Suite,
  secret: Uint8Array,
): PacketKeys {
  const { hp } = labels(version);
  const key = hkdfExpandLabel(provider, suite.hash, secret, hp, NOTHING, suite.keyLength);
  return protectionOf(provider, version, suite, secret, provider.headerMask(suite.aead, key));
}

/** The next phase (§6.1): a new secret, the same header protection. */
export function nextPacketKeys(provider: CryptoProvider, keys: PacketKeys): PacketKeys {
  const { suite, version } = keys;
  const { ku } = labels(version);
  const secret = hkdfExpandLabel(provider, suite.hash, keys.secret, ku, NOTHING, hashLength(suite.hash));
  return protectionOf(provider, version, suite, secret, keys.mask);
}

/** The IV with the packet number laid over it (§5.3). */
export function packetNonce(iv: Uint8Array, number: number): Uint8Array {
  const nonce = iv.slice();
  let rest = number;
  for (let i = nonce.length - 1; rest > 0 && i >= 0; i--) {
    nonce[i] = (nonce[i] ?? 0) ^ (rest % 256);
    rest = Math.floor(rest / 256);
  }
  return nonce;
}

/** How many packets one key may seal, and how many a connection may fail to open (§6.6). */
export function usageLimits(suite: Suite): { seal: number; forgeries: number } {
  if (suite.aead === 'chacha20-poly1305') return { seal: Number.MAX_SAFE_INTEGER, forgeries: 2 ** 36 };
  if (suite.aead.endsWith('-gcm')) return { seal: 2 ** 23, forgeries: 2 ** 52 };
  return { seal: Math.floor(2 ** 21.5), forgeries: Math.floor(2 ** 21.5) };
}

function protectionOf(
  provider: CryptoProvider,
  version: number,
  suite: Suite,
  secret: Uint8Array,
  mask: PacketKeys['mask'],
): PacketKeys {
  const { key, iv } = labels(version);
  const expand = (label: string, length: number): Uint8Array =>
    hkdfExpandLabel(provider, suite.hash, secret, label, NOTHING, length);
  const aead = provider.aead(suite.aead, expand(key, suite.keyLength));
  return { suite, version, aead, iv: expand(iv, 12), tag: tagLength(suite.aead), mask, secret };
}

function suiteOf(id: number): Suite & { hash: HashName } {
  const suite = suiteById(id);
  if (suite === undefined) throw new Error(`no cipher suite ${id}`);
  return suite;
}

type Labels = { salt: Uint8Array; key: string; iv: string; hp: string; ku: string };

function labels(version: number): Labels {
  return version === QUIC_VERSION.v2 ? V2 : V1;
}

const NOTHING = new Uint8Array(0);

/** RFC 9001 §5.1, §5.2, §6.1. */
const V1: Labels = {
  salt: fromHex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
  key: 'quic key',
  iv: 'quic iv',
  hp: 'quic hp',
  ku: 'quic ku',
};

/** RFC 9369 §3.3. */
const V2: Labels = {
  salt: fromHex('0dede3def700a6db819381be6e269dcbf9bd2ed9'),
  key: 'quicv2 key',
  iv: 'quicv2 iv',
  hp: 'quicv2 hp',
  ku: 'quicv2 ku',
};
