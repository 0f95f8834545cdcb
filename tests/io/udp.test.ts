import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { createReceiveBuffer } from '../../src/driver/receive-buffer.ts';
import type { Transport } from '../../src/driver/world.ts';
import { createClock } from '../../src/io/clock.ts';
import type { DialOptions } from '../../src/io/dial.ts';
import { resolveHost } from '../../src/io/resolve.ts';
import { connectUdp } from '../../src/io/udp.ts';
import type { Input } from '../../src/proto/core.ts';
import type { Fact } from '../../src/timeline/event.ts';

const clock = createClock();
const sockets: Socket[] = [];
const transports: Transport[] = [];
afterEach(() => {
  for (const transport of transports.splice(0)) transport.close();
  for (const socket of sockets.splice(0)) socket.close();
});

type Peer = { socket: Socket; port: number; heard: string[]; next(): Promise<number> };

async function peer(address = '127.0.0.1', port = 0): Promise<Peer> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  sockets.push(socket);
  const heard: string[] = [];
  const froms: number[] = [];
  const waiting: ((port: number) => void)[] = [];
  socket.on('message', (data, from) => {
    heard.push(String(data));
    const wake = waiting.shift();
    if (wake === undefined) froms.push(from.port);
    else wake(from.port);
  });
  await new Promise<void>((resolve) => {
    socket.bind(port, address, resolve);
  });
  const next = (): Promise<number> => {
    const from = froms.shift();
    return from !== undefined ? Promise.resolve(from) : new Promise((resolve) => waiting.push(resolve));
  };
  return { socket, port: socket.address().port, heard, next };
}

async function closedPort(): Promise<number> {
  const { socket, port } = await peer();
  sockets.splice(sockets.indexOf(socket), 1);
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
  return port;
}

