import type { TimelineEvent, Who } from '../timeline/event.ts';
import { messageName } from '../wire/handshake.ts';
import { capPeerText } from './escape.ts';
import type { Span } from './layout.ts';
import { count, duration } from './verdict-text.ts';

type Dropped = Extract<TimelineEvent, { kind: 'dropped' }>;
type Retransmission = Extract<TimelineEvent, { kind: 'retransmission' }>;

/** What only datagrams have: flights, what was repeated, acknowledged and thrown away. */
export function describeDatagram(
  event: TimelineEvent,
  verbose: boolean,
): { side: Who | 'none'; spans: readonly Span[] } | undefined {
  switch (event.kind) {
    case 'flight': {
      if (!verbose) return undefined;
      const size = `${count(event.bytes, 'byte')} in ${count(event.datagrams, 'datagram')}`;
      return { side: event.by, spans: [{ text: `flight of ${size}: ${names(event.messages)}` }] };
    }
    case 'retransmission':
      return { side: event.by, spans: [{ text: retransmission(event), tone: 'warn' }] };
    case 'ack': {
      const numbers = event.records.map(({ epoch, sequence }) => recordNumber(epoch, sequence));
      return verbose
        ? { side: event.by, spans: [{ text: `ACK of ${numbers.join(', ') || 'nothing'}` }] }
        : undefined;
    }
    case 'dropped':
      // Copies are as ordinary as retransmissions are.
      if (!verbose && event.reason === 'replayed') return undefined;
      return { side: event.by, spans: [{ text: dropped(event), tone: 'warn' }] };
    case 'path':
      return { side: event.by, spans: [{ text: `path ${event.what}: ${event.detail}` }] };
    default:
      return undefined;
  }
}

/** "epoch 1 #3", or nothing where there are no such numbers. */
export function recordNumber(epoch: number | undefined, sequence: number | undefined): string {
  if (epoch === undefined) return '';
  return sequence === undefined ? `epoch ${epoch}` : `epoch ${epoch} #${sequence}`;
}

function retransmission({ by, why, messages, attempt, waitedMs }: Retransmission): string {
  const what = messages.length === 0 ? 'its flight' : names(messages);
  if (by === 'peer') return `repeated: ${what}`;
  const because =
    why === 'peer-repeats'
      ? 'the peer repeats its own'
      : `no answer${waitedMs === undefined ? '' : ` within ${duration(waitedMs)}`}`;
  return `retransmission ${attempt}, ${because}: ${what}`;
}

function dropped({ reason, type, bytes, detail, epoch, sequence, packet }: Dropped): string {
  const record = type === undefined ? 'record' : (RECORD_NAMES[type] ?? `record of type ${type}`);
  const kind = packet === undefined ? record : `${packet} packet`;
  const where = recordNumber(epoch, sequence);
  const more = detail === '' || detail === REASONS[reason] ? '' : `: ${capPeerText(detail)}`;
  return `dropped ${kind}${where === '' ? '' : ` ${where}`}, ${count(bytes, 'byte')}, ${REASONS[reason]}${more}`;
}

function names(messages: readonly string[]): string {
  return messages.map((name) => messageName(name)).join(', ');
}

const RECORD_NAMES: Readonly<Record<number, string>> = {
  20: 'change_cipher_spec',
  21: 'alert',
  22: 'handshake record',
  23: 'data',
  25: 'record with a connection ID',
  26: 'ACK',
};

const REASONS: Readonly<Record<Dropped['reason'], string>> = {
  malformed: 'not a whole record',
  replayed: 'came before',
  undecryptable: 'does not decrypt',
  unprotected: 'in the clear although there are keys',
  'no-keys': 'there are no keys for it',
  'connection-id': 'without our connection ID',
  'out-of-bounds': 'more than is kept for later',
  unexpected: 'does not belong here',
  over: 'after the end of the association',
};
