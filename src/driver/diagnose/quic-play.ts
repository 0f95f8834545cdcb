import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { encodeH3Frame, H3_FRAME } from '../../wire/h3-frames.ts';
import { encodeFieldSection } from '../../wire/qpack.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import type { QuicAwaited, QuicProbeAct, QuicProbeLimits } from './quic-plan.ts';
import { isEndingQuic, isH3, type QuicTalk, sendQuic, speakQuic } from './quic-talk.ts';

/** What the acts hang on besides the connection. */
export type QuicStage = { limits: QuicProbeLimits; authority: string };

/** Plays the acts in order; what a live connection is needed for is left out once it ends. */
export function* playQuicActs(talk: QuicTalk, acts: readonly QuicProbeAct[], stage: QuicStage): Task<void> {
  for (const act of acts) {
    if (isEndingQuic(talk) && !AFTER_THE_END.has(act.quic)) continue;
    yield* play(talk, act, stage);
    sendQuic(talk);
  }
}

function* play(talk: QuicTalk, act: QuicProbeAct, stage: QuicStage): Task<void> {
  const { core, emit, now, channel } = talk;
  switch (act.quic) {
    case 'request':
      speakQuic(talk, stage.authority);
      return;
    case 'upload':
      return yield* upload(talk, act.bytes, stage);
    case 'control':
      speakQuic(talk, stage.authority);
      core.streams.write(CONTROL, act.data);
      return;
    case 'end-control':
      speakQuic(talk, stage.authority);
      core.streams.conclude(CONTROL);
      return;
    case 'close': {
      const { layer = 'application', code = isH3(core) ? H3_NO_ERROR : 0n, reason = NOTHING } = act;
      core.close(now(), { layer, code, reason });
      return;
    }
    case 'ping':
      talk.packetsAtPing = talk.seen.packets;
      core.ping();
      return;
    case 'poke':
      return yield* poke(talk, act.count, act.every_ms);
    case 'keep-packet':
      talk.kept = core.raw.packet('application', PING, now());
      return;
    case 'late-packet':
      if (talk.kept === undefined) return;
      channel.transport.write(talk.kept);
      emit({ kind: 'transport.tapped', by: 'local', rule: act.quic, bytes: talk.kept.length });
      return;
    case 'sleep':
      return yield* sleepUntil(now() + lengthOf(talk, act));
    case 'await': {
      const limit = stage.limits[act.limit];
      if (yield* until(act.what, () => AWAITED[act.what](talk), now() + limit)) return;
      return emit({ kind: 'limit', phase: act.what, ms: limit });
    }
  }
}

function lengthOf({ core }: QuicTalk, act: Extract<QuicProbeAct, { quic: 'sleep' }>): Millis {
  const { ms = 0, ptos = 0, idles = 0 } = act;
  return ms + ptos * core.timing().pto + idles * (core.idle().effective ?? 0);
}

/** Written straight to the transport: while draining a core sends nothing. */
function* poke({ core, channel, emit, now }: QuicTalk, count: number, every: Millis): Task<void> {
  for (let sent = 0; sent < count; sent++) {
    const datagram = core.raw.packet('application', PING, now());
    if (datagram === undefined) return;
    channel.transport.write(datagram);
    emit({ kind: 'transport.tapped', by: 'local', rule: 'poke', bytes: datagram.length });
    yield* sleepUntil(now() + every);
  }
}

function* upload(talk: QuicTalk, bytes: number, { authority, limits }: QuicStage): Task<void> {
  speakQuic(talk, authority);
  const { core, now } = talk;
  const stream = core.streams.open('bidi');
  if (stream === undefined) return;
  let rest = concat(uploadHead(authority, bytes), encodeH3Frame(H3_FRAME.DATA, new Uint8Array(bytes)));
  const deadline = now() + limits.acknowledged;
  const refused = (): boolean => core.streams.state(stream).send.is !== 'open';
  while (rest.length > 0 && !refused() && !isEndingQuic(talk)) {
    rest = rest.subarray(core.streams.write(stream, rest));
    sendQuic(talk);
    if (rest.length === 0) break;
    const room = (): boolean => core.streams.writable(stream) > 0 || refused() || isEndingQuic(talk);
    if (!(yield* until('credit', room, deadline))) return;
  }
  core.streams.conclude(stream);
}

/** Nobody is harmed by a body that is thrown away: the path is one that hardly any server has. */
function uploadHead(authority: string, bytes: number): Uint8Array {
  const section = encodeFieldSection([
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: authority },
    { name: ':path', value: '/sslshut-upload' },
    { name: 'user-agent', value: 'sslshut' },
    { name: 'content-length', value: String(bytes) },
  ]);
  return encodeH3Frame(H3_FRAME.HEADERS, section);
}

const AWAITED: Readonly<Record<QuicAwaited, (talk: QuicTalk) => boolean>> = {
  answer: (talk) => talk.speaker?.exchange.status().done === true || isEndingQuic(talk),
  reply: (talk) => talk.seen.packets > talk.packetsAtPing || isEndingQuic(talk),
  acknowledged: (talk) => talk.core.streams.flushed() || isEndingQuic(talk),
  close: isEndingQuic,
  end: ({ core }) => core.phase() === 'terminated',
};

const AFTER_THE_END: ReadonlySet<QuicProbeAct['quic']> = new Set(['poke', 'late-packet', 'sleep', 'await']);

/** The first unidirectional stream of a client's: the exchange opens its control stream before any other. */
const CONTROL = 2n;
const H3_NO_ERROR = 0x100n;
const NOTHING = new Uint8Array(0);
/** PING, and PADDING so that the packet is large enough for a stateless reset in answer (RFC 9000 §10.3.3). */
const PING = Uint8Array.of(1, ...new Uint8Array(59));
