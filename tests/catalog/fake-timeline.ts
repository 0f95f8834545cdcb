import type { Fact, TimelineEvent, Who } from '../../src/timeline/event.ts';

export type Entry = readonly [t: number, fact: Fact, arrived?: number | undefined, conn?: string];

/** A timeline from times and facts, on connection `local` unless it says otherwise. */
export function timeline(...entries: readonly Entry[]): TimelineEvent[] {
  return entries.map(([t, fact, arrived, conn = 'local'], seq) => ({
    seq,
    t,
    conn,
    ...(arrived === undefined ? {} : { arrived }),
    ...fact,
  }));
}

export type PlanFact = Extract<Fact, { kind: 'plan' }>;

export function plan(changes: Partial<PlanFact> = {}): Entry {
  return [
    0,
    {
      kind: 'plan',
      mode: 'full',
      looks: true,
      noBlock: false,
      ignoreUnexpectedEof: false,
      lateMs: 1000,
      limits: { connect: 5000, handshake: 10_000, exchange: 10_000, close: 5000, fin: 5000 },
      failOn: 'fail',
      ...changes,
    },
  ];
}

/** TCP and TLS are up at 10 ms. */
type Version = 'TLSv1.2' | 'TLSv1.3' | 'DTLSv1.2' | 'DTLSv1.3';

export function open(version: Version = 'TLSv1.3', changes: Partial<PlanFact> = {}): Entry[] {
  return [
    plan(changes),
    [1, { kind: 'transport.connected', remote: '192.0.2.1:443', local: '192.0.2.2:50000' }],
    [
      10,
      {
        kind: 'handshake.completed',
        version,
        suite: 'TLS_AES_128_GCM_SHA256',
        resumed: false,
        helloRetry: false,
        clientCertificate: false,
      },
    ],
  ];
}

export function alert(by: Who, description: number, name: string, level = description === 0 ? 1 : 2): Fact {
  return {
    kind: 'alert',
    by,
    level,
    levelName: level === 1 ? 'warning' : 'fatal',
    description,
    descriptionName: name,
    protected: true,
  };
}

export const closeNotify = (by: Who, level = 1): Fact => alert(by, 0, 'close_notify', level);
export const data = (by: Who, bytes: number, afterClose = false): Fact => ({
  kind: 'data',
  by,
  bytes,
  afterClose,
});
export const fin = (by: Who): Fact => ({ kind: 'transport.fin', by, certainty: 'sure' });
export const reset = (by: Who): Fact => ({
  kind: 'transport.reset',
  by,
  errno: 'ECONNRESET',
  certainty: 'sure',
});
export const limit = (phase: string, ms = 5000): Fact => ({ kind: 'limit', phase, ms });
export const eof = (partialRecord = 0): Fact => ({ kind: 'eof', verdict: 'unexpected', partialRecord });
export const fault = (rule: string, detail = ''): Fact => ({ kind: 'fault', blame: 'peer', rule, detail });
