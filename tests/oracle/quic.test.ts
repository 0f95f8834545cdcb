import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/driver/script.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { runScenario } from '../../src/sim/scenario.ts';
import { binding, readRecordedCases } from './cases.ts';

/** Cases that cannot apply, each with its reason. More than 3 % would be too many. */
const SKIPPED: Readonly<Record<string, string>> = {};

/** A few seconds are enough where nobody else computes. */
const LOADED_MACHINE_MS = 60_000;

const provider = createNativeProvider();
const cases = readRecordedCases().filter(({ protocol }) => protocol === 'quic');
const played = cases.filter(({ id }) => !(id in SKIPPED));

describe('profile openssl-3.5 does on QUIC what OpenSSL 3.5.7 was recorded doing', () => {
  it('in all cases but a few', () => {
    expect(cases.length).toBe(49);
    expect(cases.length - played.length).toBeLessThanOrEqual(cases.length * 0.03);
    const ids = new Set(cases.map(({ id }) => id));
    expect(Object.keys(SKIPPED).filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each(played.map((recorded) => [recorded.id, recorded] as const))('%s', (_id, recorded) => {
    const scenario = parseScenario(recorded);
    expect(scenario.notes).toEqual([]);
    const run = runScenario(scenario, { profile: 'openssl-3.5', provider });
    expect({
      observed: run.observed.map(binding),
      peer_observed: run.peer_observed,
      wire: run.wire,
    }).toEqual({
      observed: recorded.observed.map(binding),
      peer_observed: recorded.peer_observed,
      wire: recorded.wire,
    });
  });

  it(
    'says so on both timelines where profile manual would do something else',
    () => {
      const silent = cases.filter((recorded) => {
        const runs = (['manual', 'openssl-3.5'] as const).map((profile) =>
          runScenario(parseScenario(recorded), { profile, provider }),
        );
        const [manual, openssl] = runs.map(({ observed, wire }) =>
          JSON.stringify([observed.map(binding), wire]),
        );
        const noted = runs.every(({ events }) =>
          events.some((event) => event.kind === 'note' && event.code === 'profile-difference'),
        );
        return manual !== openssl && !noted;
      });
      expect(silent.map(({ id }) => id)).toEqual([]);
    },
    LOADED_MACHINE_MS,
  );
});
