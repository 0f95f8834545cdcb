import { describe, expect, it } from 'vitest';
import { createDeframer, deframerWants, pushBytes, takeRecord } from '../../src/proto/tls/deframer.ts';
import { concat } from '../../src/wire/bytes.ts';
import { bytewise, connect, converse, drain, receive, standInEnd, standInPair, stepAll } from './tls-pair.ts';

function record(length: number, fill = 7): Uint8Array {
  return concat(Uint8Array.of(23, 3, 3, length >> 8, length & 0xff), new Uint8Array(length).fill(fill));
}

describe('deframing', () => {
  it('asks for the rest of the header, then for the rest of the body, exactly', () => {
    const deframer = createDeframer();
    const wanted: number[] = [];
    for (const byte of record(3)) {
      wanted.push(deframerWants(deframer));
      pushBytes(deframer, 0, Uint8Array.of(byte));
    }
    expect(wanted).toEqual([5, 4, 3, 2, 1, 3, 2, 1]);
    expect(deframerWants(deframer)).toBe(5);
  });

  it('gives the same records however they are cut', () => {
    const stream = concat(record(0), record(1), record(300), record(5, 9), record(2000));
    const cuts = [1, 2, 3, 5, 6, 7, 64, 299, 305, stream.length];
    const results = cuts.map((size) => {
      const deframer = createDeframer();
      for (let at = 0; at < stream.length; at += size) pushBytes(deframer, at, stream.slice(at, at + size));
      const out: Uint8Array[] = [];
      for (let next = takeRecord(deframer); next; next = takeRecord(deframer)) out.push(next.bytes);
      expect(deframer.unread).toBe(0);
      return out;
    });
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]?.map((bytes) => bytes.length)).toEqual([5, 6, 305, 10, 2005]);
  });

  it('says when the last byte of each record arrived', () => {
    const deframer = createDeframer();
    const stream = concat(record(2), record(2));
    pushBytes(deframer, 10, stream.subarray(0, 9));
    pushBytes(deframer, 20, stream.subarray(9));
    expect(takeRecord(deframer)?.arrived).toBe(10);
    expect(takeRecord(deframer)?.arrived).toBe(20);
  });

  it('copies, so that a read buffer can be used again', () => {
    const deframer = createDeframer();
    const buffer = record(4);
    pushBytes(deframer, 0, buffer);
    buffer.fill(0);
    expect(takeRecord(deframer)?.bytes).toEqual(record(4));
  });

  it('keeps order and count over many small records', () => {
    const deframer = createDeframer();
    const count = 20_000;
    pushBytes(deframer, 0, concat(...Array.from({ length: count }, (_, i) => record(1, i % 256))));
    expect(deframer.unread).toBe(6 * count);
    for (let i = 0; i < count; i++) {
      const next = takeRecord(deframer);
      if (next?.bytes[5] !== i % 256) throw new Error(`record ${i} is ${next?.bytes}`);
    }
    expect(takeRecord(deframer)).toBeUndefined();
    expect(deframer.unread).toBe(0);
  });
});

describe.each([0x0303, 0x0304] as const)('a connection, version %i', (version) => {
  it('lives with one byte at a time', () => {
    const pair = connect(standInPair(version), bytewise);
    pair.client.core.sendData(new Uint8Array(500).fill(1));
    const unit = concat(...drain(pair.client.core));
    const { core } = pair.server;
    for (const [i, byte] of bytewise(unit).entries()) {
      expect(core.ready()).toBe(false);
      expect(core.step(0)).toEqual({ kind: 'idle' });
      expect(core.unread()).toBe(i);
      receive(core, 0, byte);
    }
    expect(core.ready()).toBe(true);
    expect(core.step(0)).toMatchObject({ kind: 'data' });
    expect(core.unread()).toBe(0);
  });

  it('lives with everything in one segment, one step per record', () => {
    const pair = connect(standInPair(version));
    for (let i = 0; i < 5; i++) pair.client.core.sendData(Uint8Array.of(i));
    receive(pair.server.core, 0, concat(...drain(pair.client.core)));
    expect(stepAll(pair.server.core)).toEqual(
      [0, 1, 2, 3, 4].map((i) => ({ kind: 'data', data: Uint8Array.of(i) })),
    );
  });

  it('waits for exactly what is missing', () => {
    const pair = connect(standInPair(version));
    const { core } = pair.server;
    expect(core.wants()).toBe(5);
    pair.client.core.sendData(new Uint8Array(100));
    const unit = concat(...drain(pair.client.core));
    receive(core, 0, unit.subarray(0, 2));
    expect(core.wants()).toBe(3);
    receive(core, 0, unit.subarray(2, 5));
    expect(core.wants()).toBe(unit.length - 5);
    receive(core, 0, unit.subarray(5, 20));
    expect(core.wants()).toBe(unit.length - 20);
  });

  it('gives up what it has not read', () => {
    const pair = connect(standInPair(version));
    pair.client.core.sendData(new Uint8Array(10));
    const unit = concat(...drain(pair.client.core));
    receive(pair.server.core, 0, unit, unit.subarray(0, 7));
    expect(pair.server.core.takeUnread()).toEqual(concat(unit, unit.subarray(0, 7)));
    expect(pair.server.core.unread()).toBe(0);
    expect(pair.server.core.ready()).toBe(false);
  });

  it('passes the time of arrival on where it differs', () => {
    const pair = connect(standInPair(version));
    pair.client.core.sendAlert(1, 0);
    const before = pair.server.facts.length;
    receive(pair.server.core, 40, ...drain(pair.client.core));
    pair.server.core.step(55);
    expect(pair.server.facts.slice(before).map((fact) => fact.kind)).toEqual(['record', 'alert']);
    expect(pair.server.arrivals.slice(before)).toEqual([40, 40]);
  });
});

it('queues but does not look before it was started', () => {
  const server = standInEnd('server', 0x0304);
  const client = standInEnd('client', 0x0304);
  client.core.start(0);
  receive(server.core, 0, ...drain(client.core));
  expect(server.core.ready()).toBe(false);
  expect(server.core.step(0)).toEqual({ kind: 'idle' });
  server.core.start(0);
  expect(server.core.step(0)).toEqual({ kind: 'progress', what: 'handshake' });
  converse({ client, server });
  expect(client.core.phase()).toBe('open');
});
