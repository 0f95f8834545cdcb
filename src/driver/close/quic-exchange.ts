import { createH3Client } from '../../exchange/h3-client.ts';
import { createHqClient } from '../../exchange/hq.ts';
import type { Exchange } from '../../exchange/stream-exchange.ts';
import type { Millis } from '../../timeline/event.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import { createSpeaker, type StreamSpeaker } from '../stream-speaker.ts';
import { type Task, until } from '../task.ts';
import { concludeCall, quicReadCall, quicWriteCall, resetCall } from './quic-calls.ts';
import type { QuicClosing } from './quic-closing.ts';
import { READ_CAP } from './witness.ts';

/**
 * Asks for what is to be asked for, or sends what is to be sent, and reads as far as was wanted. Gives who did the asking, when that was
 * answered: there may be more to hear (GOAWAY).
 */
export function* exchangeQuic(closing: QuicClosing): Task<StreamSpeaker | undefined> {
  const { plan, emit } = closing;
  const { send, readUntil } = plan;
  const speaker = speakerFor(closing);
  const nothing = send === undefined && readUntil === undefined && plan.quic.resetStream === undefined;
  if (speaker === undefined && nothing) return undefined;
  emit({ kind: 'phase', name: 'exchange' });
  const deadline = closing.now() + plan.limits.exchange;
  const asked = speaker === undefined || (yield* ask(closing, speaker, deadline));
  const done = asked && (nothing || ((yield* say(closing, deadline)) && (yield* read(closing, deadline))));
  if (!done) emit({ kind: 'limit', phase: 'exchange', ms: plan.limits.exchange });
  return speaker?.exchange.status().done === true ? speaker : undefined;
}

/** Goes on hearing what an exchange is told, to the end of the connection. */
export function* keepListening({ ssl, core, channel }: QuicClosing, speaker: StreamSpeaker): Task<void> {
  while (core.phase() !== 'terminated') {
    const { ticks } = ssl;
    yield* until('events', () => ssl.ticks !== ticks);
    speaker.turn();
    channel.flush();
  }
}

function speakerFor(closing: QuicClosing): StreamSpeaker | undefined {
  const { core } = closing;
  const exchange = exchangeFor(closing);
  if (exchange === undefined) return undefined;
  return createSpeaker({
    core,
    exchange,
    close: (code, reason) =>
      core.close(closing.now(), { layer: 'application', code, reason: encodeUtf8(reason) }),
  });
}

/** What the protocol that was agreed on can be asked in. */
function exchangeFor({ core, plan, emit }: QuicClosing): Exchange | undefined {
  const path = plan.quic.request;
  if (path === undefined) return undefined;
  const alpn = core.handshake().info?.alpn ?? '';
  if (/^h3(?:-|$)/u.test(alpn)) return createH3Client({ authority: plan.quic.authority, path, emit });
  return /^hq(?:-|$)/u.test(alpn) ? createHqClient({ path, emit }) : undefined;
}

/** One request, up to the end of its answer, or of the connection. False: the time ran out. */
function* ask(closing: QuicClosing, speaker: StreamSpeaker, deadline: Millis): Task<boolean> {
  const { core, channel, plan, emit } = closing;
  const isOver = (): boolean => core.cause() !== undefined;
  for (;;) {
    speaker.turn();
    channel.flush();
    const { done, response } = speaker.exchange.status();
    if (done || isOver()) return true;
    if ((response?.bytes ?? 0) > plan.readCap) {
      emit({ kind: 'note', code: READ_CAP, text: `stopped reading after ${plan.readCap} bytes` });
      return true;
    }
    const { ticks } = closing.ssl;
    if (!(yield* until('an answer', () => closing.ssl.ticks !== ticks || isOver(), deadline))) return false;
  }
}

/** False: the time ran out. */
function* say(closing: QuicClosing, deadline: Millis): Task<boolean> {
  const { send } = closing.plan;
  const { fin, resetStream } = closing.plan.quic;
  if (send !== undefined) {
    const written = yield* quicWriteCall(closing, send, deadline);
    if (written.blocked === true) return false;
    if (written.ret <= 0) return true;
  }
  if (resetStream !== undefined) {
    const reset = yield* resetCall(closing, resetStream, deadline);
    // The call leaves sending to the next events; a close that came first would take RESET_STREAM's place.
    closing.channel.flush();
    return reset.blocked !== true;
  }
  return send === undefined || !fin || (yield* concludeCall(closing, deadline)).blocked !== true;
}

function* read(closing: QuicClosing, deadline: Millis): Task<boolean> {
  const { readUntil } = closing.plan;
  switch (readUntil) {
    case undefined:
      return true;
    case 'idle':
      return yield* readUntilIdle(closing, deadline);
    case 'eof':
      return yield* readBytes(closing, deadline, Number.POSITIVE_INFINITY);
    default:
      return yield* readBytes(closing, deadline, readUntil);
  }
}

/** Until the stream or the connection ends, that many bytes came, or the cap is reached. */
function* readBytes(closing: QuicClosing, deadline: Millis, count: number): Task<boolean> {
  for (let got = 0; got < count && !capped(closing); ) {
    const answer = yield* quicReadCall(closing, Math.min(READ_SIZE, count - got), deadline);
    if (answer.blocked === true) return false;
    if (answer.ret <= 0) return true;
    got += answer.ret;
    closing.seen.read += answer.ret;
  }
  return true;
}

function* readUntilIdle(closing: QuicClosing, deadline: Millis): Task<boolean> {
  const { core, ssl } = closing;
  while (!capped(closing)) {
    const quiet = closing.now() + IDLE_MS;
    const some = (): boolean => ssl.defaultStream === undefined || core.streams.readable(ssl.defaultStream);
    yield* until('data', some, Math.min(quiet, deadline));
    const answer = yield* quicReadCall(closing, READ_SIZE, Math.min(quiet, deadline));
    if (answer.blocked === true) return closing.now() < deadline;
    if (answer.ret <= 0) return true;
    closing.seen.read += answer.ret;
  }
  return true;
}

/** Says so, when more would be read than the plan allows. */
function capped({ plan, seen, emit }: QuicClosing): boolean {
  if (seen.read < plan.readCap) return false;
  emit({ kind: 'note', code: READ_CAP, text: `stopped reading after ${plan.readCap} bytes` });
  return true;
}

const READ_SIZE = 16_384;
const IDLE_MS = 500;
