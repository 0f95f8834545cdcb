import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { createChannel } from '../../src/driver/channel.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import type { NewClient } from '../../src/driver/serve/quic-ports.ts';
import { type Task, until } from '../../src/driver/task.ts';
import type { Connect, Transport } from '../../src/driver/world.ts';
import { createClock } from '../../src/io/clock.ts';
import { type ListenQuicOptions, listenQuic, type QuicListener } from '../../src/io/listen-quic.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { connectUdp } from '../../src/io/udp.ts';
import type { QuicConfig } from '../../src/proto/quic/config.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit, Fact } from '../../src/timeline/event.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { parsePacket } from '../../src/wire/quic-packet.ts';
import { QUIC_VERSION } from '../../src/wire/quic-versions.ts';
import { quicConfig, quicCore } from '../proto/quic/ends.ts';

const clock = createClock({ unref: true });
const scheduler = createScheduler(clock);
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

type End = { core: QuicCore; facts: Fact[]; transport: Transport };

/** A core on a transport, stepped whenever something came. */
function drive(core: QuicCore, connect: Connect, facts: Fact[]): End {
  const channel = createChannel({ core, connect, scheduler, emit: (fact) => facts.push(fact) });
  function* pump(): Task<void> {
    yield* until('the connection', () => channel.connected());
    core.start(clock.now());
    for (;;) {
      while (core.step(clock.now()));
      channel.flush();
      yield* until('input', () => core.ready());
    }
  }
  endings.push(() => channel.transport.close());
  endings.push(scheduler.spawn(pump()));
  return { core, facts, transport: channel.transport };
}

async function serve(
  over: Partial<ListenQuicOptions['config']> = {},
  options: Partial<ListenQuicOptions> = {},
) {
  const served: (End & { client: NewClient })[] = [];
  const listener = await listenQuic({
    host: '127.0.0.1',
    port: 0,
    clock,
    config: {
      versions: [QUIC_VERSION.v1, QUIC_VERSION.v2],
      connectionIdLength: 8,
      retry: 'never',
      limit: 8,
      resets: true,
      grease: true,
      ...over,
    },
    deps: { provider: createNativeProvider(), random: createRandom('listen') },
    onClient(client) {
      const { accepted, resetToken, newToken } = client;
      const facts: Fact[] = [];
      const emit: Emit = (fact) => facts.push(fact);
      const core = quicCore('server', served.length, quicConfig({ accepted, resetToken, newToken }), emit);
      served.push({ ...drive(core, (sink) => client.accept(sink, emit, core), facts), client });
    },
    ...options,
  });
  endings.unshift(() => listener.close());
  return { listener, served };
}

function dial(listener: QuicListener, over: Partial<QuicConfig> = {}): End {
  const facts: Fact[] = [];
  const emit: Emit = (fact) => facts.push(fact);
  const core = quicCore('client', 'dial', quicConfig(over), emit);
  return drive(
    core,
    connectUdp({ host: '127.0.0.1', port: listener.port, timeoutMs: 5_000, clock, emit }),
    facts,
  );
}

/** Settles when it is true; otherwise the test runs into its own limit. */
function comes(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    function* wait(): Task<void> {
      while (!condition()) {
        yield* until('it', condition, clock.now() + 5);
      }
    }
    endings.push(scheduler.spawn(wait(), () => resolve()));
  });
}

async function raw(): Promise<{ socket: Socket; heard: Uint8Array[] }> {
  const socket = createSocket('udp4');
  const heard: Uint8Array[] = [];
  socket.on('message', (data) => void heard.push(data));
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  endings.push(() => new Promise<void>((closed) => socket.close(() => closed())));
  return { socket, heard };
}

