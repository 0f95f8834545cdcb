import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { protect, type RecordKey, recordKey13, unprotect } from '../../src/proto/tls/protection.ts';
import { fromHex } from '../../src/wire/bytes.ts';
import { provider } from './tls-pair.ts';

type Step = { by: 'client' | 'server'; what: string; values: Record<string, string> };
type Trace = { section: number | string; title: string; steps: Step[] };

const { traces } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/rfc8448.json', import.meta.url), 'utf8'),
) as { traces: Trace[] };

const TYPES: Record<string, number> = { alert: 21, handshake: 22, application_data: 23 };

/** Every protected record of a trace, with the keys that sealed and open it, in the order of the RFC. */
function protectedRecords(trace: Trace) {
  const prks = new Map<string, string>();
  for (const { by, what, values } of trace.steps) {
    const derived = /^derive (read|write) traffic keys for ([a-z ]*) data/.exec(what);
    if (derived === null || values.PRK === undefined) continue;
    const sender = (derived[1] === 'write') === (by === 'client') ? 'client' : 'server';
    prks.set(`${sender} ${derived[2]}`, values.PRK);
  }
  const keys = new Map<string, [RecordKey, RecordKey]>();
  const records = [];
  for (const { by, what, values } of trace.steps) {
    const derived = /^derive write traffic keys for ([a-z ]*) data/.exec(what);
    const prk = derived === null ? undefined : prks.get(`${by} ${derived[1]}`);
    if (prk !== undefined) {
      const make = () => recordKey13(provider, 0x1301, fromHex(prk));
      keys.set(by, [make(), make()]);
    }
    const sent = /^send ([a-z_]*) record/.exec(what);
    const whole = values['complete record'];
    if (sent === null || whole === undefined || !whole.startsWith('17')) continue;
    const pair = keys.get(by);
    if (pair === undefined) throw new Error(`no key for "${what}" by ${by}`);
    records.push({
      pair,
      type: TYPES[sent[1] ?? ''] ?? 0,
      payload: fromHex(values.payload ?? ''),
      whole: fromHex(whole),
    });
  }
  return records;
}

describe('the records of RFC 8448', () => {
  it.each(traces.map((trace) => [trace.title, trace] as const))('%s', (_title, trace) => {
    const records = protectedRecords(trace);
    expect(records.length).toBeGreaterThan(3);
    for (const { pair, type, payload, whole } of records) {
      expect(protect(pair[0], type, payload)).toEqual(whole);
      expect(unprotect(pair[1], whole, undefined)).toEqual({ type, content: payload });
    }
  });

  it('are five traces', () => {
    expect(traces).toHaveLength(5);
  });
});
