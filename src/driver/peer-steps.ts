import { concat } from '../wire/bytes.ts';
import { encodeNewSessionTicket13 } from '../wire/exchange.ts';
import { closeNotify, flushPeer, type Peer, reply, sendRaw, takeAll } from './peer.ts';
import type { PeerStep, RecordSpec } from './script-ops.ts';

/** One act of the embedded peer. */
export function actAsPeer(peer: Peer, step: PeerStep): void {
  const { core, transport } = peer.channel;
  switch (step.peer) {
    case 'burst':
      sendRaw(peer, concat(...step.records.flatMap((record) => recordsOf(peer, record))));
      return;
    case 'shutdown':
    case 'raw_alert':
    case 'write':
    case 'raw_record':
    case 'corrupt_record':
    case 'partial_record':
    case 'new_session_ticket':
    case 'replay':
      for (const bytes of recordsOf(peer, toRecordSpec(step))) sendRaw(peer, bytes);
      return;
    case 'fin':
      transport.fin();
      return;
    case 'rst':
      transport.reset({ dropPending: true });
      return;
    case 'close':
      transport.close();
      return;
    case 'auto_reply':
      peer.replyAfterMs = step.delay_ms ?? 0;
      reply(peer);
      return;
    case 'handshake_step':
      takeAll(peer);
      peer.eager ||= core.phase() === 'open';
      return;
    case 'stop_reading':
      transport.pause();
      return;
    case 'resume_reading':
      transport.resume();
      return;
    case 'blackhole':
    case 'restore':
      // The parser keeps these for QUIC.
      return;
  }
}

type RecordStep = Extract<PeerStep, { peer: RecordSpec['rec'] }>;

function toRecordSpec(step: RecordStep): RecordSpec {
  const { peer, ...args } = step;
  return { ...args, rec: peer } as RecordSpec;
}

/** The bytes of each record, in order. Making one uses up a sequence number, as sending it would. */
export function recordsOf(peer: Peer, spec: RecordSpec): Uint8Array[] {
  const times = 'times' in spec ? (spec.times ?? 1) : 1;
  return Array.from({ length: times }, () => recordOf(peer, spec)).flat();
}

function recordOf(peer: Peer, spec: RecordSpec): Uint8Array[] {
  const { record } = peer.channel.core.raw;
  switch (spec.rec) {
    case 'shutdown':
      return [closeNotify(peer)];
    case 'raw_alert':
      return [record(ALERT, Uint8Array.of(spec.level, spec.description))];
    case 'write':
      return pieces(spec.size ?? SIZE).map((piece) => record(DATA, piece));
    case 'raw_record':
      return [record(spec.type, spec.hex ?? filler(spec.size ?? 0))];
    case 'corrupt_record': {
      const bytes = record(spec.type ?? DATA, filler(spec.size ?? SIZE));
      const last = bytes.length - 1;
      return [Uint8Array.from(bytes, (byte, at) => (at === last ? byte ^ 0xff : byte))];
    }
    case 'partial_record': {
      const size = spec.size ?? SIZE;
      const body = spec.hex ?? filler(size >> 1);
      return [concat(recordHead(peer, spec.type ?? DATA, size), body)];
    }
    case 'new_session_ticket':
      return spec.size === undefined ? ticket(peer) : uselessTicket(peer, spec.size);
    case 'replay':
      return [peer.lastSent];
  }
}

/** The head of a record that goes on for `size` bytes. A datagram's carries epoch 1 and a number that is never reached. */
function recordHead(peer: Peer, type: number, size: number): Uint8Array {
  const length = [size >> 8, size & 0xff];
  const overDatagrams = peer.channel.core.version()?.startsWith('DTLS') === true;
  return Uint8Array.of(type, ...(overDatagrams ? [0xfe, 0xfd, 0, 1, 0, 0, 1, 0, 0, 0] : [3, 3]), ...length);
}

/** One that the local side can resume with; none from a peer that has none to give. */
function ticket(peer: Peer): Uint8Array[] {
  const { core, scheduler } = peer.channel;
  flushPeer(peer);
  if (!core.sendTicket(scheduler.clock.now())) return [];
  const bytes = core.peekTransmit();
  core.transmitted();
  return bytes === undefined ? [] : [bytes];
}

/** TLS 1.3 alone: elsewhere a ticket belongs to the handshake. */
function uselessTicket(peer: Peer, size: number): Uint8Array[] {
  const { core } = peer.channel;
  if (core.version() !== 'TLSv1.3') return [];
  const fields = { lifetime: TICKET_LIFETIME, ageAdd: 0, nonce: new Uint8Array(0), extensions: [] };
  const message = encodeNewSessionTicket13({ ...fields, ticket: filler(size) });
  return [core.raw.record(HANDSHAKE, message)];
}

function pieces(size: number): Uint8Array[] {
  const sizes: number[] = [];
  for (let left = size; left > 0; left -= MAX_PLAINTEXT) sizes.push(Math.min(left, MAX_PLAINTEXT));
  return sizes.map(filler);
}

function filler(size: number): Uint8Array {
  return new Uint8Array(size).fill(0x78);
}

const ALERT = 21;
const HANDSHAKE = 22;
const TICKET_LIFETIME = 7_200;
const DATA = 23;
const SIZE = 10;
const MAX_PLAINTEXT = 16_384;
