import { describe, expect, it } from 'vitest';
import type { SentFrame } from '../../src/proto/quic/sent.ts';
import { onAcked, onLost } from '../../src/proto/quic/streams/outcome.ts';
import { nextFrame, pending } from '../../src/proto/quic/streams/outgoing.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { concat } from '../../src/wire/bytes.ts';
import { type End, end, packet, settle, streamFrame, take } from './quic-streams-pair.ts';

const acked = ({ state }: End, sent: SentFrame): void => onAcked(state, sent);

describe('data over streams', () => {
  it('arrives whole both ways on many streams, through loss, reordering and repetition, within all limits', () => {
    for (let seed = 0; seed < 16; seed++) transfer(seed);
  });

  it('keeps within limits that are raised only in time', () => {
    const small = { connectionData: 1000, streamData: 400 };
    const [client, server] = [end('client', small, small), end('server', small, small)];
    const id = client.port.open('bidi') ?? -1n;
    const whole = createRandom(1, 'whole')(10_000);
    expect(client.port.write(id, whole)).toBe(whole.length);
    client.port.conclude(id);
    const got: Uint8Array[] = [];
    for (let round = 0; round < 200 && server.port.state(id).receive.is !== 'finished'; round++) {
      const out = packet(client);
      for (const frame of out?.frames ?? []) take(server, frame);
      for (const sent of out?.sent ?? []) acked(client, sent);
      const read = server.port.read(id, 300);
      if (read.kind === 'data') got.push(read.data);
      const back = packet(server);
      for (const frame of back?.frames ?? []) take(client, frame);
    }
    expect(concat(...got)).toEqual(whole);
    expect(client.port.flushed()).toBe(true);
    expect(client.facts).toContainEqual({ kind: 'stream', by: 'local', what: 'blocked', stream: 0 });
  });

  it('says once for each limit what holds it up, and again when that was lost', () => {
    const client = end('client', {}, { connectionData: 50, streamData: 30 });
    const [a, b] = [client.port.open('bidi') ?? -1n, client.port.open('bidi') ?? -1n];
    client.port.write(a, new Uint8Array(100));
    client.port.write(b, new Uint8Array(100));
    const first = packet(client);
    expect(first?.frames.map((frame) => frame.type)).toEqual([
      'stream',
      'stream_data_blocked',
      'stream',
      'data_blocked',
    ]);
    expect(pending(client.state)).toBe(false);
    expect(packet(client)).toBeUndefined();
    for (const sent of first?.sent ?? []) onLost(client.state, sent);
    take(client, { type: 'max_stream_data', stream: a, limit: 40n });
    // The connection still holds it; of the stream there is nothing to complain about any more.
    const second = packet(client);
    expect(second?.frames.map((frame) => frame.type)).toEqual(['data_blocked', 'stream', 'stream']);
    take(client, { type: 'max_data', limit: 55n });
    expect(pending(client.state)).toBe(true);
    expect(packet(client)?.frames.map((frame) => frame.type)).toEqual(['stream', 'data_blocked']);
  });

  it('lets streams take turns, what was lost before what is new', () => {
    const client = end('client');
    const ids = [0, 1, 2].map(() => client.port.open('bidi') ?? -1n);
    for (const id of ids) client.port.write(id, new Uint8Array(5000));
    const out = Array.from({ length: 6 }, () => packet(client, 500));
    const order = out
      .flatMap((one) => one?.frames ?? [])
      .map((frame) => frame.type === 'stream' && frame.stream);
    expect(order).toEqual([0n, 4n, 8n, 0n, 4n, 8n]);
    for (const sent of out[1]?.sent ?? []) onLost(client.state, sent);
    const next = packet(client, 500);
    expect(next?.sent).toEqual(out[1]?.sent);
  });

  it('takes what the buffer holds, and more once the peer has acknowledged', () => {
    const client = end('client', {}, { streamData: 2 ** 24, connectionData: 2 ** 24 });
    const id = client.port.open('uni') ?? -1n;
    const taken = client.port.write(id, new Uint8Array(2 ** 22));
    expect(taken).toBe(2 ** 19);
    expect(client.port.writable(id)).toBe(0);
    expect(client.port.write(id, new Uint8Array(1))).toBe(0);
    const sent = packet(client)?.sent ?? [];
    for (const one of sent) acked(client, one);
    expect(client.port.writable(id)).toBe(client.port.counts().acknowledged);
    expect(client.port.writable(id)).toBeGreaterThan(1000);
  });

  it('never makes a frame larger than there is room for, however little that is', () => {
    for (let room = 0; room < 80; room++) {
      const client = end('client');
      const id = client.port.open('bidi') ?? -1n;
      client.port.write(id, new Uint8Array(100));
      client.port.conclude(id);
      packet(client, room);
      packet(client, room);
    }
    const client = end('client');
    client.port.write(client.port.open('bidi') ?? -1n, new Uint8Array(9));
    expect(nextFrame(client.state, 4)).toBeUndefined();
    expect(nextFrame(client.state, 5)?.frame).toMatchObject({ type: 'stream', offset: 0n });
  });
});

