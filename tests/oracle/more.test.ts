import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScriptResult } from '../../src/driver/run-script.ts';
import { parseScenario } from '../../src/driver/script.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { ProfileName } from '../../src/shutdown/types.ts';
import { runScenario, type ScenarioRun } from '../../src/sim/scenario.ts';
import { binding, type RecordedCase } from './cases.ts';

/** What is not imitated, each kind once. More than 3 % would be too many. */
const SKIPPED: Readonly<Record<string, string>> = {
  'w.tls13.lclose.sh': 'calls on a socket that the application closed under OpenSSL: EBADF of the descriptor',
  'w.tls13.pr.ccs.r':
    'OpenSSL ignores a bare change_cipher_spec after the handshake; RFC 9846 §5 wants an alert',
  'w.tls13.pr.ccs0.r': 'the same of another content: OpenSSL has words of its own for it',
  'x.tls13.f.kur':
    'a late KeyUpdate that fails in front of the write that carries it: the error queue stays empty',
  'z.tls12.hdr.23.17000': 'OpenSSL allows records of 2^14 + 320 bytes, RFC 5246 §6.2.3 of 2^14 + 2048',
  'z.tls12.hs.c.3.info': 'the session in the middle of a handshake',
  'z.tls12.hsmsg.big.r': 'OpenSSL looks at the type of a message before its size',
  'z.tls12.hsmsg.hdr.r': 'OpenSSL looks at the type of a message before its body has come',
  'z.tls12.hsmsg.hello.bw':
    'a HelloRequest behind a blocked write: renegotiation begins once that is written',
  'z.tls12.hsmsg.hello1.r': 'a HelloRequest with a body has a reason of its own',
  'z.tls12.len.16385.raw': 'a plaintext too long has a reason of its own',
  'z.tls12.type.0.0-.after':
    'a record of type 0 is the one that SSL_shutdown asks OpenSSL’s record layer for',
  'z.tls13.hs.s.0.lfin': 'SSL_state_string_long after a flight that could not be sent',
  'z.tls13.hs.s.tickets1': 'sessions as a server sees them',
  'z.tls13.hsmsg.hdr.after': 'half a message after the handshake takes OpenSSL back into it',
  'z.tls13.hsmsg.ku.r': 'a KeyUpdate without a body has a reason of its own',
  'z.tls13.hsmsg.nst0.splitclose':
    'an alert inside a handshake message is told: it says more than the fault does',
};

/** A few seconds are enough where nobody else computes. */
const LOADED_MACHINE_MS = 60_000;

const provider = createNativeProvider();
const cases = readFileSync(new URL('../../fixtures/oracle/more.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedCase);
const played = cases.filter(({ id }) => !(id in SKIPPED));

function play(recorded: RecordedCase, profile: ProfileName): ScenarioRun {
  return runScenario(parseScenario(recorded), { profile, provider });
}

/** What of a run is compared, as text: a thousand deep comparisons would take longer than the runs. */
function essence({ observed, peer_observed }: Pick<ScriptResult, 'observed' | 'peer_observed'>): string {
  return JSON.stringify([observed.map(binding), peer_observed], (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

describe('profile openssl-3.5 does what OpenSSL 3.5.7 was recorded doing, case after case', () => {
  const runs = new Map<string, ScenarioRun>();
  beforeAll(() => {
    for (const recorded of cases) runs.set(recorded.id, play(recorded, 'openssl-3.5'));
  }, LOADED_MACHINE_MS);
  const differs = (recorded: RecordedCase): boolean => {
    const run = runs.get(recorded.id);
    return run === undefined || essence(run) !== essence(recorded as unknown as ScriptResult);
  };

  it('in all but a few, each of them for a reason that still holds', () => {
    expect(cases.length).toBeGreaterThan(1000);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(Object.keys(SKIPPED).length).toBeLessThanOrEqual(cases.length * 0.03);
    const differing = cases.filter(({ id }) => id in SKIPPED).filter(differs);
    expect(differing.map(({ id }) => id).sort()).toEqual(Object.keys(SKIPPED).sort());
  });

  it.each(['tls1.2', 'tls1.3'])('%s', (protocol) => {
    const wrong = played.filter((recorded) => recorded.protocol === protocol).filter(differs);
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it(
    'says so on both timelines where profile manual would do something else',
    () => {
      const notes = ({ events }: ScenarioRun): number =>
        events.filter((event) => event.kind === 'note' && event.code === 'profile-difference').length;
      const calls = ({ observed }: ScenarioRun): string => JSON.stringify(observed.map(binding));
      const silent = played
        .filter((_recorded, index) => index % 4 === 0)
        .filter((recorded) => {
          const [manual, openssl] = [play(recorded, 'manual'), runs.get(recorded.id)];
          if (openssl === undefined || calls(manual) === calls(openssl)) return false;
          return notes(manual) === 0 || notes(openssl) === 0;
        });
      expect(silent.map(({ id }) => id)).toEqual([]);
    },
    LOADED_MACHINE_MS,
  );
});
