import { expect } from 'vitest';
import { ProtocolFault } from '../../src/proto/fault.ts';
import type { QuicLimits } from '../../src/proto/quic/config.ts';
import type { QuicStreams } from '../../src/proto/quic/core.ts';
import type { SentFrame } from '../../src/proto/quic/sent.ts';
import {
  applyPeerParameters,
  onMaxData,
  onMaxStreamData,
  onMaxStreams,
  onResetStream,
  onStopSending,
  onStreamDataBlocked,
  onStreamFrame,
  onStreamsBlocked,
} from '../../src/proto/quic/streams/incoming.ts';
import { onTransmitted } from '../../src/proto/quic/streams/outcome.ts';
import { nextFrame } from '../../src/proto/quic/streams/outgoing.ts';
import { streamsPort } from '../../src/proto/quic/streams/port.ts';
import { createStreams, type StreamsState } from '../../src/proto/quic/streams/state.ts';
import type { Role } from '../../src/proto/role.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { frameSize } from '../../src/wire/quic-frame-encode.ts';
import type { Frame } from '../../src/wire/quic-types.ts';

export const LIMITS: QuicLimits = {
  ...{ connectionData: 60_000, streamData: 20_000, bidiStreams: 4, uniStreams: 3, activeConnectionIds: 2 },
};

export type End = { state: StreamsState; port: QuicStreams; facts: Fact[] };

export function end(role: Role, limits: Partial<QuicLimits> = {}, peer: Partial<QuicLimits> = {}): End {
  const facts: Fact[] = [];
  const state = createStreams({ role, limits: { ...LIMITS, ...limits }, emit: (fact) => facts.push(fact) });
  allow(state, { ...LIMITS, ...peer });
  return { state, port: streamsPort(state), facts };
}

/** The peer's transport parameters: these limits. */
function allow(state: StreamsState, limits: QuicLimits): void {
  applyPeerParameters(state, {
    initialMaxData: BigInt(limits.connectionData),
    initialMaxStreamDataBidiLocal: BigInt(limits.streamData),
    initialMaxStreamDataBidiRemote: BigInt(limits.streamData),
    initialMaxStreamDataUni: BigInt(limits.streamData),
    initialMaxStreamsBidi: BigInt(limits.bidiStreams),
    initialMaxStreamsUni: BigInt(limits.uniStreams),
  });
}

export type Packet = { frames: Frame[]; sent: SentFrame[] };

/** As many frames as fit, with their facts told. Undefined: nothing to say. */
export function packet(from: End, room = 1200): Packet | undefined {
  const out: Packet = { frames: [], sent: [] };
  let left = room;
  for (;;) {
    const next = nextFrame(from.state, left);
    if (next === undefined) break;
    left -= frameSize(next.frame);
    expect(left).toBeGreaterThanOrEqual(0);
    out.frames.push(next.frame);
    out.sent.push(next.sent);
    onTransmitted(from.state, next.sent);
  }
  return out.frames.length === 0 ? undefined : out;
}

export function take({ state }: End, frame: Frame): void {
  switch (frame.type) {
    case 'stream':
      onStreamFrame(state, frame);
      return;
    case 'reset_stream':
      onResetStream(state, frame);
      return;
    case 'stop_sending':
      onStopSending(state, frame);
      return;
    case 'max_data':
      onMaxData(state, frame);
      return;
    case 'max_stream_data':
      onMaxStreamData(state, frame);
      return;
    case 'max_streams':
      onMaxStreams(state, frame);
      return;
    case 'stream_data_blocked':
      onStreamDataBlocked(state, frame);
      return;
    case 'streams_blocked':
      onStreamsBlocked(state, frame);
      return;
    case 'data_blocked':
      return;
    default:
      throw new Error(`a ${frame.type} frame is nothing for streams`);
  }
}

/** Moves everything both have to say, nothing lost, and acknowledges it. */
export function settle(a: End, b: End, acked: (by: End, sent: SentFrame) => void): void {
  for (let round = 0; round < 1000; round++) {
    const [there, back] = [packet(a), packet(b)];
    if (there === undefined && back === undefined) return;
    for (const frame of there?.frames ?? []) take(b, frame);
    for (const sent of there?.sent ?? []) acked(a, sent);
    for (const frame of back?.frames ?? []) take(a, frame);
    for (const sent of back?.sent ?? []) acked(b, sent);
  }
  throw new Error('they never fall silent');
}

export function streamFrame(id: number, offset: number, data: Uint8Array | number, fin = false): Frame {
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data;
  return { type: 'stream', stream: BigInt(id), offset: BigInt(offset), data: bytes, fin };
}

/** The fault that it throws, as code, rule and frame type. */
export function faultOf(act: () => void): { code: number; rule: string; frame: number } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    expect(error.blame).toBe('peer');
    return {
      ...{ code: Number(error.transportCode), rule: error.rule, frame: Number(error.frameType) },
    };
  }
  throw new Error('nothing was thrown');
}

export const CODE = {
  ...{ INTERNAL: 1, FLOW_CONTROL: 3, STREAM_LIMIT: 4, STREAM_STATE: 5, FINAL_SIZE: 6, FRAME_ENCODING: 7 },
  ...{ CONNECTION_ID_LIMIT: 9, PROTOCOL_VIOLATION: 10, CRYPTO_BUFFER: 13 },
} as const;
