import { describe, expect, it } from 'vitest';
import { toServePlan } from '../../src/catalog/behaviour.ts';
import { behaviourName, findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { TLS_BEHAVIOURS } from '../../src/catalog/behaviours/tls.ts';
import { describeClient } from '../../src/catalog/client-report.ts';
import type { ClosePlan } from '../../src/driver/close/plan.ts';
import { serveConnection } from '../../src/driver/serve/connection.ts';
import type { ServePlan } from '../../src/driver/serve/plan.ts';
import { h2Answer } from '../../src/exchange/h2-server.ts';
import { httpAnswer } from '../../src/exchange/http-server.ts';
import type { OutcomeClass } from '../../src/timeline/outcome.ts';
import { ascii, concat } from '../../src/wire/bytes.ts';
import { runClose, type Told } from './close-world.ts';

// Each behaviour against our own client, in virtual time: what the client takes it for, and what the server says the client did.

const GET = { send: ascii('GET / HTTP/1.1\r\nHost: example.net\r\n\r\n'), readUntil: 'eof' } as const;

/** What the client takes it for: when it closes first, and when it asks for something. */
type Row = readonly [name: string, clientFirst: OutcomeClass, serverFirst: OutcomeClass];
const ROWS: readonly Row[] = [
  ['well-behaved', 'clean', 'clean'],
  ['fin-no-close-notify', 'fin', 'fin'],
  ['rst-no-close-notify', 'reset', 'reset'],
  ['rst-drops-tail', 'reset', 'reset'],
  ['rst-after-close-notify', 'reset-after-close', 'reset-after-close'],
  ['fin-mid-record', 'fin-mid-record', 'fin-mid-record'],
  ['data-after-own-close-notify', 'clean', 'clean'],
  ['keep-sending-after-yours', 'clean', 'clean'],
  ['cut-on-close-notify', 'clean', 'clean'],
  ['half-close-first', 'clean', 'clean'],
  ['fin-after-length', 'fin', 'fin'],
  ['close-delimited', 'clean', 'clean'],
  ['fin-mid-body', 'clean', 'clean'],
  ['fin-mid-body-no-alert', 'fin', 'fin'],
  ['fin-mid-chunks', 'clean', 'clean'],
  ['early-response', 'clean', 'clean'],
  ['early-response-rst', 'clean', 'clean'],
  ['coalesced-close-notify', 'clean', 'clean'],
  ['coalesced-fatal-alert', 'alert', 'alert'],
  ['never-reply', 'silent', 'silent'],
  ['reply-late', 'late', 'clean'],
  ['reply-then-hold', 'held-open', 'held-open'],
  ['idle-alert', 'clean', 'clean'],
  ['idle-fin', 'clean', 'fin'],
  ['idle-rst', 'clean', 'reset'],
  ['idle-silent', 'clean', 'silent'],
  ['keepalive-trap', 'clean', 'clean'],
  ['zero-window-close', 'silent', 'silent'],
  ['tickets-before-close', 'clean', 'clean'],
  ['tickets-flood-before-close', 'clean', 'clean'],
  ['forget-session-on-unclean', 'clean', 'clean'],
  ['fatal-close-notify', 'clean', 'clean'],
  ['user-canceled-then-close', 'clean', 'clean'],
  ['user-canceled-only', 'fin', 'fin'],
  ['duplicate-close-notify', 'clean', 'clean'],
  ['alert-after-close-notify', 'clean', 'clean'],
  ['fatal-alert', 'alert', 'alert'],
  ['fatal-alert-before-data', 'alert', 'alert'],
  ['unknown-alert', 'alert', 'alert'],
  ['alert-level-42', 'clean', 'clean'],
  ['warning-flood', 'alert', 'alert'],
  ['bad-mac-close-notify', 'alert', 'alert'],
  ['plaintext-close-notify', 'alert', 'alert'],
  ['late-certificate-required', 'alert', 'alert'],
  ['split-close-notify', 'clean', 'clean'],
  ['split-fatal-alert', 'alert', 'alert'],
  ['fragmented-alert', 'alert', 'alert'],
  ['double-alert', 'alert', 'alert'],
  ['empty-alert', 'alert', 'alert'],
  ['empty-records-before-close', 'clean', 'clean'],
  ['plaintext-after-close', 'clean', 'clean'],
  ['fin-during-handshake', 'handshake-failed', 'handshake-failed'],
  ['fin-before-finished', 'handshake-failed', 'handshake-failed'],
  ['rst-during-handshake', 'handshake-failed', 'handshake-failed'],
  ['rst-before-finished', 'handshake-failed', 'handshake-failed'],
  ['stall-handshake', 'handshake-failed', 'handshake-failed'],
  ['stall-before-finished', 'handshake-failed', 'handshake-failed'],
  ['close-notify-during-handshake', 'handshake-failed', 'handshake-failed'],
  ['close-notify-before-finished', 'handshake-failed', 'handshake-failed'],
  ['plaintext-instead-of-hello', 'handshake-failed', 'handshake-failed'],
];

it('the table has every behaviour', () => {
  expect(ROWS.map(([name]) => name).sort()).toEqual(TLS_BEHAVIOURS.map(behaviourName).sort());
});

describe.each(['1.2', '1.3'] as const)('over TLS %s', (version) => {
  it.each(
    ROWS,
  )('%s: %s when the client closes first, %s after an answer', (name, clientFirst, serverFirst) => {
    expect(serve(name, { version }).outcome.class).toBe(clientFirst);
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

describe('what reaches the client', () => {
  const got = (name: string, plan: Partial<ClosePlan> = GET) =>
    serve(name, { version: '1.3', plan }).outcome.bytesReceived;
  const answer = (name: string, bodyBytes = 0): number =>
    httpAnswer({ ...planOf(name), bodyBytes }, { method: 'GET', path: '/', bodyBytes: 0 }).length;

  it.each([
    ['fin-after-length', 0],
    ['close-delimited', 0],
    ['fin-mid-body', 40],
    ['fin-mid-body-no-alert', 40],
    ['fin-mid-chunks', 40],
    ['coalesced-close-notify', 0],
    ['split-close-notify', 0],
    ['empty-records-before-close', 0],
    ['plaintext-after-close', 0],
    ['tickets-flood-before-close', 0],
    ['keep-sending-after-yours', 0],
    ['cut-on-close-notify', 0],
  ])('%s: all but %d bytes', (name, lost) => {
    expect(got(name)).toBe(answer(name, planOf(name).bodyBytes) - lost);
  });

  it.each([
    'fatal-alert-before-data',
    'half-close-first',
    'zero-window-close',
    'late-certificate-required',
  ])('%s: nothing', (name) => expect(got(name)).toBe(0));

  it('cut-on-close-notify drops what the close overtakes; keep-sending-after-yours does not', () => {
    const hasty = { send: GET.send };
    expect(got('cut-on-close-notify', hasty)).toBe(answer('cut-on-close-notify', 65_536) - 32_768);
    expect(got('keep-sending-after-yours', hasty)).toBe(answer('keep-sending-after-yours', 65_536));
  });

  it('twenty large tickets come in TLS 1.3 alone', () => {
    const tickets = (version: '1.2' | '1.3') =>
      serve('tickets-flood-before-close', { version, plan: GET }).events.filter(
        (event) => event.kind === 'ticket' && event.bytes >= 8_000,
      ).length;
    expect([tickets('1.3'), tickets('1.2')]).toEqual([20, 0]);
  });

  it('an answer comes while the client is still sending', () => {
    const head = 'POST / HTTP/1.1\r\nHost: example.net\r\nContent-Length: 1000000\r\n\r\n';
    const plan = { send: ascii(`${head}${'x'.repeat(200_000)}`), readUntil: 'eof' } as const;
    const good = serve('early-response', { version: '1.3', plan });
    expect(good.outcome).toMatchObject({ class: 'clean' });
    expect(good.outcome.bytesReceived).toBeGreaterThan(200);
    const bad = serve('early-response-rst', { version: '1.3', plan });
    expect(bad.outcome.class).toBe('reset');
  });

  it('a connection stays for a second request, which meets the trap', () => {
    const twice = { send: ascii('GET / HTTP/1.1\r\n\r\n'), readUntil: 'idle' } as const;
    const told = serve('keepalive-trap', { version: '1.3', plan: twice });
    expect(told.outcome).toMatchObject({ class: 'clean', closedFirst: 'local' });
    expect(told.outcome.bytesReceived).toBeGreaterThan(200);
  });
});

describe('the exchange', () => {
  /** Preface, SETTINGS, and HEADERS with the end of stream 1: GET of / by the static table. */
  const H2_GET = concat(
    ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0),
    Uint8Array.of(0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x87),
  );
  const h2 = (name: string, exchange: ServePlan['exchange']) =>
    serve(name, { version: '1.3', plan: { send: H2_GET, readUntil: 'eof' }, exchange }).outcome;

  it('speaks HTTP/2 with who does, says GOAWAY, and cuts what is to be cut', () => {
    const request = { method: 'GET', path: '/', bodyBytes: 0, stream: 1, room: 65_535 };
    const answer = h2Answer(planOf('well-behaved'), request).bytes.length;
    const settings = 9 + 6 + 9;
    for (const exchange of ['auto', 'h2'] as const) {
      expect(h2('well-behaved', exchange)).toMatchObject({
        class: 'clean',
        bytesReceived: settings + answer,
      });
    }
    const cut = h2Answer(planOf('fin-mid-body'), request).bytes.length - 40;
    expect(h2('fin-mid-body', 'h2')).toMatchObject({ class: 'clean', bytesReceived: settings + cut });
    expect(h2('fatal-alert-before-data', 'h2')).toMatchObject({ class: 'alert', bytesReceived: settings });
  });

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
