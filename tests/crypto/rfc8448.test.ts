import { describe, expect, it } from 'vitest';
import type { CryptoProvider, KeyShare } from '../../src/crypto/provider.ts';
import {
  binderKey,
  deriveSecret,
  earlySecret,
  finishedVerifyData,
  handshakeSecret,
  mainSecret,
  resumptionPsk,
  trafficKeys,
} from '../../src/crypto/schedule13.ts';
import { type Suite, suiteById } from '../../src/crypto/suites.ts';
import { concat, equalBytes, fromHex, toHex } from '../../src/wire/bytes.ts';
import { fixed, PROVIDERS, readVectors } from './support.ts';

type Party = 'client' | 'server';
type Step = { by: Party; what: string; values: Record<string, string> };
type Trace = { section: string; title: string; steps: Step[] };

const TRACES = readVectors<{ traces: Trace[] }>('rfc8448').traces;

// Every trace is played from its private keys on: nothing is taken from the RFC but messages, keys and nonces to start
// with, and everything it shows is compared: secrets, traffic keys, binders, Finished, and the protected records.
describe.each(PROVIDERS)('%s: RFC 8448', (_name, provider) => {
  it.each(TRACES)('section $section, $title', (trace) => {
    const run = play(provider, trace, pskFor(provider, trace));
    expect(run.unread).toEqual([]);
    expect(run.compared).toBeGreaterThan(45);
    expect(run.records).toBeGreaterThan(3);
  });
});

it('covers the five traces', () => {
  expect(TRACES.map(({ section }) => section)).toEqual(['3', '4', '5', '6', '7']);
});

/** Section 4 resumes the connection of section 3. */
function pskFor(provider: CryptoProvider, trace: Trace): Uint8Array | undefined {
  const [first] = TRACES;
  if (trace.section !== '4' || first === undefined) return undefined;
  return play(provider, first, undefined).psk;
}

type Writer = { suite: Suite; secret: Uint8Array; sequence: number };

type Run = {
  provider: CryptoProvider;
  suite: Suite;
  psk: Uint8Array | undefined;
  transcript: Uint8Array;
  /** Binder input and messages under construction. */
  shares: Partial<Record<Party, KeyShare>>;
  secrets: Map<string, Uint8Array>;
  writers: Partial<Record<Party, Writer>>;
  finished: Partial<Record<Party, Uint8Array>>;
  compared: number;
  records: number;
  unread: string[];
};

function play(provider: CryptoProvider, trace: Trace, psk: Uint8Array | undefined): Run {
  const suite = suiteById(0x1301);
  if (suite === undefined) throw new Error('no suite');
  const run: Run = {
    provider,
    suite,
    psk,
    transcript: new Uint8Array(0),
    shares: {},
    secrets: new Map([['early', earlySecret(provider, suite.hash, psk)]]),
    writers: {},
    finished: {},
    compared: 0,
    records: 0,
    unread: [],
  };
  for (const step of trace.steps) {
    const match = STEPS.map(([pattern, act]) => [pattern.exec(step.what), act] as const).find(
      ([found]) => found,
    );
    if (match?.[0]) match[1](run, step, match[0]);
    else run.unread.push(step.what);
  }
  return run;
}

type Act = (run: Run, step: Step, found: RegExpExecArray) => void;

const STEPS: readonly (readonly [RegExp, Act])[] = [
  [/^create an ephemeral (x25519|P-256) key pair/, createShare],
  [/^construct an? (\w+) handshake message/, construct],
  [/^calculate PSK binder$/, calculateBinder],
  [/^extract secret "(early|handshake|master)"/, extract],
  [/^derive secret for (handshake|master) "tls13 derived"/, derived],
  [/^derive secret "tls13 ([\w ]+)"/, derive],
  [/^calculate finished "tls13 finished"/, calculateFinished],
  [/^derive (write|read) traffic keys for (handshake|application|early application) data/, deriveKeys],
  [/^generate resumption secret/, resume],
  [/^send (\w+) record/, send],
  [/\(same as client\)$/, () => {}],
];

function createShare(run: Run, { by, values }: Step, [, group]: RegExpExecArray): void {
  const name = group === 'P-256' ? 'secp256r1' : 'x25519';
  const share = run.provider.keyShare(name, fixed(fromHex(values['private key'] ?? '')));
  compare(run, share.share, values['public key']);
  run.shares[by] = share;
}

function construct(run: Run, { by, values }: Step, [, message = '']: RegExpExecArray): void {
  // A ClientHello counts as it is sent: with its binder. A ticket is not part of the handshake.
  if (message === 'ClientHello' || message === 'NewSessionTicket') return;
  const bytes = fromHex(values[message] ?? '');
  if (message === 'Finished') {
    compare(run, concat(fromHex('14000020'), run.finished[by] ?? bytes.subarray(4)), toHex(bytes));
  }
  // HelloRetryRequest: the first ClientHello counts only by its hash (RFC 9846 §4.4.1).
  if (message === 'ServerHello' && equalBytes(bytes.subarray(6, 38), RETRY_RANDOM)) {
    run.transcript = concat(fromHex('fe000020'), hashOf(run, run.transcript));
  }
  run.transcript = concat(run.transcript, bytes);
}

