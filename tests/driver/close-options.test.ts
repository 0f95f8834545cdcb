import { describe, expect, it } from 'vitest';
import { toPlan, toPlanFact } from '../../src/driver/close/options.ts';
import { CLOSE_MODES, looksAtPeer } from '../../src/driver/close/plan.ts';
import { UsageError } from '../../src/driver/usage-error.ts';

const target = 'example.net';

describe('toPlan', () => {
  it('has the defaults of the manual', () => {
    expect(toPlan({ target })).toEqual({
      mode: 'full',
      drain: true,
      noBlock: false,
      writeAfterClose: false,
      idleMs: 0,
      ignoreUnexpectedEof: false,
      profile: 'manual',
      limits: { connect: 5000, handshake: 10_000, exchange: 10_000, close: 5000, fin: 5000 },
      lateMs: 1000,
      readCap: 16 * 1024 * 1024,
    });
  });

  it('takes what it is given, limits one by one, and leaves the defaults alone', () => {
    const plan = toPlan({ target, mode: 'rapid', idleMs: 7, limits: { close: 1 } });
    expect(plan).toMatchObject({ mode: 'rapid', idleMs: 7, limits: { close: 1, fin: 5000 } });
    expect(toPlan({ target })).toMatchObject({ mode: 'full', limits: { close: 5000 } });
  });

  it('refuses what cannot be meant', () => {
    const wrong = [
      { limits: { close: -1 } },
      { idleMs: Number.NaN },
      { repeat: 0 },
      { repeat: 1.5 },
      // biome-ignore lint/suspicious/noThenProperty: the option's name; its value is never callable
      { mode: 'rapid' as const, then: 'tls' as const },
    ];
    for (const options of wrong) expect(() => toPlan({ target, ...options })).toThrow(UsageError);
  });
});

describe('what the timeline is told of a plan', () => {
  it('is what the outcome is judged by', () => {
    const fact = toPlanFact(toPlan({ target, readUntil: 10, mode: 'wait-peer' }), 'warn');
    expect(fact).toMatchObject({
      kind: 'plan',
      mode: 'wait-peer',
      looks: true,
      failOn: 'warn',
      expected: 10,
    });
    expect(toPlanFact(toPlan({ target, readUntil: 'eof' }), undefined)).not.toHaveProperty('expected');
  });

  it('says which ways of closing look at the peer', () => {
    const looking = CLOSE_MODES.filter((mode) => looksAtPeer(toPlan({ target, mode })));
    expect(looking).toEqual(['full', 'wait-peer', 'half-close']);
    const lingering = CLOSE_MODES.filter((mode) => looksAtPeer(toPlan({ target, mode, lingerMs: 100 })));
    expect(lingering).toEqual(CLOSE_MODES.filter((mode) => mode !== 'abrupt-rst'));
  });
});
