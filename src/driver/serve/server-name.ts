import { concat } from '../../wire/bytes.ts';
import { serverName } from '../../wire/extension-data.ts';
import { EXTENSION } from '../../wire/extensions.ts';
import { decodeHandshake, HANDSHAKE } from '../../wire/handshake.ts';
import { decodeClientHello } from '../../wire/hello.ts';
import { Malformed } from '../../wire/reader.ts';
import { CONTENT, decodeRecordHeader, RECORD_HEADER_LENGTH } from '../../wire/tls-record.ts';

/** The server name in the ClientHello that a stream begins with. `more`: it is not whole yet · undefined: there is none, or no ClientHello. */
export function peekServerName(stream: Uint8Array): { name: string | undefined } | 'more' {
  let message: Uint8Array = new Uint8Array(0);
  for (let at = 0; stream.length - at >= RECORD_HEADER_LENGTH; ) {
    const { type, length } = decodeRecordHeader(stream.subarray(at));
    if (type !== CONTENT.handshake || message.length > MOST) return { name: undefined };
    const end = at + RECORD_HEADER_LENGTH + length;
    message = concat(message, stream.subarray(at + RECORD_HEADER_LENGTH, end));
    if (stream.length < end) break;
    at = end;
    if (isWhole(message)) return { name: nameIn(message) };
  }
  return 'more';
}

function isWhole(message: Uint8Array): boolean {
  const [, high = 0, middle = 0, low = 0] = message;
  return message.length >= 4 && message.length >= 4 + high * 65_536 + middle * 256 + low;
}

function nameIn(bytes: Uint8Array): string | undefined {
  const [, high = 0, middle = 0, low = 0] = bytes;
  try {
    const message = decodeHandshake(bytes.subarray(0, 4 + high * 65_536 + middle * 256 + low));
    if (message.type !== HANDSHAKE.client_hello) return undefined;
    const { extensions } = decodeClientHello(message.body);
    const named = extensions.find(({ type }) => type === EXTENSION.server_name);
    return named && serverName.decode(named.data)[0];
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const MOST = 65_536;
