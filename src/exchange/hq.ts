import type { Emit } from '../timeline/event.ts';
import { ascii, concat, fromAscii } from '../wire/bytes.ts';
import type {
  Exchange,
  ExchangeAction,
  ExchangeAnswer,
  ExchangeError,
  ExchangeRequest,
  ExchangeResponse,
  StreamEvent,
} from './stream-exchange.ts';

/**
 * What QUIC's interoperability tests speak under the name hq-interop: "GET /path" and CR LF on a bidirectional stream, FIN; the answer is the
 * body and nothing else, up to FIN. No RFC.
 */
export function createHqClient({ path, emit }: { path: string; emit: Emit }): Exchange {
  const response: ExchangeResponse = {
    ...{ status: undefined, bytes: 0, contentLength: undefined, complete: false },
  };
  let ended = false;
  let error: ExchangeError | undefined;
  const tell = told(emit);
  return {
    alpn: ALPN,
    start: () => [{ do: 'open', direction: 'bidi', name: 'request' }],
    take(event) {
      const { stream } = event;
      if (event.kind === 'opened' && event.by === 'local') {
        tell('local', 'request', `GET ${path}`, stream);
        return [
          { do: 'write', stream, data: ascii(`GET ${path}\r\n`) },
          { do: 'conclude', stream },
        ];
      }
      if (event.kind === 'data') response.bytes += event.data.length;
      if (event.kind === 'fin') {
        ended = true;
        response.complete = true;
        tell('peer', 'body', `${response.bytes} bytes`, stream);
      }
      if (event.kind === 'reset') {
        ended = true;
        error = { by: 'peer', code: event.code, reason: 'the response was reset', stream };
        tell('peer', 'error', `0x${event.code.toString(16)}: ${error.reason}`, stream);
      }
      return [];
    },
    status: () => ({
      ...{ done: ended, response: ended || response.bytes > 0 ? { ...response } : undefined },
      ...{ answered: 0, goaway: undefined, error },
    }),
    goaway: () => [],
  };
}

/** `answer`: its status is not sent, as there is no way to. */
export function createHqServer(options: {
  answer(request: ExchangeRequest): ExchangeAnswer;
  emit: Emit;
}): Exchange {
  const lines = new Map<bigint, Uint8Array>();
  let answered = 0;
  const tell = told(options.emit);
  const reply = (stream: bigint, line: string): ExchangeAction[] => {
    const path = /^GET (\/[\x21-\x7e]*)$/.exec(line)?.[1];
    if (path === undefined) {
      tell('peer', 'error', 'not a GET request', stream);
      return [
        { do: 'reset', stream, code: REFUSED },
        { do: 'stop-sending', stream, code: REFUSED },
      ];
    }
    tell('peer', 'request', `GET ${path}`.slice(0, 200), stream);
    answered += 1;
    const { body } = options.answer({ method: 'GET', path, bodyBytes: 0 });
    tell('local', 'response', `${body.length} bytes`, stream);
    const written: ExchangeAction[] = body.length === 0 ? [] : [{ do: 'write', stream, data: body }];
    return [...written, { do: 'conclude', stream }];
  };
  return {
    alpn: ALPN,
    start: () => [],
    take: (event) => takeLine(lines, event, reply),
    status: () => ({
      ...{ done: answered > 0, response: undefined, answered, goaway: undefined, error: undefined },
    }),
    goaway: () => [],
  };
}

/** A line ends with LF, CR LF, or FIN. Each stream has one. */
function takeLine(
  lines: Map<bigint, Uint8Array>,
  event: StreamEvent,
  reply: (stream: bigint, line: string) => ExchangeAction[],
): ExchangeAction[] {
  const { stream } = event;
  if ((stream & 2n) !== 0n) return [];
  if (event.kind === 'opened') lines.set(stream, new Uint8Array(0));
  const before = lines.get(stream);
  if (before === undefined || event.kind === 'opened' || event.kind === 'stopped') return [];
  if (event.kind === 'reset') {
    lines.delete(stream);
    return [];
  }
  const line = event.kind === 'data' ? concat(before, event.data.subarray(0, MOST_LINE)) : before;
  const end = line.indexOf(LF);
  if (event.kind === 'data' && end === -1 && line.length < MOST_LINE) {
    lines.set(stream, line);
    return [];
  }
  lines.delete(stream);
  return reply(stream, fromAscii(end === -1 ? line : line.subarray(0, end)).replace(/\r$/, ''));
}

function told(
  emit: Emit,
): (
  by: 'local' | 'peer',
  what: 'request' | 'response' | 'body' | 'error',
  detail: string,
  stream: bigint,
) => void {
  return (by, what, detail, stream) =>
    emit({ kind: 'exchange', by, alpn: ALPN, what, detail, stream: Number(stream) });
}

const ALPN = 'hq-interop';
const MOST_LINE = 8192;
const LF = 10;
/** Codes of hq-interop mean nothing in particular. */
const REFUSED = 1n;
