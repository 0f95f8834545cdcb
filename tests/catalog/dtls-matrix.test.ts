import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DTLS_BEHAVIOURS } from '../../src/catalog/behaviours/dtls.ts';
import { behaviourName } from '../../src/catalog/behaviours/find.ts';
import { DTLS_PROBES } from '../../src/catalog/probes/dtls-probes.ts';
import { dtlsVerdicts, probeDtls } from './dtls-probe-world.ts';

// Every way of closing that serve dtls knows × every probe × both versions, in virtual time: exactly which rules notice what.

type Row = Record<string, string[]>;
const MATRIX: Record<string, Row> = JSON.parse(
  readFileSync(new URL('./matrix-dtls.json', import.meta.url), 'utf8'),
);

describe('every probe of DTLS against every behaviour', () => {
  it('has a row for each', () => {
    expect(Object.keys(MATRIX)).toEqual(DTLS_BEHAVIOURS.map(behaviourName));
    expect(MATRIX['well-behaved']).toEqual({});
  });

  it.each(DTLS_BEHAVIOURS)('$id', { timeout: 60_000 }, (behaviour) => {
    const row: Row = {};
    for (const probe of DTLS_PROBES)
      for (const version of probe.versions) {
        const found = dtlsVerdicts(probe, probeDtls(behaviour, version, probe.connections));
        if (found.length > 0) row[`${probe.id} ${version}`] = found;
      }
    expect(row).toEqual(MATRIX[behaviourName(behaviour)]);
  });
});
