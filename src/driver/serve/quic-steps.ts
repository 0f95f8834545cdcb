import type { Millis } from '../../timeline/event.ts';
import { encodeFrame } from '../../wire/quic-frame-encode.ts';
import type { AckRange, Frame } from '../../wire/quic-types.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import { Writer } from '../../wire/writer.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import { protocolOf } from './quic-exchange.ts';
import type { QuicServeStep } from './quic-plan.ts';
import { flush, isEnding, isOver, type QuicServing } from './quic-serving.ts';

/** One after the other; what a step said has left before the next one begins. */
export function* playQuicSteps(serving: QuicServing, steps: readonly QuicServeStep[]): Task<void> {
  for (const step of steps) {
    yield* playStep(serving, step);
    flush(serving);
  }
}

function* playStep(serving: QuicServing, step: QuicServeStep): Task<void> {
  const { core, now, emit } = serving;
  switch (step.quic) {
    case 'close':
      core.close(now(), {
        layer: 'application',
        code: codeOf(serving, step.code),
        reason: bytesOf(step.reason),
      });
      return;
    case 'goaway':
      serving.speaker?.act(serving.speaker.exchange.goaway());
      return;
    case 'sent':
      yield* until('the answer to leave', () => hasLeft(serving), now() + step.max_ms);
      return;
    case 'mute':
      core.raw.mute(step.what, true);
      emit({ kind: 'transport.tapped', by: 'local', rule: `mute-${step.what}`, bytes: 0 });
      return;
    case 'lose-closes':
      serving.closesToLose = step.count;
      return;
    case 'storm':
      return yield* storm(serving, step.copies, step.every_ms);
    case 'early-0x1d':
      earlyClose(serving, step.code);
      return;
    case 'reset-streams':
      resetStreams(serving, step.code);
      return;
    case 'late-acks':
      return yield* lateAcks(serving, step.ms);
    case 'forget':
      emit({ kind: 'transport.tapped', by: 'local', rule: 'forget', bytes: 0 });
      core.raw.mute('everything', true);
      serving.channel.transport.close();
      serving.forgotten = true;
      return;
    case 'stateless-reset':
      core.raw.mute('closes', true);
      reset(serving);
      return;
    case 'bad-resets':
      return yield* badResets(serving);
  }
}

function* storm(serving: QuicServing, copies: number, every: Millis): Task<void> {
  const { core, now } = serving;
  for (let copy = 0; copy < copies && core.phase() !== 'terminated'; copy++) {
    yield* sleepUntil(now() + every);
    tell(serving, 'application', {
      ...{ type: 'connection_close', layer: 'application', code: codeOf(serving, undefined) },
      reason: bytesOf('again'),
    });
    flush(serving);
  }
}

/** RFC 9000 §12.4, table 3: type 0x1d belongs in packets with application data. */
function earlyClose(serving: QuicServing, code: bigint): void {
  const frame = {
    type: 'connection_close',
    layer: 'application',
    code,
    reason: bytesOf('too early'),
  } as const;
  tell(serving, 'initial', frame);
  // The client has to have the keys of the other one.
  flush(serving);
  tell(serving, 'handshake', frame);
}

/** In a packet of its own, below the core. */
function tell(
  { core, now, emit }: QuicServing,
  space: 'initial' | 'handshake' | 'application',
  frame: Frame,
): void {
  const writer = new Writer();
  encodeFrame(writer, frame);
  const datagram = core.raw.packet(space, writer.finish(), now());
  if (datagram === undefined) return;
  core.raw.send(datagram);
  emit({ kind: 'transport.tapped', by: 'local', rule: `raw-${frame.type}`, bytes: datagram.length });
}

function resetStreams({ core, asked }: QuicServing, code: bigint): void {
  for (const id of asked) if (core.streams.state(id).send.is === 'open') core.streams.reset(id, code);
}

/** Acknowledges by hand, in the order in which packets came, each so much later. */
function* lateAcks(serving: QuicServing, ms: Millis): Task<void> {
  const { core, received, now } = serving;
  core.raw.mute('acks', true);
  let known = 0;
  while (!isEnding(serving)) {
    yield* until('a packet', () => serving.datagrams > known || isEnding(serving));
    known = serving.datagrams;
    yield* sleepUntil(now() + ms);
    const ranges = rangesOf(received);
    if (isEnding(serving)) return;
    tell(serving, 'application', { type: 'ack', ranges, delay: BigInt(Math.round(ms * 1000)) >> 3n });
    flush(serving);
  }
}

function reset({ core, emit }: QuicServing): void {
  const datagram = core.raw.statelessReset(RESET_BYTES);
  if (datagram === undefined) return;
  core.raw.send(datagram);
  emit({ kind: 'stateless-reset', by: 'local', bytes: datagram.length });
}

function* badResets(serving: QuicServing): Task<void> {
  const { core, channel, emit } = serving;
  core.raw.mute('everything', true);
  let known = serving.datagrams;
  for (;;) {
    yield* until('a datagram', () => serving.datagrams !== known || isOver(serving));
    if (isOver(serving)) return;
    known = serving.datagrams;
    const datagram = core.raw.statelessReset(RESET_BYTES);
    if (datagram === undefined) return;
    const last = datagram.length - 1;
    datagram[last] = (datagram[last] ?? 0) ^ 0xff;
    channel.transport.write(datagram);
    emit({ kind: 'transport.tapped', by: 'local', rule: 'bad-reset', bytes: datagram.length });
  }
}

function hasLeft({ core, speaker }: QuicServing): boolean {
  const { written, sent } = core.streams.counts();
  return core.cause() !== undefined || (speaker?.waiting() !== true && sent >= written);
}

function codeOf({ core }: QuicServing, code: bigint | undefined): bigint {
  return code ?? (protocolOf(core.handshake().info?.alpn ?? '') === 'h3' ? H3_NO_ERROR : 0n);
}

function bytesOf(reason: string | Uint8Array | undefined): Uint8Array {
  return typeof reason === 'string' ? encodeUtf8(reason) : (reason ?? new Uint8Array(0));
}

/** Descending, inclusive. */
function rangesOf(numbers: ReadonlySet<number>): AckRange[] {
  const ranges: AckRange[] = [];
  for (const number of [...numbers].sort((a, b) => b - a).map(BigInt)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.smallest === number + 1n) last.smallest = number;
    else ranges.push({ smallest: number, largest: number });
  }
  return ranges.slice(0, MOST_RANGES);
}

const H3_NO_ERROR = 0x100n;
/** Less than any packet of a client's that could have caused it. */
const RESET_BYTES = 21;
const MOST_RANGES = 32;
