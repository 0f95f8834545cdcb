import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import type { CoreDeps, RecordCore, RecordStep } from '../../src/proto/core.ts';
import type { TlsConfig } from '../../src/proto/handshake/config.ts';
import type { Role } from '../../src/proto/role.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { wireTlsCore } from '../../src/proto/tls/wiring.ts';
import type { Fact, Millis } from '../../src/timeline/event.ts';
import { type StandInOptions, standIn, type Version } from './tls-stand-in.ts';

/** A core and what it told the timeline. */
export type End = { core: RecordCore; facts: Fact[]; arrivals: (Millis | undefined)[] };
export type Pair = { client: End; server: End };

export const CONFIG: TlsConfig = {
  versions: [0x0304, 0x0303],
  suites: [],
  groups: [],
  signatureSchemes: [],
  verify: 'report',
  serverName: 'example.net',
  policy: DEFAULT_TLS_POLICY,
};

export const provider = createNobleProvider();

/** Deps that record. Nothing random is asked of a stand-in. */
function recordingDeps(): { deps: CoreDeps; facts: Fact[]; arrivals: (Millis | undefined)[] } {
  const facts: Fact[] = [];
  const arrivals: (Millis | undefined)[] = [];
  const deps: CoreDeps = {
    random: (length) => new Uint8Array(length).fill(42),
    provider,
    peerAuth: { examine: () => undefined },
    emit(fact, arrived) {
      facts.push(fact);
      arrivals.push(arrived);
    },
  };
  return { deps, facts, arrivals };
}

export function standInEnd(
  role: Role,
  version: Version,
  options: StandInOptions & { config?: Partial<TlsConfig> } = {},
): End {
  const { deps, facts, arrivals } = recordingDeps();
  const core = wireTlsCore(standIn(version, options), role, { ...CONFIG, ...options.config }, deps);
  return { core, facts, arrivals };
}

export function standInPair(
  version: Version,
  options: StandInOptions & { config?: Partial<TlsConfig> } = {},
): Pair {
  return { client: standInEnd('client', version, options), server: standInEnd('server', version, options) };
}

/** Takes every unit that waits to be sent. */
export function drain(core: RecordCore): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    units.push(unit);
    core.transmitted();
  }
  return units;
}

export function receive(core: RecordCore, now: Millis, ...pieces: readonly Uint8Array[]): void {
  for (const data of pieces) core.receive(now, { kind: 'bytes', data });
}

/** Steps until idle, or the end of the stream, or a fault. */
export function stepAll(core: RecordCore, now: Millis = 0): RecordStep[] {
  const steps: RecordStep[] = [];
  for (let step = core.step(now); step.kind !== 'idle'; step = core.step(now)) {
    steps.push(step);
    if (step.kind === 'eof') break;
  }
  return steps;
}

/** Carries units back and forth until nobody has anything to say; `cut` cuts each delivery into pieces. */
export function converse(
  pair: Pair,
  cut: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes],
): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [pair.client.core, pair.server.core],
      [pair.server.core, pair.client.core],
    ] as const) {
      for (const unit of drain(from)) {
        moved = true;
        for (const piece of cut(unit)) {
          receive(to, 0, piece);
          stepAll(to);
        }
      }
    }
  }
}

export function connect(pair: Pair, cut?: (bytes: Uint8Array) => readonly Uint8Array[]): Pair {
  pair.client.core.start(0);
  pair.server.core.start(0);
  converse(pair, cut);
  return pair;
}

export function bytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

export function factsOf<K extends Fact['kind']>(end: End, kind: K): Extract<Fact, { kind: K }>[] {
  return end.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
}

/** The rule and alert of the fault that this end's next steps run into. */
export function faultOf(end: End): { rule: string; alert: number | undefined } | undefined {
  for (const step of stepAll(end.core)) {
    if (step.kind === 'fault') return { rule: step.fault.rule, alert: step.fault.alert };
  }
  return undefined;
}

/** What `to` makes of one record that `from` protects, whatever it holds. */
export function faultFrom(from: End, to: End, type: number, payload: Uint8Array) {
  receive(to.core, 0, from.core.raw.record(type, payload));
  return faultOf(to);
}
