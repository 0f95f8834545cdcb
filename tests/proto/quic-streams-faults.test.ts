import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/wire/quic-types.ts';
import { CODE, end, faultOf, LIMITS, streamFrame, take } from './quic-streams-pair.ts';

// Ids: 0 client bidi, 1 server bidi, 2 client uni, 3 server uni (RFC 9000 §2.1). The end under test is a server.
const CASES: { what: string; frame: Frame; code: number; type: number }[] = [
  {
    what: 'STREAM on our send-only stream',
    frame: streamFrame(3, 0, 1),
    code: CODE.STREAM_STATE,
    type: 0x0a,
  },
  {
    ...{ what: 'STREAM on a stream of ours that there is not', frame: streamFrame(1, 5, 1, true) },
    ...{ code: CODE.STREAM_STATE, type: 0x0f },
  },
  {
    ...{ what: 'RESET_STREAM on our send-only stream', code: CODE.STREAM_STATE, type: 0x04 },
    frame: { type: 'reset_stream', stream: 3n, code: 0n, finalSize: 0n },
  },
  {
    ...{ what: 'RESET_STREAM on a stream of ours that there is not', code: CODE.STREAM_STATE, type: 0x04 },
    frame: { type: 'reset_stream', stream: 1n, code: 0n, finalSize: 0n },
  },
  {
    ...{ what: 'STOP_SENDING on a stream of ours that there is not', code: CODE.STREAM_STATE, type: 0x05 },
    frame: { type: 'stop_sending', stream: 1n, code: 0n },
  },
  {
    ...{ what: 'STOP_SENDING on a receive-only stream', code: CODE.STREAM_STATE, type: 0x05 },
    frame: { type: 'stop_sending', stream: 2n, code: 0n },
  },
  {
    ...{ what: 'MAX_STREAM_DATA on a stream of ours that there is not', code: CODE.STREAM_STATE, type: 0x11 },
    frame: { type: 'max_stream_data', stream: 1n, limit: 9n },
  },
  {
    ...{ what: 'MAX_STREAM_DATA on a receive-only stream', code: CODE.STREAM_STATE, type: 0x11 },
    frame: { type: 'max_stream_data', stream: 2n, limit: 9n },
  },
  {
    ...{ what: 'STREAM_DATA_BLOCKED on our send-only stream', code: CODE.STREAM_STATE, type: 0x15 },
    frame: { type: 'stream_data_blocked', stream: 3n, limit: 9n },
  },
  {
    ...{ what: 'a bidirectional stream too many', code: CODE.STREAM_LIMIT, type: 0x0a },
    frame: streamFrame(4 * LIMITS.bidiStreams, 0, 1),
  },
  {
    ...{ what: 'a unidirectional stream too many', code: CODE.STREAM_LIMIT, type: 0x04 },
    frame: { type: 'reset_stream', stream: BigInt(4 * LIMITS.uniStreams + 2), code: 0n, finalSize: 0n },
  },
  {
    ...{ what: 'the largest stream id there is', code: CODE.STREAM_LIMIT, type: 0x05 },
    frame: { type: 'stop_sending', stream: 2n ** 62n - 4n, code: 0n },
  },
  {
    ...{ what: 'more than a stream may carry', code: CODE.FLOW_CONTROL, type: 0x0e },
    frame: streamFrame(0, LIMITS.streamData, 1),
  },
  {
    ...{ what: 'an offset beyond all numbers', code: CODE.FLOW_CONTROL, type: 0x0e },
    frame: { type: 'stream', stream: 0n, offset: 2n ** 62n - 2n, data: new Uint8Array(1), fin: false },
  },
  {
    ...{ what: 'a final size beyond the limit', code: CODE.FLOW_CONTROL, type: 0x04 },
    frame: { type: 'reset_stream', stream: 0n, code: 0n, finalSize: BigInt(LIMITS.streamData + 1) },
  },
  {
    ...{ what: 'MAX_STREAMS beyond 2^60', code: CODE.FRAME_ENCODING, type: 0x12 },
    frame: { type: 'max_streams', direction: 'bidi', limit: 2n ** 60n + 1n },
  },
  {
    ...{ what: 'STREAMS_BLOCKED beyond 2^60', code: CODE.FRAME_ENCODING, type: 0x17 },
    frame: { type: 'streams_blocked', direction: 'uni', limit: 2n ** 60n + 1n },
  },
];

