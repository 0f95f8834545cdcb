import { describe, expect, it } from 'vitest';
import type { RecordStep } from '../../src/proto/core.ts';
import { ascii, concat, fromAscii, fromHex } from '../../src/wire/bytes.ts';
import { encodeFragment } from '../../src/wire/dtls-handshake.ts';
import {
  connect,
  type DtlsEnd,
  type DtlsOptions,
  type DtlsPair,
  dataOf,
  dtlsPair,
  factsOf,
  isOpen,
  ONLY12,
  ONLY13,
} from './dtls-pair.ts';

const VERSIONS = [
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const;

function opened(options: DtlsOptions): DtlsPair {
  const pair = dtlsPair(options);
  connect(pair).run(10_000);
  if (!isOpen(pair)) throw new Error('no handshake');
  return pair;
}

/** What that end wants to send, taken away. */
function sent({ core }: DtlsEnd): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    units.push(unit);
    core.transmitted();
  }
  return units;
}

function message(end: DtlsEnd, text: string): Uint8Array {
  expect(end.core.sendData(ascii(text))).toBe(true);
  return concat(...sent(end));
}

function closeNotify(end: DtlsEnd): Uint8Array {
  end.core.sendAlert(1, 0);
  return concat(...sent(end));
}

function deliver({ core }: DtlsEnd, ...datagrams: readonly Uint8Array[]): RecordStep[] {
  const steps: RecordStep[] = [];
  for (const data of datagrams) core.receive(20_000, { kind: 'bytes', data });
  for (let step = core.step(20_000); step.kind !== 'idle'; step = core.step(20_000)) steps.push(step);
  return steps;
}

function texts(steps: readonly RecordStep[]): string[] {
  return steps.flatMap((step) => (step.kind === 'data' ? [fromAscii(step.data)] : [step.kind]));
}

function reasons(end: DtlsEnd): string[] {
  return factsOf(end, 'dropped').map(({ reason }) => reason);
}

