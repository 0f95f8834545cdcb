import { describe, expect, it } from 'vitest';
import { toServePlan } from '../../src/catalog/behaviour.ts';
import { behaviourName, findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { TLS_BEHAVIOURS } from '../../src/catalog/behaviours/tls.ts';
import { describeClient } from '../../src/catalog/client-report.ts';
import type { ClosePlan } from '../../src/driver/close/plan.ts';
import { serveConnection } from '../../src/driver/serve/connection.ts';
import type { ServePlan } from '../../src/driver/serve/plan.ts';
import { httpAnswer } from '../../src/exchange/http-server.ts';
import type { OutcomeClass } from '../../src/timeline/outcome.ts';
import { ascii } from '../../src/wire/bytes.ts';
import { runClose, type Told } from './close-world.ts';

// Each behaviour against our own client, in virtual time: what the client takes it for, and what the server says the client did.

const GET = { send: ascii('GET / HTTP/1.1\r\nHost: example.net\r\n\r\n'), readUntil: 'eof' } as const;

type Row = { name: string; clientFirst: OutcomeClass; serverFirst: OutcomeClass };
const ROWS: readonly Row[] = [
  { name: 'well-behaved', clientFirst: 'clean', serverFirst: 'clean' },
  { name: 'fin-no-close-notify', clientFirst: 'fin', serverFirst: 'fin' },
  { name: 'rst-no-close-notify', clientFirst: 'reset', serverFirst: 'reset' },
  { name: 'rst-drops-tail', clientFirst: 'reset', serverFirst: 'reset' },
  { name: 'rst-after-close-notify', clientFirst: 'reset-after-close', serverFirst: 'reset-after-close' },
  { name: 'fin-mid-record', clientFirst: 'fin-mid-record', serverFirst: 'fin-mid-record' },
  { name: 'fin-mid-body', clientFirst: 'clean', serverFirst: 'clean' },
  { name: 'data-after-own-close-notify', clientFirst: 'clean', serverFirst: 'clean' },
  { name: 'never-reply', clientFirst: 'silent', serverFirst: 'silent' },
  { name: 'reply-late', clientFirst: 'late', serverFirst: 'clean' },
  { name: 'reply-then-hold', clientFirst: 'held-open', serverFirst: 'held-open' },
  { name: 'duplicate-close-notify', clientFirst: 'clean', serverFirst: 'clean' },
  { name: 'user-canceled-only', clientFirst: 'fin', serverFirst: 'fin' },
  { name: 'fatal-alert', clientFirst: 'alert', serverFirst: 'alert' },
  { name: 'tickets-before-close', clientFirst: 'clean', serverFirst: 'clean' },
];

describe.each(['1.2', '1.3'] as const)('over TLS %s', (version) => {
  it.each(ROWS)('$name: the client closes first → $clientFirst', ({ name, clientFirst }) => {
    expect(serve(name, { version }).outcome.class).toBe(clientFirst);
  });

  it.each(ROWS)('$name: the server closes first → $serverFirst', ({ name, serverFirst }) => {
    expect(serve(name, { version, plan: GET }).outcome.class).toBe(serverFirst);
  });

  it('rst-no-close-notify delivers everything, rst-drops-tail all but the tail', () => {
    for (const [name, lost] of [
      ['rst-no-close-notify', 0],
      ['rst-drops-tail', 40],
    ] as const) {
      const answer = httpAnswer(planOf(name), { method: 'GET', path: '/', bodyBytes: 0 });
      expect(serve(name, { version, plan: GET }).outcome.bytesReceived).toBe(answer.length - lost);
    }
  });

  it('says what the client did', () => {
    const report = (name: string, plan: Partial<ClosePlan> = {}): string =>
      describeClient(serve(name, { version, plan }).server).text;
    expect(report('well-behaved')).toBe('client closed first: close_notify, then FIN');
    expect(report('well-behaved', GET)).toBe('client answered our close_notify after 2 ms, then FIN');
    expect(report('fin-no-close-notify', GET)).toBe(
      'client sent alert decode_error(50) 2 ms after our FIN, then FIN 100 ms later',
    );
    expect(report('rst-no-close-notify', GET)).toBe(
      'client could not be watched: we reset the connection first',
    );
    expect(report('never-reply')).toBe('client closed first: close_notify, then FIN 5.0 s later');
    expect(report('well-behaved', { mode: 'abrupt-fin' })).toBe(
      'client closed first: FIN without close_notify',
    );
    expect(report('well-behaved', { mode: 'abrupt-rst' })).toBe('client closed first: RST');
  });
});

describe('every other behaviour', () => {
  const others = TLS_BEHAVIOURS.map(behaviourName).filter((name) => ROWS.every((row) => row.name !== name));
  it.each(others)('%s comes to an end, whoever closes first', (name) => {
    for (const plan of [{}, GET]) {
      const told = serve(name, { version: '1.3', plan });
      expect(told.server.map((event) => event.kind)).toContain('handshake.completed');
      expect(describeClient(told.server).text).toMatch(/^client \w/u);
    }
  });
});

describe('the exchange', () => {
  it('echoes what is no HTTP', () => {
    const told = serve('well-behaved', { plan: { send: ascii('hello'), readUntil: 5 } });
    expect(told.outcome).toMatchObject({ class: 'clean', bytesReceived: 5 });
  });

  it('stays silent when told to', () => {
    const told = serve('well-behaved', {
      plan: { send: ascii('hello'), readUntil: 'idle' },
      exchange: 'silent',
    });
    expect(told.outcome).toMatchObject({ class: 'clean', bytesReceived: 0 });
  });

  it('ends an answer without a length by the end of the connection', () => {
    const told = serve('fin-no-close-notify', { plan: GET, framing: 'close' });
    expect(told.outcome).toMatchObject({ class: 'fin', truncationPossible: 'yes' });
  });

  it('gives up on a client that says nothing', () => {
    const told = serve('well-behaved', { plan: { idleMs: 70_000 } });
    expect(told.server).toContainEqual(
      expect.objectContaining({ kind: 'limit', phase: 'exchange', ms: 60_000 }),
    );
  });
});

type Options = {
  version?: '1.2' | '1.3';
  plan?: Partial<ClosePlan>;
  exchange?: ServePlan['exchange'];
  framing?: ServePlan['framing'];
};

const runs = new Map<string, Told>();

/** Virtual time gives the same run each time, so it is made once. */
function serve(name: string, options: Options): Told {
  const key = JSON.stringify([name, options]);
  const told = runs.get(key) ?? serveAnew(name, options);
  runs.set(key, told);
  return told;
}

function serveAnew(name: string, { exchange, framing, ...rest }: Options): Told {
  const plan = planOf(name, {
    ...(exchange === undefined ? {} : { exchange }),
    ...(framing === undefined ? {} : { framing }),
  });
  return runClose({
    ...rest,
    script: function* () {},
    serve: (parts) =>
      serveConnection({
        ...parts,
        plan,
        failed(error) {
          throw error;
        },
      }),
  });
}

function planOf(name: string, change: Parameters<typeof toServePlan>[1] = {}): ServePlan {
  const behaviour = findBehaviour(name);
  if (behaviour === undefined) throw new Error(`no behaviour ${name}`);
  return toServePlan(behaviour, change);
}
