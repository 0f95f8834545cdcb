import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, type RunningServer, serve } from '../../src/index.ts';

// The checks over real sockets: what the matrix says of a behaviour in virtual time holds on loopback too.

type Row = Readonly<Record<string, readonly string[]>>;
const MATRIX: Readonly<Record<string, Readonly<Record<'1.2' | '1.3', Row>>>> = JSON.parse(
  readFileSync(new URL('../catalog/matrix-tls.json', import.meta.url), 'utf8'),
);

let server: RunningServer | undefined;
afterEach(() => server?.close());

async function ask(
  behaviour: string,
  options: Partial<Parameters<typeof diagnose>[0]> = {},
): Promise<Diagnosis> {
  server = await serve({ behaviour });
  const { port, certificate } = server;
  return diagnose({ target: `localhost:${port}`, ca: certificate, repeat: 1, concurrency: 8, ...options });
}

function noticed({ versions }: Diagnosis): Record<string, Row> {
  return Object.fromEntries(
    versions.map(({ version, checks }) => [
      version,
      Object.fromEntries(
        checks.flatMap(({ check, findings }) =>
          findings.length === 0 ? [] : [[check, findings.map(({ rule, grade }) => `${rule} ${grade}`)]],
        ),
      ),
    ]),
  );
}

/** Without the checks that are not safe, or too slow for a test. */
function expected(behaviour: string): Record<string, Row> {
  const rows = MATRIX[`tls/${behaviour}`] ?? { '1.2': {}, '1.3': {} };
  return Object.fromEntries(
    Object.entries(rows).map(([version, row]) => {
      const { 'tls-idle-close': _idle, 'tls-early-response': _early, ...rest } = row;
      return [version, rest];
    }),
  );
}

describe('a behaviour on loopback', () => {
  it.each([
    'well-behaved',
    'fin-no-close-notify',
    'fin-after-length',
    'fin-mid-record',
    'fin-mid-body',
    'data-after-own-close-notify',
    'duplicate-close-notify',
    'fatal-close-notify',
    'user-canceled-only',
    'bad-mac-close-notify',
    'plaintext-after-close',
  ])('%s is noticed by the same checks as in the simulator', async (behaviour) => {
    const diagnosis = await ask(behaviour);
    expect(noticed(diagnosis)).toEqual(expected(behaviour));
    const fails = Object.values(expected(behaviour)).some((row) =>
      Object.values(row)
        .flat()
        .some((rule) => rule.endsWith(' fail')),
    );
    expect(diagnosis.exitCode).toBe(fails ? 1 : 0);
  }, 30_000);

  it('that resets is a reset on a socket too', async () => {
    const { versions } = await ask('rst-no-close-notify', { checks: ['tls-close-reply'], versions: ['1.3'] });
    expect(versions[0]?.checks[0]?.findings[0]).toMatchObject({
      rule: 'rst-only',
      grade: 'warn',
      who: 'peer',
    });
  });
});

describe('a diagnosis', () => {
  it('names evidence, effect and remedies', async () => {
    const { versions, counts, grade, schema } = await ask('fin-no-close-notify', {
      checks: ['peer-close'],
      versions: ['1.3'],
      repeat: 3,
    });
    expect({ counts, grade, schema }).toMatchObject({
      counts: { fail: 1 },
      grade: 'fail',
      schema: 'sslshut/1',
    });
    const [finding] = versions[0]?.checks[0]?.findings ?? [];
    expect(finding).toMatchObject({ rule: 'fin-only', seen: 3, of: 3, clause: 'RFC 9846 §6.1' });
    expect(finding?.evidence.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['transport.fin', 'answer']),
    );
    expect(finding?.effect.map(({ program }) => program)).toContain('OpenSSL');
    expect(finding?.fixes.map(({ where }) => where)).toContain('Go');
  });

  it('of a version that is not spoken says so, and checks the other', async () => {
    server = await serve({ versions: ['1.3'] });
    const { port, certificate } = server;
    const { versions, exitCode } = await diagnose({
      target: `localhost:${port}`,
      ca: certificate,
      repeat: 1,
      checks: ['tls-close-reply'],
    });
    expect(versions.map(({ version, state }) => [version, state])).toEqual([
      ['1.3', 'checked'],
      ['1.2', 'not-offered'],
    ]);
    expect(exitCode).toBe(0);
  });

  it('with a budget that is spent tells what was left', async () => {
    const { versions, stopped } = await ask('never-reply', {
      budgetMs: 300,
      versions: ['1.3'],
      checks: ['tls-close-reply'],
    });
    expect(versions[0]?.left).toEqual([{ check: 'tls-close-reply', why: 'there was no time for it' }]);
    expect(stopped).toMatch(/^the budget ended 1 of 1 runs/u);
  });

  it('can be interrupted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('SIGINT'), 200);
    const { exitCode, stopped } = await ask('never-reply', { versions: ['1.3'], signal: controller.signal });
    expect({ exitCode, stopped }).toEqual({ exitCode: 130, stopped: 'interrupted' });
  });

  it('refuses a check that does not exist before anything is sent', async () => {
    await expect(diagnose({ target: 'localhost:1', checks: ['tls-nothing'] })).rejects.toThrow(
      'is not a check',
    );
  });
});