describe.each(VERSIONS)('records of %s', (name, both) => {
  it('come in any order, and each once', () => {
    const { client, server } = opened({ both });
    const [a, b, c] = [message(client, 'a'), message(client, 'b'), message(client, 'c')];
    expect(texts(deliver(server, c, a, a, b, c))).toEqual(['c', 'a', 'b']);
    expect(reasons(server)).toEqual(['replayed', 'replayed']);
  });

  it('are forgotten behind the window', () => {
    const { client, server } = opened({ both });
    const old = message(client, 'old');
    const many = Array.from({ length: 64 }, () => message(client, 'new'));
    deliver(server, ...many);
    expect(texts(deliver(server, old))).toEqual([]);
    expect(reasons(server)).toEqual(['replayed']);
  });

  it('may share a datagram', () => {
    const { client, server } = opened({ both });
    expect(texts(deliver(server, concat(message(client, 'a'), message(client, 'b'))))).toEqual(['a', 'b']);
  });

  it('are dropped without a word when they were touched, and the association lives on', () => {
    const { client, server } = opened({ both });
    const good = message(client, 'good');
    const bad = good.slice();
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
    expect(deliver(server, bad, Uint8Array.of(1, 2, 3), fromHex('16fefd'))).toEqual([]);
    expect(reasons(server)).toEqual(['undecryptable', 'malformed', 'malformed']);
    expect(server.core.peekTransmit()).toBeUndefined();
    expect(texts(deliver(server, good))).toEqual(['good']);
  });

  it('in the clear are not believed once there are keys, alerts least of all', () => {
    const { server } = opened({ both });
    const alert = fromHex('15 fefd 0000 0000000000ff 0002 0100');
    const fatal = fromHex('15 fefd 0000 0000000001ff 0002 0228');
    const data = fromHex('17 fefd 0000 0000000001fe 0002 4142');
    expect(deliver(server, alert, fatal, data)).toEqual([]);
    expect(reasons(server)).toEqual(['unprotected', 'unprotected', 'unprotected']);
    expect(server.core.phase()).toBe('open');
  });

  it('of unknown epochs are dropped', () => {
    const { server } = opened({ both });
    expect(deliver(server, fromHex('17 fefd 0009 000000000001 0003 414243'))).toEqual([]);
    expect(reasons(server)).toEqual(['no-keys']);
  });

  it('close in order: data numbered before close_notify is still taken, what comes after is not (RFC 9147 §5.10)', () => {
    const { client, server } = opened({ both });
    const before = message(client, 'before');
    const close = closeNotify(client);
    const again = close.slice();
    client.core.raw.send(client.core.raw.record(23, ascii('after')));
    const [after = new Uint8Array(0)] = sent(client);
    const steps = deliver(server, close, after, before, again);
    expect(steps).toMatchObject([
      { kind: 'alert', means: 'closure' },
      { kind: 'ignored', data: ascii('after') },
      { kind: 'data', data: ascii('before') },
    ]);
    expect(factsOf(server, 'data').map(({ afterClose }) => afterClose)).toEqual([true, false]);
    expect(reasons(server)).toEqual(['replayed']);
  });

  it('take data that fits, and refuse what does not without harm', () => {
    const { client, server } = opened({ both });
    expect(client.core.sendData(new Uint8Array(1300))).toBe(false);
    expect(factsOf(client, 'fault')).toMatchObject([{ blame: 'local', rule: 'message-too-large' }]);
    expect(client.core.peekTransmit()).toBeUndefined();
    const most = Number(/(\d+) is the most/.exec(factsOf(client, 'fault')[0]?.detail ?? '')?.[1]);
    expect(client.core.sendData(new Uint8Array(most).fill(65))).toBe(true);
    const datagrams = sent(client);
    expect(datagrams.map(({ length }) => length)).toEqual([1200]);
    expect(deliver(server, ...datagrams)).toMatchObject([{ kind: 'data' }]);
  });

  it('carry connection IDs where both sides want it', () => {
    const own = { client: fromHex('c1 c2 c3'), server: fromHex('5e') };
    const { client, server } = opened({
      both,
      client: { connectionId: { own: own.client } },
      server: { connectionId: { own: own.server } },
    });
    const record = message(client, 'with an ID');
    const at = name === 'DTLS 1.2' ? 11 : 1;
    expect(record[0] === 25 || ((record[0] ?? 0) & 0xf0) === 0x30).toBe(true);
    expect(record.slice(at, at + 1)).toEqual(own.server);
    expect(texts(deliver(server, record))).toEqual(['with an ID']);
    const other = message(client, 'another');
    other[at] = 0x5f;
    expect(deliver(server, other)).toEqual([]);
    expect(reasons(server)).toEqual(['connection-id']);
    const back = message(server, 'back');
    expect(back.slice(at, at + 3)).toEqual(own.client);
    expect(texts(deliver(client, back))).toEqual(['back']);
  });

  it('carry an ID one way only, where one side wants none', () => {
    const { client, server } = opened({
      both,
      client: { connectionId: { own: new Uint8Array(0) } },
      server: { connectionId: { own: fromHex('0102') } },
    });
    expect(texts(deliver(server, message(client, 'a')))).toEqual(['a']);
    expect(texts(deliver(client, message(server, 'b')))).toEqual(['b']);
    const plain = opened({ both, client: { connectionId: { own: fromHex('0102') } } });
    expect(texts(deliver(plain.client, message(plain.server, 'c')))).toEqual(['c']);
  });

  it('tell of ICMP errors, once each, and live on', () => {
    const { client, server } = opened({ both });
    client.core.receive(20_000, { kind: 'unreachable', errno: 'ECONNREFUSED' });
    expect(deliver(client)).toEqual([{ kind: 'unreachable', errno: 'ECONNREFUSED' }]);
    expect(texts(deliver(client, message(server, 'alive')))).toEqual(['alive']);
  });

  it('of application data that overtake the end of the handshake wait for it', () => {
    const pair = dtlsPair({ both });
    let count = 0;
    // The client's Finished is late; what it writes after it is not.
    const network = connect(pair, (from) => (from === 'client' && count++ === 1 ? [500] : [1]));
    if (name === 'DTLS 1.2') {
      network.run(10_000);
      expect(isOpen(pair)).toBe(true);
      return;
    }
    network.run(100, () => pair.client.core.phase() === 'open');
    pair.client.core.sendData(ascii('early'));
    network.run(10_000);
    expect(dataOf(pair.server).map(fromAscii)).toEqual(['early']);
  });
});

describe('the version of DTLS', () => {
  it.each([
    [[0x0304, 0x0303], [0x0303], 'DTLSv1.2'],
    [[0x0304, 0x0303], [0x0304], 'DTLSv1.3'],
    [[0x0304, 0x0303], [0x0304, 0x0303], 'DTLSv1.3'],
    [[0x0303], [0x0304, 0x0303], 'DTLSv1.2'],
  ] as const)('of a client with %j and a server with %j is agreed on', (client, server, version) => {
    const pair = opened({ client: { versions: client }, server: { versions: server } });
    expect([pair.client.core.version(), pair.server.core.version()]).toEqual([version, version]);
    expect(factsOf(pair.client, 'handshake.completed')).toMatchObject([{ version }]);
  });

  it('that they do not share is a failure for both', () => {
    const pair = dtlsPair({ client: { versions: [0x0304] }, server: { versions: [0x0303] } });
    connect(pair).run(10_000);
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['failed', 'failed']);
    expect(pair.client.steps.at(-1)).toMatchObject({ kind: 'alert', means: 'fatal', description: 70 });
  });

  it('1.3 retries with another group', () => {
    const pair = opened({ both: { ...ONLY13 }, client: { groups: [29, 23] }, server: { groups: [23] } });
    expect(factsOf(pair.client, 'handshake.completed')).toMatchObject([
      { helloRetry: true, group: 'secp256r1' },
    ]);
  });
});

