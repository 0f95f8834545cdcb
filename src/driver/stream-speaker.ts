import type { Exchange, ExchangeAction, StreamEvent } from '../exchange/stream-exchange.ts';
import type { QuicCore } from '../proto/quic/core.ts';

/** An exchange that is spoken over the streams of a connection, by either role. */
export type StreamSpeaker = {
  readonly exchange: Exchange;
  /** Takes in what has come, and says what there is to say. Call it whenever something may have changed. */
  turn(): void;
  /** What a script adds to what the exchange says (GOAWAY). */
  act(actions: readonly ExchangeAction[]): void;
  /** Is something waiting for room or for credit? */
  waiting(): boolean;
};

/** `close`: the exchange wants the connection closed with this code of the application's. Called once. */
export function createSpeaker(options: {
  core: Pick<QuicCore, 'streams'>;
  exchange: Exchange;
  close(code: bigint, reason: string): void;
}): StreamSpeaker {
  const { exchange, close } = options;
  const speaker: Speaker = {
    ...{ exchange, close, streams: options.core.streams, opening: [], known: new Map() },
    ...{ begun: false, closed: false, moved: false },
  };
  return {
    exchange,
    turn() {
      if (!speaker.begun) perform(speaker, exchange.start());
      speaker.begun = true;
      while (move(speaker));
    },
    act(actions) {
      perform(speaker, actions);
      while (move(speaker));
    },
    waiting: () =>
      speaker.opening.length > 0 || [...speaker.known.values()].some(({ out }) => out.length > 0),
  };
}

type Speaker = {
  readonly exchange: Exchange;
  readonly close: (code: bigint, reason: string) => void;
  readonly streams: QuicCore['streams'];
  readonly opening: Extract<ExchangeAction, { do: 'open' }>[];
  readonly known: Map<bigint, SpokenStream>;
  begun: boolean;
  closed: boolean;
  moved: boolean;
};

type SpokenStream = {
  /** To be written, in order; `conclude` behind the rest. */
  out: (Uint8Array | 'conclude')[];
  /** Its receiving part is over. */
  deaf: boolean;
  /** STOP_SENDING was told. */
  stopped: boolean;
};

/** False: nothing could be moved. */
function move(speaker: Speaker): boolean {
  speaker.moved = false;
  open(speaker);
  admit(speaker);
  for (const [id, stream] of speaker.known) {
    flush(speaker, id, stream);
    hear(speaker, id, stream);
    const isSaid = stream.out.length === 0 && speaker.streams.state(id).send.is !== 'open';
    if (stream.deaf && isSaid) speaker.known.delete(id);
  }
  return speaker.moved;
}

function perform(speaker: Speaker, actions: readonly ExchangeAction[]): void {
  for (const action of actions) {
    speaker.moved = true;
    if (action.do === 'open') speaker.opening.push(action);
    else if (action.do === 'close') close(speaker, action);
    else if (action.do === 'stop-sending') speaker.streams.stopSending(action.stream, action.code);
    else if (action.do === 'reset') {
      speaker.streams.reset(action.stream, action.code);
      know(speaker, action.stream).out = [];
    } else {
      const { out } = know(speaker, action.stream);
      out.push(action.do === 'write' ? action.data : 'conclude');
    }
  }
}

function close(speaker: Speaker, { code, reason }: { code: bigint; reason: string }): void {
  if (!speaker.closed) speaker.close(code, reason);
  speaker.closed = true;
}

/** In order: as long as the peer's limit holds one up, those behind it wait. */
function open(speaker: Speaker): void {
  for (;;) {
    const [next] = speaker.opening;
    const stream = next && speaker.streams.open(next.direction);
    if (next === undefined || stream === undefined) return;
    speaker.opening.shift();
    know(speaker, stream);
    tell(speaker, { kind: 'opened', by: 'local', stream, name: next.name });
  }
}

function admit(speaker: Speaker): void {
  for (let stream = speaker.streams.accept(); stream !== undefined; stream = speaker.streams.accept()) {
    know(speaker, stream);
    tell(speaker, { kind: 'opened', by: 'peer', stream });
  }
}

function flush(speaker: Speaker, id: bigint, stream: SpokenStream): void {
  const { send } = speaker.streams.state(id);
  if (send.is === 'stopped' && !stream.stopped) {
    stream.stopped = true;
    stream.out = [];
    tell(speaker, { kind: 'stopped', stream: id, code: send.code });
  }
  if (send.is !== 'open') {
    stream.out = [];
    return;
  }
  for (let [next] = stream.out; next !== undefined; [next] = stream.out) {
    if (next === 'conclude') {
      if (!speaker.streams.conclude(id)) return;
    } else {
      const taken = speaker.streams.write(id, next);
      if (taken > 0) speaker.moved = true;
      if (taken < next.length) {
        stream.out[0] = next.subarray(taken);
        return;
      }
    }
    stream.out.shift();
    speaker.moved = true;
  }
}

/** What a stream brings is read only while the answers to it find room: else a peer that never reads would fill our memory. */
function hear(speaker: Speaker, id: bigint, stream: SpokenStream): void {
  while (!stream.deaf && stream.out.length === 0) {
    const read = speaker.streams.read(id, CHUNK);
    if (read.kind === 'empty') return;
    if (read.kind === 'data') tell(speaker, { kind: 'data', stream: id, data: read.data });
    stream.deaf = read.kind !== 'data' || read.fin;
    if (read.kind === 'reset') tell(speaker, { kind: 'reset', stream: id, code: read.code });
    else if (read.kind !== 'none' && stream.deaf) tell(speaker, { kind: 'fin', stream: id });
    flush(speaker, id, stream);
  }
}

function tell(speaker: Speaker, event: StreamEvent): void {
  speaker.moved = true;
  perform(speaker, speaker.exchange.take(event));
}

function know({ known }: Speaker, id: bigint): SpokenStream {
  const before = known.get(id);
  if (before !== undefined) return before;
  const stream: SpokenStream = { out: [], deaf: false, stopped: false };
  known.set(id, stream);
  return stream;
}

const CHUNK = 65_536;
