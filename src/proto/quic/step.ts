import type { Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { parsePacket } from '../../wire/quic-packet.ts';
import { Malformed } from '../../wire/reader.ts';
import type { Input } from '../core.ts';
import { ProtocolFault } from '../fault.ts';
import { peerFault } from '../handshake/faults.ts';
import { closeWithFault } from './close.ts';
import { adoptClient, beginAnew } from './create-state.ts';
import { carryOut } from './handshake-messages.ts';
import { hearDatagram } from './hear.ts';
import { takeDatagram } from './receive.ts';
import type { Datagram, QuicState } from './state.ts';

/** Client: the first Initial. Server: begins to listen. A second call does nothing. */
export function start(state: QuicState, now: Millis): void {
  if (state.phase !== 'idle') return;
  const { role, config, versions, idle, recovery } = state;
  state.phase = 'handshake';
  state.clock.now = now;
  idle.since = now;
  idle.quietSince = now;
  recovery.waitingSince = now;
  const { serverName } = config;
  const named = role === 'client' && serverName !== undefined ? { serverName } : {};
  state.emit({ kind: 'handshake.started', role, ...named });
  if (role === 'server') return;
  state.emit({ kind: 'quic-version', what: 'chosen', version: versions.original });
  guarded(state, now, () => carryOut(state, state.machine.start(now), now));
}

/** Queues what the transport reports. Datagrams have no end: FIN and RST cannot come. */
export function queueInput(state: QuicState, now: Millis, input: Input): void {
  if (input.kind === 'unreachable') state.unreachable = input.errno;
  if (input.kind !== 'bytes') return;
  const { inbox } = state;
  if (inbox.bytes + input.data.length > MOST_UNREAD) return;
  const { buffer, byteOffset, length } = input.data;
  // Not a subclass that has another idea of `slice`.
  const data = new Uint8Array(buffer, byteOffset, length);
  inbox.datagrams.push({ data, arrived: now, from: input.from });
  inbox.bytes += input.data.length;
}

/** One datagram. False: there was none. */
export function step(state: QuicState, now: Millis): boolean {
  const { inbox, clock } = state;
  const datagram = state.phase === 'idle' ? undefined : inbox.datagrams.shift();
  if (datagram === undefined) return false;
  inbox.bytes -= datagram.data.length;
  clock.now = now;
  clock.arrived = datagram.arrived;
  guarded(state, now, () => take(state, datagram, now));
  clock.arrived = undefined;
  return true;
}

/** What a peer's bytes make fail ends the connection, and nothing else (RFC 9000 §11). */
function guarded(state: QuicState, now: Millis, act: () => void): void {
  try {
    act();
  } catch (error) {
    closeWithFault(state, now, toFault(error));
  }
}

/** Handshake messages that do not parse (RFC 9846 §6.2). */
function toFault(error: unknown): ProtocolFault {
  if (error instanceof ProtocolFault) return error;
  if (!(error instanceof Malformed)) throw error;
  return peerFault('decode-error', ALERT.decode_error, error.message);
}

function take(state: QuicState, datagram: Datagram, now: Millis): void {
  if (state.phase !== 'handshake' && state.phase !== 'open') {
    hearDatagram(state, datagram, now);
    return;
  }
  if (isNew(state) && !knowsClient(state, datagram)) return;
  takeDatagram(state, datagram, now, restart);
}

function restart(state: QuicState, version: number, now: Millis): void {
  beginAnew(state, version, now);
  state.emit({ kind: 'quic-version', what: 'chosen', version });
  carryOut(state, state.machine.start(now), now);
}

/** A server without keys: it was made by nobody who knew the client. */
function isNew({ role, keys }: QuicState): boolean {
  return role === 'server' && keys.initial?.size === 0;
}

/** RFC 9000 §7.2, §14.1: an Initial of full size, with a destination that is long enough. */
function knowsClient(state: QuicState, { data }: Datagram): boolean {
  const bytes = data.length;
  try {
    const header = parsePacket(data, 0, 0);
    const isFirst = header.form === 'long' && header.type === 'initial';
    if (
      isFirst &&
      bytes >= 1200 &&
      header.destination.length >= 8 &&
      state.config.quicVersions.includes(header.version)
    ) {
      adoptClient(state, header);
      return true;
    }
    state.emit({
      kind: 'dropped',
      by: 'peer',
      reason: 'unexpected',
      bytes,
      detail: 'not the Initial of a client',
    });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    state.emit({ kind: 'dropped', by: 'peer', reason: 'malformed', bytes, detail: error.message });
  }
  return false;
}

/** Nobody keeps more of what was not looked at. */
const MOST_UNREAD = 4_194_304;
