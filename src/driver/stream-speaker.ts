import type { Exchange, ExchangeAction, StreamEvent } from '../exchange/stream-exchange.ts';
import type { QuicCore } from '../proto/quic/core.ts';

/** An exchange that is spoken over the streams of a connection. */
export type StreamSpeaker = {
  readonly exchange: Exchange;
  /** Takes in what has come, and says what there is to say. Call it whenever something may have changed. */
  turn(): void;
  /** What a script adds to what the exchange says (GOAWAY). */
  act(actions: readonly ExchangeAction[]): void;
  /** Is something waiting for room or for credit? */
  waiting(): boolean;
};

type Speaker = {
  readonly core: QuicCore;
  readonly exchange: Exchange;
  readonly close: (code: bigint, reason: string) => void;
  readonly streams: Map<bigint, Heard>;
  begun: boolean;
  /** In order; what finds no room stays, and what comes behind it on that stream too. */
  owed: ExchangeAction[];
};

type Heard = { ended: boolean; stopped: boolean };

/** `close`: the exchange wants the connection closed with this code of the application's. */
export function createSpeaker(options: {
  core: QuicCore;
  exchange: Exchange;
  close(code: bigint, reason: string): void;
}): StreamSpeaker {
  const speaker: Speaker = { ...options, streams: new Map(), begun: false, owed: [] };
  return {
    exchange: options.exchange,
    turn: () => turn(speaker),
    act(actions) {
      speaker.owed.push(...actions);
      say(speaker);
    },
    waiting: () => speaker.owed.length > 0,
  };
}

function turn(speaker: Speaker): void {
  const { core, exchange } = speaker;
  if (!speaker.begun) {
    speaker.begun = true;
    speaker.owed.push(...exchange.start());
    say(speaker);
  }
  for (let id = core.streams.accept(); id !== undefined; id = core.streams.accept()) {
    speaker.streams.set(id, { ended: false, stopped: false });
    tell(speaker, { kind: 'opened', by: 'peer', stream: id });
  }
  for (const [stream, heard] of speaker.streams) listen(speaker, stream, heard);
  say(speaker);
}

function listen(speaker: Speaker, stream: bigint, heard: Heard): void {
  const { streams } = speaker.core;
  const { send } = streams.state(stream);
  if (send.is === 'stopped' && !heard.stopped) {
    heard.stopped = true;
    tell(speaker, { kind: 'stopped', stream, code: send.code });
  }
  while (!heard.ended) {
    const read = streams.read(stream, READ_SIZE);
    switch (read.kind) {
      case 'data':
        tell(speaker, { kind: 'data', stream, data: read.data });
        if (read.fin) end(speaker, heard, { kind: 'fin', stream });
        break;
      case 'fin':
        end(speaker, heard, { kind: 'fin', stream });
        break;
      case 'reset':
        end(speaker, heard, { kind: 'reset', stream, code: read.code });
        break;
      case 'none':
        heard.ended = true;
        break;
      case 'empty':
        return;
    }
  }
}

function end(speaker: Speaker, heard: Heard, event: StreamEvent): void {
  heard.ended = true;
  tell(speaker, event);
}

function tell(speaker: Speaker, event: StreamEvent): void {
  speaker.owed.push(...speaker.exchange.take(event));
}

/** Carries out what can be carried out; an `opened` may bring more. */
function say(speaker: Speaker): void {
  const blocked = new Set<bigint>();
  const left: ExchangeAction[] = [];
  for (let action = speaker.owed.shift(); action !== undefined; action = speaker.owed.shift()) {
    const rest = 'stream' in action && blocked.has(action.stream) ? action : carryOut(speaker, action);
    if (rest === undefined) continue;
    if ('stream' in rest) blocked.add(rest.stream);
    left.push(rest);
  }
  speaker.owed = left;
}

/** What is left of it. */
function carryOut(speaker: Speaker, action: ExchangeAction): ExchangeAction | undefined {
  const { streams } = speaker.core;
  switch (action.do) {
    case 'open': {
      const stream = streams.open(action.direction);
      if (stream === undefined) return action;
      if (action.direction === 'bidi') speaker.streams.set(stream, { ended: false, stopped: false });
      tell(speaker, { kind: 'opened', by: 'local', stream, name: action.name });
      return undefined;
    }
    case 'write': {
      if (streams.state(action.stream).send.is !== 'open') return undefined;
      const taken = streams.write(action.stream, action.data);
      return taken === action.data.length ? undefined : { ...action, data: action.data.subarray(taken) };
    }
    case 'conclude':
      streams.conclude(action.stream);
      return undefined;
    case 'reset':
      streams.reset(action.stream, action.code);
      return undefined;
    case 'stop-sending':
      streams.stopSending(action.stream, action.code);
      return undefined;
    case 'close':
      speaker.close(action.code, action.reason);
      return undefined;
  }
}

const READ_SIZE = 65_536;
