import { bad, isObject, oneOf, readObject, show, TEXT, whole } from './script-fields.ts';
import {
  type Expectation,
  LOCAL_OPS,
  NET_OPS,
  PEER_OPS,
  QUIC_ONLY,
  RECORD_OPS,
  type RecordSpec,
  type ScenarioSetup,
  SETUP,
  type Step,
} from './script-ops.ts';

export const PROTOCOLS = ['tls1.2', 'tls1.3', 'dtls1.2', 'dtls1.3', 'quic'] as const;
export type ScenarioProtocol = (typeof PROTOCOLS)[number];

/** A scenario, checked. `notes`: what in it nobody here knows and was ignored. */
export type Scenario = {
  id: string;
  protocol: ScenarioProtocol;
  setup: ScenarioSetup;
  steps: readonly Step[];
  notes: readonly string[];
};

/**
 * Checks a scenario that was read from JSON or YAML. Throws UsageError; its message names the place, as in
 * `steps[3].local: unknown op "shutdwn"`.
 */
export function parseScenario(value: unknown): Scenario {
  if (!isObject(value)) throw bad(`a scenario is an object, not ${show(value)}`);
  const notes: string[] = [];
  const head = readObject(value, HEAD, 'scenario', CARRIED, notes);
  const { protocol } = head;
  if (protocol === undefined) throw bad(`protocol: missing (${HEAD.protocol.wants})`);
  const setup = value.setup ?? {};
  if (!isObject(setup)) throw bad(`setup: ${show(setup)} is not an object`);
  const { steps } = value;
  if (!Array.isArray(steps)) throw bad(`steps: ${steps === undefined ? 'missing' : 'not a list'}`);
  return {
    id: head.id ?? 'scenario',
    protocol,
    setup: parseSetup(setup, notes),
    steps: steps.map((step: unknown, index) => parseStep(step, `steps[${index}]`, protocol, notes)),
    notes,
  };
}

function parseSetup(value: Readonly<Record<string, unknown>>, notes: string[]): ScenarioSetup {
  const setup = readObject(value, SETUP, 'setup', [], notes);
  for (const option of setup.options ?? []) {
    if (!OPTIONS.includes(option))
      notes.push(`setup.options: ${show(option)} is not known here and was ignored`);
  }
  return setup;
}

function parseStep(value: unknown, path: string, protocol: ScenarioProtocol, notes: string[]): Step {
  if (!isObject(value)) throw bad(`${path}: ${show(value)} is not an object`);
  const actors = ACTORS.filter((actor) => value[actor] !== undefined);
  const [actor] = actors;
  if (actor === undefined || actors.length > 1) {
    throw bad(`${path}: a step has one of local, peer, net; this has ${actors.join(' and ') || 'none'}`);
  }
  const op = value[actor];
  if (typeof op === 'string' && protocol !== 'quic' && QUIC_ONLY.has(`${actor} ${op}`)) {
    throw bad(`${path}.${actor}: ${show(op)} is for quic, not for ${protocol}`);
  }
  switch (actor) {
    case 'local':
      return parseLocal(value, op, path, notes);
    case 'peer':
      return parsePeer(value, op, path, notes);
    case 'net':
      return { net: known(op, NET_OPS, `${path}.net`) };
  }
}

function parseLocal(
  value: Readonly<Record<string, unknown>>,
  op: unknown,
  path: string,
  notes: string[],
): Step {
  const local = known(op, keysOf(LOCAL_OPS), `${path}.local`);
  const args = readObject(value, LOCAL_OPS[local], path, ['local', 'expect', 'man'], notes);
  const { expect } = value;
  if (expect !== undefined && !isObject(expect))
    throw bad(`${path}.expect: ${show(expect)} is not an object`);
  const wanted: { expect?: Expectation } = expect === undefined ? {} : { expect };
  return { ...args, ...wanted, local } as Step;
}

function parsePeer(
  value: Readonly<Record<string, unknown>>,
  op: unknown,
  path: string,
  notes: string[],
): Step {
  const peer = known(op, keysOf(PEER_OPS), `${path}.peer`);
  const args = readObject(value, PEER_OPS[peer], path, ['peer', 'after_ms', 'man'], notes);
  const { after_ms } = readObject(value, AFTER, path, Object.keys(value), notes);
  const timed = after_ms === undefined ? {} : { afterMs: after_ms };
  if (peer !== 'burst') return { ...args, ...timed, peer } as Step;
  const records = Array.isArray(value.records) ? value.records : [];
  return {
    ...timed,
    peer,
    records: records.map((record, index) => parseRecord(record, `${path}.records[${index}]`, notes)),
  };
}

function parseRecord(value: unknown, path: string, notes: string[]): RecordSpec {
  if (!isObject(value)) throw bad(`${path}: ${show(value)} is not an object`);
  const rec = known(value.rec, keysOf(RECORD_OPS), `${path}.rec`);
  return { ...readObject(value, RECORD_OPS[rec], path, ['rec'], notes), rec } as RecordSpec;
}

function known<T extends string>(op: unknown, ops: readonly T[], path: string): T {
  const found = ops.find((word) => word === op);
  if (found === undefined) throw bad(`${path}: unknown op ${show(op)}`, `known here: ${ops.join(', ')}`);
  return found;
}

function keysOf<T extends object>(table: T): readonly (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[];
}

const ACTORS = ['local', 'peer', 'net'] as const;
const OPTIONS: readonly string[] = ['ignore_unexpected_eof', 'no_auto_retry'];
const AFTER = { after_ms: whole(0, 600_000) };
const HEAD = { id: TEXT, protocol: oneOf(...PROTOCOLS) };
/** What a recorded case carries besides. */
const CARRIED = ['setup', 'steps', 'man', 'observed', 'peer_observed', 'wire', 'measured_ms'];
