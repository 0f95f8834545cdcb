import { concat } from '../wire/bytes.ts';
import { Malformed } from '../wire/reader.ts';

/** What a dialogue waits for: bytes up to and with this one, so many bytes, or whatever comes (`orEnd`: or nothing, when the stream is over). */
export type Need =
  | { kind: 'until'; byte: number; most: number }
  | { kind: 'count'; bytes: number }
  | { kind: 'some'; most: number; orEnd?: true };

/** One side of a conversation over a stream of bytes: says what it needs next, and is sent that. */
export type Dialogue = Generator<Need, void, Uint8Array>;
/** A part of one. */
export type Hearing<T> = Generator<Need, T, Uint8Array>;

/** How a stream of bytes came to its end. `limit`: it did not, and nobody waits any longer. */
export type StreamEnd = 'close-notify' | 'fin' | 'reset' | 'limit';

/** What a dialogue can do besides waiting. `what`: a name for bytes that are no text. `more`: the rest of a reply follows. */
export type Voice = {
  say(data: Uint8Array, what?: string): void;
  heard(data: Uint8Array, what?: string, more?: boolean): void;
  /** Once the stream is over. */
  ended(): StreamEnd | undefined;
};

/** The peer does not speak the protocol that was asked for, or refuses. `rule`: kebab-case. */
export class Breach extends Error {
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(detail);
    this.name = 'Breach';
    this.rule = rule;
  }
}

/** A dialogue with its buffer. Nothing a peer sends makes a method throw, and no more is kept than the dialogue asks for and one input. */
export type Talk = {
  start(): void;
  take(data: Uint8Array): void;
  end(): void;
  /** The dialogue came to its own end, or broke off. */
  over(): boolean;
  breach(): { rule: string; detail: string } | undefined;
  /** What came and was not asked for. */
  left(): Uint8Array;
};

export function createTalk(dialogue: Dialogue): Talk {
  const state: TalkState = {
    ...{ dialogue, need: undefined, held: NOTHING, searched: 0 },
    ...{ ended: false, over: false, breach: undefined },
  };
  return {
    start() {
      advance(state, NOTHING);
      feed(state);
    },
    take(data) {
      state.held = state.held.length === 0 ? data : concat(state.held, data);
      feed(state);
    },
    end() {
      state.ended = true;
      feed(state);
    },
    over: () => state.over,
    breach: () => state.breach,
    left: () => state.held,
  };
}

type TalkState = {
  readonly dialogue: Dialogue;
  need: Need | undefined;
  held: Uint8Array;
  /** So many held bytes were searched already. */
  searched: number;
  ended: boolean;
  over: boolean;
  breach: { rule: string; detail: string } | undefined;
};

function feed(state: TalkState): void {
  while (state.need !== undefined) {
    const piece = cut(state, state.need);
    if (piece === undefined) return;
    advance(state, piece);
  }
}

function advance(state: TalkState, piece: Uint8Array): void {
  state.need = undefined;
  try {
    const step = state.dialogue.next(piece);
    if (step.done !== true) {
      state.need = step.value;
      return;
    }
  } catch (error) {
    if (!(error instanceof Breach) && !(error instanceof Malformed)) throw error;
    const rule = error instanceof Breach ? error.rule : 'malformed';
    state.breach = { rule, detail: error.message };
  }
  state.over = true;
}

/** What is needed, if it is there. */
function cut(state: TalkState, need: Need): Uint8Array | undefined {
  const { held } = state;
  switch (need.kind) {
    case 'some':
      return held.length === 0 && !(state.ended && need.orEnd === true)
        ? undefined
        : split(state, Math.min(need.most, held.length));
    case 'count':
      return held.length < need.bytes ? undefined : split(state, need.bytes);
    case 'until': {
      const end = held.indexOf(need.byte, state.searched);
      if (end !== -1 && end < need.most) return split(state, end + 1);
      state.searched = held.length;
      if (end === -1 && held.length < need.most) return undefined;
      state.need = undefined;
      state.over = true;
      state.breach = { rule: 'too-long', detail: `more than ${need.most} bytes without an end` };
      return undefined;
    }
    default:
      return need satisfies never;
  }
}

function split(state: TalkState, length: number): Uint8Array {
  const piece = state.held.subarray(0, length);
  state.held = state.held.subarray(length);
  state.searched = 0;
  return piece;
}

const NOTHING = new Uint8Array(0);
