import type { Emit, Millis } from '../../timeline/event.ts';
import { DTLS_CONTENT } from '../../wire/dtls-record.ts';
import { HANDSHAKE } from '../../wire/handshake.ts';
import type { CoreDeps, TlsCore } from '../core.ts';
import type { DtlsConfig } from './config.ts';
import { createDtls } from './connection.ts';

/** What a server does with a datagram that belongs to no association. */
export type GateAnswer =
  /** Give these back to the address, and forget that it wrote. Never more than a few times what it sent. */
  | { kind: 'answer'; datagrams: readonly Uint8Array[] }
  /** The client gets what is sent to it (or no cookie is asked for): an association, already started, with the datagram stepped. */
  | { kind: 'association'; core: TlsCore }
  /** Nothing to answer. */
  | { kind: 'nothing' };

/**
 * RFC 6347 §4.2.1, RFC 9147 §5.1: a ClientHello without our cookie gets one, and leaves nothing behind. `config.cookie` has the key
 * and the client's address. A ClientHello in pieces is not put together here: that would be state. `emit` gets the facts of an
 * association only, those of its beginning included.
 */
export function meetClient(
  datagram: Uint8Array,
  config: DtlsConfig,
  deps: CoreDeps,
  now: Millis,
): GateAnswer {
  if (!looksLikeClientHello(datagram)) return { kind: 'nothing' };
  const waiting: Parameters<Emit>[] = [];
  let emit: Emit = (...fact) => void waiting.push(fact);
  const { core, machine } = createDtls('server', config, { ...deps, emit: (...fact) => emit(...fact) });
  core.start(now);
  core.receive(now, { kind: 'bytes', data: datagram });
  for (let step = core.step(now); step.kind !== 'idle' && core.phase() === 'handshake'; )
    step = core.step(now);
  // Without a cookie to ask for there is a first state to keep even for a hello in pieces.
  const begun = machine.phase() !== 'start' || (config.cookie === undefined && core.phase() === 'handshake');
  if (begun) {
    for (const fact of waiting) deps.emit(...fact);
    emit = deps.emit;
    return { kind: 'association', core };
  }
  const datagrams: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    datagrams.push(unit);
    core.transmitted();
  }
  return datagrams.length === 0 ? { kind: 'nothing' } : { kind: 'answer', datagrams };
}

/** A record in epoch 0 with a piece of a ClientHello: cheap to tell, before anything is made. */
export function looksLikeClientHello(datagram: Uint8Array): boolean {
  const [type, major] = datagram;
  const epoch = (datagram[3] ?? 0) * 256 + (datagram[4] ?? 0);
  const message = datagram[13];
  return (
    type === DTLS_CONTENT.handshake && major === 0xfe && epoch === 0 && message === HANDSHAKE.client_hello
  );
}
