import { describe, expect, it } from 'vitest';
import { ALERT, alertKind, alertName, alertNumber, levelName } from '../../src/wire/alert.ts';

describe('alert names', () => {
  it('go both ways for the whole registry', () => {
    for (const [name, number] of Object.entries(ALERT)) {
      expect(alertName(number)).toBe(name);
      expect(alertNumber(name)).toBe(number);
    }
    expect(Object.keys(ALERT)).toHaveLength(37);
    expect(ALERT.general_error).toBe(117);
  });

  it('survive without a name', () => {
    expect(alertName(99)).toBe('alert(99)');
    expect(alertNumber('alert(99)')).toBe(99);
    expect(alertNumber('no such alert')).toBeUndefined();
    expect(alertNumber('alert(x)')).toBeUndefined();
  });

  it('are understood with the suffix of the registry', () => {
    expect(alertNumber('no_renegotiation_RESERVED')).toBe(100);
  });

  it('cover levels that do not exist', () => {
    expect([1, 2, 9].map(levelName)).toEqual(['warning', 'fatal', 'level(9)']);
  });
});

describe('what an alert may be', () => {
  it.each([
    ['close_notify', 'warning', 'closure'],
    ['user_canceled', 'warning', 'closure'],
    ['no_renegotiation', 'warning', 'reserved'],
    ['unrecognized_name', 'either', 'error'],
    ['bad_record_mac', 'fatal', 'error'],
    ['decryption_failed', 'fatal', 'reserved'],
    ['general_error', 'fatal', 'error'],
  ] as const)('%s: %s in 1.2, %s in 1.3', (name, level12, class13) => {
    expect(alertKind(ALERT[name])).toEqual({ level12, class13 });
  });

  it('is not known of an unknown one', () => {
    expect(alertKind(200)).toBeUndefined();
  });
});
