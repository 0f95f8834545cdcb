import { type AnswerReader, httpRequest, httpUpload } from '../../exchange/http-answers.ts';
import { alertFact } from '../../proto/alerts.ts';
import { ALERT, ALERT_LEVEL } from '../../wire/alert.ts';
import { concat } from '../../wire/bytes.ts';
import { sendFin } from '../close/modes.ts';
import { sleepUntil, type Task, until } from '../task.ts';
import { answered, type Conversation, send } from './conversation.ts';
import type { Awaited, ProbeAct, ProbeLimits, ProbePart } from './plan.ts';

/** What the acts hang on besides the connection. */
export type Stage = { limits: ProbeLimits; authority: string };

/** Plays the acts in order, as long as there is a connection to play them on. */
export function* playActs(conversation: Conversation, acts: readonly ProbeAct[], stage: Stage): Task<void> {
  const { seen } = conversation.closing;
  for (const act of acts) {
    if (seen.peerReset !== undefined || seen.ourReset !== undefined) return;
    yield* play(conversation, act, stage);
  }
}

function* play(conversation: Conversation, act: ProbeAct, stage: Stage): Task<void> {
  const { closing } = conversation;
  const { core, channel, emit, now, seen } = closing;
  switch (act.local) {
    case 'request':
      conversation.asked += 1;
      core.sendData(httpRequest(stage.authority, act.last === true));
      return yield* left(conversation, stage);
    case 'burst':
      return yield* burst(conversation, act.parts, stage);
    case 'shutdown':
      core.sendAlert(ALERT_LEVEL.warning, ALERT.close_notify);
      return yield* left(conversation, stage);
    case 'raw_alert':
      sendBelow(conversation, core.raw.record(ALERT_RECORD, Uint8Array.of(act.level, act.description)));
      emit(alertFact('local', act, core.phase() === 'open'));
      return;
    case 'trickle':
      for (const byte of core.raw.record(ALERT_RECORD, CLOSE_NOTIFY)) {
        sendBelow(conversation, Uint8Array.of(byte));
        yield* sleepUntil(now() + act.every_ms);
      }
      emit(alertFact('local', CLOSURE, true));
      return;
    case 'key_update':
      core.keyUpdate(true);
      return yield* left(conversation, stage);
    case 'late_request':
      return lateRequest(conversation, stage);
    case 'upload':
      return yield* upload(conversation, act, stage);
    case 'fin':
      yield* left(conversation, stage);
      return sendFin(closing);
    case 'rst':
      yield* left(conversation, stage);
      channel.transport.reset({ dropPending: true });
      return;
    case 'stop_reading':
      channel.transport.pause();
      return emit({ kind: 'transport.tapped', by: 'local', rule: act.local, bytes: 0 });
    case 'resume_reading':
      channel.transport.resume();
      return emit({ kind: 'transport.tapped', by: 'local', rule: act.local, bytes: 0 });
    case 'sleep':
      return yield* sleepUntil(now() + act.ms);
    case 'answer':
      if (seen.peerClose === undefined || seen.ourClose !== undefined) return;
      if (act.after_ms > 0) yield* sleepUntil(now() + act.after_ms);
      core.sendAlert(ALERT_LEVEL.warning, ALERT.close_notify);
      return yield* left(conversation, stage);
    case 'await': {
      const limit = stage.limits[act.limit];
      const come = (): boolean => AWAITED[act.what](conversation);
      if (yield* until(WORDS[act.what], come, now() + limit)) return;
      return emit({ kind: 'limit', phase: act.limit, ms: limit });
    }
  }
}

function* burst(conversation: Conversation, parts: readonly ProbePart[], stage: Stage): Task<void> {
  const { core, emit } = conversation.closing;
  const records = parts.map((part) => {
    if (part === 'close_notify') return core.raw.record(ALERT_RECORD, CLOSE_NOTIFY);
    conversation.asked += 1;
    return core.raw.record(DATA_RECORD, httpRequest(stage.authority, part === 'last-request'));
  });
  sendBelow(conversation, concat(...records));
  for (const [at, part] of parts.entries()) {
    const bytes = records[at]?.length ?? 0;
    if (part === 'close_notify') emit(alertFact('local', CLOSURE, true));
    else emit({ kind: 'data', by: 'local', bytes, afterClose: false });
  }
  yield* left(conversation, stage);
}

function lateRequest(conversation: Conversation, { authority }: Stage): void {
  const { core, emit } = conversation.closing;
  const data = httpRequest(authority, true);
  sendBelow(conversation, core.raw.record(DATA_RECORD, data));
  emit({ kind: 'data', by: 'local', bytes: data.length, afterClose: true });
}

function* upload(
  conversation: Conversation,
  act: Extract<ProbeAct, { local: 'upload' }>,
  stage: Stage,
): Task<void> {
  const { closing, reader } = conversation;
  const { core, now, seen } = closing;
  conversation.asked += 1;
  core.sendData(httpUpload(stage.authority, act.bytes));
  let deadline = now() + stage.limits.answer;
  let begun = false;
  for (let sent = 0; sent < act.bytes && now() < deadline; sent += act.piece) {
    if (isOver(conversation) || seen.peerFin !== undefined) return;
    if (!begun && begins(reader)) {
      begun = true;
      deadline = now() + act.on_ms;
    }
    core.sendData(new Uint8Array(Math.min(act.piece, act.bytes - sent)));
    yield* left(conversation, stage);
    yield* sleepUntil(now() + act.every_ms);
  }
  if (begun) return;
  closing.emit({ kind: 'note', code: NO_EARLY_ANSWER, text: 'no answer came while the upload went on' });
}

function begins(reader: AnswerReader): boolean {
  return reader.answers().length > 0;
}

/** Until everything queued has left for the kernel, or nothing can. */
function* left({ closing }: Conversation, { limits }: Stage): Task<void> {
  const { channel, seen, now } = closing;
  const gone = (): boolean => {
    send(closing);
    return channel.transport.writable() || seen.peerReset !== undefined;
  };
  yield* until('the write', gone, now() + limits.answer);
}

function sendBelow({ closing }: Conversation, bytes: Uint8Array): void {
  closing.core.raw.send(bytes);
  send(closing);
}

function isOver({ closing }: Conversation): boolean {
  return closing.seen.peerFin !== undefined || closing.seen.peerReset !== undefined;
}

function closed(conversation: Conversation): boolean {
  return conversation.closing.seen.peerClose !== undefined || conversation.over;
}

const AWAITED: Readonly<Record<Awaited, (conversation: Conversation) => boolean>> = {
  answer: (conversation) => answered(conversation) || closed(conversation),
  close: closed,
  // What came before it has been read by then.
  end: (conversation) => conversation.over && isOver(conversation),
};
const WORDS: Readonly<Record<Awaited, string>> = {
  answer: 'the answer',
  close: "the peer's close_notify",
  end: "the peer's FIN",
};

/** Code of a note: a server that reads everything first has shown nothing. */
const NO_EARLY_ANSWER = 'no-early-answer';
const ALERT_RECORD = 21;
const DATA_RECORD = 23;
const CLOSURE = { level: ALERT_LEVEL.warning, description: ALERT.close_notify };
const CLOSE_NOTIFY = Uint8Array.of(CLOSURE.level, CLOSURE.description);
