import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TLS_BEHAVIOURS } from '../../src/catalog/behaviours/tls.ts';
import { PROBES } from '../../src/catalog/probes/find.ts';
import { check, noticed } from './probe-world.ts';

// Every TLS behaviour of the catalogue under every check, in virtual time. The file says which checks notice, by which rule and with
// which grade; nothing else may, and nothing at all on the server that is right. `survey`: no handshake, hence no checks.

type Row = Readonly<Record<string, readonly string[]>> | { survey: string };
const MATRIX: Readonly<Record<string, Readonly<Record<'1.2' | '1.3', Row>>>> = JSON.parse(
  readFileSync(new URL('./matrix-tls.json', import.meta.url), 'utf8'),
);

function row(behaviour: string, version: '1.2' | '1.3'): Row {
  const { survey, reports } = check(behaviour, version, PROBES);
  return survey.state === 'open' ? noticed(reports) : { survey: survey.state };
}

describe.each(['1.2', '1.3'] as const)('TLS %s', (version) => {
  it.each(TLS_BEHAVIOURS.map(({ id }) => id))('%s', (id) => {
    expect(row(id, version)).toEqual(MATRIX[id]?.[version]);
  });
});

describe('the file', () => {
  it('has a row for each behaviour, and no other', () => {
    expect(Object.keys(MATRIX).sort()).toEqual(TLS_BEHAVIOURS.map(({ id }) => id).sort());
  });

  it('shows nothing on the server that is right', () => {
    expect(MATRIX['tls/well-behaved']).toEqual({ '1.2': {}, '1.3': {} });
  });
});

describe('a server that is right, but keeps its connections open when it is asked to close them', () => {
  it.each(['1.2', '1.3'] as const)('passes all but that over TLS %s', (version) => {
    const { survey, reports, left } = check('tls/well-behaved', version, PROBES, { plan: { keepAlive: 9 } });
    expect(survey).toMatchObject({ exchange: 'http1', keepAlive: true });
    expect(left).toEqual(PROBES.filter((probe) => !probe.versions.includes(version)).map(({ id }) => id));
    // What serve keeps open, it keeps open whatever the request says of it.
    expect(noticed(reports)).toEqual({ 'tls-peer-close': ['open warn'] });
  });
});

describe('verdicts', () => {
  it('are the same with any seed', () => {
    const rows = Array.from({ length: 20 }, (_, seed) =>
      noticed(check('tls/fin-after-length', '1.3', PROBES, { seed: seed + 2, repeat: 1 }).reports),
    );
    for (const one of rows) expect(one).toEqual(MATRIX['tls/fin-after-length']?.['1.3']);
  });

  it('of three repetitions are one finding, seen three times', () => {
    const { reports } = check('tls/fin-after-length', '1.3', PROBES, { repeat: 3 });
    const [finding] = reports.find(({ check: id }) => id === 'tls-peer-close')?.findings ?? [];
    expect(finding).toMatchObject({ rule: 'fin-only', grade: 'warn', seen: 3, of: 3, who: 'peer' });
    expect(finding?.evidence.map(({ kind }) => kind)).toContain('transport.fin');
  });

  it('are failures with --strict where a MUST is broken', () => {
    const strict = noticed(check('tls/fin-after-length', '1.3', PROBES, { strict: true }).reports);
    expect(strict['tls-peer-close']).toEqual(['fin-only fail']);
    const older = noticed(check('tls/fin-after-length', '1.2', PROBES, { strict: true }).reports);
    expect(older['tls-peer-close']).toEqual(['fin-only warn']);
    expect(older['tls-close-reply']).toEqual(['fin-only fail']);
  });
});
