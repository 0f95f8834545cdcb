import type { RecordStep } from '../../proto/core.ts';
import type { Millis } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import type { Channel } from '../channel.ts';
import { type Task, until } from '../task.ts';

/** What a client has said so far on one connection. */
export type Heard = {
  /** Application data that nobody has taken yet. */
  waiting: Uint8Array[];
  waitingBytes: number;
  /** When anything came last. */
  last: Millis;
  closeNotify: boolean;
  /** What comes after its close_notify is kept too. */
  takesLate: boolean;
  /** Its FIN. */
  fin: boolean;
  /** Nothing more can come: FIN, RST, an error alert, or something that is no TLS. */
  over: boolean;
};

export function createHeard(now: Millis): Heard {
  return {
    waiting: [],
    waitingBytes: 0,
    last: now,
    closeNotify: false,
    takesLate: false,
    fin: false,
    over: false,
  };
}

/** Takes what was heard and not yet taken. */
export function takeHeard(heard: Heard): Uint8Array {
  const data = concat(...heard.waiting);
  heard.waiting = [];
  heard.waitingBytes = 0;
  return data;
}

/** Steps the core as input comes, and sends what the core itself has to say, until nothing more can come. */
export function* hear(channel: Channel, heard: Heard): Task<void> {
  const { core, transport, scheduler } = channel;
  const due = (): boolean => {
    const says = core.peekTransmit() !== undefined && transport.writable();
    return says || (core.ready() && heard.waitingBytes < MOST_WAITING);
  };
  while (!heard.over) {
    yield* until('the client', due);
    channel.flush();
    if (!core.ready()) continue;
    note(heard, core.step(scheduler.clock.now()), scheduler.clock.now());
    const flushed = channel.flush();
    if (typeof flushed === 'object') core.discardTransmit();
  }
}

function note(heard: Heard, step: RecordStep, now: Millis): void {
  heard.last = now;
  switch (step.kind) {
    case 'data':
      // After close_notify there is nobody to take it (RFC 9846 §6.1).
      if (!heard.closeNotify) keep(heard, step.data);
      return;
    case 'ignored':
      if (heard.takesLate && step.data !== undefined) keep(heard, step.data);
      return;
    case 'alert':
      if (step.means === 'closure') heard.closeNotify = true;
      if (step.means === 'fatal') heard.over = true;
      return;
    case 'eof':
      heard.fin = true;
      heard.over = true;
      return;
    case 'fault':
    case 'reset':
      heard.over = true;
      return;
    case 'progress':
    case 'idle':
      return;
  }
}

function keep(heard: Heard, data: Uint8Array): void {
  heard.waiting.push(data);
  heard.waitingBytes += data.length;
}

/** Most bytes kept for the one who answers. Beyond it records stay undecrypted, and then the client's window fills. */
const MOST_WAITING = 256 * 1024;
