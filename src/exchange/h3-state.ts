import type { Emit } from '../timeline/event.ts';
import type { H3FrameReader } from '../wire/h3-frames.ts';
import type { H3Message } from './h3-message.ts';
import type { ExchangeAction, ExchangeError } from './stream-exchange.ts';

/** One side of an HTTP/3 connection (RFC 9114), without dynamic table and without push. */
export type H3State = {
  readonly role: 'client' | 'server';
  readonly emit: Emit;
  /** Streams of ours that must stay open, by what they are for. */
  readonly ours: Map<bigint, CriticalKind>;
  /** Unidirectional streams of the peer. */
  readonly theirs: Map<bigint, UniStream>;
  readonly control: H3FrameReader;
  settings: ReadonlyMap<bigint, bigint> | undefined;
  /** Of the peer's GOAWAY; of its MAX_PUSH_ID. */
  goaway: bigint | undefined;
  maxPushId: bigint | undefined;
  /** Requests or responses under way, by their stream. */
  readonly messages: Map<bigint, H3Message>;
  error: ExchangeError | undefined;
  /** An error of the connection: we say nothing more, and hear nothing more. */
  over: boolean;
  /** Collected while an event is taken. */
  actions: ExchangeAction[];
};

export type CriticalKind = 'control' | 'encoder' | 'decoder';

/** `start`: what came of its type, which is a varint. `rest`: of an instruction that is not whole. */
export type UniStream = { kind: CriticalKind | 'untold' | 'ignored'; rest: Uint8Array };

export function createH3State(role: 'client' | 'server', emit: Emit): H3State {
  return {
    ...{
      role,
      emit,
      ours: new Map(),
      theirs: new Map(),
      control: { head: new Uint8Array(0), frame: undefined },
    },
    ...{ settings: undefined, goaway: undefined, maxPushId: undefined, messages: new Map() },
    ...{ error: undefined, over: false, actions: [] },
  };
}
