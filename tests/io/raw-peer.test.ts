import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lingerProbe } from '../../src/driver/linger.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import type { Connect, Transport, TransportSink } from '../../src/driver/world.ts';
import { createClock } from '../../src/io/clock.ts';
import { type Listener, listenTcp } from '../../src/io/listen.ts';
import { connectTcp } from '../../src/io/tcp.ts';
import type { Input } from '../../src/proto/core.ts';
import type { Fact } from '../../src/timeline/event.ts';

// What a socket of ours says when its peer ends with FIN or RST, against a peer that is plain net in another thread: 50 runs of
// each. The rule of the house: where a fact says `sure`, it is never wrong; and on Linux it always says `sure`.

const RUNS = 50;
const clock = createClock();
/** How many acts the peer has done. */
const counter = new Int32Array(new SharedArrayBuffer(4));
let worker: Worker;
let port: number;
let listener: Listener;
const accepted: Connect[] = [];
let onAccept: (() => void) | undefined;

beforeAll(async () => {
  worker = new Worker(new URL('./peer-worker.mjs', import.meta.url), { workerData: counter.buffer });
  port = await new Promise((resolve) => worker.once('message', (message) => resolve(message.port)));
  listener = await listenTcp({
    host: '127.0.0.1',
    port: 0,
    onConnection(accept) {
      accepted.push((sink) => accept(sink, () => {}));
      onAccept?.();
    },
  });
});
afterAll(async () => {
  await listener.close();
  await worker.terminate();
});

const ENDS = {
  F: { says: 'data, then FIN', end: 'fin', bytes: 350 },
  p: { says: 'FIN inside a record', end: 'fin', bytes: 100 },
  R: { says: 'data, then RST', end: 'reset', bytes: 350 },
  r: { says: 'RST alone', end: 'reset', bytes: 0 },
  P: { says: 'RST inside a record', end: 'reset', bytes: 100 },
  H: { says: 'RST inside a record header', end: 'reset', bytes: 3 },
  U: { says: 'data, then close with unread bytes', end: 'reset', bytes: 350 },
} as const;

describe.each(['client', 'server'] as const)('as %s', (side) => {
  describe.each(['idle', 'busy'] as const)('with an %s event loop', (loop) => {
    describe.each(['before', 'after'] as const)('%s our own FIN', (fin) => {
      it.each(Object.entries(ENDS))(`%s: ${RUNS} runs`, async (act, expected) => {
        const runs = await Promise.all(await start(side, act, fin, loop));
        expect(runs).toEqual(
          runs.map(() => ({ end: expected.end, certainty: CERTAINTY, bytes: expected.bytes })),
        );
      });
    });
  });
});

describe('a write that meets the reset', () => {
  it('is refused at once with ECONNRESET, and what had arrived is still read', async () => {
    for (let i = 0; i < RUNS / 5; i++) {
      const run = open(connectTcp(to(port)));
      await run.connected;
      const before = counter[0]!;
      run.transport.write(order('R', 'before'));
      holdUntil(before + 1);
      expect(run.transport.write(Uint8Array.of(1))).toEqual({ errno: 'ECONNRESET' });
      expect(run.transport.write(Uint8Array.of(1))).toEqual({ errno: 'EPIPE' });
      expect(await run.ended).toEqual({ end: 'reset', certainty: CERTAINTY, bytes: 350 });
      run.transport.close();
    }
  });
});

describe('lingerProbe', () => {
  it.each([
    ['X', false, 'yes', 'a reset comes after the FIN'],
    ['C', true, 'yes', 'what we send after the FIN is answered with RST'],
    ['C', false, 'no', 'nothing was sent after the FIN'],
    ['F', true, 'no', 'the peer still reads'],
  ] as const)('%s, we write: %s → %s (%s)', async (act, weWrite, observed, _why) => {
    for (let i = 0; i < RUNS / 5; i++) {
      const facts: Fact[] = [];
      const run = open(connectTcp(to(port)));
      await run.connected;
      const before = counter[0]!;
      run.transport.write(order(act, 'before'));
      expect(await run.ended).toMatchObject({ end: 'fin' });
      if (act === 'X') {
        worker.postMessage('go');
        holdUntil(before + 2);
      }
      if (weWrite) run.transport.write(Uint8Array.of(21, 3, 3, 0, 2, 1, 0));
      const answer = await probe(run.transport, false, facts);
      expect(answer).toBe(observed);
      expect(facts).toEqual([{ kind: 'transport.reset-after-fin', observed }]);
      run.transport.close();
    }
  });

  it.each([
    ['X', 'yes', 'the reset is there already'],
    ['F', 'not-observable', 'none has come so far'],
  ] as const)('%s, without a wait → %s (%s)', async (act, observed, _why) => {
    for (let i = 0; i < RUNS / 5; i++) {
      const run = open(connectTcp(to(port)));
      await run.connected;
      const before = counter[0]!;
      run.transport.write(order(act, 'before'));
      await run.ended;
      if (act === 'X') {
        worker.postMessage('go');
        holdUntil(before + 2);
      }
      expect(await probe(run.transport, false, [], 0)).toBe(observed);
      run.transport.close();
    }
  });

  it('never says no once our own FIN has left', async () => {
    const facts: Fact[] = [];
    const run = open(connectTcp(to(port)));
    await run.connected;
    run.transport.write(order('C', 'before'));
    await run.ended;
    run.transport.fin();
    expect(await probe(run.transport, true, facts)).toBe('not-observable');
  });
});

