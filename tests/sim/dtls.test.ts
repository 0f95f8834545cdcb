import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { CLOSES, type DtlsSide, type DtlsStorm, dtlsStorm } from './dtls-storm.ts';

const provider = createNativeProvider();
const wanted = process.env.SSLSHUT_SEED;
const count = process.env.SSLSHUT_SOAK === undefined ? 200 : 5_000;
const seeds = wanted === undefined ? Array.from({ length: count }, (_, index) => String(index)) : [wanted];

/** Everything that must hold, as the things that do not. */
function problems(run: DtlsStorm): string[] {
  const { client, server } = run;
  if (client === undefined || server === undefined) return ['a side never came to its end'];
  const found: string[] = [];
  if (!run.idle) found.push('a timer ran on after the end');
  if (run.events.length > MOST_EVENTS) found.push(`${run.events.length} events: something goes in circles`);
  if (run.loss === 0 && (client.handshake !== 'open' || server.handshake !== 'open')) {
    found.push(`without loss: ${client.handshake} / ${server.handshake}`);
  }
  found.push(...sideProblems(run, 'client', client, server), ...sideProblems(run, 'server', server, client));
  return found;
}

function sideProblems(run: DtlsStorm, name: 'client' | 'server', side: DtlsSide, other: DtlsSide): string[] {
  const found: string[] = [];
  if (side.handshake !== 'open' && !REASONS.some((reason) => reason.test(side.handshake))) {
    found.push(`${name}: the handshake ended without a good reason: ${side.handshake}`);
  }
  const stray = side.received.some((number) => !other.sent.includes(number));
  if (stray) found.push(`${name} received what was never sent`);
  if (new Set(side.received).size < side.received.length) found.push(`${name} received a datagram twice`);
  const sentByOther = alerts(run, name === 'client' ? 'server' : 'client', 'local');
  const seen = alerts(run, name, 'peer');
  if (side.clean && (seen === 0 || sentByOther === 0)) found.push(`${name}: a clean end out of nothing`);
  const told = side.clean || side.handshake.includes('ZERO_RETURN') || run.close === 'fast';
  if (!told && seen > 0) found.push(`${name}: a close_notify that nobody told of`);
  if (side.shutdown === 1 && (alerts(run, name, 'local') === 0 || seen === 0)) {
    found.push(`${name}: SSL_shutdown gave 1 without both alerts`);
  }
  if (seen > sentByOther) found.push(`${name}: saw a close_notify twice`);
  return found;
}

/** Protected close_notify alerts on that side's timeline, by whom. */
function alerts(run: DtlsStorm, conn: string, by: 'local' | 'peer'): number {
  return run.events.filter(
    (event) =>
      event.kind === 'alert' &&
      event.conn === conn &&
      event.by === by &&
      event.description === 0 &&
      event.protected,
  ).length;
}

describe('DTLS over a network that loses, reorders and repeats', () => {
  it(
    `completes or says why not, and repeats itself to the byte (${seeds.length} seeds)`,
    {
      timeout: 3_600_000,
    },
    () => {
      const seen = new Set<string>();
      let opened = 0;
      let early = 0;
      for (const [index, seed] of seeds.entries()) {
        if (index === MEASURED_AT) early = heapUsed();
        const run = dtlsStorm(seed, provider);
        const where = `SSLSHUT_SEED=${seed} (DTLS ${run.version}, ${run.close} by ${run.closer}, loss ${run.loss})`;
        expect(problems(run), where).toEqual([]);
        const again = dtlsStorm(seed, provider);
        expect(again.timeline === run.timeline, `${where}: two runs, two timelines`).toBe(true);
        seen.add(`${run.close} ${run.version}`);
        if (run.client?.handshake === 'open' && run.server?.handshake === 'open') opened += 1;
      }
      if (wanted !== undefined) return;
      expect(seen.size).toBe(CLOSES.length * 2);
      // Retransmission is worth something: nearly every handshake completes even at 30 % loss.
      expect(opened / seeds.length).toBeGreaterThan(0.9);
      // Nothing of an association outlives it.
      expect(heapUsed() - early).toBeLessThan(8 * 1024 * 1024);
    },
  );
});

describe('what the storm looks for', () => {
  const quiet = { loss: 0, duplication: 0, reorder: 0, jitter: 0 };
  const byClose = (close: string): string => {
    const seed = seeds.find((each) => dtlsStorm(each, provider, quiet).close === close);
    return seed ?? '0';
  };

  it('ends a handshake that nobody answers with a timeout, in the time of the schedule', () => {
    const run = dtlsStorm(1, provider, { loss: 1 });
    expect(run.client?.handshake).toMatch(/timeout/u);
    expect(run.client?.sent).toEqual([]);
    // 1 + 2 + 4 + … s, no wait longer than 60 s (RFC 6347 §4.2.4.1, RFC 9147 §5.8.2).
    const last = run.events.filter((event) => event.conn === 'client').at(-1);
    expect(last?.t).toBeGreaterThanOrEqual(1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 32_000 + 60_000 + 60_000);
    expect(last?.t).toBeLessThanOrEqual(1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 32_000 + 3 * 60_000);
  });

  it('closes both ways on a quiet network', () => {
    const run = dtlsStorm(byClose('full'), provider, quiet);
    expect(problems(run)).toEqual([]);
    expect([run.client?.shutdown, run.server?.shutdown]).toEqual([1, 1]);
    expect(run.client?.received).toEqual(run.server?.sent);
    expect(run.server?.received).toEqual(run.client?.sent);
  });

  it('would notice', () => {
    const run = dtlsStorm(byClose('full'), provider, quiet);
    const { client, server } = run;
    if (client === undefined || server === undefined) throw new Error('a side is missing');
    const deaf = run.events.filter(({ kind }) => kind !== 'alert');
    expect(problems({ ...run, server: undefined })).toHaveLength(1);
    expect(problems({ ...run, idle: false })).toHaveLength(1);
    expect(problems({ ...run, events: deaf }).length).toBeGreaterThan(1);
    expect(problems({ ...run, client: { ...client, clean: false } })).toHaveLength(1);
    expect(problems({ ...run, client: { ...client, received: [99] } })).toHaveLength(1);
    expect(problems({ ...run, server: { ...server, handshake: 'hangs' } })).toHaveLength(2);
    expect(dtlsStorm(1, provider).timeline).not.toBe(dtlsStorm(2, provider).timeline);
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed: heap, arrayBuffers } = process.memoryUsage();
  return heap + arrayBuffers;
}

const MEASURED_AT = 50;
const MOST_EVENTS = 3_000;
/** Retransmission gave up; or the other side was through before this one, and its port or its close_notify said so. */
const REASONS = [/timeout/u, /ECONNREFUSED/u, /ZERO_RETURN/u];
