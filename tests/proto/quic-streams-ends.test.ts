import { describe, expect, it } from 'vitest';
import type { SentFrame } from '../../src/proto/quic/sent.ts';
import { onAcked, onLost } from '../../src/proto/quic/streams/outcome.ts';
import { endStreams } from '../../src/proto/quic/streams/port.ts';
import { type End, end, packet, settle, streamFrame, take } from './quic-streams-pair.ts';

const acked = ({ state }: End, sent: SentFrame): void => onAcked(state, sent);

function withData(bytes: number): { client: End; id: bigint } {
  const client = end('client');
  const id = client.port.open('bidi') ?? -1n;
  client.port.write(id, new Uint8Array(bytes));
  return { client, id };
}

describe('how a stream of ours ends', () => {
  it('is flushed exactly when all of it, FIN included, is acknowledged', () => {
    const { client, id } = withData(2000);
    const [first, second] = [packet(client), packet(client)];
    expect(client.port.flushed()).toBe(false);
    for (const sent of second?.sent ?? []) acked(client, sent);
    expect(client.port.flushed()).toBe(false);
    for (const sent of first?.sent ?? []) acked(client, sent);
    expect(client.port.flushed()).toBe(true);
    client.port.conclude(id);
    expect(client.port.flushed()).toBe(false);
    expect(client.port.state(id).send).toEqual({ is: 'concluded', acknowledged: false });
    const last = packet(client);
    expect(last?.frames).toEqual([streamFrame(0, 2000, 0, true)]);
    for (const sent of last?.sent ?? []) onLost(client.state, sent);
    const again = packet(client);
    expect(again?.frames).toEqual(last?.frames);
    expect(client.port.flushed()).toBe(false);
    for (const sent of again?.sent ?? []) acked(client, sent);
    expect(client.port.flushed()).toBe(true);
    expect(client.port.state(id).send).toEqual({ is: 'concluded', acknowledged: true });
  });

  it('sends FIN with the last bytes, and with them again when they were lost', () => {
    const { client, id } = withData(10);
    client.port.conclude(id);
    const first = packet(client);
    expect(first?.frames).toMatchObject([{ offset: 0n, fin: true }]);
    for (const sent of first?.sent ?? []) onLost(client.state, sent);
    expect(packet(client)?.frames).toMatchObject([{ offset: 0n, fin: true }]);
    expect(packet(client)).toBeUndefined();
  });

  it('carries FIN with lost bytes that turn out to be the last ones', () => {
    const { client, id } = withData(10);
    const first = packet(client);
    for (const sent of first?.sent ?? []) onLost(client.state, sent);
    client.port.conclude(id);
    expect(packet(client)?.frames).toMatchObject([{ offset: 0n, fin: true }]);
    expect(packet(client)).toBeUndefined();
  });

  it('writes nothing after its end', () => {
    const { client, id } = withData(1);
    expect(client.port.conclude(id)).toBe(true);
    expect(client.port.conclude(id)).toBe(true);
    expect(client.port.write(id, new Uint8Array(1))).toBe(0);
    expect(client.port.writable(id)).toBe(0);
    expect(client.port.write(44n, new Uint8Array(1))).toBe(0);
    expect(client.port.conclude(44n)).toBe(false);
  });

  it('is reset at once: nothing more is sent, and nothing is waited for', () => {
    const { client, id } = withData(5000);
    const first = packet(client);
    expect(client.port.reset(id, 77n)).toBe(true);
    expect(client.port.flushed()).toBe(true);
    expect(client.port.state(id).send).toEqual({ is: 'reset-local', code: 77n });
    for (const sent of first?.sent ?? []) onLost(client.state, sent);
    const out = packet(client);
    const finalSize = BigInt(client.port.counts().sent);
    expect(out?.frames).toEqual([{ type: 'reset_stream', stream: id, code: 77n, finalSize }]);
    expect(finalSize).toBeGreaterThan(1000n);
    for (const sent of out?.sent ?? []) onLost(client.state, sent);
    expect(packet(client)?.frames).toEqual(out?.frames);
    expect(client.port.reset(id, 78n)).toBe(true);
    expect(client.port.conclude(id)).toBe(false);
    expect(client.port.state(id).send).toEqual({ is: 'reset-local', code: 77n });
  });

  it('cannot be reset once everything is acknowledged', () => {
    const { client, id } = withData(5);
    client.port.conclude(id);
    for (const sent of packet(client)?.sent ?? []) acked(client, sent);
    expect(client.port.reset(id, 1n)).toBe(false);
    expect(client.port.state(id).send).toEqual({ is: 'concluded', acknowledged: true });
  });

  it('answers STOP_SENDING with RESET_STREAM and the same code', () => {
    const { client, id } = withData(5);
    packet(client);
    take(client, { type: 'stop_sending', stream: id, code: 9n });
    take(client, { type: 'stop_sending', stream: id, code: 10n });
    expect(client.port.state(id).send).toEqual({ is: 'stopped', code: 9n });
    expect(client.port.write(id, new Uint8Array(1))).toBe(0);
    expect(packet(client)?.frames).toEqual([{ type: 'reset_stream', stream: id, code: 9n, finalSize: 5n }]);
    expect(client.facts.slice(-2)).toEqual([
      { kind: 'stream', by: 'peer', what: 'stop-sending', stream: 0, code: 9n },
      { kind: 'stream', by: 'local', what: 'reset', stream: 0, code: 9n, bytes: 5 },
    ]);
  });

  it('ignores STOP_SENDING when all of it had arrived', () => {
    const { client, id } = withData(5);
    client.port.conclude(id);
    for (const sent of packet(client)?.sent ?? []) acked(client, sent);
    take(client, { type: 'stop_sending', stream: id, code: 9n });
    expect(client.port.state(id).send).toEqual({ is: 'concluded', acknowledged: true });
    expect(packet(client)).toBeUndefined();
  });

  it('refuses everything but reading and resetting once the connection closes', () => {
    const { client, id } = withData(5);
    take(client, streamFrame(0, 0, 3));
    endStreams(client.state);
    expect(client.port.open('bidi')).toBeUndefined();
    expect(client.port.write(id, new Uint8Array(1))).toBe(0);
    expect(client.port.conclude(id)).toBe(false);
    expect(client.port.read(id, 9)).toMatchObject({ kind: 'data' });
    expect(client.port.reset(id, 1n)).toBe(true);
  });
});

