import { describe, expect, it } from 'vitest';
import { concat } from '../../src/wire/bytes.ts';
import {
  CONFIG,
  connect,
  drain,
  type End,
  factsOf,
  faultFrom,
  type Pair,
  receive,
  standInEnd,
  standInPair,
  stepAll,
} from './tls-pair.ts';

const ALERT = 21;

/** What the server makes of these alerts from the client, each in its own record. */
function sends(pair: Pair, ...alerts: readonly (readonly [number, number])[]) {
  for (const alert of alerts)
    receive(pair.server.core, 0, pair.client.core.raw.record(ALERT, Uint8Array.from(alert)));
  return stepAll(pair.server.core).map((step) => {
    if (step.kind === 'alert') return step.means;
    if (step.kind === 'fault') return `${step.fault.rule} ${step.fault.alert}`;
    return step.kind === 'progress' ? step.what : step.kind;
  });
}

describe('TLS 1.3: the description alone counts', () => {
  it.each([
    [1, 0, 'closure'],
    [2, 0, 'closure'],
    [9, 0, 'closure'],
    [1, 90, 'user_canceled'],
    [2, 90, 'user_canceled'],
    [2, 40, 'fatal'],
    [1, 40, 'fatal'],
    [1, 100, 'fatal'],
    [1, 200, 'fatal'],
    [2, 117, 'fatal'],
  ])('level %i, description %i: %s', (level, description, means) => {
    expect(sends(connect(standInPair(0x0304)), [level, description])).toEqual([means]);
  });

  it('goes on after user_canceled, any number of times', () => {
    const pair = connect(standInPair(0x0304));
    const canceled = Array.from({ length: 20 }, () => [1, 90] as const);
    expect(sends(pair, ...canceled, [1, 0])).toEqual([...canceled.map(() => 'user_canceled'), 'closure']);
  });
});

describe('TLS 1.2: the level counts too', () => {
  it.each([
    [1, 0, 'closure'],
    [2, 0, 'fatal'],
    [9, 0, 'unknown-alert-level 47'],
    [0, 0, 'unknown-alert-level 47'],
    [1, 90, 'user_canceled'],
    [2, 90, 'fatal'],
    [2, 40, 'fatal'],
    [1, 112, 'alert-ignored'],
    [1, 200, 'alert-ignored'],
    [2, 200, 'fatal'],
    [1, 100, 'no-renegotiation 40'],
  ])('level %i, description %i: %s', (level, description, means) => {
    expect(sends(connect(standInPair(0x0303)), [level, description])).toEqual([means]);
  });

  it('takes close_notify at any level if the policy says so', () => {
    const policy = { ...CONFIG.policy, closeNotifyLevel: 'any' } as const;
    for (const level of [1, 2, 9]) {
      const pair = connect(standInPair(0x0303, { config: { policy } }));
      expect(sends(pair, [level, 0])).toEqual(['closure']);
    }
  });

  it('bears five warnings in a row, not six', () => {
    const pair = connect(standInPair(0x0303));
    const warnings = [90, 112, 200, 90, 201].map((description) => [1, description] as const);
    expect(sends(pair, ...warnings)).toEqual([
      'user_canceled',
      'alert-ignored',
      'alert-ignored',
      'user_canceled',
      'alert-ignored',
    ]);
    expect(sends(pair, [1, 90])).toEqual(['too-many-warnings 10']);
    expect(concat(...drain(pair.server.core)).length).toBeGreaterThan(0);
    expect(factsOf(pair.server, 'alert').at(-1)).toMatchObject({ by: 'local', level: 2, description: 10 });
  });

  it('counts anew after anything else', () => {
    const pair = connect(standInPair(0x0303));
    const five = Array.from({ length: 5 }, () => [1, 112] as const);
    sends(pair, ...five);
    pair.client.core.sendData(Uint8Array.of(1));
    receive(pair.server.core, 0, ...drain(pair.client.core));
    expect(sends(pair, ...five)).toEqual(['data', ...five.map(() => 'alert-ignored')]);
  });

  it('takes no_renegotiation from a client that was asked', () => {
    const pair = connect(standInPair(0x0303));
    expect(pair.server.core.sendHelloRequest()).toBe(true);
    receive(pair.client.core, 0, ...drain(pair.server.core));
    expect(stepAll(pair.client.core)).toEqual([{ kind: 'progress', what: 'hello-request' }]);
    receive(pair.server.core, 0, ...drain(pair.client.core));
    expect(stepAll(pair.server.core)).toEqual([{ kind: 'progress', what: 'alert-ignored' }]);
    expect(factsOf(pair.server, 'alert')).toMatchObject([{ by: 'peer', level: 1, description: 100 }]);
    expect(pair.server.core.phase()).toBe('open');
  });
});

