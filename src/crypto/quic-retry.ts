import { equalBytes, fromHex } from '../wire/bytes.ts';
import { QUIC_VERSION } from '../wire/quic-versions.ts';
import { Writer } from '../wire/writer.ts';
import type { CryptoProvider } from './provider.ts';

/**
 * The Retry Integrity Tag (RFC 9001 §5.8, RFC 9369 §3.3.3). `packet`: the Retry without it. `original`: destination of the
 * Initial that it answers.
 */
export function retryTag(
  provider: CryptoProvider,
  version: number,
  original: Uint8Array,
  packet: Uint8Array,
): Uint8Array {
  const { key, nonce } = version === QUIC_VERSION.v2 ? V2 : V1;
  const pseudo = new Writer().vector(1, original).raw(packet).finish();
  return provider.aead('aes-128-gcm', key).seal(nonce, pseudo, new Uint8Array(0));
}

/** Is a Retry, tag included, an answer to the Initial with this destination? */
export function checkRetryTag(
  provider: CryptoProvider,
  version: number,
  original: Uint8Array,
  packet: Uint8Array,
): boolean {
  const end = Math.max(packet.length - 16, 0);
  return equalBytes(retryTag(provider, version, original, packet.subarray(0, end)), packet.subarray(end));
}

const V1 = {
  key: fromHex('be0c690b9f66575a1d766b54e368c84e'),
  nonce: fromHex('461599d35d632bf2239825bb'),
};
const V2 = {
  key: fromHex('8fb4b01b56ac48e260fbcbcead7ccc92'),
  nonce: fromHex('d86969bc2d7c6d9990efb04a'),
};