describe('how a stream of the peer ends', () => {
  it('reads up to FIN, and FIN for ever', () => {
    const server = end('server');
    expect(server.port.read(0n, 9)).toEqual({ kind: 'none' });
    take(server, streamFrame(0, 2, Uint8Array.of(3, 4), true));
    expect(server.port.readable(0n)).toBe(false);
    expect(server.port.read(0n, 9)).toEqual({ kind: 'empty' });
    take(server, streamFrame(0, 0, Uint8Array.of(1, 2)));
    expect(server.port.peek(0n, 3)).toEqual({ kind: 'data', data: Uint8Array.of(1, 2, 3), fin: false });
    expect(server.port.read(0n, 3)).toEqual({ kind: 'data', data: Uint8Array.of(1, 2, 3), fin: false });
    expect(server.port.state(0n).receive).toEqual({ is: 'open' });
    expect(server.port.read(0n, 3)).toEqual({ kind: 'data', data: Uint8Array.of(4), fin: true });
    expect(server.port.state(0n).receive).toEqual({ is: 'finished' });
    expect(server.port.read(0n, 3)).toEqual({ kind: 'fin' });
    expect(server.port.read(0n, 3)).toEqual({ kind: 'fin' });
    expect(server.port.readable(0n)).toBe(true);
    expect(server.facts).toEqual([
      { kind: 'stream', by: 'peer', what: 'opened', stream: 0 },
      { kind: 'stream-data', by: 'peer', stream: 0, bytes: 4, fin: true },
      { kind: 'stream', by: 'peer', what: 'fin', stream: 0, bytes: 4 },
    ]);
  });

  it('tells a reset instead of what was not read', () => {
    const server = end('server');
    take(server, streamFrame(2, 0, 10));
    take(server, { type: 'reset_stream', stream: 2n, code: 5n, finalSize: 30n });
    expect(server.port.readable(2n)).toBe(true);
    expect(server.port.peek(2n, 9)).toEqual({ kind: 'reset', code: 5n });
    expect(server.state.live.has(2n)).toBe(true);
    expect(server.port.read(2n, 9)).toEqual({ kind: 'reset', code: 5n });
    expect(server.state.live.has(2n)).toBe(false);
    expect(server.port.read(2n, 9)).toEqual({ kind: 'reset', code: 5n });
    expect(server.port.state(2n)).toEqual({ send: { is: 'none' }, receive: { is: 'reset-peer', code: 5n } });
    expect(server.facts.at(-1)).toEqual({
      ...{ kind: 'stream', by: 'peer', what: 'reset', stream: 2, code: 5n, bytes: 30 },
    });
  });

  it('lets a reset that comes after everything take nothing back', () => {
    const server = end('server');
    take(server, streamFrame(2, 0, 10, true));
    take(server, { type: 'reset_stream', stream: 2n, code: 5n, finalSize: 10n });
    expect(server.port.read(2n, 99)).toMatchObject({ kind: 'data', fin: true });
  });

  it('asks to stop, throws away what comes, and gives its room back', () => {
    const [client, server] = [end('client'), end('server')];
    const id = client.port.open('bidi') ?? -1n;
    client.port.write(id, new Uint8Array(30_000));
    const first = packet(client);
    for (const frame of first?.frames ?? []) take(server, frame);
    expect(server.port.stopSending(id, 3n)).toBe(true);
    expect(server.port.stopSending(id, 4n)).toBe(false);
    expect(server.port.read(id, 99)).toEqual({ kind: 'empty' });
    for (let n = 0; n < 12; n++) for (const frame of packet(client)?.frames ?? []) take(server, frame);
    expect(server.state.live.get(id)?.receive?.receiving.store.blocks.size).toBe(0);
    expect(server.state.receiveCredit.consumed).toBe(server.state.receiveCredit.highest);
    settle(client, server, acked);
    expect(client.port.state(id).send).toEqual({ is: 'stopped', code: 3n });
    expect(server.port.state(id).receive).toEqual({ is: 'reset-peer', code: 3n });
    expect(client.port.flushed()).toBe(true);
  });

  it('makes no more room on a stream whose end is known', () => {
    const server = end('server');
    take(server, streamFrame(0, 0, 15_000));
    server.port.read(0n, 15_000);
    expect(packet(server)?.frames).toEqual([{ type: 'max_stream_data', stream: 0n, limit: 35_000n }]);
    take(server, streamFrame(0, 15_000, 15_000, true));
    server.port.read(0n, 15_000);
    expect(packet(server)?.frames).toEqual([{ type: 'max_data', limit: 90_000n }]);
  });

  it('repeats a limit that was lost as it is by then', () => {
    const server = end('server');
    take(server, streamFrame(0, 0, 15_000));
    server.port.read(0n, 15_000);
    const first = packet(server);
    take(server, streamFrame(0, 15_000, 1000));
    server.port.read(0n, 1000);
    expect(packet(server)).toBeUndefined();
    for (const sent of first?.sent ?? []) onLost(server.state, sent);
    expect(packet(server)?.frames).toEqual([{ type: 'max_stream_data', stream: 0n, limit: 36_000n }]);
  });
});
