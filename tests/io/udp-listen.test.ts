import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/driver/world.ts';
import { createClock } from '../../src/io/clock.ts';
import { type ListenUdpOptions, listenUdp, type UdpListener } from '../../src/io/listen-udp.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import type { Fact } from '../../src/timeline/event.ts';

/** A datagram with the head of a ClientHello: what the table looks at, and a word to tell it by. */
function clientHello(random: number, word = 'hello'): Uint8Array {
  const data = new Uint8Array(59 + word.length);
  data.set([22, 0xfe, 0xfd]);
  data[13] = 1;
  data.fill(random, 27, 59);
  data.set(new TextEncoder().encode(word), 59);
  return data;
}

function record(type: number, epoch: number, word: string): Uint8Array {
  return Uint8Array.of(type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(word));
}

type Made = {
  remote: string;
  heard: string[];
  facts: Fact[];
  transport: Transport;
  established: boolean;
  dropped: string | undefined;
};

const listeners: UdpListener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const listener of listeners.splice(0)) await listener.close();
});

async function listen(options: Partial<ListenUdpOptions> = {}, connectionId?: string) {
  const made: Made[] = [];
  const listener = await listenUdp({
    host: '127.0.0.1',
    port: 0,
    clock: createClock({ unref: true }),
    onAssociation(accept, remote) {
      const facts: Fact[] = [];
      const heard: string[] = [];
      const one: Omit<Made, 'transport'> = { remote, heard, facts, established: false, dropped: undefined };
      const transport = accept(
        {
          input: (input) => {
            if (input.kind === 'bytes') heard.push(lastWord(input.data));
          },
          writable: () => {},
          wants: () => 65_535,
        },
        (fact) => facts.push(fact),
        {
          established: () => full.established,
          ...(connectionId === undefined ? {} : { connectionId }),
          dropped: (why) => {
            full.dropped = why;
          },
        },
      );
      const full: Made = Object.assign(one, { transport });
      made.push(full);
    },
    ...options,
  });
  listeners.push(listener);
  return { listener, made };
}

function lastWord(data: Uint8Array): string {
  return new TextDecoder().decode(data).replace(/^[\s\S]*[^a-z-]/u, '');
}

