import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstLine, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { report } from './sslshut.ts';

const RUNS = 5;
const PEER = new URL('own-peers/step-peer.py', import.meta.url).pathname;
const python = firstLine('python3', ['--version']);

type Ending = {
  /** What the peer does after the handshake: own-peers/step-peer.py. */
  does: string;
  /** With these options of tls-close. */
  by?: string;
  is: Record<string, unknown>;
};

const OURS_FIRST = { closedFirst: 'local' } as const;
const PEER_FIRST = { closedFirst: 'peer', peerCloseNotify: 'before' } as const;
const CLEAN = { class: 'clean', exitCode: 0, truncationPossible: 'no' } as const;
const NO_CLOSE = { peerCloseNotify: 'none', exitCode: 1, truncationPossible: 'yes' } as const;

const ENDINGS: Ending[] = [
  { does: 'heard close_notify fin', is: { ...CLEAN, ...OURS_FIRST, peerCloseNotify: 'after' } },
  { does: 'heard close_notify close', is: { ...CLEAN, ...OURS_FIRST } },
  { does: 'heard +close_notify drip fin', is: { ...CLEAN, ...OURS_FIRST } },
  { does: 'heard +data=5 +close_notify drip fin', is: { ...CLEAN, bytesReceived: 5, bytesAfterOurClose: 5 } },
  { does: 'heard +data=5 close_notify fin', is: { ...CLEAN, bytesReceived: 5 } },
  { does: 'heard data=3000000 close_notify fin', is: { ...CLEAN, bytesReceived: 3_000_000 } },
  { does: 'heard wait=1150 close_notify fin', is: { ...CLEAN, class: 'late' } },
  { does: 'heard close_notify fin rst', is: { ...CLEAN, ...OURS_FIRST } },
  { does: 'heard close_notify fin rst', by: '--linger 80ms', is: { ...CLEAN, resetAfterFin: 'yes' } },
  { does: 'heard close_notify text=clear fin', is: CLEAN },
  { does: 'heard close_notify', is: { class: 'held-open', exitCode: 1, truncationPossible: 'no' } },
  {
    does: 'heard close_notify rst',
    is: { class: 'reset-after-close', exitCode: 1, truncationPossible: 'no' },
  },
  { does: 'heard close_notify wait=30 rst', is: { class: 'reset-after-close', exitCode: 1 } },
  { does: 'close_notify fin', by: '--idle 400ms', is: { ...CLEAN, ...PEER_FIRST, resetAfterFin: 'no' } },
  { does: 'close_notify close', by: '--idle 400ms', is: { ...CLEAN, ...PEER_FIRST, resetAfterFin: 'yes' } },
  { does: 'close_notify heard fin', by: '--wait-peer', is: { ...CLEAN, ...PEER_FIRST } },
  { does: 'data=9 close_notify fin', by: '--wait-peer', is: { ...CLEAN, ...PEER_FIRST, bytesReceived: 9 } },
  { does: 'close_notify wait=30 rst', by: '--wait-peer', is: { class: 'reset-after-close', ...PEER_FIRST } },
  { does: 'heard fin', is: { class: 'fin', ...NO_CLOSE, ...OURS_FIRST, resetAfterFin: 'no' } },
  { does: 'heard fin rst', is: { class: 'fin', ...NO_CLOSE, ...OURS_FIRST, resetAfterFin: 'yes' } },
  { does: 'fin', by: '--idle 400ms', is: { class: 'fin', ...NO_CLOSE, closedFirst: 'peer' } },
  { does: 'heard data=7 fin', is: { class: 'fin', ...NO_CLOSE, bytesReceived: 7 } },
  { does: 'data=7 fin', by: '--read-until 7', is: { class: 'fin', exitCode: 1, truncationPossible: 'no' } },
  { does: 'heard part=1 fin', is: { class: 'fin-mid-record', ...NO_CLOSE } },
  { does: 'heard part=5 fin', is: { class: 'fin-mid-record', ...NO_CLOSE } },
  { does: 'heard part=60 fin rst', is: { class: 'fin-mid-record', ...NO_CLOSE } },
  { does: 'part=60 fin', by: '--half-close', is: { class: 'fin-mid-record', ...NO_CLOSE } },
  { does: 'heard rst', is: { class: 'reset', ...NO_CLOSE, ...OURS_FIRST } },
  { does: 'rst', by: '--idle 400ms', is: { class: 'reset', ...NO_CLOSE, closedFirst: 'peer' } },
  { does: 'heard data=7 wait=20 rst', is: { class: 'reset', ...NO_CLOSE, bytesReceived: 7 } },
  { does: 'data=7 rst', by: '--read-until 20', is: { class: 'reset', unreadAtReset: 13 } },
  { does: 'heard part=60 wait=20 rst', is: { class: 'reset', ...NO_CLOSE } },
  { does: 'heard', is: { class: 'silent', exitCode: 1, truncationPossible: 'unknown' } },
  { does: 'heard part=60', is: { class: 'silent', exitCode: 1 } },
  { does: 'heard ticks=200', is: { class: 'silent', exitCode: 1 } },
  { does: 'gone close_notify fin', is: { class: 'silent', exitCode: 1 } },
  { does: 'gone close_notify fin', by: '--half-close', is: { ...CLEAN, ...OURS_FIRST } },
  { does: 'gone close_notify fin', by: '--rapid --linger 1s', is: { ...CLEAN, ...OURS_FIRST } },
  { does: 'gone fin', by: '--abrupt fin --linger 1s', is: { class: 'fin', ...OURS_FIRST } },
  { does: 'heard', by: '--rapid', is: { class: 'not-observed', exitCode: 0 } },
];
const TABLE = (['1.2', '1.3'] as const).flatMap((tls) =>
  ENDINGS.map((ending) => ({ tls, by: 'a full close', ...ending })),
);

describe.each(TABLE)('TLS $tls: $does, seen by $by', ({ tls, does, by, is }) => {
  let peer: Running | undefined;
  beforeAll(async () => {
    if (python === undefined) return;
    const args = [PEER, '--cert', PKI.certificate, '--key', PKI.key, '--tls', tls, ...does.split(' ')];
    peer = await start({ command: 'python3', args, ready: /port (\d+)/ });
  });
  afterAll(() => peer?.stop());

  it(`is ${is.class}, ${RUNS} times of ${RUNS}`, async (context) => {
    if (peer === undefined) return context.skip('python3 is not installed (Debian package python3)');
    const limits = ['--timeout', 'exchange=500ms,close=1500ms,fin=300ms'];
    const shown = ['tls-close', '--ca', PKI.authority, '--sni', PKI.name, ...limits];
    const how = by.startsWith('--') ? by.split(' ') : [];
    const args = [...shown, ...how, `127.0.0.1:${peer.port}`];
    // All at once: the load is part of the test.
    for (const { outcome, run: done } of await Promise.all(
      Array.from({ length: RUNS }, () => report(args)),
    )) {
      expect(outcome).toMatchObject(is);
      expect(done.code).toBe(outcome.exitCode);
    }
    return undefined;
  });
});
