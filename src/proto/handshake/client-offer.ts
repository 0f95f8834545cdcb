import * as data from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import { decodeEmpty } from '../../wire/handshake.ts';
import { type ClientHello, decodeClientHello } from '../../wire/hello.ts';
import type { Received } from './context.ts';
import { checkNotRepeated } from './extension-rules.ts';
import { illegalParameter } from './faults.ts';
import type { Flavor } from './flavor.ts';

/** A ClientHello as a server reads it. Lists are absent where the extension was. */
export type ClientOffer = {
  hello: ClientHello;
  message: Received;
  versions?: readonly number[];
  groups?: readonly number[];
  schemes?: readonly number[];
  shares?: readonly data.KeyShareEntry[];
  pskModes?: readonly number[];
  psks?: data.OfferedPsks;
  serverName?: string;
  cookie?: Uint8Array;
  /** session_ticket of TLS 1.2: empty asks for one. */
  ticket?: Uint8Array;
};

/** Reads the extensions a server acts on; unknown ones, GREASE among them, are passed over (RFC 9846 §4.2.2). */
export function readClientHello(message: Received, flavor: Flavor): ClientOffer {
  const hello = decodeClientHello(message.body, flavor.helloCookie);
  const { extensions } = hello;
  checkNotRepeated('ClientHello', extensions);
  const offer: ClientOffer = { hello, message };
  const read = <T>(type: number, decode: (bytes: Uint8Array) => T, put: (value: T) => void): void => {
    const bytes = findExtension(extensions, type);
    if (bytes !== undefined) put(decode(bytes));
  };
  read(EXTENSION.supported_versions, data.versionList.decode, (list) => {
    offer.versions = list;
  });
  read(EXTENSION.supported_groups, data.u16List.decode, (list) => {
    offer.groups = list;
  });
  read(EXTENSION.signature_algorithms, data.u16List.decode, (list) => {
    offer.schemes = list;
  });
  read(EXTENSION.key_share, data.keyShareList.decode, (list) => {
    offer.shares = list;
  });
  read(EXTENSION.psk_key_exchange_modes, data.u8List.decode, (list) => {
    offer.pskModes = list;
  });
  read(EXTENSION.pre_shared_key, data.offeredPsks.decode, (psks) => {
    offer.psks = psks;
  });
  read(EXTENSION.cookie, data.cookie.decode, (cookie) => {
    offer.cookie = cookie;
  });
  read(EXTENSION.server_name, data.serverName.decode, ([name, ...more]) => {
    if (more.length > 0) throw illegalParameter('server-name-list', 'more than one host_name in server_name');
    if (name !== undefined) offer.serverName = name;
  });
  read(EXTENSION.extended_master_secret, decodeEmpty, () => {});
  read(
    EXTENSION.session_ticket,
    (bytes) => bytes,
    (ticket) => {
      offer.ticket = ticket;
    },
  );
  return offer;
}