async function client(listener: UdpListener) {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const answers: string[] = [];
  socket.on('message', (data) => answers.push(String(data)));
  await new Promise<void>((resolve) => {
    socket.connect(listener.port, '127.0.0.1', resolve);
  });
  return {
    answers,
    remote: `127.0.0.1:${socket.address().port}`,
    send: (data: Uint8Array) => socket.send(data),
  };
}

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('listenUdp', () => {
  it('makes one association for each address, and answers each', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    const two = await client(listener);
    one.send(clientHello(1, 'one'));
    await until(() => made.length === 1);
    two.send(clientHello(1, 'two'));
    await until(() => made.length === 2);
    expect(made.map(({ remote }) => remote)).toEqual([one.remote, two.remote]);
    two.send(record(23, 1, 'more'));
    await until(() => made[1]?.heard.length === 2);
    expect(made.map(({ heard }) => heard)).toEqual([['one'], ['two', 'more']]);
    expect(made[0]?.facts.map(({ kind }) => kind)).toEqual(['transport.connected']);
    expect(made[0]?.transport.write(new TextEncoder().encode('hi'))).toBe('sent');
    await until(() => one.answers.length === 1);
    expect([one.answers, two.answers]).toEqual([['hi'], []]);
  });

  it('gives a ClientHello sent again to the handshake that it began', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    one.send(clientHello(1, 'first'));
    one.send(clientHello(1, 'again'));
    await until(() => made[0]?.heard.length === 2);
    expect(made.map(({ heard }) => heard)).toEqual([['first', 'again']]);
  });

  it('begins nothing over anything but a ClientHello', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    for (const stray of [
      record(23, 1, 'data'),
      record(21, 0, 'alert'),
      new Uint8Array(0),
      Uint8Array.of(22, 1),
    ]) {
      one.send(stray);
    }
    one.send(clientHello(1, 'real'));
    await until(() => made.length > 0 && made[0]?.heard.length === 1);
    expect(made.map(({ heard }) => heard)).toEqual([['real']]);
    expect(listener.associations()).toBe(1);
  });

  it('lets the old association live until a new handshake from the same port is verified', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    one.send(clientHello(1, 'old'));
    await until(() => made.length === 1);
    const [old] = made;
    if (old === undefined) throw new Error('no association');
    old.established = true;
    one.send(clientHello(2, 'new'));
    await until(() => made.length === 2);
    one.send(record(22, 0, 'handshake'));
    one.send(record(23, 1, 'data'));
    await until(() => old.heard.length === 2);
    expect(old.heard).toEqual(['old', 'data']);
    expect(old.dropped).toBeUndefined();
    const young = made[1];
    if (young === undefined) throw new Error('no second association');
    await until(() => young.heard.length === 3);
    young.established = true;
    one.send(record(23, 1, 'later'));
    await until(() => young.heard.length === 4);
    expect(young.heard).toEqual(['new', 'handshake', 'data', 'later']);
    expect(old.heard).toEqual(['old', 'data']);
    expect(old.dropped).toBe('replaced');
    expect(old.transport.write(Uint8Array.of(1))).toEqual({ errno: 'EBADF' });
    expect(listener.associations()).toBe(1);
  });

  it('does not disturb a handshake for a ClientHello that proves nothing', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    one.send(clientHello(1, 'first'));
    one.send(clientHello(2, 'forged'));
    one.send(record(22, 0, 'next'));
    await until(() => made[0]?.heard.length === 2);
    expect(made.map(({ heard, dropped }) => ({ heard, dropped }))).toEqual([
      { heard: ['first', 'next'], dropped: undefined },
    ]);
  });

  it('replaces an unfinished handshake when the cookie proved that the client began anew', async () => {
    const { listener, made } = await listen({ gate: () => ({ kind: 'make' }) });
    const one = await client(listener);
    one.send(clientHello(1, 'first'));
    one.send(clientHello(2, 'second'));
    await until(() => made.length === 2);
    expect(made.map(({ dropped }) => dropped)).toEqual(['replaced', undefined]);
    expect(listener.associations()).toBe(1);
  });

  it('sends a new ClientHello to the old association when it is to be sticky', async () => {
    const { listener, made } = await listen({ sticky: true });
    const one = await client(listener);
    one.send(clientHello(1, 'old'));
    await until(() => made.length === 1);
    one.send(clientHello(2, 'new'));
    await until(() => made[0]?.heard.length === 2);
    expect(made).toHaveLength(1);
  });

  it('asks the gate, and keeps nothing of those it answers', async () => {
    const asked: string[] = [];
    const { listener, made } = await listen({
      gate(datagram, remote) {
        asked.push(`${lastWord(datagram)} ${remote}`);
        if (lastWord(datagram) === 'bare') {
          return { kind: 'answer', bytes: new TextEncoder().encode('cookie') };
        }
        return lastWord(datagram) === 'with-cookie' ? { kind: 'make' } : { kind: 'drop' };
      },
    });
    const one = await client(listener);
    one.send(clientHello(1, 'bad'));
    one.send(clientHello(1, 'bare'));
    await until(() => one.answers.length === 1);
    expect([one.answers, made, listener.associations()]).toEqual([['cookie'], [], 0]);
    one.send(clientHello(1, 'with-cookie'));
    await until(() => made.length === 1);
    expect(asked).toEqual(['bad', 'bare', 'with-cookie'].map((word) => `${word} ${one.remote}`));
  });

  it('is bounded in size', async () => {
    const { listener, made } = await listen({ limit: 2 });
    const clients = [await client(listener), await client(listener), await client(listener)];
    for (const each of clients) each.send(clientHello(1));
    await until(() => made.length === 2);
    const [first, , third] = clients;
    made[0]?.transport.close();
    expect(listener.associations()).toBe(1);
    third?.send(clientHello(3, 'now'));
    await until(() => made.length === 3);
    expect(listener.associations()).toBe(2);
    expect(first).toBeDefined();
  });

  it('is bounded in time', async () => {
    const clock = createSimClock();
    const { listener, made } = await listen({ clock, idleMs: 1_000 });
    const one = await client(listener);
    const two = await client(listener);
    one.send(clientHello(1));
    two.send(clientHello(1));
    await until(() => made.length === 2 && made.every(({ heard }) => heard.length === 1));
    clock.runUntil(800);
    one.send(record(23, 1, 'alive'));
    const alive = made.find(({ remote }) => remote === one.remote);
    await until(() => alive?.heard.length === 2);
    clock.runUntil(1_200);
    expect(made.map(({ dropped }) => dropped).sort()).toEqual(['idle', undefined]);
    expect(alive?.dropped).toBeUndefined();
    clock.runUntil(5_000);
    expect(listener.associations()).toBe(0);
    expect(clock.runUntilIdle()).toBe(true);
  });

  it('finds an association by its connection ID, wherever the client is now', async () => {
    const { listener, made } = await listen(
      { connectionIdOf: (datagram) => (datagram[0] === 25 ? 'c0ffee' : undefined) },
      'c0ffee',
    );
    const before = await client(listener);
    before.send(clientHello(1, 'hello'));
    await until(() => made.length === 1);
    const after = await client(listener);
    after.send(record(23, 1, 'lost'));
    after.send(record(25, 1, 'moved'));
    await until(() => made[0]?.heard.length === 2);
    expect(made[0]?.heard).toEqual(['hello', 'moved']);
  });

  it('rejects when the port is taken', async () => {
    const { listener } = await listen();
    await expect(listen({ port: listener.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('frees the port, and its associations write no more', async () => {
    const { listener, made } = await listen();
    const one = await client(listener);
    one.send(clientHello(1));
    await until(() => made.length === 1);
    await listener.close();
    await listener.close();
    expect(made[0]?.transport.write(Uint8Array.of(1))).toEqual({ errno: 'EBADF' });
    const again = await listen({ port: listener.port });
    expect(again.listener.port).toBe(listener.port);
  });
});
