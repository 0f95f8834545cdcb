import { initialKeysOf } from '../../../crypto/quic-keys.ts';
import { retryTag } from '../../../crypto/quic-retry.ts';
import type { Millis } from '../../../timeline/event.ts';
import { concat } from '../../../wire/bytes.ts';
import { encodeFrame } from '../../../wire/quic-frame-encode.ts';
import type { ForeignHeader, LongHeader } from '../../../wire/quic-packet.ts';
import { encodeRetry, encodeVersionNegotiation } from '../../../wire/quic-packet-encode.ts';
import { reservedVersion } from '../../../wire/quic-versions.ts';
import { Writer } from '../../../wire/writer.ts';
import { sealPacket } from '../packets/seal.ts';
import { encodeStatelessReset, SHORTEST_RESET } from '../packets/stateless-reset.ts';
import { type Endpoint, resetTokenOf } from './state.ts';
import { type Remote, retryToken } from './tokens.ts';

/** RFC 9000 §6.1. */
export function versionNegotiation<C>(
  endpoint: Endpoint<C>,
  { destination, source }: Pick<LongHeader | ForeignHeader, 'destination' | 'source'>,
): Uint8Array {
  const { config, random } = endpoint;
  const [chance = 0] = random(1);
  const reserved = config.grease ? [reservedVersion(random(4))] : [];
  // The one that does not exist stands where nobody can count on it.
  const supported =
    (chance & 1) === 0 ? [...reserved, ...config.versions] : [...config.versions, ...reserved];
  return encodeVersionNegotiation({ destination: source, source: destination, supported, chance });
}

/** RFC 9000 §8.1.2, §17.2.5: a new connection ID for the client to use, and a token that holds what we do not keep. */
export function retry<C>(endpoint: Endpoint<C>, header: LongHeader, remote: Remote, now: Millis): Uint8Array {
  const { config, random, provider, tokens } = endpoint;
  const source = random(Math.max(config.connectionIdLength, SHORTEST_RETRY_ID));
  const originalDestination = header.destination;
  const token = retryToken(tokens, { remote, originalDestination, source, now });
  const [chance = 0] = random(1);
  const { version } = header;
  const packet = encodeRetry({ version, destination: header.source, source, token, chance });
  return concat(packet, retryTag(provider, version, originalDestination, packet));
}

/** One Initial with CONNECTION_CLOSE, after which nothing is remembered (§5.2.2, §10.2.3). */
export function initialClose<C>(endpoint: Endpoint<C>, header: LongHeader, code: bigint): Uint8Array {
  const { config, random, provider } = endpoint;
  const writer = new Writer();
  encodeFrame(writer, {
    type: 'connection_close',
    layer: 'transport',
    code,
    frameType: 0n,
    reason: new Uint8Array(0),
  });
  const { version, source: destination } = header;
  const source = random(config.connectionIdLength);
  const server = initialKeysOf(provider, version, header.destination, 'server');
  return sealPacket(
    {
      header: { type: 'initial', version, destination, source },
      number: 0,
      largestAcked: undefined,
      payload: writer.finish(),
    },
    server,
  );
}

/**
 * RFC 9000 §10.3: always shorter than what it answers, so that two endpoints cannot answer each other for ever; of no length that tells
 * it from other packets. Undefined: no room for one.
 */
export function statelessReset<C>(
  endpoint: Endpoint<C>,
  connectionId: Uint8Array,
  trigger: number,
): Uint8Array | undefined {
  const { random } = endpoint;
  const [chance = 0] = random(1);
  const length = Math.min(trigger - 1, PLAIN_RESET + (chance % 48));
  if (length < SHORTEST_RESET) return undefined;
  return encodeStatelessReset(resetTokenOf(endpoint, connectionId), length, random);
}

/** As long as any packet with a connection ID of the longest kind may be (§10.3). */
const PLAIN_RESET = 43;
/** What a client would choose at least for its first destination (§7.2). */
const SHORTEST_RETRY_ID = 8;
