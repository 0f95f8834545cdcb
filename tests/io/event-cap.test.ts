import { describe, expect, it } from 'vitest';
import { capEvents } from '../../src/io/event-cap.ts';
import type { Fact } from '../../src/timeline/event.ts';

const RECORD: Fact = {
  kind: 'record',
  by: 'peer',
  type: 23,
  name: 'application_data',
  bytes: 1,
  protected: true,
};
const MESSAGE: Fact = {
  kind: 'handshake.message',
  by: 'peer',
  type: 24,
  name: 'key_update',
  level: 'application',
  bytes: 5,
};
const FIN: Fact = { kind: 'transport.fin', by: 'peer', certainty: 'sure' };
const alert = (description: number): Fact => ({
  ...{ kind: 'alert', by: 'peer', level: 1, levelName: 'warning', protected: true },
  ...{ description, descriptionName: '' },
});

function run(...facts: readonly Fact[]): Fact[] {
  const kept: Fact[] = [];
  const emit = capEvents((fact) => void kept.push(fact), 100);
  for (const fact of facts) emit(fact);
  return kept;
}

describe('capEvents', () => {
  it('keeps the first of everything, and then what says how the connection ends', () => {
    const kept = run(...new Array<Fact>(5_000).fill(RECORD), alert(0), FIN);
    expect(kept).toEqual([...new Array<Fact>(100).fill(RECORD), alert(0), FIN]);
  });

  it('counts messages of a handshake that never ends as bulk too', () => {
    expect(run(...new Array<Fact>(5_000).fill(MESSAGE), FIN)).toHaveLength(101);
  });

  it('does not keep endless alerts either; the transport is heard to the end', () => {
    const kept = run(...new Array<Fact>(5_000).fill(alert(90)), alert(0), FIN);
    expect(kept).toHaveLength(201);
    expect(kept.at(-1)).toEqual(FIN);
  });
});
