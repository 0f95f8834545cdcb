import { beforeAll, describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/driver/script.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { ProfileName } from '../../src/shutdown/types.ts';
import { runScenario, type ScenarioRun } from '../../src/sim/scenario.ts';
import { binding, essence, type RecordedCase, readCaseLines } from './cases.ts';

const provider = createNativeProvider();

/** Plays every case of a file, those in `skipped` too: what is skipped has to differ still. */
export function holdTo(
  file: string,
  protocols: readonly string[],
  skipped: Readonly<Record<string, string>>,
): void {
  const cases = readCaseLines(file);
  const played = cases.filter(({ id }) => !(id in skipped));

  describe(`profile openssl-3.5 does what OpenSSL 3.5.7 was recorded doing, case after case of ${file}`, () => {
    const runs = new Map<string, ScenarioRun>();
    beforeAll(() => {
      for (const recorded of cases) runs.set(recorded.id, play(recorded, 'openssl-3.5'));
    }, LOADED_MACHINE_MS);
    const differs = (recorded: RecordedCase): boolean => {
      const run = runs.get(recorded.id);
      return run === undefined || essence(run) !== essence(recorded);
    };

    it('in all but a few, each of them for a reason that still holds', () => {
      expect(cases.length).toBeGreaterThan(500);
      expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
      expect(Object.keys(skipped).length).toBeLessThanOrEqual(cases.length * 0.03);
      const differing = cases.filter(({ id }) => id in skipped).filter(differs);
      expect(differing.map(({ id }) => id).sort()).toEqual(Object.keys(skipped).sort());
    });

    it.each(protocols)('%s', (protocol) => {
      const ofProtocol = played.filter((recorded) => recorded.protocol === protocol);
      expect(ofProtocol.length).toBeGreaterThan(0);
      expect(ofProtocol.filter(differs).map(({ id }) => id)).toEqual([]);
    });

    it(
      'and says so on both timelines where profile manual would do something else',
      () => {
        const silent = played
          .filter((_recorded, index) => index % 4 === 0)
          .filter((recorded) => differsSilently(play(recorded, 'manual'), runs.get(recorded.id)));
        expect(silent.map(({ id }) => id)).toEqual([]);
      },
      LOADED_MACHINE_MS,
    );
  });
}

function play(recorded: RecordedCase, profile: ProfileName): ScenarioRun {
  return runScenario(parseScenario(recorded), { profile, provider });
}

function differsSilently(manual: ScenarioRun, openssl: ScenarioRun | undefined): boolean {
  if (openssl === undefined || calls(manual) === calls(openssl)) return false;
  return notes(manual) === 0 || notes(openssl) === 0;
}

function notes({ events }: ScenarioRun): number {
  return events.filter((event) => event.kind === 'note' && event.code === 'profile-difference').length;
}

function calls({ observed }: ScenarioRun): string {
  return JSON.stringify(observed.map(binding));
}

/** A few seconds are enough where nobody else computes. */
const LOADED_MACHINE_MS = 240_000;
