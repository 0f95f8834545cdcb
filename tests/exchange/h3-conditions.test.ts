import { describe, expect, it } from 'vitest';
import { CONDITIONS } from './h3-condition-list.ts';
import { data, GET, give, headers, type Side, serverSide, verdicts } from './h3-tools.ts';

describe('what a malformed client is told', () => {
  for (const { name, clause, act, verdict } of CONDITIONS)
    it(`${verdict} when ${name} (${clause})`, () => {
      const server = serverSide();
      server.actions.length = 0;
      act(server);
      expect(verdicts(server.actions)).toEqual([verdict]);
      const code = BigInt(verdict.split(' ')[1] ?? '');
      expect(server.exchange.status().error).toMatchObject({ by: 'peer', code });
      expect(server.facts.at(-1)).toMatchObject({ kind: 'exchange', by: 'peer', what: 'error' });
      const isOver = verdict.startsWith('close');
      // A connection that is over hears nothing more; a stream that is over harms no other.
      data(server, 4n, headers(...GET));
      give(server, { kind: 'fin', stream: 4n });
      expect(server.requests).toHaveLength(isOver ? 0 : 1);
    });

  it('is told the same however its bytes are cut', () => {
    for (const { name, act, verdict } of CONDITIONS) {
      const server = serverSide();
      server.actions.length = 0;
      const { exchange } = server;
      const cut: Side = {
        ...server,
        exchange: {
          ...exchange,
          take(event) {
            if (event.kind !== 'data') return exchange.take(event);
            const bytes = [...event.data].map((byte) => Uint8Array.of(byte));
            return bytes.flatMap((one) => exchange.take({ ...event, data: one }));
          },
        },
      };
      act(cut);
      expect(verdicts(cut.actions), name).toEqual([verdict]);
    }
  });
});
