import { createPreamble, type Preamble } from '../../exchange/starttls.ts';
import type { Input } from '../../proto/core.ts';
import type { Millis } from '../../timeline/event.ts';
import { type Task, until } from '../task.ts';
import type { Closing } from './closing.ts';

/** `--starttls`: the conversation in the clear before TLS, within the limit of the handshake. False: the timeline says why not. */
export function* startTls(closing: Closing): Task<boolean> {
  const { plan, emit, line } = closing;
  const { starttls } = plan;
  if (starttls === undefined) return true;
  emit({ kind: 'phase', name: 'starttls' });
  const host = (plan.authority ?? '').replace(/:\d+$/u, '');
  const heard: Input[] = [];
  const giveBack = line.lend({
    input(input) {
      heard.push(input);
      if (heard.length === MOST_WAITING) line.transport.pause();
      closing.channel.scheduler.poke();
    },
    wants: () => READ_SIZE,
  });
  try {
    return yield* converse(closing, createPreamble(starttls, { host, emit }), heard);
  } finally {
    giveBack();
  }
}

function* converse(closing: Closing, preamble: Preamble, heard: Input[]): Task<boolean> {
  const ms = closing.plan.limits.handshake;
  const deadline = closing.now() + ms;
  let out = preamble.start();
  for (;;) {
    for (const data of out) {
      const sent = yield* write(closing, data, deadline);
      if (sent !== 'sent') return failed(closing, ...(sent === 'limit' ? limit(closing, ms) : HUNG_UP));
    }
    const status = preamble.status();
    if (status.kind === 'ready') return true;
    if (status.kind === 'failed') return failed(closing, status.rule, status.detail);
    if (!(yield* until('clear text', () => heard.length > 0, deadline)))
      return failed(closing, ...limit(closing, ms));
    const input = heard.shift();
    if (heard.length === 0) closing.line.transport.resume();
    if (input?.kind === 'fin')
      return failed(closing, 'eof', `the peer closed the connection (FIN) ${BEFORE}`);
    if (input?.kind === 'reset' || input?.kind === 'unreachable') return failed(closing, ...HUNG_UP);
    out = input === undefined ? [] : preamble.take(input.data);
  }
}

function* write(
  { line, now }: Closing,
  data: Uint8Array,
  deadline: Millis,
): Task<'sent' | 'limit' | 'failed'> {
  for (;;) {
    const result = line.transport.write(data);
    if (result === 'sent') return 'sent';
    if (result !== 'blocked') return 'failed';
    if (!(yield* until('the write', () => line.transport.writable(), deadline)) || now() >= deadline)
      return 'limit';
  }
}

function limit({ emit }: Closing, ms: Millis): [rule: string, detail: string] {
  emit({ kind: 'limit', phase: 'starttls', ms });
  return ['starttls-limit', `the peer did not let TLS begin within ${ms} ms`];
}

function failed({ emit, seen }: Closing, rule: string, detail: string): false {
  const blame = rule === 'starttls-limit' ? 'network' : 'peer';
  if (seen.unreachable === undefined) emit({ kind: 'handshake.failed', blame, rule, detail });
  return false;
}

const BEFORE = 'before TLS began';
const HUNG_UP: [rule: string, detail: string] = ['reset', `the peer reset the connection ${BEFORE}`];
const READ_SIZE = 4096;
/** Inputs, while ours cannot be written. */
const MOST_WAITING = 16;