function dial(options: Pick<DialOptions, 'host' | 'port'> & Partial<DialOptions>) {
  const facts: Fact[] = [];
  const inputs: Input[] = [];
  const waiting: ((input: Input) => void)[] = [];
  let open = (): void => {};
  const writable = new Promise<void>((resolve) => {
    open = resolve;
  });
  const connect = connectUdp({ timeoutMs: 2_000, clock, emit: (fact) => facts.push(fact), ...options });
  const transport = connect({
    input(input) {
      const wake = waiting.shift();
      if (wake === undefined) inputs.push(input);
      else wake(input);
    },
    writable: () => open(),
    wants: () => 65_535,
  });
  transports.push(transport);
  const next = (): Promise<Input> => {
    const input = inputs.shift();
    return input !== undefined ? Promise.resolve(input) : new Promise((resolve) => waiting.push(resolve));
  };
  return { facts, transport, writable, next, inputs };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const kinds = (facts: readonly Fact[]): string[] => facts.map((fact) => fact.kind);

describe('connectUdp', () => {
  it('opens at once, and says from where to where', async () => {
    const { port } = await peer();
    const run = dial({ host: '127.0.0.1', port });
    expect(run.transport.write(bytes('too early'))).toBe('blocked');
    await run.writable;
    expect(kinds(run.facts)).toEqual(['address.resolved', 'address.attempt', 'transport.connected']);
    expect(run.transport.remote).toBe(`127.0.0.1:${port}`);
    expect(run.transport.local).toMatch(/^127\.0\.0\.1:\d+$/u);
  });

  it('keeps datagrams apart, both ways', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.transport.write(bytes('one'))).toBe('sent');
    expect(run.transport.write(bytes('two'))).toBe('sent');
    const from = await server.next();
    await server.next();
    expect(server.heard).toEqual(['one', 'two']);
    server.socket.send('a', from, '127.0.0.1');
    server.socket.send('b', from, '127.0.0.1');
    expect(await run.next()).toEqual({ kind: 'bytes', data: Buffer.from('a') });
    expect(await run.next()).toEqual({ kind: 'bytes', data: Buffer.from('b') });
  });

  it('hears nobody but its peer', async () => {
    const server = await peer();
    const stranger = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    run.transport.write(bytes('x'));
    const from = await server.next();
    stranger.socket.send('from elsewhere', from, '127.0.0.1');
    server.socket.send('from the peer', from, '127.0.0.1');
    expect(await run.next()).toEqual({ kind: 'bytes', data: Buffer.from('from the peer') });
  });

  it('is told of a closed port by ICMP, once for each datagram, and lives on', async () => {
    const port = await closedPort();
    const run = dial({ host: '127.0.0.1', port });
    await run.writable;
    expect(run.transport.write(bytes('x'))).toBe('sent');
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'ECONNREFUSED' });
    expect(run.transport.write(bytes('y'))).toBe('sent');
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'ECONNREFUSED' });
    const late = await peer('127.0.0.1', port);
    run.transport.write(bytes('z'));
    await late.next();
    expect(late.heard).toEqual(['z']);
  });

  it('is told of a port that closed later', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    run.transport.write(bytes('x'));
    const from = await server.next();
    server.socket.send('hello', from, '127.0.0.1');
    await run.next();
    sockets.splice(sockets.indexOf(server.socket), 1);
    await new Promise<void>((resolve) => {
      server.socket.close(resolve);
    });
    run.transport.write(bytes('anybody there?'));
    expect(await run.next()).toEqual({ kind: 'unreachable', errno: 'ECONNREFUSED' });
  });

  it("goes on to the name's next address when the first refuses, with what it has sent", async () => {
    const resolved = await resolveHost('localhost');
    const addresses = resolved.ok ? resolved.addresses : [];
    const last = addresses.at(-1) ?? '127.0.0.1';
    const server = await peer(last);
    const run = dial({ host: 'localhost', port: server.port });
    await run.writable;
    run.transport.write(bytes('first'));
    run.transport.write(bytes('second'));
    await server.next();
    await server.next();
    expect(server.heard).toEqual(['first', 'second']);
    const attempts = run.facts.flatMap((fact) => (fact.kind === 'address.attempt' ? [fact.address] : []));
    expect(attempts).toEqual(addresses);
    expect(run.transport.remote).toContain(last);
    expect(run.inputs).toEqual([]);
  });

  it('refuses a datagram that IP cannot carry', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.transport.write(new Uint8Array(65_508))).toEqual({ errno: 'EMSGSIZE' });
    expect(run.transport.write(new Uint8Array(65_507))).toBe('sent');
    await server.next();
    expect(server.heard[0]?.length).toBe(65_507);
  });

  it('says when a name cannot be resolved, or has no address of that family', async () => {
    const unknown = dial({ host: '127.0.0.1', port: 1, family: 6 });
    expect(await unknown.next()).toEqual({ kind: 'unreachable', errno: 'EAFNOSUPPORT' });
    expect(kinds(unknown.facts)).toEqual(['transport.unreachable']);
  });

  it('sends what was written before it was closed, and nothing after', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    run.transport.write(bytes('last words'));
    run.transport.close();
    expect(run.transport.write(bytes('more'))).toEqual({ errno: 'EBADF' });
    await server.next();
    expect(server.heard).toEqual(['last words']);
  });

  it('has no FIN and no RST', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port });
    await run.writable;
    expect(run.transport.fin()).toEqual({ errno: 'EOPNOTSUPP' });
    expect(run.transport.reset({ dropPending: true })).toBe('impossible');
  });

  it('puts the bytes on the timeline when asked to', async () => {
    const server = await peer();
    const run = dial({ host: '127.0.0.1', port: server.port, capture: true });
    await run.writable;
    run.transport.write(bytes('abc'));
    const from = await server.next();
    server.socket.send('defg', from, '127.0.0.1');
    await run.next();
    expect(
      run.facts.flatMap((fact) => (fact.kind === 'transport.bytes' ? [`${fact.by} ${fact.bytes}`] : [])),
    ).toEqual(['local 3', 'peer 4']);
  });
});

describe('the receive buffer', () => {
  const datagram = (size: number): Input => ({ kind: 'bytes', data: new Uint8Array(size) });

  it('keeps what comes during a pause, in order, and only so much', () => {
    const seen: number[] = [];
    const buffer = createReceiveBuffer((input) => {
      seen.push(input.kind === 'bytes' ? input.data.length : -1);
    });
    buffer.push(datagram(1));
    buffer.pause();
    for (let size = 60_000; size < 60_010; size++) buffer.push(datagram(size));
    expect(seen).toEqual([1]);
    buffer.resume();
    expect(seen).toEqual([1, 60_000, 60_001, 60_002]);
    buffer.push(datagram(2));
    expect(seen.at(-1)).toBe(2);
  });

  it('can be paused again by whoever it hands over to', () => {
    const seen: Input[] = [];
    const buffer = createReceiveBuffer((input) => {
      seen.push(input);
      buffer.pause();
    });
    buffer.push(datagram(1));
    buffer.push(datagram(2));
    buffer.push(datagram(3));
    expect(seen).toHaveLength(1);
    buffer.resume();
    expect(seen).toHaveLength(2);
    buffer.resume();
    expect(seen).toHaveLength(3);
  });
});
