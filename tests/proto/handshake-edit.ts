import type { Role } from '../../src/proto/role.ts';
import type { Extension } from '../../src/wire/extensions.ts';
import {
  type ClientHello,
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  type ServerHello,
} from '../../src/wire/hello.ts';
import type { Party, Unit } from './handshake-pump.ts';

type Watch = (to: Party, unit: Unit) => Unit | undefined;

/** Changes messages of one type on their way from a role; both transcripts then differ, which only Finished notices. */
export function edit(
  from: Role,
  type: number,
  change: (message: Uint8Array) => Uint8Array | undefined,
): Watch {
  return (to, unit) => {
    if (to.role === from || !('message' in unit) || unit.message[0] !== type) return unit;
    const message = change(unit.message);
    return message === undefined ? undefined : { ...unit, message };
  };
}

export function editHello(change: (hello: ClientHello) => ClientHello): Watch {
  return edit('client', 1, (message) => encodeClientHello(change(decodeClientHello(message.subarray(4)))));
}

export function editServerHello(change: (hello: ServerHello) => ServerHello): Watch {
  return edit('server', 2, (message) => encodeServerHello(change(decodeServerHello(message.subarray(4)))));
}

/** Replaces an extension where it stands, or adds it at the end; undefined takes it away. */
export function withExtension<T extends { extensions: readonly Extension[] }>(
  hello: T,
  type: number,
  data: Uint8Array | undefined,
): T {
  const rest = hello.extensions.filter((extension) => extension.type !== type);
  if (data === undefined) return { ...hello, extensions: rest };
  const present = rest.length < hello.extensions.length;
  const extensions = present
    ? hello.extensions.map((extension) => (extension.type === type ? { type, data } : extension))
    : [...hello.extensions, { type, data }];
  return { ...hello, extensions };
}
