import { fromAscii } from '../../wire/bytes.ts';
import { type Task, until } from '../task.ts';
import { awaitCloseNotify, sendCloseNotify } from './calls.ts';
import { type Closing, createClosing } from './closing.ts';
import { handshake } from './establish.ts';
import { watch } from './watch.ts';
import { createWitness } from './witness.ts';

/** `--then`: both close_notify alerts were exchanged, TCP lives on, and is used again. */
export function* reuse(closing: Closing): Task<void> {
  const { then } = closing.plan;
  if (then === undefined) return;
  closing.emit({ kind: 'phase', name: 'then' });
  if (then === 'tls') yield* tlsAgain(closing);
  else yield* plainText(closing, then.plain);
}

/** Sends the text as it is and shows what comes back, until it has been quiet for 500 ms. */
function* plainText(closing: Closing, text: Uint8Array): Task<void> {
  const { line, emit, plan } = closing;
  const early = closing.core.takeUnread();
  let over = false;
  let heard = 0;
  const hear = (data: Uint8Array): void => {
    heard += data.length;
    emit({ kind: 'transport.plaintext', by: 'peer', bytes: data.length, text: latin1(data) });
  };
  const transport = line.connect({
    input(input) {
      if (input.kind === 'bytes') hear(input.data);
      else over = true;
      closing.channel.scheduler.poke();
    },
    writable: () => closing.channel.scheduler.poke(),
    wants: () => READ_SIZE,
  });
  if (early.length > 0) hear(early);
  const deadline = closing.now() + plan.limits.exchange;
  yield* until('the write', () => transport.write(text) !== 'blocked', deadline);
  emit({ kind: 'transport.plaintext', by: 'local', bytes: text.length, text: latin1(text) });
  for (let before = -1; heard !== before && !over; ) {
    before = heard;
    const wait = heard === 0 ? deadline : Math.min(deadline, closing.now() + IDLE_MS);
    yield* until('clear text', () => heard > before || over, wait);
  }
  if (heard === 0 && !over) emit({ kind: 'limit', phase: 'exchange', ms: plan.limits.exchange });
}

/** A new handshake on the same TCP connection, closed in full. Its events carry a connection name of their own. */
function* tlsAgain(closing: Closing): Task<void> {
  const { createCore, emit } = closing.again();
  const early = closing.core.takeUnread();
  const second = createClosing({
    plan: { ...closing.plan, mode: 'full', drain: true },
    line: closing.line,
    scheduler: closing.channel.scheduler,
    witness: createWitness(emit, () => closing.now()),
    createCore,
    again: closing.again,
  });
  if (early.length > 0) second.core.receive(closing.now(), { kind: 'bytes', data: early });
  if (!(yield* handshake(second))) return;
  const begun = closing.now();
  const deadline = begun + closing.plan.limits.close;
  const first = yield* sendCloseNotify(second, deadline);
  if (first.ret === 0) yield* awaitCloseNotify(second, deadline);
  yield* watch(second, begun);
}

function latin1(data: Uint8Array): string {
  return fromAscii(data.subarray(0, SHOWN));
}

const READ_SIZE = 16_384;
const IDLE_MS = 500;
/** No more of a peer's text than this on the timeline. */
const SHOWN = 1024;
