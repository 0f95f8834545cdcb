import { createH3Client } from '../../src/exchange/h3-client.ts';
import { createH3Server } from '../../src/exchange/h3-server.ts';
import type {
  Exchange,
  ExchangeAction,
  ExchangeRequest,
  StreamEvent,
} from '../../src/exchange/stream-exchange.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { concat } from '../../src/wire/bytes.ts';
import { encodeH3Frame, H3_FRAME } from '../../src/wire/h3-frames.ts';
import { encodeH3Settings } from '../../src/wire/h3-settings.ts';
import { encodeFieldSection } from '../../src/wire/qpack.ts';
import type { Field } from '../../src/wire/qpack-static.ts';

export type Side = {
  exchange: Exchange;
  facts: Fact[];
  actions: ExchangeAction[];
  requests: ExchangeRequest[];
};

export function serverSide(body: (request: ExchangeRequest) => Uint8Array = () => new Uint8Array(10)): Side {
  const facts: Fact[] = [];
  const requests: ExchangeRequest[] = [];
  const exchange = createH3Server({
    emit: (fact) => facts.push(fact),
    answer(request) {
      requests.push(request);
      return { status: 200, body: body(request) };
    },
  });
  return opened({ exchange, facts, actions: [], requests }, 'server');
}

export function clientSide(): Side {
  const facts: Fact[] = [];
  const emit = (fact: Fact): unknown => facts.push(fact);
  const exchange = createH3Client({ authority: 'example.org', path: '/', emit });
  return opened({ exchange, facts, actions: [], requests: [] }, 'client');
}

/** Opens what it wants opened: the ids are those of its role. */
function opened(side: Side, role: 'client' | 'server'): Side {
  const who = role === 'server' ? 1n : 0n;
  let [bidi, uni] = [who, 2n + who];
  for (const action of side.exchange.start()) {
    if (action.do !== 'open') throw new Error('something else before streams are open');
    const stream = action.direction === 'bidi' ? bidi : uni;
    if (action.direction === 'bidi') bidi += 4n;
    else uni += 4n;
    give(side, { kind: 'opened', by: 'local', stream, name: action.name });
  }
  return side;
}

export function give(side: Side, event: StreamEvent): ExchangeAction[] {
  const actions = side.exchange.take(event);
  side.actions.push(...actions);
  return [...actions];
}

export function data(side: Side, stream: bigint, ...parts: readonly Uint8Array[]): ExchangeAction[] {
  return give(side, { kind: 'data', stream, data: concat(...parts) });
}

export const frame = encodeH3Frame;
export const HEADERS = H3_FRAME.HEADERS;
export const DATA = H3_FRAME.DATA;

export function headers(...fields: readonly (readonly [name: string, value: string])[]): Uint8Array {
  const list: Field[] = fields.map(([name, value]) => ({ name, value }));
  return frame(HEADERS, encodeFieldSection(list));
}

export function settings(...list: readonly (readonly [bigint, bigint])[]): Uint8Array {
  return frame(H3_FRAME.SETTINGS, encodeH3Settings(list));
}

/** What a control stream begins with. */
export const CONTROL = concat(Uint8Array.of(0x00), settings());

export const GET = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'example.org'],
  [':path', '/'],
] as const;

/** All that was written to a stream, and whether it was concluded. */
export function written(side: Side, stream: bigint): { bytes: Uint8Array; fin: boolean } {
  const parts = side.actions.flatMap((action) =>
    action.do === 'write' && action.stream === stream ? [action.data] : [],
  );
  const fin = side.actions.some((action) => action.do === 'conclude' && action.stream === stream);
  return { bytes: concat(...parts), fin };
}

/** The codes of closes and resets among actions, as "close 0x105", "reset 0x10e". */
export function verdicts(actions: readonly ExchangeAction[]): string[] {
  return actions.flatMap((action) =>
    action.do === 'close' || action.do === 'reset' ? [`${action.do} 0x${action.code.toString(16)}`] : [],
  );
}
