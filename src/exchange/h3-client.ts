import type { Emit } from '../timeline/event.ts';
import { encodeH3Frame, H3_FRAME } from '../wire/h3-frames.ts';
import { encodeFieldSection } from '../wire/qpack.ts';
import { criticalStreams, takeEvent, takeMessage, tellError } from './h3-connection.ts';
import { H3_CODE, H3Fault } from './h3-fault.ts';
import { createH3Message, endH3Message, type H3Message, readH3Message } from './h3-message.ts';
import { createH3State, type H3State } from './h3-state.ts';
import type { Exchange, ExchangeResponse, StreamEvent } from './stream-exchange.ts';

/** `authority`: host and port as in a URL. `path`: begins with a slash. Both ASCII. */
export type H3Request = { authority: string; path: string; emit: Emit };

/** An HTTP/3 client with one GET (RFC 9114), its fields from QPACK's static table. */
export function createH3Client({ authority, path, emit }: H3Request): Exchange {
  const client: Client = {
    ...{ h3: createH3State('client', emit), authority, path, ended: false, request: undefined },
    response: { status: undefined, bytes: 0, contentLength: undefined, complete: false },
  };
  const { h3 } = client;
  return {
    alpn: 'h3',
    start: () => [...criticalStreams(), { do: 'open', direction: 'bidi', name: 'request' }],
    take: (event) => takeEvent(h3, event, (one) => take(client, one)),
    status: () => ({
      done: client.ended || h3.over || isRefused(client),
      response: client.response.status === undefined ? undefined : { ...client.response },
      ...{ answered: 0, goaway: h3.goaway, error: h3.error },
    }),
    goaway: () => [],
  };
}

type Client = {
  readonly h3: H3State;
  readonly authority: string;
  readonly path: string;
  request: bigint | undefined;
  readonly response: ExchangeResponse;
  /** Nothing more will come of the response. */
  ended: boolean;
};

function take(client: Client, event: StreamEvent): void {
  const { h3, request, response } = client;
  if (event.kind === 'opened' && event.by === 'local') {
    sendRequest(client, event.stream);
    return;
  }
  // RFC 9114 §6.1
  if (event.stream !== request)
    throw new H3Fault('H3_STREAM_CREATION_ERROR', `bidirectional stream ${event.stream} of the server`);
  switch (event.kind) {
    case 'data': {
      const message = h3.messages.get(request);
      if (message === undefined) return;
      try {
        readH3Message(message, event.data);
      } finally {
        note(client, message);
      }
      return;
    }
    case 'fin': {
      const message = takeMessage(h3, request);
      if (message === undefined || message.at === 'over') return;
      client.ended = true;
      endH3Message(message);
      response.complete = true;
      const detail = `${response.bytes} bytes`;
      h3.emit({ kind: 'exchange', by: 'peer', alpn: 'h3', what: 'body', detail, stream: Number(request) });
      return;
    }
    case 'reset': {
      client.ended = true;
      const message = takeMessage(h3, request);
      if (message === undefined || message.at === 'over') return;
      const reason = 'the response was reset';
      h3.error ??= { by: 'peer', code: event.code, reason, stream: request };
      tellError(h3, event.code, reason, request);
      return;
    }
    case 'opened':
    case 'stopped':
      return;
    default:
      event satisfies never;
  }
}

function sendRequest(client: Client, stream: bigint): void {
  const { h3, authority, path } = client;
  const section = encodeFieldSection([
    { name: ':method', value: 'GET' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: authority },
    { name: ':path', value: path },
    { name: 'user-agent', value: 'sslshut' },
    { name: 'accept', value: '*/*' },
  ]);
  client.request = stream;
  h3.messages.set(stream, createH3Message(stream, 'response'));
  h3.actions.push({ do: 'write', stream, data: encodeH3Frame(H3_FRAME.HEADERS, section) });
  h3.actions.push({ do: 'conclude', stream });
  const detail = `GET https://${authority}${path}`;
  h3.emit({ kind: 'exchange', by: 'local', alpn: 'h3', what: 'request', detail, stream: Number(stream) });
}

/** What is known of the response by now. A message that is given up ends it. */
function note(client: Client, { head, bytes }: H3Message): void {
  const { h3, response, request } = client;
  response.bytes = bytes;
  if (head === undefined || !('status' in head) || response.status !== undefined) return;
  response.status = head.status;
  response.contentLength = head.contentLength;
  const length = head.contentLength === undefined ? '' : `, content-length ${head.contentLength}`;
  const detail = `${head.status}${length}`;
  h3.emit({
    kind: 'exchange',
    by: 'peer',
    alpn: 'h3',
    what: 'response',
    detail,
    stream: Number(request ?? 0n),
  });
}

/** GOAWAY named our request: it was not and will not be looked at (§5.2). Or its answer was faulty. */
function isRefused({ h3, request, response }: Client): boolean {
  if (request === undefined) return false;
  const isLate = h3.goaway !== undefined && h3.goaway <= request && response.status === undefined;
  return isLate || h3.messages.get(request)?.at === 'over' || h3.error?.code === H3_CODE.H3_REQUEST_REJECTED;
}
