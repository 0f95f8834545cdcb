import { createH3Client } from '../../exchange/h3-client.ts';
import { createHqClient } from '../../exchange/hq.ts';
import type { Exchange } from '../../exchange/stream-exchange.ts';
import type { QuicCore } from '../../proto/quic/core.ts';
import type { Emit, Fact, Millis } from '../../timeline/event.ts';
import { encodeUtf8 } from '../../wire/utf8.ts';
import type { Channel } from '../channel.ts';
import { createSpeaker, type StreamSpeaker } from '../stream-speaker.ts';
import { type Task, until } from '../task.ts';

/** A QUIC connection of a probe, and what is spoken on it. */
export type QuicTalk = {
  readonly core: QuicCore;
  readonly channel: Channel<QuicCore>;
  readonly emit: Emit;
  readonly seen: QuicSeen;
  /** From the first request on. */
  speaker: StreamSpeaker | undefined;
  /** A packet for later. */
  kept: Uint8Array | undefined;
  /** How many packets of the peer's there had been when a PING was last sent. */
  packetsAtPing: number;
  now(): Millis;
};

export type QuicSeen = {
  handshakeKeys: boolean;
  failed: boolean;
  unreachable: boolean;
  /** Of the peer's, that opened. */
  packets: number;
};

export function createQuicSeen(to: Emit): { emit: Emit; seen: QuicSeen } {
  const seen: QuicSeen = { handshakeKeys: false, failed: false, unreachable: false, packets: 0 };
  return {
    seen,
    emit(fact, arrived) {
      note(seen, fact);
      to(fact, arrived);
    },
  };
}

/** Takes in what comes, lets the exchange speak, and sends what there is to send, to the last. */
export function* hearQuic(talk: QuicTalk): Task<void> {
  const { core } = talk;
  for (;;) {
    yield* until('the peer', () => core.ready());
    while (core.ready()) core.step(talk.now());
    talk.speaker?.turn();
    sendQuic(talk);
    talk.channel.scheduler.poke();
  }
}

/** Hands over what is to be said; what fails to leave is lost, as over UDP anything may be. */
export function sendQuic({ channel, core }: Pick<QuicTalk, 'channel' | 'core'>): void {
  if (typeof channel.flush() === 'object') core.discardTransmit();
}

/** Begins to speak what was agreed on; undefined where that is nothing that is known here. */
export function speakQuic(talk: QuicTalk, authority: string): StreamSpeaker | undefined {
  const exchange = exchangeOf(talk, authority);
  if (exchange === undefined) return undefined;
  talk.speaker ??= createSpeaker({
    core: talk.core,
    exchange,
    close: (code, reason) =>
      talk.core.close(talk.now(), { layer: 'application', code, reason: encodeUtf8(reason) }),
  });
  talk.speaker.turn();
  sendQuic(talk);
  return talk.speaker;
}

/** Is nothing more to be said on it? */
export function isEndingQuic({ core }: Pick<QuicTalk, 'core'>): boolean {
  return core.cause() !== undefined || core.phase() === 'terminated';
}

export function isH3(core: QuicCore): boolean {
  return /^h3(?:-|$)/u.test(alpnOf(core));
}

function exchangeOf({ core, emit }: QuicTalk, authority: string): Exchange | undefined {
  if (isH3(core)) return createH3Client({ authority, path: '/', emit });
  return /^hq(?:-|$)/u.test(alpnOf(core)) ? createHqClient({ path: '/', emit }) : undefined;
}

function alpnOf(core: QuicCore): string {
  return core.handshake().info?.alpn ?? '';
}

function note(seen: QuicSeen, fact: Fact): void {
  switch (fact.kind) {
    case 'handshake.message':
      if (fact.by === 'peer' && fact.level === 'handshake') seen.handshakeKeys = true;
      return;
    case 'packet':
      if (fact.by === 'peer') seen.packets += 1;
      return;
    case 'handshake.failed':
      seen.failed = true;
      return;
    case 'transport.unreachable':
      seen.unreachable = true;
      return;
    default:
  }
}
