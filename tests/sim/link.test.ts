import { describe, expect, it } from 'vitest';
import type { Transport, TransportSink } from '../../src/driver/world.ts';
import type { Input } from '../../src/proto/core.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createLink } from '../../src/sim/link.ts';
import type { Network } from '../../src/sim/network.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';

type Side = { transport: Transport; inputs: Input[]; writable: number; text(): string };

function connect(network: Partial<Network> = {}, seed = 'link') {
  const clock = createSimClock();
  const link = createLink({ clock, random: createRandom(seed), network });
  const side = (join: (sink: TransportSink) => Transport): Side => {
    const inputs: Input[] = [];
    const made: Side = {
      inputs,
      writable: 0,
      transport: join({
        input: (input) => inputs.push(input),
        writable: () => {
          made.writable += 1;
        },
        wants: () => 5,
      }),
      text: () =>
        inputs
          .map((input) => (input.kind === 'bytes' ? String.fromCharCode(...input.data) : `<${input.kind}>`))
          .join(''),
    };
    return made;
  };
  const left = side(link.left);
  const right = side(link.right);
  return { clock, link, left, right };
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('the virtual clock', () => {
  it('runs what is due, in order of time and then of asking', () => {
    const clock = createSimClock();
    const seen: string[] = [];
    clock.at(5, () => seen.push(`b${clock.now()}`));
    clock.at(2, () => {
      seen.push(`a${clock.now()}`);
      clock.at(5, () => seen.push('d'));
    });
    clock.at(5, () => seen.push('c'));
    const cancel = clock.at(3, () => seen.push('never'));
    cancel();
    clock.runUntil(4);
    expect(seen).toEqual(['a2']);
    expect(clock.now()).toBe(4);
    expect(clock.runUntilIdle()).toBe(true);
    expect(seen).toEqual(['a2', 'b5', 'c', 'd']);
  });

  it('says when a deadline came before it was idle', () => {
    const clock = createSimClock();
    const again = (): void => void clock.at(clock.now() + 10, again);
    again();
    expect(clock.runUntilIdle(100)).toBe(false);
    expect(clock.now()).toBe(100);
  });
});

describe('seeded randomness', () => {
  it('is the same for a seed and name, however it is cut, and another for others', () => {
    const whole = createRandom(7, 'x')(5000);
    const cut = createRandom(7, 'x');
    const parts = [1, 63, 64, 65, 3000, 1807].flatMap((size) => [...cut(size)]);
    expect(parts).toEqual([...whole]);
    expect([...createRandom(7, 'y')(16)]).not.toEqual([...whole.subarray(0, 16)]);
    expect([...createRandom(8, 'x')(16)]).not.toEqual([...whole.subarray(0, 16)]);
  });

  it('throws fair dice', () => {
    const dice = createDice(createRandom('dice'));
    const faces = Array.from({ length: 600 }, () => dice.between(1, 6));
    for (let face = 1; face <= 6; face++) expect(faces.filter((f) => f === face).length).toBeGreaterThan(50);
    expect(Math.min(...faces)).toBe(1);
    expect(Math.max(...faces)).toBe(6);
  });
});

describe('the link', () => {
  it('takes nothing before it is established, then carries bytes both ways and the end of each way', () => {
    const { clock, left, right } = connect({ latency: 3 });
    expect(left.transport.write(bytes('x'))).toBe('blocked');
    clock.runUntilIdle();
    expect([left.writable, right.writable]).toEqual([1, 1]);
    expect(left.transport.write(bytes('hello'))).toBe('sent');
    expect(left.transport.fin()).toBe('sent');
    const before = clock.now();
    clock.runUntilIdle();
    expect(clock.now()).toBeGreaterThanOrEqual(before + 3);
    expect(right.text()).toBe('hello<fin>');
    expect(right.transport.write(bytes('still'))).toBe('sent');
    expect(left.transport.write(bytes('no'))).toEqual({ errno: 'EPIPE' });
    clock.runUntilIdle();
    expect(left.text()).toBe('still');
  });

  it('splits at any byte and loses none, the same way for a seed', () => {
    const run = (seed: string): { sizes: number[]; total: number } => {
      const { clock, left, right } = connect({ segment: 'random', jitter: 9 }, seed);
      clock.runUntilIdle();
      left.transport.write(createRandom('data')(20_000));
      clock.runUntilIdle();
      const sizes = right.inputs.map((input) => (input.kind === 'bytes' ? input.data.length : 0));
      return { sizes, total: sizes.reduce((sum, size) => sum + size, 0) };
    };
    const one = run('a');
    expect(one.total).toBe(20_000);
    expect(one.sizes.length).toBeGreaterThan(5);
    expect(run('a')).toEqual(one);
    expect(run('b').sizes).not.toEqual(one.sizes);
  });

  it.each([0, 1, 7, 99])('dies silently after byte %i', (after) => {
    const { clock, left, right } = connect({ segment: 3, cut: { from: 'left', after } });
    clock.runUntilIdle();
    left.transport.write(new Uint8Array(100));
    left.transport.fin();
    clock.runUntilIdle();
    expect(right.inputs.every((input) => input.kind === 'bytes')).toBe(true);
    expect(right.text().length).toBe(after);
    right.transport.write(bytes('lost'));
    clock.runUntilIdle();
    expect(left.inputs).toEqual([]);
  });

  it('blocks when the peer stops reading, all or nothing, and says when there is room again', () => {
    const { clock, left, right } = connect({ sendBuffer: 100, window: 100 });
    right.transport.pause();
    clock.runUntilIdle();
    expect(left.transport.write(new Uint8Array(100))).toBe('sent');
    expect(left.transport.write(new Uint8Array(60))).toBe('sent');
    expect(left.transport.write(new Uint8Array(60))).toBe('blocked');
    clock.runUntilIdle();
    expect(right.inputs).toEqual([]);
    right.transport.resume();
    clock.runUntilIdle();
    expect(left.writable).toBe(2);
    expect(right.text().length).toBe(160);
    expect(left.transport.write(new Uint8Array(60))).toBe('sent');
  });

  it('leaves part of a blocked write on the wire when it is to be like a kernel', () => {
    const { clock, left, right } = connect({ sendBuffer: 10, window: 10, partialWrites: true });
    clock.runUntilIdle();
    right.transport.pause();
    const unit = bytes('0123456789abcdefghijklmno');
    expect(left.transport.write(unit)).toBe('blocked');
    expect(left.transport.write(unit)).toBe('blocked');
    right.transport.resume();
    clock.runUntilIdle();
    expect(left.transport.write(unit)).toBe('sent');
    clock.runUntilIdle();
    expect(right.text()).toBe('0123456789abcdefghijklmno');
  });

  it('tells of a reset once: ECONNRESET, then EPIPE; what came before it can be read', () => {
    const { clock, left, right } = connect();
    clock.runUntilIdle();
    left.transport.write(bytes('tail'));
    expect(left.transport.reset({ dropPending: false })).toBe('done');
    clock.runUntilIdle();
    expect(right.text()).toBe('tail<reset>');
    expect(right.transport.write(bytes('x'))).toEqual({ errno: 'ECONNRESET' });
    expect(right.transport.write(bytes('x'))).toEqual({ errno: 'EPIPE' });
    expect(right.transport.fin()).toEqual({ errno: 'ENOTCONN' });
  });

  it('does not reset over bytes that have not left, unless it may drop them', () => {
    const { clock, left, right } = connect({ window: 4 });
    right.transport.pause();
    clock.runUntilIdle();
    left.transport.write(bytes('0123456789'));
    expect(left.transport.reset({ dropPending: false })).toBe('pending');
    expect(left.transport.reset({ dropPending: true })).toBe('done');
    right.transport.resume();
    clock.runUntilIdle();
    expect(right.text()).toBe('0123<reset>');
  });

  it('closes with FIN, or with RST when something received was not read', () => {
    const read = connect();
    read.clock.runUntilIdle();
    read.right.transport.write(bytes('x'));
    read.clock.runUntilIdle();
    read.left.transport.close();
    read.clock.runUntilIdle();
    expect(read.right.text()).toBe('<fin>');

    const unread = connect();
    unread.clock.runUntilIdle();
    unread.left.transport.pause();
    unread.right.transport.write(bytes('x'));
    unread.clock.runUntilIdle();
    unread.left.transport.close();
    unread.clock.runUntilIdle();
    expect(unread.right.text()).toBe('<reset>');
  });

  it('answers data for a closed socket with RST', () => {
    const { clock, left, right } = connect();
    clock.runUntilIdle();
    left.transport.close();
    clock.runUntilIdle();
    expect(right.transport.write(bytes('late'))).toBe('sent');
    clock.runUntilIdle();
    expect(right.text()).toBe('<fin><reset>');
  });
});