function calculateBinder(run: Run, { values }: Step): void {
  const { provider, suite } = run;
  const key = binderKey(provider, suite.hash, secret(run, 'early'));
  compare(run, key, values.PRK);
  const prefixHash = hashOf(run, fromHex(values['ClientHello prefix'] ?? ''));
  compare(run, prefixHash, values['binder hash']);
  compare(run, finishedVerifyData(provider, suite.hash, key, prefixHash), values.finished);
}

function extract(run: Run, { values }: Step, [, what = '']: RegExpExecArray): void {
  const { provider, suite, shares } = run;
  if (what === 'handshake' && values.secret !== undefined) {
    const { client, server } = shares;
    if (client === undefined || server === undefined) throw new Error('no shares');
    const shared = client.agree(server.share);
    if (shared === undefined) throw new Error('no shared secret');
    compare(run, shared, values.IKM);
    compare(run, server.agree(client.share) ?? shared.subarray(1), values.IKM);
    run.secrets.set('handshake', handshakeSecret(provider, suite.hash, secret(run, 'early'), shared));
  }
  if (what === 'master') {
    run.secrets.set('master', mainSecret(provider, suite.hash, secret(run, 'handshake')));
  }
  if (values.secret !== undefined) compare(run, secret(run, what), values.secret);
}

function derived(run: Run, { values }: Step, [, next]: RegExpExecArray): void {
  if (values.expanded === undefined) return;
  const from = secret(run, next === 'handshake' ? 'early' : 'handshake');
  const empty = hashOf(run, new Uint8Array(0));
  compare(run, deriveSecret(run.provider, run.suite.hash, from, 'derived', empty), values.expanded);
}

function derive(run: Run, { values }: Step, [, label = '']: RegExpExecArray): void {
  if (values.expanded === undefined) return;
  const from = / hs /.test(label) ? 'handshake' : /^(c e|e exp)/.test(label) ? 'early' : 'master';
  const hash = hashOf(run, run.transcript);
  const result = deriveSecret(run.provider, run.suite.hash, secret(run, from), label, hash);
  compare(run, hash, values.hash);
  compare(run, result, values.expanded);
  run.secrets.set(label, result);
}

function calculateFinished(run: Run, { by, values }: Step): void {
  if (values.finished === undefined) return;
  const base = secret(run, by === 'client' ? 'c hs traffic' : 's hs traffic');
  compare(run, base, values.PRK);
  const data = finishedVerifyData(run.provider, run.suite.hash, base, hashOf(run, run.transcript));
  compare(run, data, values.finished);
  run.finished[by] = data;
}

function deriveKeys(run: Run, { by, values }: Step, [, direction, level = '']: RegExpExecArray): void {
  const writer: Party = (direction === 'write') === (by === 'client') ? 'client' : 'server';
  const kind = { handshake: 'hs', application: 'ap', 'early application': 'e' }[level];
  const from = secret(run, `${writer[0]} ${kind} traffic`);
  const { key, iv } = trafficKeys(run.provider, run.suite, from);
  if (values.PRK !== undefined) {
    compare(run, from, values.PRK);
    compare(run, key, values['key expanded']);
    compare(run, iv, values['iv expanded']);
  }
  if (direction === 'write') run.writers[by] = { suite: run.suite, secret: from, sequence: 0 };
}

function resume(run: Run, { values }: Step): void {
  if (values.expanded === undefined) return;
  const nonce = fromHex(values.hash ?? '');
  run.psk = resumptionPsk(run.provider, run.suite.hash, secret(run, 'res master'), nonce);
  compare(run, run.psk, values.expanded);
}

function send(run: Run, { by, values }: Step, [, kind = '']: RegExpExecArray): void {
  const payload = fromHex(values.payload ?? '');
  const record = fromHex(values['complete record'] ?? '');
  if (kind === 'handshake' && payload[0] === 1) run.transcript = concat(run.transcript, payload);
  const writer = run.writers[by];
  if (record[0] !== 0x17 || writer === undefined) {
    compare(run, record.subarray(5), toHex(payload));
    return;
  }
  const { key, iv } = trafficKeys(run.provider, writer.suite, writer.secret);
  const nonce = iv.slice();
  nonce[11] = (nonce[11] ?? 0) ^ writer.sequence++;
  const type = { handshake: 22, application_data: 23, alert: 21 }[kind] ?? 0;
  const aead = run.provider.aead(writer.suite.aead, key);
  const sealed = aead.seal(nonce, record.subarray(0, 5), concat(payload, Uint8Array.of(type)));
  compare(run, sealed, toHex(record.subarray(5)));
  run.records++;
}

function secret(run: Run, name: string): Uint8Array {
  const found = run.secrets.get(name);
  if (found === undefined) throw new Error(`no secret "${name}" yet`);
  return found;
}

function compare(run: Run, ours: Uint8Array, theirs: string | undefined): void {
  expect(toHex(ours)).toBe(theirs);
  run.compared++;
}

function hashOf({ provider, suite }: Run, bytes: Uint8Array): Uint8Array {
  const running = provider.hash(suite.hash);
  running.update(bytes);
  return running.digest();
}

/** RFC 9846 §4.1.3: the random that marks a HelloRetryRequest. */
const RETRY_RANDOM = fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');
