import { frameTypeNumber } from './quic-frame-types.ts';
import type { Frame } from './quic-types.ts';
import { varintLength, writeVarint } from './varint.ts';
import type { Writer } from './writer.ts';

type Ack = Extract<Frame, { type: 'ack' }>;

/** Appends it. Data always goes with its length, so that another frame may follow. Throws RangeError on values no varint can hold. */
export function encodeFrame(writer: Writer, frame: Frame): void {
  if (frame.type === 'padding') {
    writer.raw(new Uint8Array(frame.bytes));
    return;
  }
  writeVarint(writer, frameTypeNumber(frame));
  const { numbers, tail } = fields(frame);
  for (const number of numbers) writeVarint(writer, number);
  for (const bytes of tail) writer.raw(bytes);
}

/** How many bytes `encodeFrame` appends. */
export function frameSize(frame: Frame): number {
  if (frame.type === 'padding') return frame.bytes;
  const { numbers, tail } = fields(frame);
  let size = varintLength(frameTypeNumber(frame));
  for (const number of numbers) size += varintLength(number);
  for (const bytes of tail) size += bytes.length;
  return size;
}

/** Every frame is some varints, and bytes behind them. */
type Fields = { numbers: readonly (bigint | number)[]; tail: readonly Uint8Array[] };

function fields(frame: Exclude<Frame, { type: 'padding' }>): Fields {
  switch (frame.type) {
    case 'ping':
    case 'handshake_done':
      return numbers();
    case 'ack':
      return numbers(...ackNumbers(frame));
    case 'reset_stream':
      return numbers(frame.stream, frame.code, frame.finalSize);
    case 'stop_sending':
      return numbers(frame.stream, frame.code);
    case 'crypto':
      return data([frame.offset], frame.data);
    case 'new_token':
      return data([], frame.token);
    case 'stream':
      return data(frame.offset > 0n ? [frame.stream, frame.offset] : [frame.stream], frame.data);
    case 'max_stream_data':
    case 'stream_data_blocked':
      return numbers(frame.stream, frame.limit);
    case 'max_data':
    case 'max_streams':
    case 'data_blocked':
    case 'streams_blocked':
      return numbers(frame.limit);
    case 'new_connection_id':
      return {
        numbers: [frame.sequence, frame.retirePriorTo, frame.id.length],
        tail: [frame.id, frame.resetToken],
      };
    case 'retire_connection_id':
      return numbers(frame.sequence);
    case 'path_challenge':
    case 'path_response':
      return { numbers: [], tail: [frame.data] };
    case 'connection_close':
      return data(frame.layer === 'transport' ? [frame.code, frame.frameType] : [frame.code], frame.reason);
    case 'datagram':
      return data([], frame.data);
  }
}

function numbers(...values: readonly (bigint | number)[]): Fields {
  return { numbers: values, tail: [] };
}

/** With a length in front. */
function data(before: readonly bigint[], bytes: Uint8Array): Fields {
  return { numbers: [...before, bytes.length], tail: [bytes] };
}

/** RFC 9000 §19.3.1 */
function ackNumbers({ ranges, delay, ecn }: Ack): bigint[] {
  const [first, ...others] = ranges;
  if (first === undefined) throw new RangeError('an ACK frame has a range at least');
  const values = [first.largest, delay, BigInt(others.length), first.largest - first.smallest];
  let { smallest } = first;
  for (const range of others) {
    values.push(smallest - range.largest - 2n, range.largest - range.smallest);
    smallest = range.smallest;
  }
  if (ecn !== undefined) values.push(ecn.ect0, ecn.ect1, ecn.ce);
  return values;
}
