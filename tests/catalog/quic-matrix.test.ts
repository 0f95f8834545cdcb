import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { behaviourName } from '../../src/catalog/behaviours/find.ts';
import { QUIC_BEHAVIOURS } from '../../src/catalog/behaviours/quic.ts';
import { QUIC_PROBES } from '../../src/catalog/probes/find-datagrams.ts';
import { probeQuic, quicVerdicts } from './quic-probe-world.ts';

// Every way of closing that serve quic knows × every probe, in virtual time: exactly which rules notice what. Where the handshake
// never gets through, all that is not listed says so.

type Row = Record<string, string[]>;
const MATRIX: Record<string, Row> = JSON.parse(
  readFileSync(new URL('./matrix-quic.json', import.meta.url), 'utf8'),
);

describe('every probe of QUIC against every behaviour', () => {
  it('has a row for each', () => {
    expect(Object.keys(MATRIX)).toEqual(QUIC_BEHAVIOURS.map(behaviourName));
    expect(MATRIX['well-behaved']).toEqual({});
  });

  it.each(QUIC_BEHAVIOURS)('$id', { timeout: 60_000 }, (behaviour) => {
    const row: Row = {};
    for (const probe of QUIC_PROBES) {
      const found = quicVerdicts(probe, probeQuic(behaviour, probe.connections));
      if (found.length > 0) row[probe.id] = found;
    }
    expect(row).toEqual(MATRIX[behaviourName(behaviour)]);
  });
});
