import { describe, expect, it } from 'vitest';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { CLOSES, type Storm, storm } from './storm.ts';

const provider = createNativeProvider();
const wanted = process.env.SSLSHUT_SEED;
const soak = process.env.SSLSHUT_SOAK !== undefined;
const count = soak ? 2_000 : 200;
const seeds = wanted === undefined ? Array.from({ length: count }, (_, index) => String(index)) : [wanted];

/** Everything that must hold, as the things that do not. */
function problems(run: Storm): string[] {
  const { client, server } = run;
  if (client === undefined || server === undefined) return ['a side never came to its end'];
  const found: string[] = [];
  if (client.clean && client.received !== server.sent)
    found.push('a clean end for the client, but not all the data');
  if (server.clean && server.received !== client.sent)
    found.push('a clean end for the server, but not all the data');
  if (run.cut) return found;
  if (!client.handshake || !server.handshake) found.push('the handshake failed on a whole network');
  if (client.blocked || server.blocked) found.push('a call never returned on a whole network');
  // A reset may drop what has not left yet.
  const lost = client.received !== server.sent || server.received !== client.sent;
  if (lost && run.close !== 'rst' && run.close !== 'unread') found.push('data got lost');
  if (run.close === 'full' || run.close === 'both-at-once' || run.close === 'half-close') {
    if (client.shutdown !== 1 || server.shutdown !== 1)
      found.push('SSL_shutdown did not come to 1 on both sides');
  }
  if (['fin', 'rst', 'unread'].includes(run.close)) {
    const other = run.closer === 'client' ? server : client;
    if (other.clean) found.push('an end without close_notify looked clean');
  }
  return found;
}

describe('TLS over a network that splits, delays and cuts at any byte', () => {
  it(
    `never hangs or throws, and repeats itself to the byte (${seeds.length} seeds)`,
    {
      timeout: 3_600_000,
    },
    () => {
      const seen = new Set<string>();
      for (const [index, seed] of seeds.entries()) {
        const big = soak && index < 200;
        const run = storm(seed, provider, big);
        const again = storm(seed, provider, big);
        const where = `SSLSHUT_SEED=${seed} (TLS ${run.version}, ${run.close} by ${run.closer})`;
        expect(problems(run), where).toEqual([]);
        expect(again.timeline === run.timeline, `${where}: two runs, two timelines`).toBe(true);
        seen.add(`${run.close} ${run.version} ${run.cut ? 'cut' : 'whole'}`);
      }
      if (wanted === undefined) expect(seen.size).toBe(CLOSES.length * 4);
    },
  );

  it('would be caught doing so', () => {
    const side = { handshake: true, sent: 4, received: 4, clean: true, shutdown: 1, blocked: false };
    const run: Storm = {
      close: 'full',
      closer: 'client',
      version: '1.3',
      cut: false,
      client: side,
      server: side,
      timeline: '',
    };
    expect(problems(run)).toEqual([]);
    expect(problems({ ...run, server: undefined })).toHaveLength(1);
    expect(problems({ ...run, cut: true, client: { ...side, received: 3 } })).toHaveLength(1);
    expect(problems({ ...run, server: { ...side, shutdown: 0 } })).toHaveLength(1);
    expect(problems({ ...run, server: { ...side, blocked: true } })).toHaveLength(1);
    expect(problems({ ...run, close: 'rst' })).toHaveLength(1);
    expect(storm(1, provider).timeline).not.toBe(storm(2, provider).timeline);
  });
});
