import { perform } from '../../src/driver/call.ts';
import type { Channel } from '../../src/driver/channel.ts';
import { type Task, until } from '../../src/driver/task.ts';
import type { CloseCause, QuicCore, QuicPhase } from '../../src/proto/quic/core.ts';
import type { Role } from '../../src/proto/role.ts';
import { createQuicSsl, type QuicSsl } from '../../src/shutdown/quic/connection.ts';
import { quicHandleEvents } from '../../src/shutdown/quic/events.ts';
import { quicShutdownEx } from '../../src/shutdown/quic/shutdown.ts';
import type { ShutdownExFlag } from '../../src/shutdown/types.ts';
import type { Direction } from '../../src/wire/quic-types.ts';
import { encodeUtf8 } from '../../src/wire/utf8.ts';

export const CLOSES = [
  'full',
  'rapid',
  'both',
  'wait-peer',
  'no-flush',
  'transport-error',
  'reset-stream',
  'vanish',
  'idle',
  'in-handshake',
] as const;
export type Close = (typeof CLOSES)[number];

/** What one side does with its connection. Sizes in bytes. */
export type Plan = {
  close: Close;
  /** Who closes first; the other one goes along. */
  first: boolean;
  /** Its own streams, in turn; `fin`: concluded behind the last byte. */
  streams: readonly { direction: Direction; size: number; fin: boolean }[];
  /** Said on each bidirectional stream of the peer. */
  reply: number;
  /** Wait for so many bytes of the peer before closing. */
  expects: number;
  /** In the handshake: after so many datagrams. */
  patience: number;
  code: bigint;
  reason: string;
  /** Time of its own, before it goes on to close. */
  pause: number;
  /** Closes by SSL_shutdown_ex, which also flushes and waits; else by the core's own calls. */
  calls: boolean;
};

export type StreamReport = { bytes: number; fin: boolean; reset: bigint | undefined };

/** What became of it. */
export type Life = {
  /** At the time of `close`. */
  flushed: boolean | undefined;
  closedAt: number | undefined;
  /** Streams of either side that this one wrote to. */
  written: Map<bigint, { bytes: number; fin: boolean; reset: bigint | undefined }>;
  received: Map<bigint, StreamReport>;
  /** A byte that was not what the other side wrote there. */
  corrupt: string | undefined;
  left: boolean;
  phase: QuicPhase;
  cause: CloseCause | undefined;
  handshake: boolean;
  /** Of SSL_shutdown_ex. */
  returned: number | undefined;
};

type Running = Life & {
  core: QuicCore;
  channel: Channel<QuicCore>;
  ssl: QuicSsl;
  plan: Plan;
  pending: Plan['streams'][number][];
  /** What is still to be written, and where. */
  writing: Map<bigint, { at: number; size: number; fin: boolean }>;
  readable: Set<bigint>;
  steps: number;
  doneAt: number | undefined;
};

/** One side's whole connection, from the first datagram to the end. */
export function* live(channel: Channel<QuicCore>, plan: Plan): Task<Life> {
  const { core, scheduler } = channel;
  const run = begin(channel, plan);
  const now = (): number => scheduler.clock.now();
  yield* until('a socket', () => channel.connected());
  if (core.role === 'client') core.start(now());
  for (;;) {
    takeIn(run, now());
    run.handshake ||= core.handshake().complete;
    hear(run);
    if (run.handshake) speak(run);
    channel.flush();
    decide(run, now());
    channel.flush();
    if (core.phase() === 'terminated' || leaves(run)) break;
    const phase = core.phase();
    const due = run.doneAt === undefined ? undefined : run.doneAt + plan.pause;
    const wake = due !== undefined && due > now() ? due : undefined;
    const { returned } = run;
    const news = (): boolean => core.ready() || core.phase() !== phase || run.returned !== returned;
    yield* until('something new', news, wake);
  }
  hear(run);
  if (plan.calls && run.closedAt !== undefined)
    yield* until('a return', () => run.returned !== undefined || plan.close === 'vanish', now() + 1);
  run.phase = core.phase();
  run.cause = core.cause();
  run.left = run.phase !== 'terminated';
  channel.transport.close();
  return run;
}

function begin(channel: Channel<QuicCore>, plan: Plan): Running {
  return {
    ...{ channel, plan, core: channel.core, pending: [...plan.streams], writing: new Map() },
    ...{ readable: new Set(), steps: 0, doneAt: undefined, flushed: undefined, closedAt: undefined },
    ...{ written: new Map(), received: new Map(), corrupt: undefined, left: false },
    ...{ phase: 'idle', cause: undefined, handshake: false, returned: undefined },
    ssl: sslOver(channel),
  };
}

function sslOver(channel: Channel<QuicCore>): QuicSsl {
  const { core, scheduler, emit } = channel;
  const ssl = createQuicSsl({
    ...{ core, emit, profile: 'manual', blocking: true, defaultStream: 'none', explicitEvents: false },
    flush: () => channel.flush() === 'sent',
    writable: () => channel.transport.writable(),
    now: () => scheduler.clock.now(),
  });
  ssl.started = true;
  return ssl;
}

function takeIn(run: Running, now: number): void {
  const { core, ssl, plan } = run;
  if (plan.calls) {
    if (core.ready()) run.steps++;
    quicHandleEvents(ssl);
    return;
  }
  while (core.ready()) {
    core.step(now);
    run.steps++;
  }
}

