import type { AnswerReader, HttpAnswer } from '../../exchange/http-answers.ts';
import type { RecordStep } from '../../proto/core.ts';
import type { Closing } from '../close/closing.ts';
import { type Task, until } from '../task.ts';

/** A connection of a probe: what is read on it, and what of it was told. */
export type Conversation = {
  readonly closing: Closing;
  readonly reader: AnswerReader;
  /** Requests sent. */
  asked: number;
  told: number;
  /** Nothing more can come. */
  over: boolean;
};

/** Steps the core as input comes, hands data to the reader, and sends what the core itself has to say, until nothing more can come. */
export function* listen(conversation: Conversation): Task<void> {
  const { closing } = conversation;
  const { core, channel, plan } = closing;
  const due = (): boolean =>
    core.ready() || (core.peekTransmit() !== undefined && channel.transport.writable());
  while (!conversation.over) {
    yield* until('the peer', due);
    send(closing);
    if (!core.ready()) continue;
    const { records } = closing.seen;
    take(conversation, core.step(closing.now()), records);
    if (closing.seen.bytesReceived > plan.readCap) conversation.over = true;
    channel.scheduler.poke();
  }
}

/** Is every answer here that was asked for, whole? */
export function answered({ reader, asked }: Conversation): boolean {
  return reader.broken() || reader.answers().filter((answer) => answer.complete).length >= asked;
}

/** Hands over what is queued; what a dead connection does not take is dropped. */
export function send({ channel, core }: Closing): void {
  if (typeof channel.flush() === 'object') core.discardTransmit();
}

/** Answers go on the timeline when they are whole, and at the end as far as they came. */
export function tell(conversation: Conversation, last = false): void {
  const { reader, closing } = conversation;
  const answers = reader.answers();
  for (let next = answers[conversation.told]; next !== undefined; next = answers[conversation.told]) {
    if (!next.complete && !last) return;
    conversation.told += 1;
    closing.emit({ kind: 'answer', by: 'peer', ...copy(next) });
  }
}

/** `records`: how many there were before this step. */
function take(conversation: Conversation, step: RecordStep, records: number): void {
  const { seen, emit } = conversation.closing;
  switch (step.kind) {
    case 'data':
      conversation.reader.take(step.data);
      tell(conversation);
      return;
    case 'alert':
      if (step.means === 'fatal') conversation.over = true;
      return;
    case 'eof':
    case 'reset':
    case 'fault':
      conversation.over = true;
      return;
    case 'ignored':
      if (seen.peerClose === undefined || seen.records > records) return;
      emit({ kind: 'note', code: 'no-record', text: `${step.bytes} bytes came that are no TLS record` });
      return;
    case 'progress':
    case 'unreachable':
    case 'idle':
      return;
  }
}

function copy({ status, framing, bytes, expected, complete, closes }: HttpAnswer): HttpAnswer {
  return { status, framing, bytes, ...(expected === undefined ? {} : { expected }), complete, closes };
}
