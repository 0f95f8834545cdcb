import { initialKeys } from '../../../src/crypto/quic-keys.ts';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import type { Endpoint } from '../../../src/proto/quic/endpoint/state.ts';
import { createEndpoint, type EndpointConfig } from '../../../src/proto/quic/endpoint/state.ts';
import { type OpenContext, openDatagram } from '../../../src/proto/quic/packets/open.ts';
import { sealPacket } from '../../../src/proto/quic/packets/seal.ts';
import { createRandom } from '../../../src/sim/random.ts';
import { concat, fromHex } from '../../../src/wire/bytes.ts';
import { decodeFrames } from '../../../src/wire/quic-frame-decode.ts';
import type { Frame } from '../../../src/wire/quic-types.ts';
import { QUIC_VERSION } from '../../../src/wire/quic-versions.ts';

export const provider = createNativeProvider();
export const FIRST = fromHex('f1f2f3f4f5f6f7f8');
export const CLIENT_ID = fromHex('c1c2c3c4');
export const REMOTE = { host: '192.0.2.1', port: 4433 };

export const CONFIG: EndpointConfig = {
  versions: [QUIC_VERSION.v1, QUIC_VERSION.v2],
  connectionIdLength: 8,
  retry: 'never',
  limit: 3,
  resets: true,
  grease: true,
};

export function endpointOf(config: Partial<EndpointConfig> = {}, seed = 'endpoint'): Endpoint<string> {
  return createEndpoint<string>({ ...CONFIG, ...config }, { provider, random: createRandom(seed) });
}

type InitialOptions = { destination?: Uint8Array; token?: Uint8Array; version?: number; size?: number };

/** A client's Initial datagram, with a PING in it. */
export function initial(options: InitialOptions = {}): Uint8Array {
  const { destination = FIRST, version = QUIC_VERSION.v1, token, size = 1200 } = options;
  const { client } = initialKeys(provider, version, destination);
  return sealPacket(
    {
      header: { type: 'initial', version, destination, source: CLIENT_ID, token },
      number: 0,
      largestAcked: undefined,
      payload: Uint8Array.of(1),
      atLeast: size,
    },
    client,
  );
}

/** A datagram with a short header for that connection ID. */
export function short(destination: Uint8Array, length: number): Uint8Array {
  return concat(Uint8Array.of(0x43), destination, new Uint8Array(length - 1 - destination.length).fill(0xee));
}

/** The frames of an Initial that a server sent to the client whose first destination was that. */
export function serverFrames(
  datagram: Uint8Array,
  destination: Uint8Array,
  version: number = QUIC_VERSION.v1,
): Frame[] {
  const { server } = initialKeys(provider, version, destination);
  const context: OpenContext = {
    idLength: CLIENT_ID.length,
    greased: false,
    keys: () => server,
    phases: () => undefined,
    expected: () => 0,
  };
  const [packet] = openDatagram(datagram, context);
  if (packet?.kind !== 'opened') throw new Error(`not opened: ${packet?.kind}`);
  return decodeFrames(packet.payload);
}