/** Reads all there is, and checks every byte. */
function hear(run: Running): void {
  const { core, plan } = run;
  const { streams } = core;
  for (let id = streams.accept(); id !== undefined; id = streams.accept()) {
    run.readable.add(id);
    if ((id & 2n) === 0n) promise(run, id, plan.reply, true);
  }
  for (const id of run.readable) {
    const report = run.received.get(id) ?? { bytes: 0, fin: false, reset: undefined };
    run.received.set(id, report);
    for (let read = streams.read(id, 5_000); read.kind !== 'empty'; read = streams.read(id, 5_000)) {
      if (read.kind === 'data') {
        for (const byte of read.data) {
          if (byte !== byteAt(peerOf(core.role), id, report.bytes++))
            run.corrupt ??= `${id} at ${report.bytes}`;
        }
      }
      report.fin ||= read.kind === 'fin' || (read.kind === 'data' && read.fin);
      if (read.kind === 'reset') report.reset = read.code;
      if (read.kind !== 'data' || read.fin) {
        run.readable.delete(id);
        break;
      }
    }
  }
}

/** Opens what may be opened, and writes what is taken. */
function speak(run: Running): void {
  const { core, pending } = run;
  const { streams } = core;
  for (let next = pending[0]; next !== undefined; next = pending[0]) {
    const id = streams.open(next.direction);
    if (id === undefined) break;
    pending.shift();
    if (next.direction === 'bidi') run.readable.add(id);
    promise(run, id, next.size, next.fin);
  }
  for (const [id, part] of run.writing) {
    const report = run.written.get(id);
    if (report === undefined) continue;
    while (part.at < part.size) {
      const chunk = Uint8Array.from({ length: Math.min(3_000, part.size - part.at) }, (_, index) =>
        byteAt(core.role, id, part.at + index),
      );
      const taken = streams.write(id, chunk);
      if (taken === 0) break;
      part.at += taken;
      report.bytes = part.at;
    }
    if (part.at < part.size) continue;
    run.writing.delete(id);
    if (part.fin) report.fin = streams.conclude(id);
  }
}

function promise(run: Running, id: bigint, size: number, fin: boolean): void {
  run.writing.set(id, { at: 0, size, fin });
  run.written.set(id, { bytes: 0, fin: false, reset: undefined });
}

/** Is it time to close, and how? */
function decide(run: Running, now: number): void {
  const { core, plan } = run;
  const over = core.phase() === 'closing' || core.phase() === 'draining' || core.phase() === 'terminated';
  if (over || run.closedAt !== undefined) return;
  if (plan.close === 'in-handshake') {
    if (plan.first && run.steps >= plan.patience) close(run, now);
    return;
  }
  if (!run.handshake) return;
  const waits = plan.close === 'wait-peer' && plan.first && !plan.calls;
  const goes = plan.close === 'both' || (plan.first ? !waits : plan.close === 'wait-peer');
  if (!goes || plan.close === 'idle' || !isDone(run)) return;
  run.doneAt ??= now;
  if (now < run.doneAt + plan.pause) return;
  if (plan.close === 'vanish') {
    run.closedAt = now;
    run.flushed = core.streams.flushed();
    core.abandon(now);
    return;
  }
  close(run, now);
}

/** Has everything been said, and enough been heard? */
function isDone(run: Running): boolean {
  const { core, plan } = run;
  if (plan.close === 'no-flush') return run.written.size > 0 || run.pending.length === 0;
  if (plan.close === 'reset-stream' && run.pending.length === 0) resetOne(run);
  let heard = 0;
  for (const { bytes } of run.received.values()) heard += bytes;
  const written = run.pending.length === 0 && run.writing.size === 0;
  return written && heard >= plan.expects && (plan.calls || core.streams.flushed());
}

function resetOne(run: Running): void {
  const [first] = run.written;
  if (first === undefined || first[1].reset !== undefined) return;
  const [id, report] = first;
  if (!run.core.streams.reset(id, run.plan.code)) return;
  report.reset = run.plan.code;
  run.writing.delete(id);
}

function close(run: Running, now: number): void {
  const { core, plan } = run;
  run.closedAt = now;
  if (plan.calls) {
    shutDown(run);
    return;
  }
  run.flushed = core.streams.flushed();
  const layer = plan.close === 'transport-error' ? 'transport' : 'application';
  core.close(now, {
    layer,
    code: plan.code,
    reason: encodeUtf8(plan.reason),
    ...(layer === 'transport' && { frameType: 0n }),
  });
}

function shutDown(run: Running): void {
  const { channel, plan, ssl } = run;
  const { code, reason, close } = plan;
  const flags: ShutdownExFlag[] =
    close === 'rapid' ? ['RAPID'] : close === 'no-flush' ? ['NO_STREAM_FLUSH'] : [];
  if (close === 'wait-peer' && plan.first) flags.push('WAIT_PEER');
  const layer = close === 'transport-error' ? 'transport' : 'application';
  const args = { flags, code, reason: encodeUtf8(reason), layer } as const;
  const spec = { fn: 'SSL_shutdown_ex', flags, make: () => quicShutdownEx(ssl, args) };
  channel.scheduler.spawn(perform(channel, ssl, spec, { blocking: true }), ({ ret }) => {
    run.returned = ret;
  });
}

/** Rapid: gone as soon as it is said. */
function leaves(run: Running): boolean {
  if (run.plan.calls) return run.plan.close === 'rapid' && run.returned !== undefined;
  return run.plan.close === 'rapid' && run.closedAt !== undefined && run.core.closesSent() > 0;
}

function peerOf(role: Role): Role {
  return role === 'client' ? 'server' : 'client';
}

/** What that side writes at that place of that stream. */
function byteAt(writer: Role, id: bigint, offset: number): number {
  return (Number(id) * 31 + offset * 7 + (offset >> 8) * 13 + (writer === 'client' ? 0 : 101)) & 255;
}
