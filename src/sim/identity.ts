import type { CryptoProvider, Random } from '../crypto/provider.ts';
import type { Identity, PeerAuth } from '../proto/handshake/peer-auth.ts';
import { ascii, concat, fromAscii, toHex } from '../wire/bytes.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/**
 * An identity for the simulator: an Ed25519 key out of `random`, and instead of a certificate a byte string that holds a
 * mark, the name and the public key. Everything about it follows from the seed.
 */
export function createSimIdentity(provider: CryptoProvider, random: Random, name: string): Identity {
  const seed = Uint8Array.from(random(32));
  const certificate = new Writer()
    .raw(MARK)
    .vector(1, ascii(name))
    .raw(provider.ed25519PublicKey(seed))
    .finish();
  return {
    chain: [certificate],
    keyType: 'ed25519',
    schemes: [ED25519_SCHEME],
    sign: (_scheme, content) => provider.signEd25519(seed, content),
  };
}

/** Trusts every such certificate whose name is the one asked for. */
export function createSimTrust(provider: CryptoProvider): PeerAuth {
  return {
    examine({ chain, presenter, serverName }) {
      const [leaf] = chain;
      const certificate = leaf && parse(leaf);
      if (leaf === undefined || certificate === undefined) return undefined;
      const { name, publicKey } = certificate;
      const hash = provider.hash('sha256');
      hash.update(leaf);
      const named = presenter === 'client' || serverName === undefined || serverName === name;
      return {
        facts: {
          subject: `CN=${name}`,
          issuer: `CN=${name}`,
          names: [name],
          keyType: 'Ed25519',
          notBefore: '1970-01-01T00:00:00.000Z',
          notAfter: '9999-12-31T23:59:59.000Z',
          fingerprint: toHex(hash.digest()),
        },
        key: {
          type: 'ed25519',
          verify: (scheme, content, signature) =>
            scheme === ED25519_SCHEME && provider.verifyEd25519(publicKey, content, signature),
        },
        verdict: named
          ? { ok: true }
          : {
              ok: false,
              reason: `hostname mismatch: certificate is for ${name}, not ${serverName}`,
              alert: CERTIFICATE_UNKNOWN,
            },
      };
    },
  };
}

function parse(bytes: Uint8Array): { name: string; publicKey: Uint8Array } | undefined {
  try {
    const reader = new Reader(bytes);
    if (toHex(reader.take(MARK.length)) !== toHex(MARK)) return undefined;
    const name = fromAscii(reader.vector(1));
    const publicKey = reader.take(32);
    return reader.done() ? { name, publicKey: publicKey.slice() } : undefined;
  } catch {
    return undefined;
  }
}

const MARK = concat(ascii('sslshut simulated certificate'), Uint8Array.of(0));
const ED25519_SCHEME = 0x0807;
/** RFC 9846 §6.2. */
const CERTIFICATE_UNKNOWN = 46;
