import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { decodeFragments, encodeFragment, type HandshakeFragment } from '../../wire/dtls-handshake.ts';
import {
  DTLS_CONTENT,
  decodeDtlsRecord,
  encodeLongHeader,
  LONG_HEADER_LENGTH,
  type LongRecord,
} from '../../wire/dtls-record.ts';
import { versionList } from '../../wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../wire/extensions.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import { type ClientHello, decodeClientHelloHead, encodeClientHello } from '../../wire/hello.ts';
import { Malformed } from '../../wire/reader.ts';
import type { CoreDeps } from '../core.ts';
import { createContext } from '../handshake/context.ts';
import { bringsCookie } from '../handshake/cookies.ts';
import { DTLS } from '../handshake/flavor.ts';
import type { DtlsConfig } from './config.ts';
import { createDtls } from './connection.ts';

/**
 * What a server does with a datagram that belongs to no association. `answer`: gives these bytes back, and forgets that it was
 * asked · `make`: a core, with this config and this datagram as its first input · `piece`: of a ClientHello of which too little
 * is here to tell · `drop`: nothing.
 */
export type GateVerdict =
  | { kind: 'answer'; bytes: Uint8Array }
  | { kind: 'make' }
  | { kind: 'piece'; record: LongRecord; fragment: HandshakeFragment }
  | { kind: 'drop' };

type Deps = Omit<CoreDeps, 'emit'>;

/**
 * RFC 6347 §4.2.1, RFC 9147 §5.1: a ClientHello without our cookie gets one, and leaves nothing behind. `config.cookie` has the
 * key and the client's address; without it every ClientHello is taken. Of one in pieces, the first is enough when it brings the
 * cookie, or when a HelloVerifyRequest answers it; a HelloRetryRequest needs the hash of the whole.
 */
export function judgeClientHello(
  datagram: Uint8Array,
  config: DtlsConfig,
  deps: Deps,
  now: Millis,
): GateVerdict {
  const piece = clientHelloPiece(datagram);
  if (piece === undefined) return { kind: 'drop' };
  if (piece.fragment.data.length === piece.fragment.length) return judgeWhole(datagram, config, deps, now);
  const head = piece.fragment.offset === 0 ? headOf(piece.fragment) : undefined;
  if (head === undefined) return { kind: 'piece', ...piece };
  const { cookie } = config;
  const ctx = { ...createContext('server', config, silent(deps), DTLS), now };
  if (cookie === undefined || bringsCookie(ctx, cookie, head)) return { kind: 'make' };
  if (!becomes12(config, head)) return { kind: 'piece', ...piece };
  return judgeWhole(
    helloDatagram(piece.record, encodeClientHello(head), piece.fragment.sequence),
    config,
    deps,
    now,
  );
}

/** A datagram with a ClientHello in one piece, in a record with that record's number. `message`: with TLS's header. */
export function helloDatagram(
  { epoch, sequence, version }: LongRecord,
  message: Uint8Array,
  messageSequence: number,
): Uint8Array {
  const content = encodeFragment(message, messageSequence, 0, message.length - 4);
  const type = DTLS_CONTENT.handshake;
  return concat(encodeLongHeader({ epoch, sequence, type, version, length: content.length }), content);
}

function judgeWhole(datagram: Uint8Array, config: DtlsConfig, deps: Deps, now: Millis): GateVerdict {
  if (config.cookie === undefined) return { kind: 'make' };
  const { core, machine } = createDtls('server', config, silent(deps));
  core.start(now);
  core.receive(now, { kind: 'bytes', data: datagram });
  while (core.step(now).kind !== 'idle');
  if (machine.phase() !== 'start') return { kind: 'make' };
  const bytes = core.peekTransmit();
  return bytes === undefined ? { kind: 'drop' } : { kind: 'answer', bytes };
}

/** The first record, when it is in epoch 0 and begins with a piece of a ClientHello. */
function clientHelloPiece(
  datagram: Uint8Array,
): { record: LongRecord; fragment: HandshakeFragment } | undefined {
  // Cheap to tell, before anything is made.
  const [type, major, , high, low] = datagram;
  if (type !== DTLS_CONTENT.handshake || major !== 0xfe || high !== 0 || low !== 0) return undefined;
  if (datagram[LONG_HEADER_LENGTH] !== HANDSHAKE.client_hello) return undefined;
  try {
    const record = decodeDtlsRecord(datagram, 0, 0);
    if (record.form !== 'long') return undefined;
    const [fragment] = decodeFragments(record.fragment);
    return fragment && { record, fragment };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function headOf({ data }: HandshakeFragment): ClientHello | undefined {
  try {
    return decodeClientHelloHead(data);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Is it sure already that DTLS 1.2 will be spoken? */
function becomes12({ versions }: DtlsConfig, { extensions }: ClientHello): boolean {
  if (!versions.includes(0x0304)) return true;
  const offered = findExtension(extensions, EXTENSION.supported_versions);
  try {
    return offered !== undefined && !versionList.decode(offered).includes(DTLS.wire[0x0304]);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function silent(deps: Deps): CoreDeps {
  return { ...deps, emit: () => undefined };
}
