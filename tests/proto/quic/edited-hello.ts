import { initialKeys } from '../../../src/crypto/quic-keys.ts';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import { openDatagram } from '../../../src/proto/quic/packets/open.ts';
import { sealPacket } from '../../../src/proto/quic/packets/seal.ts';
import { concat } from '../../../src/wire/bytes.ts';
import { type ClientHello, decodeClientHello, encodeClientHello } from '../../../src/wire/hello.ts';
import { decodeFrames } from '../../../src/wire/quic-frame-decode.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { readVarint, writeVarint } from '../../../src/wire/varint.ts';
import { Writer } from '../../../src/wire/writer.ts';
import { frames } from './forge.ts';

const provider = createNativeProvider();
/** quic_transport_parameters (RFC 9001 §8.2). */
export const PARAMETERS = 0x39;

/** A client's first datagram with another ClientHello in it. */
export function editInitial(datagram: Uint8Array, change: (hello: ClientHello) => ClientHello): Uint8Array {
  const [packet] = openDatagram(datagram, {
    idLength: 8,
    greased: true,
    keys: (_type, version) => initialKeys(provider, version, destinationOf(datagram)).client,
    phases: () => undefined,
    expected: () => 0,
  });
  if (packet?.kind !== 'opened' || packet.header.form !== 'long') throw new Error('no Initial');
  const { version, destination, source, token } = packet.header;
  const pieces = decodeFrames(packet.payload).filter((frame) => frame.type === 'crypto');
  const message = concat(...pieces.sort((a, b) => Number(a.offset - b.offset)).map(({ data }) => data));
  const hello = encodeClientHello(change(decodeClientHello(message.subarray(4))));
  return sealPacket(
    {
      header: { type: 'initial', version, destination, source, token },
      number: packet.number,
      largestAcked: undefined,
      payload: frames({ type: 'crypto', offset: 0n, data: hello }),
      atLeast: 1200,
    },
    initialKeys(provider, version, destination).client,
  );
}

type Parameter = { id: number; value: Uint8Array };

/** Another list of transport parameters; undefined: no such extension. */
export function editParameters(
  hello: ClientHello,
  change: (parameters: Parameter[]) => Parameter[] | undefined,
): ClientHello {
  const extensions = hello.extensions.flatMap((extension) => {
    if (extension.type !== PARAMETERS) return [extension];
    const changed = change(decode(extension.data));
    return changed === undefined ? [] : [{ type: PARAMETERS, data: encode(changed) }];
  });
  return { ...hello, extensions };
}

function decode(data: Uint8Array): Parameter[] {
  const reader = new Reader(data);
  const list: Parameter[] = [];
  while (!reader.done()) {
    const id = Number(readVarint(reader));
    list.push({ id, value: reader.take(Number(readVarint(reader))) });
  }
  return list;
}

function encode(list: readonly Parameter[]): Uint8Array {
  const writer = new Writer();
  for (const { id, value } of list) {
    writeVarint(writer, id);
    writeVarint(writer, value.length);
    writer.raw(value);
  }
  return writer.finish();
}

function destinationOf(datagram: Uint8Array): Uint8Array {
  const length = datagram[5] ?? 0;
  return datagram.slice(6, 6 + length);
}
