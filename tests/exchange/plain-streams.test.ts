import { describe, expect, it } from 'vitest';
import { createHqClient, createHqServer } from '../../src/exchange/hq.ts';
import { createEchoServer, createRawClient } from '../../src/exchange/raw-streams.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';

function facts(): { list: Fact[]; emit: (fact: Fact) => void } {
  const list: Fact[] = [];
  return { list, emit: (fact) => list.push(fact) };
}

describe('hq-interop', () => {
  it('asks with a line, and counts what comes up to FIN', () => {
    const { list, emit } = facts();
    const client = createHqClient({ path: '/a', emit });
    expect(client.start()).toEqual([{ do: 'open', direction: 'bidi', name: 'request' }]);
    expect(client.take({ kind: 'opened', by: 'local', stream: 0n, name: 'request' })).toEqual([
      { do: 'write', stream: 0n, data: ascii('GET /a\r\n') },
      { do: 'conclude', stream: 0n },
    ]);
    client.take({ kind: 'data', stream: 0n, data: new Uint8Array(30) });
    expect(client.status()).toMatchObject({ done: false, response: { bytes: 30, complete: false } });
    client.take({ kind: 'fin', stream: 0n });
    expect(client.status()).toMatchObject({ done: true, response: { bytes: 30, complete: true } });
    expect(list.map((fact) => fact.kind === 'exchange' && fact.detail)).toEqual(['GET /a', '30 bytes']);
  });

  it('reports a reset', () => {
    const client = createHqClient({ path: '/', emit: facts().emit });
    client.take({ kind: 'reset', stream: 0n, code: 4n });
    expect(client.status()).toMatchObject({ done: true, error: { by: 'peer', code: 4n } });
  });

  it('is answered with the body alone, whether the line ends with CR LF, LF or FIN', () => {
    for (const [line, fin] of [
      ['GET /x\r\n', false],
      ['GET /x\n', false],
      ['GET /x', true],
    ] as const) {
      const server = createHqServer({
        emit: facts().emit,
        answer: ({ path }) => ({ status: 200, body: ascii(path) }),
      });
      server.take({ kind: 'opened', by: 'peer', stream: 0n });
      const actions = [...line].flatMap((letter) => [
        ...server.take({ kind: 'data', stream: 0n, data: ascii(letter) }),
      ]);
      if (fin) actions.push(...server.take({ kind: 'fin', stream: 0n }));
      expect(actions, line).toEqual([
        { do: 'write', stream: 0n, data: ascii('/x') },
        { do: 'conclude', stream: 0n },
      ]);
      expect(server.take({ kind: 'data', stream: 0n, data: ascii('GET /y\r\n') })).toEqual([]);
      expect(server.take({ kind: 'fin', stream: 0n })).toEqual([]);
      expect(server.status()).toMatchObject({ done: true, answered: 1 });
    }
  });

  it('refuses anything but a GET, and a line without end', () => {
    for (const text of ['POST /\r\n', 'GET \r\n', '\r\n', 'GET /\0\r\n', 'G'.repeat(9000)]) {
      const server = createHqServer({
        emit: facts().emit,
        answer: () => ({ status: 200, body: ascii('no') }),
      });
      server.take({ kind: 'opened', by: 'peer', stream: 4n });
      const actions = server.take({ kind: 'data', stream: 4n, data: ascii(text) });
      expect(actions.map((action) => action.do)).toEqual(['reset', 'stop-sending']);
      expect(server.status().answered).toBe(0);
    }
  });

  it('keeps nothing of a request that was reset, and cares for no unidirectional stream', () => {
    const server = createHqServer({ emit: facts().emit, answer: () => ({ status: 200, body: ascii('no') }) });
    server.take({ kind: 'opened', by: 'peer', stream: 0n });
    server.take({ kind: 'data', stream: 0n, data: ascii('GET /') });
    server.take({ kind: 'reset', stream: 0n, code: 1n });
    expect(server.take({ kind: 'data', stream: 0n, data: ascii('\r\n') })).toEqual([]);
    server.take({ kind: 'opened', by: 'peer', stream: 2n });
    expect(server.take({ kind: 'data', stream: 2n, data: ascii('GET /\r\n') })).toEqual([]);
  });
});

describe('raw streams', () => {
  const OPENED = { kind: 'opened', by: 'local', stream: 0n, name: 'data' } as const;

  it('send text with FIN, and are done when the peer has ended too', () => {
    const { list, emit } = facts();
    const client = createRawClient({ alpn: 'doq', data: ascii('hello'), fin: true, emit });
    expect(client.take(OPENED)).toEqual([
      { do: 'write', stream: 0n, data: ascii('hello') },
      { do: 'conclude', stream: 0n },
    ]);
    expect(client.status().done).toBe(false);
    client.take({ kind: 'data', stream: 0n, data: ascii('hi') });
    client.take({ kind: 'data', stream: 3n, data: ascii('elsewhere') });
    client.take({ kind: 'fin', stream: 0n });
    expect(client.status()).toMatchObject({ done: true, response: { bytes: 2, complete: true } });
    expect(list).toEqual([
      { kind: 'exchange', by: 'local', alpn: 'doq', what: 'request', detail: '5 bytes, FIN', stream: 0 },
      { kind: 'exchange', by: 'peer', alpn: 'doq', what: 'body', detail: '2 bytes', stream: 0 },
    ]);
  });

  it('without FIN are done once the text is said', () => {
    const client = createRawClient({ alpn: 'x', data: ascii('hello'), fin: false, emit: facts().emit });
    expect(client.status().done).toBe(false);
    expect(client.take(OPENED)).toHaveLength(1);
    expect(client.status()).toMatchObject({ done: true, response: undefined });
    client.take({ kind: 'reset', stream: 0n, code: 9n });
    expect(client.status().error).toMatchObject({ code: 9n });
  });

  it('come back from the echo as they went', () => {
    const { list, emit } = facts();
    const server = createEchoServer({ alpn: 'x', emit });
    expect(server.take({ kind: 'data', stream: 0n, data: ascii('ab') })).toEqual([
      { do: 'write', stream: 0n, data: ascii('ab') },
    ]);
    expect(server.take({ kind: 'data', stream: 2n, data: ascii('one way') })).toEqual([]);
    expect(server.take({ kind: 'fin', stream: 0n })).toEqual([{ do: 'conclude', stream: 0n }]);
    expect(server.status()).toMatchObject({ done: true, answered: 1 });
    expect(fromAscii(ascii(JSON.stringify(list)))).toContain('2 bytes');
  });
});
