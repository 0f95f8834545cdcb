import { concat } from '../wire/bytes.ts';
import { encodeH3Frame, H3_FRAME } from '../wire/h3-frames.ts';
import { encodeH3Settings, H3_SETTING } from '../wire/h3-settings.ts';
import { H3Fault } from './h3-fault.ts';
import { type H3Message, MOST_SECTION } from './h3-message.ts';
import type { CriticalKind, H3State } from './h3-state.ts';
import { endUni, readUni } from './h3-uni.ts';
import type { ExchangeAction, StreamEvent } from './stream-exchange.ts';

/** The three streams that each side opens for the whole connection (RFC 9114 §6.2.1, RFC 9204 §4.2). */
export function criticalStreams(): ExchangeAction[] {
  return CRITICAL.map((name) => ({ do: 'open', direction: 'uni', name }));
}

/** One of them was opened: what it begins with. */
function beginCritical(h3: H3State, stream: bigint, name: string): void {
  const kind = CRITICAL.find((one) => one === name);
  if (kind === undefined) return;
  h3.ours.set(stream, kind);
  const type = Uint8Array.of(UNI_TYPE[kind]);
  if (kind !== 'control') {
    h3.actions.push({ do: 'write', stream, data: type });
    return;
  }
  const settings = encodeH3Frame(H3_FRAME.SETTINGS, encodeH3Settings(SETTINGS));
  h3.actions.push({ do: 'write', stream, data: concat(type, settings) });
  const detail = `MAX_FIELD_SECTION_SIZE ${MOST_SECTION}`;
  h3.emit({ kind: 'exchange', by: 'local', alpn: 'h3', what: 'settings', detail });
}

/**
 * Takes an event with `act`, and what becomes of unidirectional streams by itself. A fault of the peer is answered as RFC 9114 §8
 * says: the connection is closed, or the one stream given up.
 */
export function takeEvent(
  h3: H3State,
  event: StreamEvent,
  act: (event: StreamEvent) => void,
): ExchangeAction[] {
  if (h3.over) return [];
  try {
    if (isUni(event.stream)) takeUni(h3, event);
    else act(event);
  } catch (error) {
    if (!(error instanceof H3Fault)) throw error;
    if (error.scope === 'stream') giveUp(h3, event.stream, error.code, error.message);
    else closeOver(h3, error);
  }
  const { actions } = h3;
  h3.actions = [];
  return actions;
}

/** No more of this stream: ours is reset where it is not sent already, theirs not read. */
export function giveUp(h3: H3State, stream: bigint, code: bigint, reason: string): void {
  const message = h3.messages.get(stream);
  if (message !== undefined) message.at = 'over';
  // A client's request has left whole before there can be anything wrong with the answer.
  if (h3.role === 'server') h3.actions.push({ do: 'reset', stream, code });
  h3.actions.push({ do: 'stop-sending', stream, code });
  h3.error ??= { by: 'peer', code, reason, stream };
  tellError(h3, code, reason, stream);
}

export function tellError(h3: H3State, code: bigint, reason: string, stream?: bigint): void {
  const detail = `0x${code.toString(16)}: ${reason}`;
  const at = stream === undefined ? {} : { stream: Number(stream) };
  h3.emit({ kind: 'exchange', by: 'peer', alpn: 'h3', what: 'error', detail, ...at });
}

/** FIN or a reset has come: there will be nothing more of it. */
export function takeMessage(h3: H3State, stream: bigint): H3Message | undefined {
  const message = h3.messages.get(stream);
  h3.messages.delete(stream);
  return message;
}

function closeOver(h3: H3State, { code, message: reason }: H3Fault): void {
  h3.over = true;
  h3.error = { by: 'peer', code, reason };
  h3.actions = [{ do: 'close', code, reason }];
  tellError(h3, code, reason);
}

function takeUni(h3: H3State, event: StreamEvent): void {
  switch (event.kind) {
    case 'opened':
      if (event.by === 'local') beginCritical(h3, event.stream, event.name);
      return;
    case 'data':
      readUni(h3, event.stream, event.data);
      return;
    case 'fin':
    case 'reset':
      endUni(h3, event.stream);
      return;
    case 'stopped': {
      const kind = h3.ours.get(event.stream);
      if (kind !== undefined)
        throw new H3Fault('H3_CLOSED_CRITICAL_STREAM', `our ${kind} stream is not read`);
      return;
    }
    default:
      event satisfies never;
  }
}

function isUni(stream: bigint): boolean {
  return (stream & 2n) !== 0n;
}

const CRITICAL: readonly CriticalKind[] = ['control', 'encoder', 'decoder'];
const UNI_TYPE: Readonly<Record<CriticalKind, number>> = { control: 0x00, encoder: 0x02, decoder: 0x03 };
/** The table's capacity stays 0, its default: no field section of the peer may refer to a dynamic table. */
const SETTINGS = [[H3_SETTING.MAX_FIELD_SECTION_SIZE, BigInt(MOST_SECTION)]] as const;
