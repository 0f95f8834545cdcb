import { describe, expect, it } from 'vitest';
import type { CloseCause } from '../../src/proto/quic/core.ts';
import { problems } from './quic-checks.ts';
import { CLOSES, type Close } from './quic-life.ts';
import { quicStorm } from './quic-storm.ts';

const wanted = process.env.SSLSHUT_SEED;
const soak = process.env.SSLSHUT_SOAK !== undefined;
const count = soak ? 5_000 : 200;
const seeds = wanted === undefined ? Array.from({ length: count }, (_, index) => index) : [wanted];
/** Of the long run, 200 seeds with so much. */
const LARGE = 256 * 1024;
/** Every so many, twice. */
const SECOND_LOOK = 5;

describe('QUIC over a network that loses, reorders and repeats', () => {
  it(`delivers, closes and falls silent as it says (${seeds.length} seeds)`, { timeout: 7_200_000 }, () => {
    const seen = new Set<string>();
    const shaken = { could: 0, did: 0 };
    const ended = { could: 0, did: 0 };
    for (const [index, seed] of seeds.entries()) {
      const over = soak && index % 25 === 0 ? { data: LARGE } : {};
      const run = quicStorm(seed, over);
      const where = `SSLSHUT_SEED=${seed} (${run.close} by ${run.closer}, ${JSON.stringify(run.network)})`;
      expect(problems(run), where).toEqual([]);
      if (index % SECOND_LOOK === 0) {
        const again = quicStorm(seed, over);
        expect(again.timeline() === run.timeline(), `${where}: two runs, two timelines`).toBe(true);
      }
      seen.add(`${run.close} ${run.closer}`);
      const { client, server } = run.configs;
      const common = client.quicVersions.some((version) => server.quicVersions.includes(version));
      if (!common || run.close === 'in-handshake') continue;
      shaken.could++;
      if (run.client?.handshake === true && run.server?.handshake === true) shaken.did++;
      if (run.close === 'idle' || run.close === 'vanish') continue;
      ended.could++;
      if (run.client?.cause?.kind === 'close' || run.server?.cause?.kind === 'close') ended.did++;
    }
    if (wanted !== undefined) return;
    expect(seen.size).toBe(CLOSES.length * 2);
    // Retransmission is worth something.
    expect(shaken.did / shaken.could).toBeGreaterThan(0.95);
    expect(ended.did / ended.could).toBeGreaterThan(0.95);
  });
});

const QUIET = { latency: 25, loss: 0, duplication: 0, reorder: 0, jitter: 0 };
const V1 = { versions: [1] };

/** What the side that closes and the other one ended by, on a good path. */
function ends(close: Close, seed = 1): { first: CloseCause | undefined; second: CloseCause | undefined } {
  const run = quicStorm(seed, { close, network: QUIET, ...V1 });
  expect(problems(run)).toEqual([]);
  const second = run.closer === 'client' ? run.server : run.client;
  return { first: run[run.closer]?.cause, second: second?.cause };
}

describe('what the storm looks for', () => {
  it.each([
    'full',
    'rapid',
    'no-flush',
    'reset-stream',
  ] as const)('%s: one closes, the other hears it', (close) => {
    const { first, second } = ends(close);
    expect(first).toMatchObject({ kind: 'close', by: 'local', layer: 'application' });
    expect(second).toMatchObject({ kind: 'close', by: 'peer', layer: 'application' });
  });

  it('transport-error: the other one hears 0x1c', () => {
    expect(ends('transport-error').second).toMatchObject({ kind: 'close', by: 'peer', layer: 'transport' });
  });

  it('wait-peer: the other one closes', () => {
    const { first, second } = ends('wait-peer');
    expect(first).toMatchObject({ kind: 'close', by: 'peer' });
    expect(second).toMatchObject({ kind: 'close', by: 'local' });
  });

  it('idle: both fall silent by the smaller timeout', () => {
    const { first, second } = ends('idle');
    expect([first?.kind, second?.kind]).toEqual(['idle-timeout', 'idle-timeout']);
  });

  it('vanish: the other one learns of it by silence, or by a reset', () => {
    const { first, second } = ends('vanish');
    expect(first?.kind).toBe('aborted');
    expect(['idle-timeout', 'stateless-reset']).toContain(second?.kind);
  });

  it('a dead path ends the handshake by the idle timeout', () => {
    const run = quicStorm(1, { close: 'full', network: { ...QUIET, loss: 1 }, ...V1 });
    expect(run.client?.cause?.kind).toBe('idle-timeout');
    expect(run.serverBegan).toBe(false);
  });

  it('moves 256 KiB through small windows', () => {
    for (const seed of [0, 1, 2]) {
      const run = quicStorm(seed, { close: 'full', network: { loss: 0.1 }, data: LARGE, ...V1 });
      expect(problems(run), `${seed}`).toEqual([]);
      const streams = [run.client, run.server].flatMap((life) => [...(life?.received.values() ?? [])]);
      const moved = streams.reduce((total, { bytes }) => total + bytes, 0);
      const closer = run.plans[run.closer].streams.reduce((total, { size }) => total + size, 0);
      expect(moved).toBeGreaterThanOrEqual(closer);
    }
  });
});