describe.each([0x0303, 0x0304] as const)('the shape of an alert, version %i', (version) => {
  it.each([
    ['half of one', [1]],
    ['two in one record', [1, 0, 1, 0]],
    ['three bytes', [1, 0, 1]],
  ])('%s is refused', (_what, bytes) => {
    const { client, server } = connect(standInPair(version));
    const fault = faultFrom(client, server, ALERT, Uint8Array.from(bytes));
    expect(fault).toEqual({ rule: 'alert-length', alert: 10 });
    expect(server.core.phase()).toBe('failed');
  });

  it('an empty one too', () => {
    const { client, server } = connect(standInPair(version));
    expect(faultFrom(client, server, ALERT, new Uint8Array(0))).toEqual({ rule: 'empty-record', alert: 10 });
  });

  it('ends the connection when it is fatal, without an answer', () => {
    const pair = connect(standInPair(version));
    expect(sends(pair, [2, 80])).toEqual(['fatal']);
    expect(pair.server.core.phase()).toBe('failed');
    expect(pair.server.core.peekTransmit()).toBeUndefined();
    expect(factsOf(pair.server, 'handshake.failed')).toEqual([]);
  });

  it('is never answered by the core itself', () => {
    const pair = connect(standInPair(version));
    expect(sends(pair, [1, 0])).toEqual(['closure']);
    expect(pair.server.core.peekTransmit()).toBeUndefined();
    expect(pair.server.core.phase()).toBe('open');
  });
});

describe('after our own close_notify', () => {
  it.each([0x0303, 0x0304] as const)('a fault is reported but sends nothing, version %i', (version) => {
    const { client, server } = connect(standInPair(version));
    server.core.sendAlert(1, 0);
    drain(server.core);
    expect(faultFrom(client, server, ALERT, Uint8Array.of(1))).toEqual({ rule: 'alert-length', alert: 10 });
    expect(server.core.peekTransmit()).toBeUndefined();
  });

  it('and after a fatal alert the same', () => {
    const { client, server } = connect(standInPair(0x0303));
    server.core.sendAlert(2, 50);
    drain(server.core);
    expect(faultFrom(client, server, ALERT, Uint8Array.of(1))?.rule).toBe('alert-length');
    expect(server.core.peekTransmit()).toBeUndefined();
  });

  it('a HelloRequest gets no answer', () => {
    const { client, server } = connect(standInPair(0x0303));
    client.core.sendAlert(1, 0);
    drain(client.core);
    server.core.sendHelloRequest();
    receive(client.core, 0, ...drain(server.core));
    expect(stepAll(client.core)).toEqual([{ kind: 'progress', what: 'hello-request' }]);
    expect(client.core.peekTransmit()).toBeUndefined();
  });
});

describe('alerts during the handshake', () => {
  const started = (role: 'client' | 'server', version: 0x0303 | 0x0304 = 0x0304): End => {
    const end = standInEnd(role, version);
    end.core.start(0);
    return end;
  };

  it('fail it, closing ones included, and are plain before there are keys', () => {
    for (const [alert, means] of [
      [[2, 40], 'fatal'],
      [[1, 0], 'closure'],
    ] as const) {
      const client = started('client');
      receive(client.core, 0, Uint8Array.of(21, 3, 3, 0, 2, ...alert));
      expect(client.core.step(0)).toMatchObject({ kind: 'alert', means });
      expect(client.core.phase()).toBe('failed');
      expect(factsOf(client, 'handshake.failed')).toMatchObject([
        { blame: 'peer', rule: 'alert', alert: alert[1] },
      ]);
      expect(factsOf(client, 'alert')).toMatchObject([{ protected: false }]);
    }
  });

  it('are ignored when they only warn, as unrecognized_name does', () => {
    const client = started('client');
    receive(client.core, 0, Uint8Array.of(21, 3, 1, 0, 2, 1, 112));
    expect(client.core.step(0)).toEqual({ kind: 'progress', what: 'alert-ignored' });
    expect(client.core.phase()).toBe('handshake');
  });

  it('come plain to a 1.3 server whose client has not protected anything yet', () => {
    const client = started('client');
    const server = started('server');
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    receive(server.core, 0, Uint8Array.of(21, 3, 3, 0, 2, 2, 40));
    expect(server.core.step(0)).toEqual({ kind: 'alert', means: 'fatal', level: 2, description: 40 });
    expect(factsOf(server, 'alert')).toMatchObject([{ by: 'peer', protected: false }]);
  });

  it('never come plain to a 1.3 client that has keys, nor to a server that is connected', () => {
    const plain = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
    const client = started('client');
    const server = started('server');
    receive(server.core, 0, ...drain(client.core));
    stepAll(server.core);
    const flight = concat(...drain(server.core));
    receive(client.core, 0, flight.subarray(0, 49));
    stepAll(client.core);
    receive(client.core, 0, plain);
    expect(client.core.step(0)).toMatchObject({
      kind: 'fault',
      fault: { rule: 'unprotected-record', alert: 10 },
    });
    for (const end of Object.values(connect(standInPair(0x0304)))) {
      receive(end.core, 0, plain);
      expect(end.core.step(0)).toMatchObject({
        kind: 'fault',
        fault: { rule: 'unprotected-record', alert: 10 },
      });
    }
  });

  it('do not decrypt when they come plain in 1.2', () => {
    const { server } = connect(standInPair(0x0303));
    receive(server.core, 0, Uint8Array.of(21, 3, 3, 0, 2, 2, 40));
    expect(server.core.step(0)).toMatchObject({
      kind: 'fault',
      fault: { rule: 'record-too-short', alert: 20 },
    });
  });
});
