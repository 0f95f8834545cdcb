import { describe, expect, it } from 'vitest';
import { createChannel } from '../../src/driver/channel.ts';
import { createScheduler, type Scheduler } from '../../src/driver/scheduler.ts';
import type { NewClient, QuicPortsOptions } from '../../src/driver/serve/quic-ports.ts';
import { type Task, until } from '../../src/driver/task.ts';
import type { Connect, Transport } from '../../src/driver/world.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { QuicCore } from '../../src/proto/quic/core.ts';
import { createSimClock, type SimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import type { DatagramNetwork } from '../../src/sim/datagram-network.ts';
import { createSimQuicPort, type SimQuicPort } from '../../src/sim/quic-port.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import { QUIC_VERSION } from '../../src/wire/quic-versions.ts';
import { quicConfig, quicCore } from '../proto/quic/ends.ts';

type End = { core: QuicCore; facts: Fact[]; transport: Transport };
type Server = {
  clock: SimClock;
  scheduler: Scheduler;
  port: SimQuicPort;
  served: (End & { client: NewClient })[];
  verdicts: string[];
};
type Client = End & { move(host: string, port: number): void };

const provider = createNativeProvider();

/** Steps a core whenever something came, and sends what it says. */
function drive(scheduler: Scheduler, core: QuicCore, connect: Connect, facts: Fact[]): Transport {
  const channel = createChannel({ core, connect, scheduler, emit: (fact) => facts.push(fact) });
  function* pump(): Task<void> {
    yield* until('the connection', () => channel.connected());
    core.start(scheduler.clock.now());
    for (;;) {
      while (core.step(scheduler.clock.now()));
      channel.flush();
      yield* until('input', () => core.ready());
    }
  }
  scheduler.spawn(pump());
  return channel.transport;
}

function serve(config: Partial<QuicPortsOptions['config']> = {}, seed = 'port'): Server {
  const clock = createSimClock();
  const server: Omit<Server, 'port'> = { clock, scheduler: createScheduler(clock), served: [], verdicts: [] };
  const port = createSimQuicPort({
    clock,
    config: {
      versions: [QUIC_VERSION.v1, QUIC_VERSION.v2],
      connectionIdLength: 8,
      retry: 'never',
      limit: 8,
      resets: true,
      grease: true,
      ...config,
    },
    deps: { provider, random: createRandom(seed) },
    onClient(client) {
      const facts: Fact[] = [];
      const { accepted, resetToken, newToken } = client;
      const quicVersions = [QUIC_VERSION.v1, QUIC_VERSION.v2];
      const core = quicCore(
        'server',
        `${seed} ${server.served.length}`,
        quicConfig({ accepted, resetToken, newToken, quicVersions }),
        (fact) => void facts.push(fact),
      );
      const connect: Connect = (sink) => client.accept(sink, (fact) => facts.push(fact), core);
      server.served.push({ core, facts, client, transport: drive(server.scheduler, core, connect, facts) });
    },
    onVerdict: (verdict) => server.verdicts.push(verdict.kind === 'answer' ? verdict.what : verdict.kind),
  });
  return { ...server, port };
}

type DialOptions = {
  version?: number;
  token?: Uint8Array;
  network?: Partial<DatagramNetwork>;
  host?: string;
};

function dial(server: Server, number: number, options: DialOptions = {}): Client {
  const { clock, scheduler, port } = server;
  const facts: Fact[] = [];
  const { version = QUIC_VERSION.v1, token, network = {}, host = '192.0.2.1' } = options;
  const connect: Connect = (sink) => {
    const attach = (from: { host: string; port: number }): Transport => {
      const random = createRandom(`link ${number}`);
      const link = createDatagramLink({ clock, random, network: { latency: 5, ...network } });
      port.attach(link.right, from);
      return link.left(sink);
    };
    let current = attach({ host, port: 4000 + number });
    move = (to, at) => {
      current.close();
      current = attach({ host: to, port: at });
    };
    return { ...current, write: (unit) => current.write(unit) };
  };
  let move = (_host: string, _port: number): void => {};
  const config = quicConfig({ quicVersions: [version], ...(token === undefined ? {} : { token }) });
  const core = quicCore('client', `client ${number}`, config, (fact) => void facts.push(fact));
  return { core, facts, transport: drive(scheduler, core, connect, facts), move: (to, at) => move(to, at) };
}

function facts<K extends Fact['kind']>(end: { facts: Fact[] }, kind: K): Extract<Fact, { kind: K }>[] {
  return end.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
}

function flush(server: Server, end: End): void {
  const { clock } = server;
  for (
    let unit = end.core.peekTransmit(clock.now());
    unit !== undefined;
    unit = end.core.peekTransmit(clock.now())
  ) {
    end.transport.write(unit);
    end.core.transmitted(clock.now());
  }
}

function say(server: Server, end: End, text: string): void {
  const id = end.core.streams.open('bidi');
  if (id === undefined) throw new Error('no stream');
  end.core.streams.write(id, ascii(text));
  end.core.streams.conclude(id);
  flush(server, end);
}

function heard(core: QuicCore): string {
  const id = core.streams.accept();
  const read = id === undefined ? undefined : core.streams.read(id, 1_000);
  return read?.kind === 'data' ? fromAscii(read.data) : '';
}

describe('a QUIC port in the simulator', () => {
  it('serves several clients at once, each its own', () => {
    const server = serve();
    const clients = [1, 2, 3, 4, 5].map((number) =>
      dial(server, number, { network: { loss: 0.1, reorder: 0.2 } }),
    );
    server.clock.runUntil(4_000);
    for (const { core } of clients) expect(core.handshake().confirmed).toBe(true);
    expect(server.port.ports.connections()).toBe(5);
    for (const [i, client] of clients.entries()) say(server, client, `client ${i}`);
    server.clock.runUntil(8_000);
    for (const { core, client } of server.served)
      expect(`${client.remote} ${heard(core)}`).toMatch(/400(\d) client \d$/);
    const said = server.served.map(({ client }) => client.remote.at(-1));
    expect(new Set(said).size).toBe(5);
  });

  it('Retry proves the address; the client’s transport parameters agree with it', () => {
    const server = serve({ retry: 'always' });
    const client = dial(server, 1);
    server.clock.runUntil(500);
    expect(server.verdicts).toEqual(['retry', 'accept']);
    expect(client.core.handshake().confirmed).toBe(true);
    expect(server.served[0]?.client).toMatchObject({ token: 'accepted', accepted: { validated: true } });
    expect(facts(client, 'token')).toContainEqual(expect.objectContaining({ what: 'retry' }));
  });

  it('a token of NEW_TOKEN saves the Retry of the next connection', () => {
    const server = serve({ retry: 'always' });
    const first = dial(server, 1);
    server.clock.runUntil(500);
    const token = first.core.token();
    expect(token).toBeDefined();
    const second = dial(server, 2, { token: token! });
    server.clock.runUntil(1_000);
    expect(second.core.handshake().confirmed).toBe(true);
    expect(server.verdicts).toEqual(['retry', 'accept', 'accept']);
    expect(server.served[1]?.client).toMatchObject({ token: 'accepted', accepted: { validated: true } });
  });

  it('a client that speaks only what is not served is told', () => {
    const server = serve({ versions: [QUIC_VERSION.v1] });
    const client = dial(server, 1, { version: QUIC_VERSION.v2 });
    server.clock.runUntil(500);
    expect(server.verdicts).toEqual(['version-negotiation']);
    expect(client.core.cause()).toMatchObject({ kind: 'version-negotiation' });
  });

  it('refuses the one too many', () => {
    const server = serve({ limit: 1 });
    dial(server, 1);
    server.clock.runUntil(500);
    const client = dial(server, 2);
    server.clock.runUntil(1_000);
    expect(client.core.cause()).toMatchObject({ kind: 'close', by: 'peer', layer: 'transport', code: 2n });
    expect(server.port.ports.connections()).toBe(1);
  });

  it('a token that is none any more ends in INVALID_TOKEN', () => {
    const server = serve({ retry: 'always', retryTokenMs: 3 });
    const client = dial(server, 1);
    server.clock.runUntil(500);
    expect(server.verdicts).toContain('invalid-token');
    expect(client.core.cause()).toMatchObject({ kind: 'close', by: 'peer', code: 0x0bn });
  });

  it('what it has forgotten is reset, and the client knows the token', () => {
    const server = serve();
    const client = dial(server, 1);
    server.clock.runUntil(500);
    server.served[0]?.transport.close();
    expect(server.port.ports.connections()).toBe(0);
    say(server, client, 'is anybody there?');
    server.clock.runUntil(600);
    expect(server.verdicts).toContain('stateless-reset');
    expect(client.core.cause()).toEqual({ kind: 'stateless-reset' });
  });

  it('a server that began anew with the same key resets what it never knew', () => {
    const keys = { token: new Uint8Array(16).fill(1), reset: new Uint8Array(32).fill(2) };
    const server = serve({ keys });
    const client = dial(server, 1);
    server.clock.runUntil(500);
    const anew = serve({ keys }, 'anew');
    const before = client.core.localIds().length;
    expect(before).toBeGreaterThan(0);
    server.served[0]?.transport.close();
    let reset: Uint8Array | undefined;
    const link = createDatagramLink({ clock: anew.clock, random: createRandom('anew') });
    anew.port.attach(link.right, { host: '192.0.2.1', port: 4001 });
    const end = link.left({
      input: (input) => {
        if (input.kind === 'bytes') reset = input.data;
      },
      writable: () => {},
      wants: () => 65_535,
    });
    const id = client.core.streams.open('bidi');
    client.core.streams.write(id!, ascii('is anybody there?'));
    end.write(client.core.peekTransmit(server.clock.now())!);
    anew.clock.runUntil(100);
    client.core.receive(server.clock.now(), { kind: 'bytes', data: reset! });
    while (client.core.step(server.clock.now()));
    expect(client.core.cause()).toEqual({ kind: 'stateless-reset' });
  });

  it('follows new connection IDs and forgets all of them at the end', () => {
    const server = serve();
    const client = dial(server, 1);
    server.clock.runUntil(500);
    for (let turn = 0; turn < 6; turn++) {
      client.core.challengePath(server.clock.now());
      flush(server, client);
      server.clock.runUntil(server.clock.now() + 300);
      say(server, client, `turn ${turn}`);
      server.clock.runUntil(server.clock.now() + 300);
      expect(heard(server.served[0]!.core)).toBe(`turn ${turn}`);
    }
    expect(facts(client, 'connection-id').length).toBeGreaterThan(4);
    expect(server.verdicts).toEqual(['accept']);
  });

  it.each([14, 800])('a client that moves and says %i bytes is answered where it is', (length) => {
    const server = serve();
    const client = dial(server, 1);
    server.clock.runUntil(500);
    client.move('192.0.2.77', 5000);
    const text = 'I am elsewhere'.padEnd(length);
    say(server, client, text);
    server.clock.runUntil(2_000);
    const served = server.served[0]!;
    expect(heard(served.core)).toBe(text);
    expect(facts(served, 'path')).toMatchObject([
      { what: 'migrated', detail: '192.0.2.77:5000' },
      { what: 'challenge' },
      { what: 'response' },
      { what: 'validated', detail: '192.0.2.77:5000' },
    ]);
    expect(client.core.streams.flushed()).toBe(true);
  });

  it('stopped, it lets go on what there is; closed, it forgets it', () => {
    const server = serve();
    const client = dial(server, 1);
    server.clock.runUntil(500);
    server.port.ports.stop();
    const late = dial(server, 2);
    say(server, client, 'still here');
    server.clock.runUntil(1_000);
    expect(heard(server.served[0]!.core)).toBe('still here');
    expect(late.core.cause()).toMatchObject({ kind: 'close', code: 2n });
    server.port.ports.close();
    expect(server.port.ports.connections()).toBe(0);
  });
});
