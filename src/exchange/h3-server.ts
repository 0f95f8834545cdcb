import type { Emit } from '../timeline/event.ts';
import { encodeH3Frame, H3_FRAME } from '../wire/h3-frames.ts';
import { encodeH3Id } from '../wire/h3-settings.ts';
import { encodeFieldSection } from '../wire/qpack.ts';
import { criticalStreams, giveUp, takeEvent, takeMessage } from './h3-connection.ts';
import { H3_CODE } from './h3-fault.ts';
import { createH3Message, endH3Message, type H3Message, readH3Message } from './h3-message.ts';
import { createH3State, type H3State } from './h3-state.ts';
import type {
  Exchange,
  ExchangeAction,
  ExchangeAnswer,
  ExchangeRequest,
  StreamEvent,
} from './stream-exchange.ts';

/** `answer`: to each whole request. Its body is text/plain. */
export type H3Answering = { answer(request: ExchangeRequest): ExchangeAnswer; emit: Emit };

/** An HTTP/3 server (RFC 9114): answers each request once all of it came. */
export function createH3Server({ answer, emit }: H3Answering): Exchange {
  const server: Server = {
    ...{ h3: createH3State('server', emit), answer, answered: 0, next: 0n, refusesFrom: undefined },
  };
  const { h3 } = server;
  return {
    alpn: 'h3',
    start: criticalStreams,
    take: (event) => takeEvent(h3, event, (one) => take(server, one)),
    status: () => ({
      ...{ done: server.answered > 0 || h3.over, response: undefined, answered: server.answered },
      ...{ goaway: h3.goaway, error: h3.error },
    }),
    goaway: () => goaway(server),
  };
}

type Server = {
  readonly h3: H3State;
  readonly answer: H3Answering['answer'];
  answered: number;
  /** Behind the last request stream seen. */
  next: bigint;
  /** By our GOAWAY. */
  refusesFrom: bigint | undefined;
};

function take(server: Server, event: StreamEvent): void {
  const { h3 } = server;
  const { stream } = event;
  switch (event.kind) {
    case 'opened':
      begin(server, stream);
      return;
    case 'data': {
      const message = h3.messages.get(stream) ?? begin(server, stream);
      readH3Message(message, event.data);
      return;
    }
    case 'fin': {
      const message = h3.messages.get(stream) ?? begin(server, stream);
      if (message.at !== 'over') end(server, message);
      takeMessage(h3, stream);
      return;
    }
    case 'reset':
      takeMessage(h3, stream);
      return;
    case 'stopped':
      return;
    default:
      event satisfies never;
  }
}

function begin(server: Server, stream: bigint): H3Message {
  const { h3, refusesFrom } = server;
  const message = createH3Message(stream, 'request');
  h3.messages.set(stream, message);
  if (refusesFrom === undefined || stream < refusesFrom) {
    if (stream >= server.next) server.next = stream + 4n;
    return message;
  }
  message.at = 'over';
  const code = H3_CODE.H3_REQUEST_REJECTED;
  h3.actions.push({ do: 'reset', stream, code }, { do: 'stop-sending', stream, code });
  return message;
}

function end(server: Server, message: H3Message): void {
  const { h3 } = server;
  endH3Message(message);
  const { head, stream, bytes } = message;
  if (head === undefined || !('method' in head)) {
    giveUp(h3, stream, H3_CODE.H3_INTERNAL_ERROR, 'no request');
    return;
  }
  const { method, path } = head;
  const at = { alpn: 'h3', stream: Number(stream) };
  h3.emit({
    kind: 'exchange',
    by: 'peer',
    ...at,
    what: 'request',
    detail: `${method} ${path}`.slice(0, 200),
  });
  const { status, body } = server.answer({ method, path, bodyBytes: bytes });
  const section = encodeFieldSection([
    { name: ':status', value: `${status}` },
    { name: 'server', value: 'sslshut' },
    { name: 'content-type', value: 'text/plain' },
    { name: 'content-length', value: `${body.length}` },
  ]);
  h3.actions.push({ do: 'write', stream, data: encodeH3Frame(H3_FRAME.HEADERS, section) });
  if (method !== 'HEAD' && body.length > 0)
    h3.actions.push({ do: 'write', stream, data: encodeH3Frame(H3_FRAME.DATA, body) });
  h3.actions.push({ do: 'conclude', stream });
  server.answered += 1;
  const detail = `${status}, content-length ${body.length}`;
  h3.emit({ kind: 'exchange', by: 'local', ...at, what: 'response', detail });
}

/** Requests up to the last one seen are answered, later ones refused (RFC 9114 §5.2). */
function goaway(server: Server): ExchangeAction[] {
  const { h3, next } = server;
  const control = [...h3.ours].find(([, kind]) => kind === 'control')?.[0];
  if (h3.over || control === undefined) return [];
  server.refusesFrom = next;
  const detail = `no requests from stream ${next} on`;
  h3.emit({ kind: 'exchange', by: 'local', alpn: 'h3', what: 'goaway', detail });
  return [{ do: 'write', stream: control, data: encodeH3Frame(H3_FRAME.GOAWAY, encodeH3Id(next)) }];
}
