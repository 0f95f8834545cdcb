import { describe, expect, it } from 'vitest';
import type { Transport, TransportSink } from '../../src/driver/world.ts';
import type { Input } from '../../src/proto/core.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createRandom } from '../../src/sim/random.ts';

type Side = { transport: Transport; inputs: Input[]; times: number[]; words(): string[] };

function connect(network: Partial<DatagramNetwork> = {}, seed = 'datagrams') {
  const clock = createSimClock();
  const link = createDatagramLink({ clock, random: createRandom(seed), network });
  let opened = 0;
  const side = (join: (sink: TransportSink) => Transport): Side => {
    const inputs: Input[] = [];
    const times: number[] = [];
    const transport = join({
      input(input) {
        inputs.push(input);
        times.push(clock.now());
      },
      writable: () => {
        opened += 1;
      },
      wants: () => 65_535,
    });
    const word = (input: Input): string =>
      input.kind === 'bytes'
        ? String.fromCharCode(...input.data)
        : `<${input.kind === 'unreachable' ? input.errno : input.kind}>`;
    return { transport, inputs, times, words: () => inputs.map(word) };
  };
  const left = side(link.left);
  const right = side(link.right);
  return { clock, link, left, right, opened: () => opened };
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const numbers = Array.from({ length: 400 }, (_, index) => String(index));

function sendAll(network: Partial<DatagramNetwork>, seed = 'datagrams'): string[] {
  const { clock, left, right } = connect(network, seed);
  for (const number of numbers) {
    left.transport.write(bytes(number));
    clock.runUntil(clock.now() + 1);
  }
  clock.runUntilIdle();
  return right.words();
}

describe('a quiet datagram network', () => {
  it('is open at once, and keeps every datagram whole, in order, after the latency', () => {
    const { clock, left, right, opened } = connect({ latency: 7 });
    clock.runUntil(0);
    expect(opened()).toBe(2);
    expect(left.transport.write(bytes('one'))).toBe('sent');
    expect(left.transport.write(bytes('two'))).toBe('sent');
    right.transport.write(bytes('back'));
    clock.runUntilIdle();
    expect(right.words()).toEqual(['one', 'two']);
    expect(right.times).toEqual([7, 7]);
    expect(left.words()).toEqual(['back']);
  });

  it('refuses what is larger than the MTU', () => {
    const { clock, left, right } = connect({ mtu: 4 });
    expect(left.transport.write(bytes('12345'))).toEqual({ errno: 'EMSGSIZE' });
    expect(left.transport.write(bytes('1234'))).toBe('sent');
    clock.runUntilIdle();
    expect(right.words()).toEqual(['1234']);
  });

  it('knows neither FIN nor RST', () => {
    const { clock, left, right } = connect();
    expect(left.transport.fin()).toEqual({ errno: 'EOPNOTSUPP' });
    expect(left.transport.reset({ dropPending: true })).toBe('impossible');
    left.transport.close();
    expect(left.transport.write(bytes('x'))).toEqual({ errno: 'EBADF' });
    clock.runUntilIdle();
    expect(right.inputs).toEqual([]);
  });

  it('answers for a closed port, once for each datagram', () => {
    const { clock, left, right } = connect({ latency: 3 });
    right.transport.close();
    left.transport.write(bytes('x'));
    left.transport.write(bytes('y'));
    clock.runUntilIdle();
    expect(left.words()).toEqual(['<ECONNREFUSED>', '<ECONNREFUSED>']);
    expect(left.times).toEqual([6, 6]);
  });

  it('makes a port unreachable that nobody closed', () => {
    const { clock, link, left, right } = connect();
    link.unreachable('right');
    left.transport.write(bytes('x'));
    right.transport.write(bytes('still heard'));
    clock.runUntilIdle();
    expect(left.words()).toEqual(['still heard', '<ECONNREFUSED>']);
    expect(right.inputs).toEqual([]);
  });

  it('keeps what nobody reads, up to the buffer', () => {
    const { clock, left, right } = connect({ receiveBuffer: 5 });
    right.transport.pause();
    for (const word of ['ab', 'cd', 'ef', 'g']) left.transport.write(bytes(word));
    clock.runUntilIdle();
    expect(right.words()).toEqual([]);
    right.transport.resume();
    expect(right.words()).toEqual(['ab', 'cd', 'g']);
    left.transport.write(bytes('later'));
    clock.runUntilIdle();
    expect(right.words()).toEqual(['ab', 'cd', 'g', 'later']);
  });

  it('says nothing on a cut path', () => {
    const { clock, link, left, right } = connect();
    right.transport.close();
    left.transport.write(bytes('under way'));
    link.cut();
    left.transport.write(bytes('x'));
    clock.runUntilIdle();
    expect(left.inputs).toEqual([]);
  });
});

describe('a bad datagram network', () => {
  it('loses as many as it was told to', () => {
    const got = sendAll({ loss: 0.3 });
    expect(got.length).toBeGreaterThan(240);
    expect(got.length).toBeLessThan(320);
    expect(new Set(got).size).toBe(got.length);
  });

  it('duplicates', () => {
    const got = sendAll({ duplication: 0.2 });
    expect(got.length).toBeGreaterThan(440);
    expect(got.length).toBeLessThan(520);
    expect(new Set(got).size).toBe(400);
  });

  it('lets datagrams overtake each other, and loses none by it', () => {
    const got = sendAll({ reorder: 0.2, reorderBy: 20 });
    expect(got).not.toEqual(numbers);
    expect([...got].sort()).toEqual([...numbers].sort());
  });

  it('is the same network for the same seed', () => {
    const network = { loss: 0.2, duplication: 0.1, reorder: 0.2, jitter: 9 };
    expect(sendAll(network)).toEqual(sendAll(network));
    expect(sendAll(network, 'another')).not.toEqual(sendAll(network));
  });
});
