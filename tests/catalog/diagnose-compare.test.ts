import { describe, expect, it } from 'vitest';
import { changesSince, isWorse, readBaseline } from '../../src/catalog/diagnose/compare.ts';
import { differences } from '../../src/catalog/diagnose/difference.ts';
import type { CheckGrade, Diagnosis } from '../../src/timeline/diagnosis.ts';

function diagnosis(target: string, grades: Readonly<Record<string, CheckGrade>>): Diagnosis {
  const checks = Object.entries(grades).map(([check, grade]) => ({
    ...{ check, grade, version: '1.3' as const, asks: '', passes: '' },
    ...{ repetitions: 1, spread: {}, findings: [] },
  }));
  return {
    ...{ schema: 'sslshut/1', command: 'diagnose', protocol: 'tls', target, grade: 'pass', exitCode: 0 },
    tool: { name: 'sslshut', version: '0', crypto: '', node: '' },
    versions: [
      {
        ...{ version: '1.3', state: 'checked', exchange: 'http1', keepAlive: true, grade: 'pass' },
        ...{ checks, left: [] },
      },
    ],
    counts: { pass: 0, info: 0, inconclusive: 0, warn: 0, fail: 0 },
  };
}

describe('a baseline', () => {
  const before = diagnosis('a', { 'tls-a': 'pass', 'tls-b': 'warn', 'tls-c': 'fail', 'tls-d': 'warn' });
  const now = diagnosis('a', {
    'tls-a': 'info',
    'tls-b': 'fail',
    'tls-c': 'pass',
    'tls-d': 'warn',
    'tls-e': 'fail',
  });

  it('is read from what --json prints, and from nothing else', () => {
    const read = readBaseline(JSON.parse(JSON.stringify(before)));
    expect(read && changesSince(read, before)).toEqual([]);
    for (const other of [
      undefined,
      null,
      7,
      [],
      {},
      { schema: 'sslshut/1', command: 'tls-close', versions: [] },
    ]) {
      expect(readBaseline(other)).toBeUndefined();
    }
  });

  it('tells what has changed, and what of it is worse', () => {
    const changes = changesSince(before, now);
    expect(changes.map(({ check }) => check)).toEqual(['tls-a', 'tls-b', 'tls-c', 'tls-e']);
    expect(changes.filter(isWorse).map(({ check }) => check)).toEqual(['tls-b', 'tls-e']);
  });
});

describe('two servers', () => {
  it('are held against each other check by check', () => {
    const one = diagnosis('a', { 'tls-a': 'pass', 'tls-b': 'warn', 'tls-c': 'info' });
    const other = diagnosis('b', { 'tls-a': 'pass', 'tls-b': 'fail', 'tls-d': 'pass' });
    expect(differences(one, other)).toEqual([
      { check: 'tls-b', version: '1.3', one: 'warn', other: 'fail' },
      { check: 'tls-c', version: '1.3', one: 'info', other: undefined },
      { check: 'tls-d', version: '1.3', one: undefined, other: 'pass' },
    ]);
    expect(differences(one, one)).toEqual([]);
  });
});
