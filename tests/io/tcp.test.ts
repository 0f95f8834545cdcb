import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/driver/world.ts';
import { createClock } from '../../src/io/clock.ts';
import type { DialOptions } from '../../src/io/dial.ts';
import { resolveHost } from '../../src/io/resolve.ts';
import { connectTcp } from '../../src/io/tcp.ts';
import type { Input } from '../../src/proto/core.ts';
import type { Fact } from '../../src/timeline/event.ts';

const clock = createClock();
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

describe('connectTcp', () => {
  it('connects to an address without a resolver, and says from where to where', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.facts.map((fact) => fact.kind)).toEqual([
      'address.resolved',
      'address.attempt',
      'transport.connected',
    ]);
    expect(run.transport.remote).toBe(`127.0.0.1:${server.port}`);
    expect(run.transport.local).toMatch(/^127\.0\.0\.1:\d+$/u);
    run.transport.close();
  });

  it('tries the addresses of a name in order, each attempt a fact', async () => {
    const { addresses } = await resolveHost('localhost').then((result) =>
      result.ok ? result : { addresses: [] },
    );
    const server = await listen('127.0.0.1');
    const run = dial({ host: 'localhost', port: server.port });
    await run.writable;
    const attempts = run.facts.flatMap((fact) => (fact.kind === 'address.attempt' ? [fact.address] : []));
    expect(addresses.slice(0, attempts.length)).toEqual(attempts);
    expect(attempts.at(-1)).toBe('127.0.0.1');
    run.transport.close();
  });

  it('goes elsewhere with connectTo', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: 'example.invalid', connectTo: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.transport.remote).toBe(`127.0.0.1:${server.port}`);
    run.transport.close();
  });

  it('reports a closed port', async () => {
    const server = await listen('127.0.0.1');
    await new Promise((resolve) => server.server.close(resolve));
    const run = dial({ host: '127.0.0.1', port: server.port });
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'ECONNREFUSED' });
    expect(run.facts.slice(-2)).toEqual([
      { kind: 'address.failed', address: '127.0.0.1', port: server.port, errno: 'ECONNREFUSED' },
      { kind: 'transport.unreachable', errno: 'ECONNREFUSED', detail: '1 address tried' },
    ]);
  });

  it('gives up when the time is over', async () => {
    // A clock whose time for the attempt is over before the network can answer.
    let asked = 0;
    const hasty = {
      now: () => 0,
      at(_when: number, wake: () => void) {
        asked += 1;
        if (asked === 2) queueMicrotask(wake);
        return () => {};
      },
    };
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port, clock: hasty });
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'ETIMEDOUT' });
  });

  it('says when there is no address of the wanted family', async () => {
    const run = dial({ host: '127.0.0.1', family: 6, port: 1 });
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'EAFNOSUPPORT' });
  });

  it('says nothing more once it was closed while connecting', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port });
    run.transport.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(run.inputs).toEqual([]);
    expect(run.transport.write(Uint8Array.of(1))).toEqual({ errno: 'EBADF' });
  });
});

describe('writing', () => {
  it('is blocked before the connection is there', () => {
    const run = dial({ host: '127.0.0.1', port: 1 });
    expect(run.transport.write(Uint8Array.of(1))).toBe('blocked');
    expect(run.transport.fin()).toBe('blocked');
    expect(run.transport.reset({ dropPending: true })).toBe('impossible');
    run.transport.close();
  });

  it('takes units while the kernel does, then blocks until the peer reads, and loses none', async () => {
    const server = await listen('127.0.0.1', { pauseOnConnect: true });
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    const unit = new Uint8Array(100_000).fill(7);
    let units = 0;
    while (run.transport.write(unit) === 'sent') units += 1;
    expect(units).toBeGreaterThan(1);
    expect(run.transport.writable()).toBe(false);
    expect(run.transport.reset({ dropPending: false })).toBe('pending');
    const peer = await server.accepted;
    const again = run.nextWritable();
    let received = 0;
    peer.on('data', (data: Buffer) => {
      received += data.length;
    });
    peer.resume();
    await again;
    expect(run.transport.writable()).toBe(true);
    run.transport.fin();
    await new Promise((resolve) => peer.on('end', resolve));
    expect(received).toBe(units * unit.length);
    run.transport.close();
  });

  it('is refused after our FIN', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.transport.fin()).toBe('sent');
    expect(run.transport.write(Uint8Array.of(1))).toEqual({ errno: 'EPIPE' });
    run.transport.close();
  });
});

