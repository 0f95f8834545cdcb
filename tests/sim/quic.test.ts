import { describe, expect, it } from 'vitest';
import { problems } from './quic-checks.ts';
import { CLOSES } from './quic-life.ts';
import { quicStorm } from './quic-storm.ts';

const wanted = process.env.SSLSHUT_SEED;
const soak = process.env.SSLSHUT_SOAK !== undefined;
const count = soak ? 5_000 : 200;
const seeds = wanted === undefined ? Array.from({ length: count }, (_, index) => index) : [wanted];
/** Of the long run, 200 seeds with so much. */
const LARGE = 256 * 1024;
const SECOND_LOOK = 5;

describe('QUIC over a network that loses, reorders and repeats', () => {
  it(`delivers, closes and falls silent as it says (${seeds.length} seeds)`, { timeout: 3_600_000 }, () => {
    const seen = new Set<string>();
    let shaken = 0;
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
      if (run.client?.handshake === true && run.server?.handshake === true) shaken++;
    }
    if (wanted !== undefined) return;
    expect(seen.size).toBe(CLOSES.length * 2);
    // Retransmission is worth something: all but those that close in the handshake complete it.
    expect(shaken / seeds.length).toBeGreaterThan(0.85);
  });
});