describe('frames that break a rule of streams (RFC 9000 §4, §19)', () => {
  for (const { what, frame, code, type } of CASES)
    it(`answers ${what} with ${code}`, () => {
      const fault = faultOf(() => take(end('server'), frame));
      expect({ code: fault.code, frame: fault.frame }).toEqual({ code, frame: type });
    });

  it('takes each of them in where the rule allows it', () => {
    const server = end('server');
    server.port.open('bidi');
    server.port.open('uni');
    for (const frame of [
      streamFrame(1, 5, 1, true),
      { type: 'stop_sending', stream: 3n, code: 0n },
      { type: 'stop_sending', stream: 1n, code: 0n },
      { type: 'max_stream_data', stream: 1n, limit: 9n },
      { type: 'stream_data_blocked', stream: 0n, limit: 9n },
      streamFrame(4 * LIMITS.bidiStreams - 4, LIMITS.streamData - 1, 1),
      { type: 'reset_stream', stream: BigInt(4 * LIMITS.uniStreams - 2), code: 0n, finalSize: 0n },
      { type: 'max_streams', direction: 'bidi', limit: 2n ** 60n },
      { type: 'streams_blocked', direction: 'uni', limit: 2n ** 60n },
    ] satisfies Frame[])
      expect(() => take(server, frame)).not.toThrow();
  });

  it('counts all streams against the limit of the connection, a reset with its final size', () => {
    const server = end('server', { connectionData: 30_000 });
    take(server, streamFrame(0, 0, 10));
    take(server, streamFrame(0, 19_990, 10));
    take(server, streamFrame(0, 0, 15_000));
    take(server, { type: 'reset_stream', stream: 4n, code: 0n, finalSize: 10_000n });
    take(server, { type: 'reset_stream', stream: 4n, code: 0n, finalSize: 10_000n });
    // The reset stream's bytes are as good as read: room was made, but nobody was told yet.
    expect(faultOf(() => take(server, streamFrame(8, 0, 1)))).toMatchObject({
      code: CODE.FLOW_CONTROL,
      rule: 'connection-flow-control',
    });
  });

  it('closes over a stream that comes in thousands of pieces', () => {
    const server = end('server', { streamData: 2 ** 20, connectionData: 2 ** 20 });
    const fault = faultOf(() => {
      for (let offset = 2 ** 20 - 2; offset > 0; offset -= 2) take(server, streamFrame(0, offset, 1));
    });
    expect(fault).toMatchObject({ code: CODE.INTERNAL, rule: 'too-many-pieces' });
  });
});

describe('final sizes (RFC 9000 §4.5)', () => {
  const cases: { what: string; before: Frame; after: Frame; breaks: boolean }[] = [
    {
      what: 'data beyond FIN',
      before: streamFrame(0, 0, 5, true),
      after: streamFrame(0, 5, 1),
      breaks: true,
    },
    {
      what: 'FIN further out',
      before: streamFrame(0, 0, 5, true),
      after: streamFrame(0, 0, 6, true),
      breaks: true,
    },
    {
      what: 'FIN further in',
      before: streamFrame(0, 0, 5, true),
      after: streamFrame(0, 0, 4, true),
      breaks: true,
    },
    {
      what: 'FIN before the end of data',
      before: streamFrame(0, 9, 1),
      after: streamFrame(0, 0, 4, true),
      breaks: true,
    },
    {
      what: 'the same FIN again',
      before: streamFrame(0, 0, 5, true),
      after: streamFrame(0, 4, 1, true),
      breaks: false,
    },
    {
      what: 'an empty frame at the end',
      before: streamFrame(0, 0, 5, true),
      after: streamFrame(0, 5, 0),
      breaks: false,
    },
    { what: 'a smaller reset', before: streamFrame(0, 9, 1), after: reset(9), breaks: true },
    { what: 'a reset at the end of data', before: streamFrame(0, 9, 1), after: reset(10), breaks: false },
    { what: 'a reset other than FIN', before: streamFrame(0, 5, 5, true), after: reset(11), breaks: true },
    { what: 'a second reset elsewhere', before: reset(9), after: reset(10), breaks: true },
    { what: 'data beyond a reset', before: reset(9), after: streamFrame(0, 9, 1), breaks: true },
    { what: 'data within a reset stream', before: reset(9), after: streamFrame(0, 8, 1), breaks: false },
  ];
  for (const { what, before, after, breaks } of cases)
    it(`${breaks ? 'faults' : 'allows'} ${what}`, () => {
      const server = end('server');
      take(server, before);
      if (breaks) expect(faultOf(() => take(server, after)).code).toBe(CODE.FINAL_SIZE);
      else expect(() => take(server, after)).not.toThrow();
    });
});

function reset(finalSize: number): Frame {
  return { type: 'reset_stream', stream: 0n, code: 7n, finalSize: BigInt(finalSize) };
}
