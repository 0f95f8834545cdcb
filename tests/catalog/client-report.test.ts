import { describe, expect, it } from 'vitest';
import type { ClientFacts } from '../../src/catalog/client-facts.ts';
import { describeClient } from '../../src/catalog/client-report.ts';
import type { Fact, Who } from '../../src/timeline/event.ts';
import { alert, type Entry, timeline } from './fake-timeline.ts';

// The server's side: `local` is the server, `peer` the client.
const fin = (by: Who): Fact => ({ kind: 'transport.fin', by, certainty: 'sure' });
const rst = (by: Who): Fact => ({ kind: 'transport.reset', by, errno: 'ECONNRESET', certainty: 'sure' });
const cn = (by: Who): Fact => alert(by, 0, 'close_notify');
const closed: Fact = { kind: 'transport.closed', by: 'local' };
const shaken: Entry = [
  5,
  {
    kind: 'handshake.completed',
    version: 'TLSv1.3',
    suite: 'TLS_AES_128_GCM_SHA256',
    resumed: false,
    helloRetry: false,
    clientCertificate: false,
  },
];
const hello: Entry = [
  1,
  { kind: 'handshake.message', by: 'peer', type: 1, name: 'client_hello', level: 'initial', bytes: 300 },
];

describe('describeClient', () => {
  it.each<[string, Entry[], Partial<ClientFacts>]>([
    [
      'client answered our close_notify after 2 ms, then FIN',
      [shaken, [10, cn('local')], [10, fin('local')], [12, fin('peer')], [12, cn('peer'), 12]],
      { closedFirst: 'server', closeNotify: 'after', closeNotifyMs: 2, end: 'fin' },
    ],
    [
      'client sent close_notify 2 ms after our FIN, then FIN 50 ms later',
      [shaken, [10, fin('local')], [12, cn('peer')], [62, fin('peer')]],
      { closedFirst: 'server', closeNotify: 'alone', end: 'fin', endMs: 52 },
    ],
    [
      'client sent alert decode_error(50) 3 ms after our FIN, then FIN',
      [shaken, [10, fin('local')], [13, alert('peer', 50, 'decode_error')], [14, fin('peer')]],
      { alert: { level: 2, description: 50, name: 'decode_error' }, closeNotify: 'none' },
    ],
    [
      'client closed first: alert user_canceled(90) (3 times), then close_notify, then FIN',
      [
        shaken,
        [10, alert('peer', 90, 'user_canceled')],
        [11, alert('peer', 90, 'user_canceled')],
        [12, alert('peer', 90, 'user_canceled')],
        [12, cn('peer')],
        [20, fin('peer')],
      ],
      { closedFirst: 'client', closeNotify: 'alone' },
    ],
    [
      'client sent FIN without close_notify 7 ms after our close_notify',
      [shaken, [10, cn('local')], [17, fin('peer')]],
      { closeNotify: 'none', end: 'fin', endMs: 7 },
    ],
    [
      'client reset the connection less than 1 ms after our FIN',
      [shaken, [10, cn('local')], [10, fin('local')], [10.4, rst('peer')]],
      { end: 'reset', closedFirst: 'server' },
    ],
    [
      'client kept the connection open for 5.0 s',
      [shaken, [10, cn('local')], [10, fin('local')], [5010, closed]],
      { end: 'open', closedFirst: 'server' },
    ],
    [
      'client answered our close_notify after 1 ms, and kept the connection open for 4.9 s',
      [shaken, [10, cn('local')], [11, cn('peer')], [4911, closed]],
      { end: 'open', closeNotify: 'after' },
    ],
    [
      'client closed first: close_notify, then FIN',
      [shaken, [10, cn('peer')], [11, cn('local')], [11, fin('local')], [12, fin('peer')]],
      { closedFirst: 'client', closeNotify: 'before', end: 'fin', endMs: 1 },
    ],
    [
      'client closed first: FIN without close_notify',
      [shaken, [10, fin('peer')]],
      { closedFirst: 'client', closeNotify: 'none', end: 'fin' },
    ],
    ['client closed first: RST', [shaken, [10, rst('peer')]], { closedFirst: 'client', end: 'reset' }],
    [
      'client could not be watched: we reset the connection first',
      [shaken, [10, rst('local')]],
      { closedFirst: 'server', end: 'unseen' },
    ],
    [
      'client closed first: close_notify',
      [shaken, [10, cn('peer')], [11, rst('local')]],
      { closedFirst: 'client', closeNotify: 'alone', end: 'unseen' },
    ],
    [
      'client kept the connection open for 60.0 s',
      [shaken, [60_005, closed]],
      { closedFirst: 'nobody', end: 'open' },
    ],
    [
      'client did not finish the handshake: it sent alert unknown_ca(48)',
      [hello, [9, alert('peer', 48, 'unknown_ca')], [10, fin('peer')]],
      { handshake: 'failed' },
    ],
    [
      'client did not finish the handshake: no-common-suite',
      [hello, [2, { kind: 'handshake.failed', blame: 'peer', rule: 'no-common-suite', detail: '' }]],
      { handshake: 'failed' },
    ],
    ['client did not finish the handshake: it ended with FIN', [hello, [9, fin('peer')]], { end: 'fin' }],
    ['client did not finish the handshake in time', [hello, [10_000, closed]], { handshake: 'failed' }],
    ['client said nothing but FIN', [[9, fin('peer')]], { handshake: 'failed' }],
    ['client said nothing', [[10_000, closed]], { handshake: 'failed', end: 'open' }],
  ])('%s', (text, entries, facts) => {
    const report = describeClient(timeline(...entries));
    expect(report.text).toBe(text);
    expect(report.facts).toMatchObject(facts);
  });

  it('counts what the client sent', () => {
    const data = (bytes: number): Fact => ({ kind: 'data', by: 'peer', bytes, afterClose: false });
    const report = describeClient(timeline(shaken, [6, data(10)], [7, data(5)], [8, fin('peer')]));
    expect(report.facts.bytes).toBe(15);
  });
});
