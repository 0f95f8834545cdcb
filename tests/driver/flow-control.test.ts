import { describe, expect, it } from 'vitest';
import { createFlowControl } from '../../src/driver/flow-control.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import type { Transport } from '../../src/driver/world.ts';
import type { RecordCore } from '../../src/proto/core.ts';
import { createSimClock } from '../../src/sim/clock.ts';

const KIB = 1024;

describe('createFlowControl', () => {
  it('stops reading beyond the limit, and goes on when half of it is done', () => {
    const { flow, set, acts, poke } = world();
    set(256 * KIB);
    flow.check();
    expect(acts).toEqual([]);
    set(256 * KIB + 1);
    flow.check();
    flow.check();
    expect(acts).toEqual(['pause']);
    set(129 * KIB);
    poke();
    expect(acts).toEqual(['pause']);
    set(128 * KIB);
    poke();
    expect(acts).toEqual(['pause', 'resume']);
  });

  it('keeps a pause that somebody asked for', () => {
    const { flow, set, acts, poke } = world();
    set(300 * KIB);
    flow.check();
    flow.transport.pause();
    set(0);
    poke();
    expect(acts).toEqual(['pause', 'pause']);
    flow.transport.resume();
    expect(acts).toEqual(['pause', 'pause', 'resume']);
  });

  it('does not resume over the limit, whoever asks', () => {
    const { flow, set, acts, poke } = world();
    flow.transport.pause();
    set(300 * KIB);
    flow.check();
    flow.transport.resume();
    expect(acts).toEqual(['pause', 'pause']);
    set(0);
    poke();
    expect(acts).toEqual(['pause', 'pause', 'resume']);
  });
});

function world() {
  let unread = 0;
  const acts: string[] = [];
  const scheduler = createScheduler(createSimClock());
  const core = { unread: () => unread } as unknown as RecordCore;
  const transport = {
    pause: () => acts.push('pause'),
    resume: () => acts.push('resume'),
  } as unknown as Transport;
  const flow = createFlowControl(core, transport, scheduler);
  return {
    flow,
    acts,
    poke: () => scheduler.poke(),
    set(bytes: number) {
      unread = bytes;
    },
  };
}
