import type { Millis } from '../../timeline/event.ts';
import { DTLS_CONTENT } from '../../wire/dtls-record.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { CoreDeps } from '../core.ts';
import type { DtlsConfig } from './config.ts';
import { createDtls } from './connection.ts';

/**
 * What a server does with a datagram that belongs to no association. `answer`: gives these bytes back, and forgets that it was
 * asked · `make`: a core, with this config and this datagram as its first input · `drop`: nothing.
 */
export type GateVerdict = { kind: 'answer'; bytes: Uint8Array } | { kind: 'make' } | { kind: 'drop' };

/**
 * RFC 6347 §4.2.1, RFC 9147 §5.1: a ClientHello without our cookie gets one, and leaves nothing behind. `config.cookie` has the
 * key and the client's address; without it every ClientHello is taken. One in pieces is not put together here: that would be
 * state.
 */
export function judgeClientHello(
  datagram: Uint8Array,
  config: DtlsConfig,
  deps: Omit<CoreDeps, 'emit'>,
  now: Millis,
): GateVerdict {
  if (!looksLikeClientHello(datagram)) return { kind: 'drop' };
  if (config.cookie === undefined) return { kind: 'make' };
  const { core, machine } = createDtls('server', config, { ...deps, emit: () => undefined });
  core.start(now);
  core.receive(now, { kind: 'bytes', data: datagram });
  while (core.step(now).kind !== 'idle');
  if (machine.phase() !== 'start') return { kind: 'make' };
  const bytes = core.peekTransmit();
  return bytes === undefined ? { kind: 'drop' } : { kind: 'answer', bytes };
}

/** A record in epoch 0 that begins with a piece of a ClientHello: cheap to tell, before anything is made. */
function looksLikeClientHello(datagram: Uint8Array): boolean {
  const [type, major, , high, low] = datagram;
  const initial = type === DTLS_CONTENT.handshake && major === 0xfe && high === 0 && low === 0;
  return initial && datagram[LONG_HEADER] === HANDSHAKE.client_hello;
}

const LONG_HEADER = 13;
