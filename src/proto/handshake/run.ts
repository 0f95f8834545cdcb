import type { Level, Millis } from '../../timeline/event.ts';
import { ALERT } from '../../wire/alert.ts';
import { decodeHandshake } from '../../wire/handshake.ts';
import { Malformed } from '../../wire/reader.ts';
import type { Context, Received } from './context.ts';
import { peerFault } from './faults.ts';
import type { HandshakeAction, HandshakeMachine } from './machine.ts';

/** What a role does in each state. Every one gives the next state and leaves its actions in the context. */
export type Steps<S> = {
  start(ctx: Context, state: S): S;
  message(ctx: Context, state: S, message: Received): S;
  changeCipherSpec(ctx: Context, state: S): S;
  keyUpdate(ctx: Context, state: S, requestPeer: boolean): S;
  ticket(ctx: Context, state: S): S;
  phase(state: S): 'start' | 'under-way' | 'complete';
};

/** Holds the state; turns calls into steps and malformed messages into decode_error, once for all. */
export function runMachine<S>(ctx: Context, first: S, steps: Steps<S>): HandshakeMachine {
  let state = first;
  const turn = (now: Millis, step: () => S): readonly HandshakeAction[] => {
    ctx.now = now;
    ctx.actions = [];
    try {
      state = step();
    } catch (error) {
      throw error instanceof Malformed ? peerFault('decode-error', ALERT.decode_error, error.message) : error;
    }
    return ctx.actions;
  };
  return {
    start: (now) => turn(now, () => steps.start(ctx, state)),
    receive: (now, level, raw, sequence) =>
      turn(now, () => steps.message(ctx, state, { ...received(level, raw), sequence })),
    changeCipherSpec: (now) => turn(now, () => steps.changeCipherSpec(ctx, state)),
    keyUpdate: (requestPeer) => turn(ctx.now, () => steps.keyUpdate(ctx, state, requestPeer)),
    ticket: (now) => turn(now, () => steps.ticket(ctx, state)),
    phase: () => steps.phase(state),
  };
}

function received(level: Level, raw: Uint8Array): Received {
  return { level, raw, ...decodeHandshake(raw) };
}