describe('ending', () => {
  it('reset drops what is pending when told so, and the peer sees a reset', async () => {
    const server = await listen('127.0.0.1', { pauseOnConnect: true });
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    while (run.transport.write(new Uint8Array(100_000)) === 'sent');
    const peer = await server.accepted;
    expect(run.transport.reset({ dropPending: true })).toBe('done');
    expect(run.transport.reset({ dropPending: true })).toBe('impossible');
    // A write of nothing asks the kernel for the reset that reading may hide.
    await new Promise((resolve) => setTimeout(resolve, 20));
    peer.write('');
    expect(await new Promise((resolve) => peer.on('error', resolve))).toMatchObject({ code: 'ECONNRESET' });
  });

  it('close leaves to the kernel what was written', async () => {
    const server = await listen('127.0.0.1', { pauseOnConnect: true });
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    let units = 0;
    while (run.transport.write(new Uint8Array(100_000)) === 'sent') units += 1;
    run.transport.close();
    const peer = await server.accepted;
    let received = 0;
    peer.on('data', (data: Buffer) => {
      received += data.length;
    });
    peer.resume();
    await new Promise((resolve) => peer.on('end', resolve));
    expect(received).toBe(units * 100_000);
  });

  it.each([
    ['bytes of the peer are unread', 'x', 'ECONNRESET'],
    ['everything was read', '', undefined],
  ])('close, when %s', async (_when, unread, errno) => {
    const server = await listen('127.0.0.1', { pauseOnConnect: true });
    const run = dial({ host: '127.0.0.1', port: server.port });
    run.transport.pause();
    await run.writable;
    const peer = await server.accepted;
    if (unread !== '') peer.write(unread);
    await new Promise((resolve) => setTimeout(resolve, 20));
    run.transport.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const failed = new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      peer.on('error', resolve);
      peer.write('', (error) => error ?? resolve(undefined));
    });
    expect((await failed)?.code).toBe(errno);
  });

  it('a paused transport takes nothing until it goes on', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port });
    run.transport.pause();
    await run.writable;
    const peer = await server.accepted;
    peer.write('hello');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(run.inputs).toEqual([]);
    run.transport.resume();
    expect(await run.next()).toMatchObject({ kind: 'bytes' });
    run.transport.close();
  });

  it('puts bytes on the timeline only when asked', async () => {
    const server = await listen('127.0.0.1');
    const run = dial({ host: '127.0.0.1', port: server.port, capture: true });
    await run.writable;
    run.transport.write(Uint8Array.of(1, 2));
    (await server.accepted).write('x');
    await run.next();
    expect(run.facts.filter((fact) => fact.kind === 'transport.bytes')).toEqual([
      { kind: 'transport.bytes', by: 'local', bytes: 2, data: Uint8Array.of(1, 2) },
      { kind: 'transport.bytes', by: 'peer', bytes: 1, data: Uint8Array.of(0x78) },
    ]);
    run.transport.close();
  });
});

describe('resolveHost', () => {
  it.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['[::1]', ['::1']],
    ['fe80::1%lo', ['fe80::1%lo']],
  ])('%s is its own answer', async (host, addresses) => {
    expect(await resolveHost(host)).toEqual({ ok: true, addresses });
  });

  it('keeps to the family', async () => {
    expect(await resolveHost('::1', 4)).toEqual({ ok: false, errno: 'EAFNOSUPPORT' });
    expect(await resolveHost('::1', 6)).toEqual({ ok: true, addresses: ['::1'] });
  });
});

type Dialled = {
  transport: Transport;
  facts: Fact[];
  inputs: Input[];
  writable: Promise<void>;
  nextWritable(): Promise<void>;
  next(): Promise<Input>;
};

function dial(options: { host: string; port: number } & Partial<DialOptions>): Dialled {
  const facts: Fact[] = [];
  const inputs: Input[] = [];
  let onInput: (() => void) | undefined;
  let onWritable: () => void = () => {};
  const emit = (fact: Fact): void => void facts.push(fact);
  const nextWritable = (): Promise<void> =>
    new Promise((resolve) => {
      onWritable = resolve;
    });
  const writable = nextWritable();
  const transport = connectTcp({ timeoutMs: 5000, clock, emit, ...options })({
    input(input) {
      inputs.push(input);
      onInput?.();
    },
    writable: () => onWritable(),
    wants: () => 5,
  });
  return {
    transport,
    facts,
    inputs,
    writable,
    nextWritable,
    async next() {
      if (inputs.length === 0)
        await new Promise<void>((resolve) => {
          onInput = resolve;
        });
      const first = inputs[0];
      if (first === undefined) throw new Error('no input');
      return first;
    },
  };
}

async function listen(
  host: string,
  options: { pauseOnConnect?: boolean } = {},
): Promise<{ server: Server; port: number; accepted: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true, ...options });
  servers.push(server);
  const accepted = new Promise<Socket>((resolve) =>
    server.on('connection', (socket: Socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      resolve(socket);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port, accepted };
}
