import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tls } from './peers/peer.ts';
import { firstLine, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { report } from './sslshut.ts';

const RUNS = 20;
const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;
const RAW = new URL('peers/raw-peer.py', import.meta.url).pathname;
const python = firstLine('python3', ['--version']);

/** One end of a connection, and the class that tells it from the others. */
const ENDS = [
  { act: 'clean', behaviour: 'well-behaved', class: 'clean', code: 0 },
  { act: 'fin', behaviour: 'fin-no-close-notify', class: 'fin', code: 1 },
  { act: 'rst', behaviour: 'rst-no-close-notify', class: 'reset', code: 1 },
  { act: 'silent', behaviour: 'never-reply', class: 'silent', code: 1 },
] as const;
const TABLE = (['1.2', '1.3'] as const).flatMap((tls) => ENDS.map((end) => ({ tls, ...end })));

const ours = (behaviour: string): Promise<Running> =>
  start({
    command: process.execPath,
    args: [BIN, 'serve', 'tls', '--behaviour', behaviour, '--cert', PKI.certificate, '--key', PKI.key],
    ready: /127\.0\.0\.1:(\d+)/,
  });

const theirs = (act: string, tls: Tls): Promise<Running> =>
  start({
    command: 'python3',
    args: [RAW, '--cert', PKI.certificate, '--key', PKI.key, '--tls', tls, '--act', act],
    ready: /port (\d+)/,
  });

describe.each(TABLE)('$behaviour over TLS $tls', ({ act, behaviour, tls, class: expected, code }) => {
  const peers: Record<string, Running> = {};
  beforeAll(async () => {
    peers.ours = await ours(behaviour);
    if (python !== undefined) peers.theirs = await theirs(act, tls);
  });
  afterAll(() => Promise.all(Object.values(peers).map((peer) => peer.stop())));

  it.for(['ours', 'theirs'])(`is ${expected}, ${RUNS} times of ${RUNS}: %s`, async (whose, context) => {
    const peer = peers[whose];
    if (peer === undefined) return context.skip('python3 is not installed (Debian package python3)');
    const classes: Record<string, number> = {};
    for (let run = 0; run < RUNS; run++) {
      const args = [
        'tls-close',
        '--tls',
        tls,
        '--ca',
        PKI.authority,
        '--sni',
        PKI.name,
        '--timeout',
        'close=400ms',
      ];
      const result = await report([...args, `127.0.0.1:${peer.port}`]);
      const { class: observed } = result.outcome;
      classes[observed] = (classes[observed] ?? 0) + 1;
      if (observed === expected) expect(result.run.code).toBe(code);
    }
    expect(classes).toEqual({ [expected]: RUNS });
    return undefined;
  });
});
