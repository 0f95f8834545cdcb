import { describe, expect, it } from 'vitest';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';
import { createRecorder } from '../../src/timeline/recorder.ts';

const RECORD: Fact = {
  kind: 'record',
  by: 'peer',
  type: 23,
  name: 'application_data',
  bytes: 1,
  protected: true,
};
const FIN: Fact = { kind: 'transport.fin', by: 'peer', certainty: 'sure' };
const data = (bytes: number, afterClose = false): Fact => ({ kind: 'data', by: 'peer', bytes, afterClose });
const alert = (description: number): Fact => ({
  ...{ kind: 'alert', by: 'peer', level: 1, levelName: 'warning', protected: true },
  ...{ description, descriptionName: 'x' },
});
const call = (id: number, fn = 'SSL_read'): Fact => ({ kind: 'call', id, fn, flags: [] });
const answer = (id: number, ret: number, error: 'SSL_ERROR_NONE' | 'SSL_ERROR_ZERO_RETURN'): Fact => ({
  ...{ kind: 'return', id, fn: 'SSL_read', ret, error },
  ...{ queue: [], shutdown: [], ms: 0 },
});

/** Facts without their stamps; the first ten of each connection are kept whatever they are. */
function told(...facts: readonly Fact[]): unknown[] {
  const recorder = createRecorder(() => 0, 10);
  const emit = recorder.emitter('local');
  for (let i = 0; i < 10; i++) emit(RECORD);
  for (const fact of facts) emit(fact);
  return recorder.events.slice(10).map(bare);
}

function bare({ seq, t, conn, ...fact }: TimelineEvent): unknown {
  return fact;
}

const NOTE = { kind: 'note', code: 'timeline-cap', text: expect.any(String) };

describe('createRecorder', () => {
  it('stamps and orders the facts of all connections', () => {
    let now = 5;
    const recorder = createRecorder(() => now++);
    const heard: TimelineEvent[] = [];
    recorder.subscribe((event) => heard.push(event));
    recorder.emitter('local')(FIN);
    recorder.emitter('peer')(RECORD, 3);
    expect(recorder.events).toEqual([
      { seq: 0, t: 5, conn: 'local', ...FIN },
      { seq: 1, t: 6, conn: 'peer', arrived: 3, ...RECORD },
    ]);
    expect(heard).toEqual(recorder.events);
  });
});

describe('a timeline that grows without end', () => {
  it('leaves out records and says so once; what happens to the connection is kept', () => {
    expect(told(RECORD, RECORD, FIN, RECORD)).toEqual([NOTE, FIN]);
  });

  it('adds up data until something else happens', () => {
    expect(told(data(1), RECORD, data(2), data(3, true), FIN, data(4))).toEqual([
      NOTE,
      data(3),
      data(3, true),
      FIN,
    ]);
  });

  it('tells of data now and then, though nothing else happens', () => {
    const mebibyte = 2 ** 20;
    expect(told(data(mebibyte - 1), data(1), data(1))).toEqual([NOTE, data(mebibyte)]);
  });

  it('leaves out calls that got something and keeps the one that ends it', () => {
    const facts = [
      call(1),
      data(1),
      answer(1, 1, 'SSL_ERROR_NONE'),
      call(2),
      answer(2, 0, 'SSL_ERROR_ZERO_RETURN'),
    ];
    expect(told(...facts)).toEqual([NOTE, data(1), facts[3], facts[4]]);
  });

  it('keeps a call that something happens in, with its return', () => {
    const facts = [call(1), FIN, answer(1, 1, 'SSL_ERROR_NONE')];
    expect(told(...facts)).toEqual([NOTE, ...facts]);
  });

  it('keeps one of the alerts that are alike', () => {
    expect(told(alert(90), alert(90), alert(0), alert(0), alert(90))).toEqual([
      NOTE,
      alert(90),
      alert(0),
      alert(90),
    ]);
  });

  it('has an end for alerts that differ, too; close_notify is told', () => {
    const many = Array.from({ length: 100 }, (_, i) => alert(100 + (i % 2)));
    expect(told(...many, alert(0))).toEqual([NOTE, ...many.slice(0, 10), alert(0)]);
  });

  it('leaves out packets until the connection closes, and adds up the data of each stream', () => {
    const packet: Fact = { kind: 'packet', by: 'peer', type: '1rtt', number: 1, bytes: 9, frames: [] };
    const rtt = (latestMs: number): Fact => ({
      ...{ kind: 'rtt', latestMs, smoothedMs: 1, variationMs: 1, minimumMs: 1, ptoMs: 9 },
    });
    const stream = (id: number, bytes: number, fin = false): Fact => ({
      ...{ kind: 'stream-data', by: 'peer', stream: id, bytes, fin },
    });
    const closing: Fact = { kind: 'connection-state', from: 'open', to: 'closing', why: 'x' };
    const facts = [packet, rtt(1), stream(0, 1), stream(4, 2), rtt(2), stream(0, 3, true), packet, closing];
    expect(told(...facts, packet, stream(0, 5))).toEqual([
      ...[NOTE, stream(0, 4, true), stream(4, 2), rtt(2), closing, packet],
    ]);
  });

  it('has an end for everything that a peer can repeat', () => {
    const many: Fact[] = Array.from({ length: 3000 }, () => ({
      kind: 'stateless-reset',
      by: 'peer',
      bytes: 40,
    }));
    const streams: Fact[] = Array.from({ length: 3000 }, (_, n) => ({
      ...{ kind: 'stream-data', by: 'peer', stream: 4 * (n % 60), bytes: 1, fin: false },
    }));
    expect(told(...many)).toHaveLength(1 + 1000);
    expect(told(...streams, FIN)).toHaveLength(1 + 60 + 1);
  });

  it('counts for each connection', () => {
    const recorder = createRecorder(() => 0, 10);
    for (let i = 0; i < 20; i++) recorder.emitter('local')(RECORD);
    recorder.emitter('again')(RECORD);
    expect(recorder.events).toHaveLength(12);
  });
});
