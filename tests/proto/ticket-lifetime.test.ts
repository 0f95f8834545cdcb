import { describe, expect, it } from 'vitest';
import type { RecordCore } from '../../src/proto/core.ts';
import { connect as connectDatagrams, dtlsPair, ONLY13, TICKETS } from './dtls-pair.ts';
import { connect, converse } from './tls-pair.ts';
import { realPair } from './tls-real.ts';

type Tickets = typeof TICKETS;
/** Two ends with their handshake behind them. `exchange`: whatever is queued arrives. */
type Connected = { client: RecordCore; server: RecordCore; exchange(): void };

function overTls(tickets: Tickets): Connected {
  const pair = connect(realPair({ config: ONLY13, server: { tickets } }));
  return { client: pair.client.core, server: pair.server.core, exchange: () => converse(pair) };
}

function overDtls(tickets: Tickets): Connected {
  const pair = dtlsPair({ both: ONLY13, server: { tickets } });
  const network = connectDatagrams(pair);
  network.run(10_000);
  return { client: pair.client.core, server: pair.server.core, exchange: () => network.run(10_000) };
}

/** RFC 9846 §4.7.1: a lifetime of 0 means that the ticket is to be thrown away at once. */
describe.each([
  ['TLS', overTls],
  ['DTLS', overDtls],
])('a ticket without lifetime over %s', (_name, connectWith) => {
  it('does not take the place of an earlier one with a lifetime', () => {
    const tickets = { ...TICKETS };
    const { client, server, exchange } = connectWith(tickets);
    const session = client.session();
    expect(session?.lifetime).toBe(TICKETS.lifetime);
    tickets.lifetime = 0;
    expect(server.sendTicket(0)).toBe(true);
    exchange();
    expect(client.ticketsReceived()).toBe(3);
    expect(client.session()).toBe(session);
  });

  it('gives way to a later one that has a lifetime', () => {
    const tickets = { ...TICKETS, lifetime: 0 };
    const { client, server, exchange } = connectWith(tickets);
    expect(client.session()?.lifetime).toBe(0);
    tickets.lifetime = 100;
    expect(server.sendTicket(0)).toBe(true);
    exchange();
    expect(client.session()?.lifetime).toBe(100);
  });

  it('is what there is to tell of when no other came', () => {
    const { client } = connectWith({ ...TICKETS, lifetime: 0 });
    expect(client.ticketsReceived()).toBe(2);
    expect(client.session()?.lifetime).toBe(0);
  });
});
