import type { Emit } from '../timeline/event.ts';
import { fromAscii } from '../wire/bytes.ts';
import { createTalk, type Dialogue, type StreamEnd, type Talk, type Voice } from './dialogue.ts';

/**
 * How an answer says where it ends: by itself (a length, a last chunk, a last line), or by the end of the stream, which then only
 * close_notify vouches for (RFC 9846 §6.1, RFC 9112 §8).
 */
export type AnswerFraming = 'self-delimited' | 'close-delimited';

/** The answer as far as it is known. `about`: in a few words. `expected`: bytes of its body. */
export type ByteAnswer = {
  framing: AnswerFraming | undefined;
  bytes: number;
  expected: number | undefined;
  about: string;
};

export type ByteStatus = {
  /** What was asked for has come as far as it ever will; nothing more need be read. */
  done: boolean;
  /** The answer came to its end. Of a close-delimited one only close_notify says so. */
  complete: boolean;
  answer: Readonly<ByteAnswer>;
  /** The peer does not speak the protocol. */
  error: string | undefined;
  /** Over datagrams: nothing tells that what was said has been heard. */
  mayBeLost: boolean;
};

/**
 * What a client says over a stream of bytes (or over datagrams, one `take` for each). Pure: bytes in, bytes to send out. Nothing a peer
 * sends makes it throw, and it keeps little of it.
 */
export type ByteExchange = {
  readonly name: string;
  start(): readonly Uint8Array[];
  take(data: Uint8Array): readonly Uint8Array[];
  /** The stream came to its end, or nobody waits any longer. */
  end(how: StreamEnd): void;
  status(): ByteStatus;
  /** Over datagrams: what to say once more when nothing comes for a while, if anything. */
  again(): Uint8Array | undefined;
};

/** What a dialogue inside TLS can do. */
export type Speaker = Voice & {
  /** Its own to keep up to date. */
  readonly answer: ByteAnswer;
  /** The answer is whole; what the dialogue does after it is besides. */
  whole(): void;
  goaway(detail: string): void;
  /** What was said and may have been lost, under this name; without: it has been heard. */
  mayBeLost(data?: Uint8Array, what?: string): void;
};

export function createByteExchange(options: {
  name: string;
  emit: Emit;
  begin(speaker: Speaker): Dialogue;
}): ByteExchange {
  const { name, emit } = options;
  const state: State = {
    name,
    emit,
    out: [],
    ended: undefined,
    lost: undefined,
    told: false,
    complete: false,
    answer: { ...NO_ANSWER },
  };
  const talk = createTalk(options.begin(speakerOf(state)));
  return {
    name,
    start() {
      talk.start();
      return settle(state, talk);
    },
    take(data) {
      if (!talk.over()) talk.take(data);
      return settle(state, talk);
    },
    end(how) {
      if (state.ended !== undefined) return;
      state.ended = how;
      if (how !== 'limit') talk.end();
      settle(state, talk);
      if (!state.told) tellEnd(state, false);
    },
    again() {
      const { lost } = state;
      if (lost === undefined || talk.over()) return undefined;
      const detail = `${lost.what}, once more`;
      emit({ kind: 'exchange', by: 'local', alpn: name, what: 'request', detail });
      return lost.data;
    },
    status: () => ({
      done: state.told || talk.over() || (state.ended !== undefined && state.ended !== 'limit'),
      complete: state.complete,
      answer: { ...state.answer },
      error: talk.breach()?.detail,
      mayBeLost: state.lost !== undefined && !talk.over(),
    }),
  };
}

type State = {
  readonly name: string;
  readonly emit: Emit;
  out: Uint8Array[];
  ended: StreamEnd | undefined;
  lost: { data: Uint8Array; what: string } | undefined;
  /** Its end, or its failure, is on the timeline. */
  told: boolean;
  complete: boolean;
  readonly answer: ByteAnswer;
};

function speakerOf(state: State): Speaker {
  const { name: alpn, emit, answer } = state;
  return {
    answer,
    say(data, what) {
      state.out.push(data);
      if (what !== '')
        emit({ kind: 'exchange', by: 'local', alpn, what: 'request', detail: what ?? firstLine(data) });
    },
    heard(data, what, more) {
      if (more === true || what === '') return;
      emit({
        kind: 'exchange',
        by: 'peer',
        alpn,
        what: 'response',
        detail: (what ?? firstLine(data)).slice(0, MOST_DETAIL),
      });
    },
    mayBeLost(data, what = '') {
      state.lost = data === undefined ? undefined : { data, what };
    },
    goaway: (detail) => emit({ kind: 'exchange', by: 'peer', alpn, what: 'goaway', detail }),
    ended: () => state.ended,
    whole() {
      if (!state.told) tellEnd(state, true);
    },
  };
}

/** What there is to send. A dialogue that is over has its answer, unless it broke off. */
function settle(state: State, talk: Talk): readonly Uint8Array[] {
  const breach = talk.breach();
  if (breach !== undefined && !state.told) {
    state.told = true;
    const detail = `${breach.rule}: ${breach.detail}`.slice(0, MOST_DETAIL);
    state.emit({ kind: 'exchange', by: 'peer', alpn: state.name, what: 'error', detail });
  }
  if (talk.over() && !state.told) tellEnd(state, true);
  const { out } = state;
  state.out = [];
  return out;
}

function tellEnd(state: State, reached: boolean): void {
  const { answer, ended, name: alpn } = state;
  const { framing, bytes, expected } = answer;
  const byClose = framing === 'close-delimited';
  state.told = true;
  state.complete = reached && (!byClose || ended === 'close-notify');
  const missing = state.complete || expected === undefined ? undefined : Math.max(0, expected - bytes);
  state.emit({
    kind: 'exchange',
    by: 'peer',
    alpn,
    what: 'end',
    detail: endText(state, reached),
    complete: state.complete,
    ...(framing === undefined ? {} : { framing }),
    ...(missing === undefined ? {} : { missing }),
  });
}

function endText({ answer, ended, complete }: State, reached: boolean): string {
  const about = answer.about === '' ? '' : `: ${answer.about}`;
  const by = ended === undefined ? '' : ENDS[ended];
  if (complete)
    return answer.framing === 'close-delimited' ? `ended by close_notify${about}` : `whole${about}`;
  if (reached) return `ended by ${by}, which cannot tell whether it is whole${about}`;
  return ended === 'limit' ? `not whole yet when the time was up${about}` : `cut by ${by}${about}`;
}

function firstLine(data: Uint8Array): string {
  return fromAscii(data.subarray(0, MOST_DETAIL)).split('\r\n', 1)[0] ?? '';
}

const NO_ANSWER: ByteAnswer = { framing: undefined, bytes: 0, expected: undefined, about: '' };
const MOST_DETAIL = 300;
const ENDS: Readonly<Record<StreamEnd, string>> = {
  'close-notify': 'close_notify',
  fin: 'FIN',
  reset: 'a reset',
  limit: 'the time limit',
};
