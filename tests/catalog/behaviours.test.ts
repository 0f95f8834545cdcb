import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SERVE_LIMITS, toQuicServePlan, toServePlan, withAlert } from '../../src/catalog/behaviour.ts';
import { DTLS_BEHAVIOURS } from '../../src/catalog/behaviours/dtls.ts';
import {
  behaviourHosts,
  behaviourName,
  findBehaviour,
  findQuicBehaviour,
} from '../../src/catalog/behaviours/find.ts';
import { QUIC_BEHAVIOURS } from '../../src/catalog/behaviours/quic.ts';
import { TLS_BEHAVIOURS } from '../../src/catalog/behaviours/tls.ts';

const RULES: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../fixtures/rules/rule-ids.json', import.meta.url), 'utf8'),
);
const NAMED = [
  'well-behaved',
  'fin-no-close-notify',
  'rst-no-close-notify',
  'rst-drops-tail',
  'never-reply',
  'reply-late',
  'rst-after-close-notify',
  'fin-mid-record',
  'data-after-own-close-notify',
];

describe('the catalogue of TLS behaviours', () => {
  it.each(NAMED)('has %s', (name) => {
    expect(findBehaviour(name)?.id).toBe(`tls/${name}`);
    expect(findBehaviour(`tls/${name}`)).toBe(findBehaviour(name));
  });

  it('has no name twice, aliases included', () => {
    const names = TLS_BEHAVIOURS.flatMap((each) => [behaviourName(each), ...each.aliases]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(names.filter((name) => !/^[a-z][a-z0-9-]*$/u.test(name))).toEqual([]);
  });

  it.each(TLS_BEHAVIOURS.map((each) => [each.id, each] as const))('%s says what it is', (_id, each) => {
    expect(each.says).toMatch(/^[\x20-\x7e]+\.$/u);
    expect(each.goodClient).toMatch(/^[\x20-\x7e]+[^.]$/u);
    expect(each.breaks.filter((rule) => RULES[rule] === undefined)).toEqual([]);
  });

  it('finds nothing under a name of no behaviour', () => {
    expect(findBehaviour('fine')).toBeUndefined();
    expect(findBehaviour('dtls/well-behaved')).toBeUndefined();
  });

  // The names under which they were first described.
  it.each([
    ...['fin-no-close-notify', 'rst-no-close-notify', 'fin-mid-body', 'fin-mid-record', 'never-reply'],
    ...['close-delimited', 'rst-after-close-notify', 'reply-then-hold', 'early-response-rst'],
    ...['tickets-flood-before-close', 'reply-late', 'fatal-close-notify', 'user-canceled-then-close'],
    ...['user-canceled-only', 'data-after-own-close-notify', 'keep-sending-after-yours'],
    ...['cut-on-close-notify', 'half-close-first', 'idle-fin', 'idle-alert', 'idle-rst', 'idle-silent'],
    ...['keepalive-trap', 'fin-during-handshake', 'rst-during-handshake', 'stall-handshake'],
    ...['close-notify-during-handshake', 'fatal-alert', 'late-certificate-required'],
    ...['alert-after-close-notify', 'duplicate-close-notify', 'split-close-notify'],
    ...['coalesced-close-notify', 'plaintext-after-close', 'plaintext-close-notify'],
    ...['bad-mac-close-notify', 'zero-window-close', 'forget-session-on-unclean'],
  ])('has tls/%s', (name) => {
    expect(findBehaviour(name)?.id).toBe(`tls/${name}`);
  });

  it('has a host name for each', () => {
    expect(behaviourHosts()).toHaveLength(TLS_BEHAVIOURS.length);
    expect(behaviourHosts()).toContain('never-reply.localhost');
  });
});

describe('the catalogue of DTLS behaviours', () => {
  it.each([
    'well-behaved',
    'never-reply',
    'reply-late',
    'fatal-close-notify',
    'data-after-own-close-notify',
    'close-reordered',
    'forged-close',
    'sticky-tuple',
    'vanish',
    'ignore-close-notify',
  ])('has %s', (name) => {
    expect(findBehaviour(name, 'dtls')?.id).toBe(`dtls/${name}`);
    expect(findBehaviour(`dtls/${name}`, 'dtls')).toBe(findBehaviour(name, 'dtls'));
  });

  it.each(DTLS_BEHAVIOURS.map((each) => [each.id, each] as const))('%s says what it is', (_id, each) => {
    expect(each.says).toMatch(/^[\x20-\x7e]+\.$/u);
    expect(each.goodClient).toMatch(/^[\x20-\x7e]+[^.]$/u);
    expect(each.breaks.filter((rule) => RULES[rule] === undefined)).toEqual([]);
  });

  it('has no name twice, and is not mixed up with that of TLS', () => {
    const names = DTLS_BEHAVIOURS.flatMap((each) => [behaviourName(each), ...each.aliases]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(findBehaviour('tls/well-behaved', 'dtls')).toBeUndefined();
    expect(findBehaviour('fin-no-close-notify', 'dtls')).toBeUndefined();
  });

  it.each([
    ['dtls-mute-close', 'never-reply'],
    ['dtls-close-notify', 'well-behaved'],
    ['dtls-close-reordered', 'close-reordered'],
    ['dtls-forged-close', 'forged-close'],
    ['dtls-sticky-tuple', 'sticky-tuple'],
  ])('knows %s', (name, same) => {
    expect(findBehaviour(name, 'dtls')?.id).toBe(`dtls/${same}`);
  });

  it('is served by echo, over datagrams', () => {
    const [first] = DTLS_BEHAVIOURS;
    if (first === undefined) throw new Error('there is none');
    expect(toServePlan(first)).toMatchObject({ exchange: 'echo', datagrams: { hold: false } });
  });
});

describe('the catalogue of QUIC behaviours', () => {
  it.each([
    ...['well-behaved', 'never-closes', 'close-lost', 'close-storm', 'mute-closing', 'wrong-space'],
    ...['app-close-in-handshake', 'stateless-reset', 'bad-reset', 'silent-exit', 'reason-invalid-utf8'],
    ...['code-max', 'close-before-data-acked', 'reset-streams-first', 'slow-ack', 'never-ack'],
  ])('has %s', (name) => {
    expect(findQuicBehaviour(name)?.id).toBe(`quic/${name}`);
    expect(findQuicBehaviour(`quic/${name}`)).toBe(findQuicBehaviour(name));
  });

  it.each(QUIC_BEHAVIOURS.map((each) => [each.id, each] as const))('%s says what it is', (_id, each) => {
    expect(each.says).toMatch(/^[\x20-\x7e]+\.$/u);
    expect(each.goodClient).toMatch(/^[\x20-\x7e]+[^.]$/u);
    expect(each.breaks.filter((rule) => RULES[rule] === undefined)).toEqual([]);
  });

  it('has no name twice, and is not mixed up with those of others', () => {
    const names = QUIC_BEHAVIOURS.flatMap((each) => [behaviourName(each), ...each.aliases]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9][a-z0-9-]*$/u.test(name))).toEqual([]);
    expect(findQuicBehaviour('tls/well-behaved')).toBeUndefined();
    expect(findBehaviour('code-max', 'dtls')).toBeUndefined();
  });

  it('takes a number where one counts, and nowhere else', () => {
    const five = findQuicBehaviour('quic/close-lost:5');
    expect(five?.says).toContain('the first 5 datagrams');
    expect(five?.steps.asked?.[0]).toEqual({ quic: 'lose-closes', count: 5 });
    for (const name of ['close-lost:0', 'close-lost:x', 'close-lost:', 'close-lost:12345', 'code-max:2']) {
      expect(findQuicBehaviour(name)).toBeUndefined();
    }
  });

  it('is served over what was agreed on, and closes sooner than TLS would', () => {
    const [first] = QUIC_BEHAVIOURS;
    if (first === undefined) throw new Error('there is none');
    const plan = toQuicServePlan(first);
    expect(plan).toMatchObject({ exchange: 'auto', endless: false, limits: { idle: 2_000 } });
    expect(toQuicServePlan(first, { exchange: 'echo', limits: { idle: 5 } })).toMatchObject({
      exchange: 'echo',
      limits: { idle: 5, handshake: 10_000 },
    });
  });
});

