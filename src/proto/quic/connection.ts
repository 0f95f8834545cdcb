import type { Role } from '../role.ts';
import { beginClosing, terminate } from './close.ts';
import type { QuicConfig } from './config.ts';
import { localIds } from './connection-ids.ts';
import type { QuicCore, QuicDeps } from './core.ts';
import { createState } from './create-state.ts';
import { updateKeys } from './key-update.ts';
import { probePath } from './path.ts';
import { createRawPort } from './raw.ts';
import { timing } from './recovery/rtt.ts';
import type { QuicState } from './state.ts';
import { queueInput, start, step } from './step.ts';
import { streamsPort } from './streams/port.ts';
import { handleTimeout, idleTimes, pollTimeout } from './timers.ts';
import { discardUnit, peekUnit, unitSent } from './transmit.ts';

/** A QUIC connection without I/O (RFC 9000, 9001, 9002, 9368, 9369), of either role. One input and one unit are one datagram. */
export function createQuicCore(role: Role, config: QuicConfig, deps: QuicDeps): QuicCore {
  const state = createState(role, config, deps);
  return {
    role,
    phase: () => state.phase,
    version: () => state.versions.chosen,
    start: (now) => start(state, now),
    receive: (now, input) => queueInput(state, now, input),
    step: (now) => step(state, now),
    ready: () => state.phase !== 'idle' && state.inbox.datagrams.length > 0,
    wants: () => MAX_DATAGRAM,
    unread: () => state.inbox.bytes,
    peekTransmit: (now) => peekUnit(state, now)?.bytes,
    transmitted: (now) => unitSent(state, now),
    transmitTo: () => state.outbox.pending?.to ?? state.path.from,
    discardTransmit: () => discardUnit(state),
    pollTimeout: () => pollTimeout(state),
    handleTimeout(now) {
      state.clock.now = now;
      handleTimeout(state, now);
    },
    unreachable: () => state.unreachable,
    handshake: () => {
      const { complete, confirmed, info } = state.handshake;
      return { complete, confirmed, info };
    },
    session: () => state.session,
    token: () => state.newToken,
    streams: streamsPort(state.streams),
    close: (now, request) => beginClosing(state, now, request),
    abandon(now) {
      state.closing.cause ??= { kind: 'aborted', why: 'abandoned' };
      terminate(state, now, 'we go away without a word');
    },
    cause: () => state.closing.cause,
    closingEnds: () => state.closing.ends,
    closesSent: () => state.closing.sent,
    closeReceived: () => state.closing.received,
    ping() {
      state.outbox.pings = Math.min(state.outbox.pings + 1, 1);
    },
    updateKeys: () => updateKeys(state),
    challengePath: (now) => probePath(state, now),
    timing: () => timing(state.recovery),
    idle: () => idleTimes(state),
    localIds: () => knownBy(state),
    raw: createRawPort(state),
  };
}

/** Until the handshake is confirmed, the client may still use the ID that it made up for the server. */
function knownBy({ role, ours, ids, handshake, config }: QuicState): readonly Uint8Array[] {
  const own = localIds(ours);
  if (role === 'client' || handshake.confirmed) return own;
  return [...own, config.accepted?.destination ?? ids.original];
}

/** What UDP can carry. */
const MAX_DATAGRAM = 65_535;
