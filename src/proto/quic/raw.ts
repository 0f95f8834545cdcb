import type { Millis } from '../../timeline/event.ts';
import type { QuicRawPort, Space } from './core.ts';
import { canSend } from './keys.ts';
import { encodeStatelessReset } from './packets/stateless-reset.ts';
import { onPacketSent } from './recovery/loss.ts';
import { sealPayload } from './seal.ts';
import type { QuicState } from './state.ts';

/** Below the well-behaved calls. */
export function createRawPort(state: QuicState): QuicRawPort {
  return {
    packet: (space, payload, now) => packet(state, space, payload, now),
    frames(space, payload) {
      if (payload.length < state.config.maxDatagram - MOST_OVERHEAD)
        state.spaces[space].raw.push(payload.slice());
    },
    send: (datagram) => void state.outbox.raw.push(datagram.slice()),
    statelessReset(length) {
      const token = knownToken(state);
      return token === undefined ? undefined : encodeStatelessReset(token, length, state.deps.random);
    },
    mute(what, on) {
      if (on) state.outbox.muted.add(what);
      else state.outbox.muted.delete(what);
    },
  };
}

/** The server's is in its transport parameters, anybody's in NEW_CONNECTION_ID. */
function knownToken({ config, ids, ours, role }: QuicState): Uint8Array | undefined {
  if (role === 'server' && config.resetToken !== undefined) return config.resetToken(ids.ownSource);
  for (const { token } of ours.active.values()) if (token.length > 0) return token;
  return undefined;
}

/** Nothing waits for an answer to it, but its number is used up. */
function packet(state: QuicState, space: Space, payload: Uint8Array, now: Millis): Uint8Array | undefined {
  if (!canSend(state.keys, space)) return undefined;
  const isClientInitial = space === 'initial' && state.role === 'client';
  const bytes = sealPayload(state, space, payload, isClientInitial ? SMALLEST : 0);
  const number = state.spaces[space].nextNumber++;
  onPacketSent(state.recovery, {
    ...{ space, number, bytes: bytes.length, sentAt: now, ackEliciting: false, inFlight: false },
    ...{ level: space, frames: [] },
  });
  return bytes;
}

const MOST_OVERHEAD = 100;
const SMALLEST = 1200;
