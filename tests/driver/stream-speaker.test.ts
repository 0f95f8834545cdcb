import { describe, expect, it } from 'vitest';
import { createSpeaker, type StreamSpeaker } from '../../src/driver/stream-speaker.ts';
import { createH3Client } from '../../src/exchange/h3-client.ts';
import { createH3Server } from '../../src/exchange/h3-server.ts';
import { createEchoServer, createRawClient } from '../../src/exchange/raw-streams.ts';
import type { Exchange } from '../../src/exchange/stream-exchange.ts';
import { onAcked } from '../../src/proto/quic/streams/outcome.ts';
import type { Role } from '../../src/proto/role.ts';
import { type End, end, packet, take } from '../proto/quic-streams-pair.ts';

const LIMITS = { connectionData: 100_000, streamData: 50_000, bidiStreams: 4, uniStreams: 3 };
const quiet = (): void => undefined;

type SpeakingSide = { end: End; speaker: StreamSpeaker; exchange: Exchange; closes: bigint[] };

function side(role: Role, exchange: Exchange): SpeakingSide {
  const one = end(role, LIMITS, LIMITS);
  const closes: bigint[] = [];
  const close = (code: bigint): unknown => closes.push(code);
  return {
    end: one,
    exchange,
    closes,
    speaker: createSpeaker({ core: { streams: one.port }, exchange, close }),
  };
}

/** Nothing is lost; ends when nobody has anything to say. */
function run(a: SpeakingSide, b: SpeakingSide, most = 20_000): void {
  for (let round = 0; round < most; round++) {
    let moved = false;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.speaker.turn();
      const out = packet(from.end);
      if (out === undefined) continue;
      moved = true;
      for (const frame of out.frames) take(to.end, frame);
      for (const sent of out.sent) onAcked(from.end.state, sent);
    }
    if (!moved) return;
  }
  throw new Error('they never fall silent');
}

describe('an exchange over streams', () => {
  it('gets a megabyte over HTTP/3 through the limits of streams', () => {
    const size = 2 ** 20;
    const client = side('client', createH3Client({ authority: 'a.example', path: '/', emit: quiet }));
    const body = new Uint8Array(size).fill(5);
    const server = side('server', createH3Server({ emit: quiet, answer: () => ({ status: 200, body }) }));
    run(client, server);
    expect(client.exchange.status()).toMatchObject({
      ...{ done: true, error: undefined, response: { status: 200, bytes: size, complete: true } },
    });
    expect(client.speaker.waiting() || server.speaker.waiting()).toBe(false);
    expect(server.end.port.flushed()).toBe(true);
  });

  it('sends a megabyte and gets it back', () => {
    const data = new Uint8Array(2 ** 20).fill(3);
    const client = side('client', createRawClient({ alpn: 'x', data, fin: true, emit: quiet }));
    const server = side('server', createEchoServer({ alpn: 'x', emit: quiet }));
    run(client, server);
    expect(client.exchange.status()).toMatchObject({
      done: true,
      response: { bytes: 2 ** 20, complete: true },
    });
    expect(client.end.port.flushed() && server.end.port.flushed()).toBe(true);
  });

  it('does not read what it could not answer: an echo nobody listens to stops the sender', () => {
    const client = end('client', { ...LIMITS, streamData: 0 }, LIMITS);
    const server = side('server', createEchoServer({ alpn: 'x', emit: quiet }));
    // Nothing is let through to the client, which sends as much as it may.
    server.end.state.sendCredit.limit = 0;
    const id = client.port.open('bidi') ?? -1n;
    let written = 0;
    for (let round = 0; round < 2000; round++) {
      written += client.port.write(id, new Uint8Array(10_000));
      const out = packet(client);
      for (const frame of out?.frames ?? []) take(server.end, frame);
      for (const sent of out?.sent ?? []) onAcked(client.state, sent);
      server.speaker.turn();
      const back = packet(server.end);
      for (const frame of back?.frames ?? []) if (frame.type.startsWith('max')) take(client, frame);
    }
    expect(server.end.port.counts().written).toBeLessThan(2 ** 20);
    expect(server.end.port.counts().read).toBeLessThan(2 ** 20);
    expect(client.port.counts().sent).toBeLessThan(2 ** 20);
    expect(written).toBeGreaterThan(100_000);
  });

  it('waits with opening for the limit, and tells what STOP_SENDING and resets bring', () => {
    const client = side('client', createH3Client({ authority: 'a.example', path: '/', emit: quiet }));
    client.end.state.ours.uni.limit = 1;
    const server = side(
      'server',
      createH3Server({ emit: quiet, answer: () => ({ status: 200, body: new Uint8Array(1) }) }),
    );
    run(client, server);
    expect(client.exchange.status().done).toBe(false);
    expect(client.speaker.waiting()).toBe(true);
    take(client.end, { type: 'max_streams', direction: 'uni', limit: 3n });
    run(client, server);
    expect(client.exchange.status().done).toBe(true);
    take(server.end, { type: 'stop_sending', stream: 3n, code: 1n });
    server.speaker.turn();
    server.speaker.turn();
    expect(server.closes).toEqual([0x104n]);
    expect(client.closes).toEqual([]);
  });

  it('resets what the exchange gives up', () => {
    const server = side(
      'server',
      createH3Server({ emit: quiet, answer: () => ({ status: 200, body: new Uint8Array(1) }) }),
    );
    take(server.end, { type: 'stream', stream: 0n, offset: 0n, data: new Uint8Array(0), fin: true });
    server.speaker.turn();
    expect(server.end.port.state(0n)).toMatchObject({ send: { is: 'reset-local', code: 0x10dn } });
    expect(packet(server.end)?.frames).toContainEqual({
      type: 'reset_stream',
      stream: 0n,
      code: 0x10dn,
      finalSize: 0n,
    });
  });

  it('says GOAWAY when asked to', () => {
    const client = side('client', createH3Client({ authority: 'a.example', path: '/', emit: quiet }));
    const server = side(
      'server',
      createH3Server({ emit: quiet, answer: () => ({ status: 200, body: new Uint8Array(1) }) }),
    );
    run(client, server);
    server.speaker.act(server.exchange.goaway());
    run(client, server);
    expect(client.exchange.status()).toMatchObject({ done: true, goaway: 4n });
  });
});