describe('opening streams', () => {
  it("keeps to the peer's limit, says so, and goes on when it is raised", () => {
    const client = end('client', {}, { bidiStreams: 1, uniStreams: 0 });
    expect(client.port.open('bidi')).toBe(0n);
    expect(client.port.open('bidi')).toBeUndefined();
    expect(client.port.open('uni')).toBeUndefined();
    expect(packet(client)?.frames).toEqual([
      { type: 'streams_blocked', direction: 'bidi', limit: 1n },
      { type: 'streams_blocked', direction: 'uni', limit: 0n },
    ]);
    expect(client.port.open('bidi')).toBeUndefined();
    expect(packet(client)).toBeUndefined();
    take(client, { type: 'max_streams', direction: 'uni', limit: 1n });
    take(client, { type: 'max_streams', direction: 'uni', limit: 0n });
    expect(client.port.open('uni')).toBe(2n);
    expect(end('server').port.open('bidi')).toBe(1n);
    expect(end('server').port.open('uni')).toBe(3n);
  });

  it('opens with a stream of the peer all of its kind before it', () => {
    const server = end('server');
    take(server, streamFrame(8, 0, 3));
    take(server, { type: 'max_stream_data', stream: 0n, limit: 1n });
    expect([server.port.accept(), server.port.accept(), server.port.accept(), server.port.accept()]).toEqual([
      0n,
      4n,
      8n,
      undefined,
    ]);
    expect(server.port.state(4n)).toEqual({ send: { is: 'open' }, receive: { is: 'open' } });
    expect(server.facts.filter((fact) => fact.kind === 'stream' && fact.what === 'opened')).toHaveLength(3);
  });

  it('makes room for another stream of the peer when one is over, and remembers how it ended', () => {
    const [client, server] = [end('client'), end('server')];
    for (let turn = 0; turn < 50; turn++) {
      const id = client.port.open('bidi');
      if (id === undefined) throw new Error(`no stream in turn ${turn}`);
      client.port.write(id, Uint8Array.of(turn));
      client.port.conclude(id);
      settle(client, server, acked);
      expect(server.port.accept()).toBe(id);
      expect(server.port.read(id, 10)).toMatchObject({ kind: 'data', fin: true });
      server.port.conclude(id);
      settle(client, server, acked);
      expect(client.port.read(id, 10)).toEqual({ kind: 'fin' });
      settle(client, server, acked);
      expect(server.port.state(id)).toEqual({
        send: { is: 'concluded', acknowledged: true },
        receive: { is: 'finished' },
      });
      expect(client.port.read(id, 10)).toEqual({ kind: 'fin' });
      expect(client.port.write(id, Uint8Array.of(1))).toBe(0);
    }
    expect(client.state.live.size + server.state.live.size).toBe(0);
  });
});

function transfer(seed: number): void {
  const dice = createDice(createRandom(seed, 'transfer'));
  const limits = { connectionData: dice.between(500, 20_000), streamData: dice.between(200, 9000) };
  const ends = [end('client', limits, limits), end('server', limits, limits)] as const;
  const plans = ends.flatMap((from, side) =>
    Array.from({ length: dice.between(1, 4) }, (_, n) => ({
      ...{ from, to: ends[1 - side]!, id: from.port.open(n === 3 ? 'uni' : 'bidi') ?? -1n, at: 0 },
      ...{ whole: createRandom(seed, `${side}/${n}`)(dice.between(0, 12_000)), got: [] as Uint8Array[] },
    })),
  );
  const flight: { to: End; by: End; frames: NonNullable<ReturnType<typeof packet>> }[] = [];
  const isDone = (): boolean => plans.every(({ to, id }) => to.port.state(id).receive.is === 'finished');
  for (let round = 0; !isDone(); round++) {
    if (round > 8000) throw new Error(`seed ${seed} does not end`);
    for (const plan of plans) {
      plan.at += plan.from.port.write(plan.id, plan.whole.subarray(plan.at, plan.at + dice.between(1, 3000)));
      if (plan.at === plan.whole.length) plan.from.port.conclude(plan.id);
      const read = plan.to.port.read(plan.id, dice.between(1, 4000));
      if (read.kind === 'data') plan.got.push(read.data);
    }
    ends.forEach((by, side) => {
      const out = packet(by, dice.between(40, 1200));
      if (out !== undefined) flight.push({ by, to: ends[1 - side]!, frames: out });
    });
    while (flight.length > 0 && (flight.length > 8 || dice.chance(0.5))) {
      const [one] = flight.splice(dice.below(flight.length), 1);
      if (one === undefined) break;
      const arrives = dice.chance(0.75);
      const times = dice.chance(0.1) ? 2 : 1;
      for (let n = 0; arrives && n < times; n++) for (const frame of one.frames.frames) take(one.to, frame);
      // An acknowledgement can come late: after the packet was given up.
      const isGivenUp = !arrives || dice.chance(0.1);
      for (const sent of one.frames.sent) if (isGivenUp) onLost(one.by.state, sent);
      for (const sent of one.frames.sent) if (arrives) onAcked(one.by.state, sent);
    }
  }
  for (const plan of plans) expect(concat(...plan.got), `seed ${seed}`).toEqual(plan.whole);
  for (const { by, frames } of flight) for (const sent of frames.sent) onAcked(by.state, sent);
  settle(ends[0], ends[1], acked);
  for (const { port } of ends) {
    expect(port.flushed(), `seed ${seed}`).toBe(true);
    expect(port.counts().acknowledged).toBe(port.counts().written);
    expect(port.counts().sent).toBe(port.counts().written);
  }
  const written = ends[0].port.counts().written + ends[1].port.counts().written;
  expect(ends[0].port.counts().read + ends[1].port.counts().read).toBe(written);
}
