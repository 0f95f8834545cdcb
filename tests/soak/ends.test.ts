import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, serve, tlsClose } from '../../src/index.ts';

/** Client and server share an event loop here: neither is ever there when the other's bytes arrive. */
const ENDS = [
  { behaviour: 'well-behaved', expected: 'clean', runs: 500 },
  { behaviour: 'fin-no-close-notify', expected: 'fin', runs: 500 },
  { behaviour: 'rst-no-close-notify', expected: 'reset', runs: 500 },
  { behaviour: 'rst-after-close-notify', expected: 'reset-after-close', runs: 500 },
  { behaviour: 'fin-mid-record', expected: 'fin-mid-record', runs: 500 },
  { behaviour: 'never-reply', expected: 'silent', runs: 50 },
] as const;
const TABLE = (['1.2', '1.3'] as const).flatMap((tls) => ENDS.map((end) => ({ tls, ...end })));

describe.each(TABLE)('$behaviour over TLS $tls', ({ behaviour, tls, expected, runs }) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await serve({ behaviour });
  });
  afterAll(() => server.close());

  it(`is ${expected}, ${runs} times of ${runs}`, async () => {
    const result = await tlsClose({
      target: { host: '127.0.0.1', port: server.port },
      versions: [tls],
      ca: server.certificate,
      sni: 'localhost',
      limits: { close: 200, fin: 1000 },
      repeat: runs,
    });
    expect(result.distribution).toEqual({ [expected]: runs });
  });
});
