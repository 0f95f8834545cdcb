import { describe, expect, it } from 'vitest';
import { toJson, toNdjson, toPlain } from '../../src/render/json.ts';
import { toRepeatReport, toReport } from '../../src/render/report.ts';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';
import type { Outcome, OutcomeClass } from '../../src/timeline/outcome.ts';

function events(...facts: readonly (Fact | [string, Fact])[]): TimelineEvent[] {
  return facts.map((entry, seq) => {
    const [conn, fact] = Array.isArray(entry) ? entry : ['local', entry];
    return { seq, t: seq + 0.123456, conn, ...fact };
  });
}

function outcome(name: OutcomeClass, exitCode: number): Fact {
  const value: Outcome = {
    class: name,
    summary: 's',
    closedFirst: 'local',
    peerCloseNotify: 'after',
    bytesAfterOurClose: 0,
    truncationPossible: 'no',
    bytesReceived: 0,
    exitCode,
  };
  return { kind: 'outcome', outcome: value };
}

const RUN: Fact = {
  kind: 'run',
  schema: 'sslshut/1',
  command: 'tls-close',
  target: 'example.net:443',
  profile: 'manual',
  tool: { name: 'sslshut', version: '1', crypto: 'native', node: '20' },
};
const SECRET: Fact = { kind: 'secret', label: 'CLIENT_RANDOM', clientRandom: '00', secret: '5ec7e7' };
const COMPLETED: Fact = {
  kind: 'handshake.completed',
  version: 'TLSv1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  group: 'x25519',
  resumed: false,
  helloRetry: false,
  clientCertificate: false,
};

describe('one event as JSON', () => {
  it('puts its place first and rounds to microseconds', () => {
    const [event] = events({ kind: 'phase', name: 'close' });
    expect(toNdjson(event as TimelineEvent)).toBe(
      '{"seq":0,"t":0.123,"conn":"local","kind":"phase","name":"close"}\n',
    );
  });

  it('keeps secrets and bytes to itself unless it is asked for them', () => {
    const [secret, bytes] = events(SECRET, {
      kind: 'transport.bytes',
      by: 'peer',
      bytes: 2,
      data: Uint8Array.of(0xab, 0xcd),
    }) as [TimelineEvent, TimelineEvent];
    expect(toNdjson(secret)).toBe('');
    expect(toNdjson(secret, { withKeys: true })).toContain('5ec7e7');
    expect(toNdjson(bytes)).not.toContain('data');
    expect(toNdjson(bytes, { withBytes: true })).toContain('"data":"abcd"');
  });

  it('keeps the arrival, and writes integers that would be rounded as strings', () => {
    const event: TimelineEvent = {
      seq: 1,
      t: 2,
      conn: 'local',
      arrived: 1,
      kind: 'limit',
      phase: 'x',
      ms: 2 ** 53,
    };
    expect(toPlain(event)).toMatchObject({ arrived: 1, ms: '9007199254740992' });
    expect(toJson({ big: 2n ** 60n, small: 5n, gone: undefined }, { indent: 0 })).toBe(
      '{"big":"1152921504606846976","small":5}\n',
    );
  });
});

describe('the report', () => {
  const whole = events(
    RUN,
    COMPLETED,
    { kind: 'call', id: 0, fn: 'SSL_shutdown', flags: ['RAPID'] },
    {
      kind: 'return',
      id: 0,
      fn: 'SSL_shutdown',
      ret: -1,
      error: 'SSL_ERROR_SYSCALL',
      errno: 'EPIPE',
      queue: [],
      shutdown: ['SENT'],
      ms: 1.5,
    },
    SECRET,
    {
      kind: 'finding',
      rule: 'r',
      clause: 'c',
      grade: 'warn',
      level: 'MUST',
      who: 'peer',
      text: 't',
      evidence: [3],
    },
    outcome('clean', 0),
  );

  it('has its keys in this order', () => {
    expect(Object.keys(toReport(whole))).toEqual([
      'schema',
      'command',
      'target',
      'profile',
      'tool',
      'handshake',
      'outcome',
      'calls',
      'findings',
      'timeline',
    ]);
    expect(toReport(whole)).toMatchObject({
      schema: 'sslshut/1',
      command: 'tls-close',
      target: 'example.net:443',
    });
  });

  it('holds the calls with the flags they were made with', () => {
    expect(toReport(whole).calls).toEqual([
      {
        fn: 'SSL_shutdown',
        flags: ['RAPID'],
        ret: -1,
        error: 'SSL_ERROR_SYSCALL',
        errno: 'EPIPE',
        shutdown: ['SENT'],
        queue: [],
        ms: 1.5,
        conn: 'local',
      },
    ]);
  });

  it('holds the handshake, the findings and the timeline without its secrets', () => {
    const report = toReport(whole);
    expect(report.handshake).toMatchObject({ completed: true, version: 'TLSv1.3', group: 'x25519' });
    expect(report.findings).toEqual([
      { rule: 'r', clause: 'c', grade: 'warn', level: 'MUST', who: 'peer', text: 't', evidence: [3] },
    ]);
    expect(report.timeline).toHaveLength(whole.length - 1);
    expect(toReport(whole, { withKeys: true }).timeline).toHaveLength(whole.length);
    expect(JSON.stringify(report)).not.toContain('5ec7e7');
  });

  it('says what failed in the handshake', () => {
    const report = toReport(
      events(RUN, { kind: 'handshake.failed', blame: 'peer', rule: 'eof', detail: 'gone' }),
    );
    expect(report.handshake).toEqual({
      completed: false,
      failure: { blame: 'peer', rule: 'eof', detail: 'gone' },
    });
    expect(report.outcome).toBeNull();
  });

  it('says what became of a session, only when resumption was asked for', () => {
    expect(toReport(whole).resumption).toBeUndefined();
    const session = (what: 'eligible' | 'offered' | 'accepted' | 'refused'): Fact => ({
      kind: 'session',
      what,
      why: '',
    });
    const asked: Fact = { kind: 'phase', name: 'resume' };
    const accepted = events(
      session('eligible'),
      asked,
      ['resume', session('offered')],
      ['resume', session('accepted')],
    );
    expect(toReport(accepted).resumption).toEqual({ eligible: true, offered: true, accepted: true });
    const refused = events(
      session('eligible'),
      asked,
      ['resume', session('offered')],
      ['resume', session('refused')],
    );
    expect(toReport(refused).resumption).toEqual({ eligible: true, offered: true, accepted: false });
    expect(toReport(events(asked)).resumption).toEqual({ eligible: false, offered: false, accepted: false });
  });

  it('of several runs has each one whole, the count, and the worst outcome', () => {
    const runs = [outcome('clean', 0), outcome('reset', 1), outcome('clean', 0)].map((fact) =>
      events(RUN, fact),
    );
    const report = toRepeatReport(runs);
    expect(report).toMatchObject({
      schema: 'sslshut/1',
      target: 'example.net:443',
      distribution: { clean: 2, reset: 1 },
      outcome: { class: 'reset' },
    });
    expect(report.runs.map((run) => run.outcome?.class)).toEqual(['clean', 'reset', 'clean']);
  });
});
