import type { Emit } from '../timeline/event.ts';
import type { Exchange, ExchangeError, ExchangeResponse } from './stream-exchange.ts';

/** `data`: sent on one bidirectional stream. `fin`: the stream is concluded behind it; without, it stays open. */
export type RawText = { alpn: string; data: Uint8Array; fin: boolean; emit: Emit };

/** Bytes as they are, for whatever the ALPN names; what comes back is counted. */
export function createRawClient({ alpn, data, fin, emit }: RawText): Exchange {
  const response: ExchangeResponse = {
    ...{ status: undefined, bytes: 0, contentLength: undefined, complete: false },
  };
  let ours: bigint | undefined;
  let error: ExchangeError | undefined;
  return {
    alpn,
    start: () => [{ do: 'open', direction: 'bidi', name: 'data' }],
    take(event) {
      const { stream } = event;
      if (event.kind === 'opened' && event.by === 'local') {
        ours = stream;
        const detail = `${data.length} bytes${fin ? ', FIN' : ''}`;
        emit({ kind: 'exchange', by: 'local', alpn, what: 'request', detail, stream: Number(stream) });
        return [
          ...(data.length > 0 ? [{ do: 'write', stream, data } as const] : []),
          ...(fin ? [{ do: 'conclude', stream } as const] : []),
        ];
      }
      if (stream !== ours) return [];
      if (event.kind === 'data') response.bytes += event.data.length;
      if (event.kind === 'fin') {
        response.complete = true;
        const detail = `${response.bytes} bytes`;
        emit({ kind: 'exchange', by: 'peer', alpn, what: 'body', detail, stream: Number(stream) });
      }
      if (event.kind === 'reset') {
        error = { by: 'peer', code: event.code, reason: 'the stream was reset', stream };
        const detail = `0x${event.code.toString(16)}: ${error.reason}`;
        emit({ kind: 'exchange', by: 'peer', alpn, what: 'error', detail, stream: Number(stream) });
      }
      return [];
    },
    status: () => ({
      // Without FIN nobody can tell whether more will come: what was to be said is said.
      done: response.complete || error !== undefined || (!fin && ours !== undefined),
      response: response.complete || response.bytes > 0 ? { ...response } : undefined,
      ...{ answered: 0, goaway: undefined, error },
    }),
    goaway: () => [],
  };
}

/** Sends everything back on the stream it came on, and concludes what is concluded. */
export function createEchoServer({ alpn, emit }: { alpn: string; emit: Emit }): Exchange {
  let answered = 0;
  const counts = new Map<bigint, number>();
  return {
    alpn,
    start: () => [],
    take(event) {
      const { stream } = event;
      if ((stream & 2n) !== 0n) return [];
      if (event.kind === 'reset') counts.delete(stream);
      if (event.kind === 'data') {
        counts.set(stream, (counts.get(stream) ?? 0) + event.data.length);
        return [{ do: 'write', stream, data: event.data }];
      }
      if (event.kind !== 'fin') return [];
      answered += 1;
      const detail = `${counts.get(stream) ?? 0} bytes`;
      counts.delete(stream);
      emit({ kind: 'exchange', by: 'peer', alpn, what: 'body', detail, stream: Number(stream) });
      return [{ do: 'conclude', stream }];
    },
    status: () => ({
      ...{ done: answered > 0, response: undefined, answered, goaway: undefined, error: undefined },
    }),
    goaway: () => [],
  };
}