type Run = { end: 'fin' | 'reset'; certainty: string; bytes: number };

async function start(
  side: 'client' | 'server',
  act: string,
  fin: 'before' | 'after',
  loop: 'idle' | 'busy',
): Promise<Promise<Run>[]> {
  const runs = side === 'client' ? dialled() : await takeAccepted();
  await Promise.all(runs.map((run) => run.connected));
  const before = counter[0]!;
  for (const run of runs) run.transport.write(order(act, fin));
  if (act === 'U') await Promise.all(runs.map((run) => run.ready));
  for (const run of runs) {
    if (act === 'U') run.transport.write(new Uint8Array(1000));
    if (fin === 'after') run.transport.fin();
  }
  if (act === 'U') {
    await nextTurn();
    worker.postMessage('go');
  }
  if (loop === 'busy') {
    await nextTurn();
    holdUntil(before + RUNS);
  }
  return runs.map(async (run) => {
    const result = await run.ended;
    run.transport.close();
    return result;
  });
}

function dialled(): Opened[] {
  return Array.from({ length: RUNS }, () => open(connectTcp(to(port))));
}

async function takeAccepted(): Promise<Opened[]> {
  const opened: Opened[] = [];
  const all = new Promise<void>((resolve) => {
    onAccept = () => {
      for (const connect of accepted.splice(0)) opened.push(open(connect));
      if (opened.length === RUNS) resolve();
    };
  });
  worker.postMessage({ dial: listener.port, times: RUNS });
  await all;
  return opened;
}

type Opened = {
  transport: Transport;
  connected: Promise<void>;
  /** The peer said that it no longer reads. */
  ready: Promise<void>;
  ended: Promise<Run>;
};

/** A user of the transport that asks for TLS records: five bytes, then as many as they say. */
function open(connect: Connect): Opened {
  let connected = (): void => {};
  let ready = (): void => {};
  let ended = (_run: Run): void => {};
  let bytes = 0;
  let wanted = 5;
  let header: number[] = [];
  const input = (what: Input): void => {
    switch (what.kind) {
      case 'bytes': {
        const data = bytes === 0 && what.data[0] === 0x21 ? what.data.subarray(1) : what.data;
        if (data !== what.data) ready();
        bytes += data.length;
        wanted -= data.length;
        if (header.length < 5) {
          header.push(...data);
          if (header.length === 5) wanted = (header[3]! << 8) | header[4]!;
        } else if (wanted === 0) {
          header = [];
          wanted = 5;
        }
        return;
      }
      case 'fin':
      case 'reset':
        ended({ end: what.kind, certainty: what.certainty, bytes });
        return;
      case 'unreachable':
        throw new Error(what.errno);
    }
  };
  const sink: TransportSink = { input, writable: () => connected(), wants: () => wanted };
  const promises = {
    connected: new Promise<void>((resolve) => (connected = resolve)),
    ready: new Promise<void>((resolve) => (ready = resolve)),
    ended: new Promise<Run>((resolve) => (ended = resolve)),
  };
  return { ...promises, transport: connect(sink) };
}

function probe(transport: Transport, finSent: boolean, facts: Fact[], ms = 50): Promise<string> {
  const scheduler = createScheduler(clock);
  return new Promise((resolve) => {
    const emit = (fact: Fact): void => void facts.push(fact);
    scheduler.spawn(lingerProbe({ transport, clock, emit, ms, finSent }), resolve);
  });
}

const to = (at: number) => ({ host: '127.0.0.1', port: at, timeoutMs: 5000, emit: () => {}, clock });
const order = (act: string, fin: 'before' | 'after'): Uint8Array =>
  Uint8Array.of(act.charCodeAt(0), fin === 'after' ? 0x66 : 0x6e);
/** Node sends a FIN in the turn after `end`. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Holds the event loop until the peer has done so much: all of it is then found at once. */
function holdUntil(acts: number): void {
  for (let done = counter[0]!; done < acts; done = counter[0]!) {
    if (Atomics.wait(counter, 0, done, 10_000) === 'timed-out') throw new Error('the peer does nothing');
  }
}
const CERTAINTY = process.platform === 'win32' ? 'unknown' : 'sure';