describe("an alert of the user's choice", () => {
  it('takes the place of internal_error, and is in the sentence', () => {
    const fatal = findBehaviour('fatal-alert');
    const other = fatal && withAlert(fatal, { level: 1, description: 90 });
    expect(other?.says).toBe('It ends with user_canceled(90) at level warning instead of close_notify.');
    expect(other?.closing).toEqual([{ peer: 'raw_alert', level: 1, description: 90 }, { peer: 'fin' }]);
    expect(fatal?.closing[0]).toMatchObject({ description: 80 });
  });

  it('is for those that say so', () => {
    const bare = findBehaviour('fin-no-close-notify');
    expect(bare && withAlert(bare, { level: 2, description: 40 })).toBeUndefined();
    const all = [...TLS_BEHAVIOURS, ...DTLS_BEHAVIOURS].filter(({ alert }) => alert !== undefined);
    expect(all.map(({ id }) => id)).toEqual([
      'tls/fatal-alert',
      'tls/fatal-alert-before-data',
      'dtls/fatal-alert',
    ]);
    for (const each of all) expect(each.says).toContain('a fatal internal_error');
  });
});

describe('toServePlan', () => {
  const hold = findBehaviour('never-reply');
  if (hold === undefined) throw new Error('no never-reply');

  it('keeps what the behaviour says, and the defaults for the rest', () => {
    expect(toServePlan(hold)).toMatchObject({
      name: 'tls/never-reply',
      exchange: 'auto',
      framing: 'length',
      limits: { ...SERVE_LIMITS, observe: 60_000 },
    });
  });

  it('lets the caller have the last word', () => {
    const plan = toServePlan(hold, { exchange: 'echo', framing: 'close', limits: { observe: 10 } });
    expect(plan).toMatchObject({ exchange: 'echo', framing: 'close', limits: { observe: 10, idle: 60_000 } });
  });
});