describe('a QUIC server on a UDP socket', () => {
  it('shakes hands, takes a stream, sees the close', async () => {
    const { listener, served } = await serve({}, { capture: true });
    const client = dial(listener);
    await comes(() => client.core.handshake().confirmed);
    const id = client.core.streams.open('bidi');
    client.core.streams.write(id!, ascii('hello'));
    client.core.ping();
    const { core, facts } = served[0]!;
    client.transport.write(client.core.peekTransmit(clock.now())!);
    client.core.transmitted(clock.now());
    await comes(() => core.streams.readable(0n));
    expect(core.streams.read(0n, 10)).toMatchObject({ kind: 'data', data: ascii('hello') });
    client.core.close(clock.now(), { layer: 'application', code: 7n, reason: ascii('bye') });
    client.transport.write(client.core.peekTransmit(clock.now())!);
    client.core.transmitted(clock.now());
    await comes(() => core.phase() === 'draining');
    expect(core.cause()).toMatchObject({ kind: 'close', by: 'peer', code: 7n });
    expect(facts).toContainEqual(expect.objectContaining({ kind: 'transport.connected', udp: true }));
    expect(facts.filter(({ kind }) => kind === 'transport.bytes').length).toBeGreaterThan(3);
    expect(listener.connections()).toBe(1);
  });

  it('asks with Retry, and gives a token for the next time', async () => {
    const { listener, served } = await serve({ retry: 'always' });
    const first = dial(listener);
    await comes(() => first.core.token() !== undefined);
    expect(served[0]?.client).toMatchObject({ token: 'accepted', accepted: { validated: true } });
    expect(served[0]?.client.accepted.retrySource).toBeDefined();
    const second = dial(listener, { token: first.core.token()! });
    await comes(() => second.core.handshake().confirmed);
    expect(served[1]?.client.accepted.retrySource).toBeUndefined();
    expect(served[1]?.client.token).toBe('accepted');
  });

  it('answers without state: Version Negotiation, Stateless Reset, nothing', async () => {
    const { listener } = await serve();
    const { socket, heard } = await raw();
    const send = (data: Uint8Array) => socket.send(data, listener.port, '127.0.0.1');
    const strange = new Uint8Array(1200);
    strange.set([0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
    send(strange.subarray(0, 1199));
    send(strange);
    await comes(() => heard.length === 1);
    expect(parsePacket(heard[0]!, 0, 0)).toMatchObject({ form: 'version-negotiation' });
    send(new Uint8Array(60).fill(0x41));
    await comes(() => heard.length === 2);
    expect(heard[1]!.length).toBeLessThan(60);
    expect(listener.connections()).toBe(0);
  });

  it('tells what became of what it did not take', async () => {
    const verdicts: string[] = [];
    const { listener } = await serve({ resets: false }, { onVerdict: (one) => void verdicts.push(one.kind) });
    const { socket } = await raw();
    socket.send(new Uint8Array(60).fill(0x41), listener.port, '127.0.0.1');
    await comes(() => verdicts.length === 1);
    expect(verdicts).toEqual(['drop']);
  });

  it('refuses a port that is taken, and gives its own back', async () => {
    const { listener } = await serve();
    await expect(serve({}, { port: listener.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await listener.close();
    await listener.close();
    const again = await serve({}, { port: listener.port });
    expect(again.listener.port).toBe(listener.port);
  });

  it('a connection that is closed here sends nothing any more', async () => {
    const { listener, served } = await serve();
    const client = dial(listener);
    await comes(() => client.core.handshake().confirmed);
    const { transport } = served[0]!;
    expect(transport.write(new Uint8Array(70_000))).toEqual({ errno: 'EMSGSIZE' });
    expect(transport.fin()).toEqual({ errno: 'EOPNOTSUPP' });
    transport.close();
    expect(transport.write(new Uint8Array(10))).toEqual({ errno: 'EBADF' });
    expect(listener.connections()).toBe(0);
    client.core.ping();
    client.transport.write(client.core.peekTransmit(clock.now())!);
    client.core.transmitted(clock.now());
    await comes(() => client.core.phase() === 'draining' || client.core.phase() === 'terminated');
    expect(client.core.cause()).toEqual({ kind: 'stateless-reset' });
  });
});
