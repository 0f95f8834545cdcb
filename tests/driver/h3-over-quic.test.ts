import { describe, expect, it } from 'vitest';
import { createSpeaker, type StreamSpeaker } from '../../src/driver/stream-speaker.ts';
import { createH3Client } from '../../src/exchange/h3-client.ts';
import { createH3Server } from '../../src/exchange/h3-server.ts';
import type { Exchange } from '../../src/exchange/stream-exchange.ts';
import type { Emit } from '../../src/timeline/event.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { CONDITIONS } from '../exchange/h3-condition-list.ts';
import type { Side } from '../exchange/h3-tools.ts';
import { connected, type Ends, type QuicEnd, settle } from '../proto/quic/ends.ts';

const quiet: Emit = () => undefined;

function speaker(ends: Ends, end: QuicEnd, exchange: Exchange): StreamSpeaker {
  return createSpeaker({
    ...{ core: end.core, exchange },
    close: (code, reason) => end.core.close(ends.now, { layer: 'application', code, reason: ascii(reason) }),
  });
}

function server(ends: Ends): StreamSpeaker {
  const exchange = createH3Server({
    emit: quiet,
    answer: () => ({ status: 200, body: new Uint8Array(30_000) }),
  });
  return speaker(ends, ends.server, exchange);
}

/** Until nothing moves any more. */
function run(ends: Ends, speakers: readonly StreamSpeaker[], turns = 40): void {
  for (let turn = 0; turn < turns; turn++) {
    for (const one of speakers) one.turn();
    settle(ends);
    ends.now += 30;
    for (const { core } of [ends.client, ends.server]) core.handleTimeout(ends.now);
    settle(ends);
  }
}

/** A client that says what it is told to: the bytes of a condition go on real streams. */
function rawClient(ends: Ends): Side {
  const { streams } = ends.client.core;
  const ids = new Map<bigint, bigint>();
  for (const id of [2n, 6n, 10n]) ids.set(id, streams.open('uni') ?? -1n);
  ids.set(0n, streams.open('bidi') ?? -1n);
  const exchange: Exchange = {
    alpn: 'h3',
    start: () => [],
    take(event) {
      const id = ids.get(event.stream);
      expect(id).toBe(event.stream);
      if (event.kind === 'data') expect(streams.write(event.stream, event.data)).toBe(event.data.length);
      if (event.kind === 'fin') streams.conclude(event.stream);
      return [];
    },
    status: () => ({ done: false, response: undefined, answered: 0, goaway: undefined, error: undefined }),
    goaway: () => [],
  };
  return { exchange, facts: [], actions: [], requests: [] };
}

describe('HTTP/3 over QUIC', () => {
  it('asks and is answered', () => {
    const ends = connected('h3', { both: { alpn: ['h3'] } });
    const exchange = createH3Client({ authority: 'server.example', path: '/', emit: quiet });
    const client = speaker(ends, ends.client, exchange);
    run(ends, [client, server(ends)]);
    expect(exchange.status()).toMatchObject({
      ...{ done: true, error: undefined, response: { status: 200, bytes: 30_000, complete: true } },
    });
    expect(ends.client.core.streams.flushed() && ends.server.core.streams.flushed()).toBe(true);
  });

  for (const [index, { name, act, verdict }] of CONDITIONS.entries())
    it(`tells a client ${verdict} when ${name}`, () => {
      const ends = connected(`h3 ${index}`, { both: { alpn: ['h3'] } });
      act(rawClient(ends));
      run(ends, [server(ends)], 4);
      const [how, code = ''] = verdict.split(' ');
      if (how === 'close')
        expect(ends.client.core.cause()).toMatchObject({
          ...{ kind: 'close', by: 'peer', layer: 'application', code: BigInt(code) },
        });
      else expect(ends.client.core.streams.read(0n, 99)).toEqual({ kind: 'reset', code: BigInt(code) });
    });
});