describe('renegotiation over DTLS 1.2', () => {
  it('is refused, whoever begins it', () => {
    const { client, server } = opened({ both: ONLY12 });
    expect(server.core.sendHelloRequest()).toBe(true);
    const steps = deliver(client, ...sent(server));
    expect(steps).toEqual([{ kind: 'progress', what: 'hello-request' }]);
    expect(deliver(server, ...sent(client))).toEqual([{ kind: 'progress', what: 'alert-ignored' }]);
    const hello = encodeFragment(fromHex('01 000001 00'), 0, 0, 1);
    expect(deliver(server, client.core.raw.record(22, hello))).toEqual([
      { kind: 'progress', what: 'hello-request' },
    ]);
    expect(factsOf(server, 'alert').at(-1)).toMatchObject({ by: 'peer', description: 100 });
    sent(server);
    expect(factsOf(server, 'alert').at(-1)).toMatchObject({ by: 'local', description: 100 });
    expect(texts(deliver(server, message(client, 'on')))).toEqual(['on']);
  });
});

describe('connection IDs after the handshake (RFC 9147 §9)', () => {
  const ids = {
    client: { connectionId: { own: fromHex('c1') } },
    server: { connectionId: { own: fromHex('5e') } },
  };
  /** The client's third handshake message, after its ClientHello and Finished. */
  const handshake = (client: DtlsEnd, text: string): Uint8Array =>
    client.core.raw.record(22, encodeFragment(fromHex(text), 2, 0, fromHex(text).length - 4));

  it('are taken up at once when the peer says so', () => {
    const { client, server } = opened({ both: ONLY13, ...ids });
    deliver(server, handshake(client, '0a 000006 0003 02 aabb 00'));
    const [ack = new Uint8Array(0)] = sent(server);
    expect([ack[0], ...ack.subarray(1, 3)]).toEqual([0x3f, 0xaa, 0xbb]);
    expect(server.core.phase()).toBe('open');
  });

  it('are not spared: a request is answered with none', () => {
    const { client, server } = opened({ both: ONLY13, ...ids });
    deliver(server, handshake(client, '09 000001 02'));
    expect(sent(server)).toHaveLength(2);
    expect(factsOf(server, 'flight').at(-1)).toMatchObject({ messages: ['new_connection_id'] });
  });

  it('of one that has none are a fault', () => {
    const { client, server } = opened({ both: ONLY13 });
    expect(deliver(server, handshake(client, '09 000001 02'))).toMatchObject([
      { kind: 'fault', fault: { rule: 'unexpected-message', alert: 10 } },
    ]);
  });
});

describe('KeyUpdate over datagrams (RFC 9147 §8)', () => {
  it('changes the keys only once it is acknowledged, and answers when asked', () => {
    const pair = dtlsPair({ both: ONLY13 });
    const network = connect(pair);
    network.run(10_000, () => isOpen(pair));
    network.run(10_000);
    const { client, server } = pair;
    expect(client.core.keyUpdate(true)).toBe(true);
    client.core.sendData(ascii('old keys'));
    network.run(10_000);
    client.core.sendData(ascii('new keys'));
    server.core.sendData(ascii('new too'));
    network.run(10_000);
    expect(dataOf(server).map(fromAscii)).toEqual(['old keys', 'new keys']);
    expect(dataOf(client).map(fromAscii)).toEqual(['new too']);
    const epochs = factsOf(server, 'record').flatMap(({ by, name: type, epoch }) =>
      by === 'peer' && type === 'application_data' ? [epoch] : [],
    );
    expect(epochs).toEqual([3, 4]);
    expect([client, server].map((end) => factsOf(end, 'key-update').map(({ by }) => by))).toEqual([
      ['local', 'peer'],
      ['peer', 'local'],
    ]);
  });

  it('survives many of them, lost ACKs and all', () => {
    const pair = dtlsPair({ both: ONLY13 });
    let count = 0;
    const network = connect(pair, () => (count++ % 5 === 4 ? [] : [1]));
    network.run(60_000, () => isOpen(pair));
    for (let i = 0; i < 12; i++) {
      pair.client.core.keyUpdate(i % 2 === 0);
      if (i % 3 === 0) pair.server.core.keyUpdate(false);
      network.run(600_000);
    }
    pair.client.core.raw.send(pair.client.core.raw.record(23, ascii('x')));
    expect([pair.client.core.phase(), pair.server.core.phase()]).toEqual(['open', 'open']);
    const last = factsOf(pair.server, 'record')
      .filter(({ by }) => by === 'local')
      .at(-1);
    expect(last?.epoch).toBeGreaterThan(7);
  });
});
