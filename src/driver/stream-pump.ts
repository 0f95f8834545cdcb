import type { Exchange, ExchangeAction, StreamEvent } from '../exchange/stream-exchange.ts';
import type { QuicStreams } from '../proto/quic/core.ts';

/** Carries an exchange over the streams of a connection, for either role. */
export type StreamPump = {
  /** Once, when streams can be opened. */
  start(): void;
  /**
   * Moves what can be moved: events of streams to the exchange, its actions to the streams. False: nothing could. Call it whenever
   * the connection has made progress, until it says so.
   */
  turn(): boolean;
  /** Everything the exchange wrote was taken by the streams. */
  idle(): boolean;
  /** The exchange wants the connection closed. Whoever drives does it. */
  wantsClose(): { code: bigint; reason: string } | undefined;
  /** Actions from elsewhere: a GOAWAY, say. */
  act(actions: readonly ExchangeAction[]): void;
};

export function createStreamPump(exchange: Exchange, streams: QuicStreams): StreamPump {
  const pump: Pump = {
    ...{ exchange, streams, opening: [], known: new Map(), close: undefined, moved: false },
  };
  return {
    start: () => perform(pump, exchange.start()),
    turn() {
      pump.moved = false;
      open(pump);
      admit(pump);
      for (const [id, stream] of pump.known) {
        flush(pump, id, stream);
        hear(pump, id, stream);
        if (stream.deaf && stream.out.length === 0 && pump.streams.state(id).send.is !== 'open')
          pump.known.delete(id);
      }
      return pump.moved;
    },
    idle: () => pump.opening.length === 0 && [...pump.known.values()].every(({ out }) => out.length === 0),
    wantsClose: () => pump.close,
    act: (actions) => perform(pump, actions),
  };
}

type Pump = {
  readonly exchange: Exchange;
  readonly streams: QuicStreams;
  readonly opening: Extract<ExchangeAction, { do: 'open' }>[];
  readonly known: Map<bigint, PumpedStream>;
  close: { code: bigint; reason: string } | undefined;
  moved: boolean;
};

type PumpedStream = {
  /** To be written, in order; `conclude` behind the rest. */
  out: (Uint8Array | 'conclude')[];
  /** Its receiving part is over. */
  deaf: boolean;
  /** STOP_SENDING was told. */
  stopped: boolean;
};

function perform(pump: Pump, actions: readonly ExchangeAction[]): void {
  for (const action of actions) {
    pump.moved = true;
    if (action.do === 'open') pump.opening.push(action);
    else if (action.do === 'close') pump.close ??= { code: action.code, reason: action.reason };
    else if (action.do === 'stop-sending') pump.streams.stopSending(action.stream, action.code);
    else if (action.do === 'reset') {
      pump.streams.reset(action.stream, action.code);
      know(pump, action.stream).out = [];
    } else {
      const { out } = know(pump, action.stream);
      out.push(action.do === 'write' ? action.data : 'conclude');
    }
  }
}

/** In order: as long as the peer's limit holds one up, those behind it wait. */
function open(pump: Pump): void {
  for (;;) {
    const [next] = pump.opening;
    const stream = next && pump.streams.open(next.direction);
    if (next === undefined || stream === undefined) return;
    pump.opening.shift();
    know(pump, stream);
    tell(pump, { kind: 'opened', by: 'local', stream, name: next.name });
  }
}

function admit(pump: Pump): void {
  for (let stream = pump.streams.accept(); stream !== undefined; stream = pump.streams.accept()) {
    know(pump, stream);
    tell(pump, { kind: 'opened', by: 'peer', stream });
  }
}

function flush(pump: Pump, id: bigint, stream: PumpedStream): void {
  const { send } = pump.streams.state(id);
  if (send.is === 'stopped' && !stream.stopped) {
    stream.stopped = true;
    stream.out = [];
    tell(pump, { kind: 'stopped', stream: id, code: send.code });
  }
  if (send.is !== 'open') {
    stream.out = [];
    return;
  }
  for (let [next] = stream.out; next !== undefined; [next] = stream.out) {
    if (next === 'conclude') {
      if (!pump.streams.conclude(id)) return;
    } else {
      const taken = pump.streams.write(id, next);
      if (taken > 0) pump.moved = true;
      if (taken < next.length) {
        stream.out[0] = next.subarray(taken);
        return;
      }
    }
    stream.out.shift();
    pump.moved = true;
  }
}

/** What a stream brings is read only while the answers to it find room: else a peer that never reads would fill our memory. */
function hear(pump: Pump, id: bigint, stream: PumpedStream): void {
  while (!stream.deaf && stream.out.length === 0) {
    const read = pump.streams.read(id, CHUNK);
    if (read.kind === 'empty') return;
    if (read.kind === 'data') tell(pump, { kind: 'data', stream: id, data: read.data });
    stream.deaf = read.kind !== 'data' || read.fin;
    if (read.kind === 'reset') tell(pump, { kind: 'reset', stream: id, code: read.code });
    else if (read.kind !== 'none' && stream.deaf) tell(pump, { kind: 'fin', stream: id });
    flush(pump, id, stream);
  }
}

function tell(pump: Pump, event: StreamEvent): void {
  pump.moved = true;
  perform(pump, pump.exchange.take(event));
}

function know({ known }: Pump, id: bigint): PumpedStream {
  const before = known.get(id);
  if (before !== undefined) return before;
  const stream: PumpedStream = { out: [], deaf: false, stopped: false };
  known.set(id, stream);
  return stream;
}

const CHUNK = 65_536;
