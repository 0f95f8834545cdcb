import { readFileSync } from 'node:fs';
import { withMlkem } from '../../src/crypto/mlkem.ts';
import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import type { Random } from '../../src/crypto/provider.ts';
import { loadIdentity } from '../../src/io/identity.ts';
import { createTrust } from '../../src/io/trust.ts';
import type { CoreDeps } from '../../src/proto/core.ts';
import { ProtocolFault } from '../../src/proto/fault.ts';
import { createClientHandshake } from '../../src/proto/handshake/client.ts';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DEFAULT_SUITES } from '../../src/proto/handshake/defaults.ts';
import { type Flavor, TLS } from '../../src/proto/handshake/flavor.ts';
import type { HandshakeAction, HandshakeInfo, HandshakeMachine } from '../../src/proto/handshake/machine.ts';
import type { Identity, PeerAuth } from '../../src/proto/handshake/peer-auth.ts';
import { createServerHandshake } from '../../src/proto/handshake/server.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
import type { Role } from '../../src/proto/role.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Fact, Level } from '../../src/timeline/event.ts';
import { toHex } from '../../src/wire/bytes.ts';

/** A handshake with as much record layer around it as keeps both sides' keys and levels honest. */
export type Party = {
  role: Role;
  machine: HandshakeMachine;
  facts: Fact[];
  inbox: Unit[];
  info?: HandshakeInfo;
  tickets: Session[];
  seen: string[];
  limit?: number;
  version?: number;
  changeCipherSpecs: number;
  sendKey: string;
  receiveKey: string;
  nextReceiveKey?: string;
  receiveLevel: Level;
};

/** What goes over the wire: with the key it is protected with. */
export type Unit = { key: string } & ({ message: Uint8Array } | { changeCipherSpec: true });

export const provider = withMlkem(createNobleProvider());
export const simIdentity = createSimIdentity(provider, createRandom(1, 'identity'), 'localhost');
export const simTrust = createSimTrust(provider);

function pem(name: string): string {
  return readFileSync(new URL(`../../fixtures/certs/${name}`, import.meta.url), 'utf8');
}

export function fixtureIdentity(name: string): Identity {
  return loadIdentity(pem(`${name}.pem`), pem(`${name}.key`));
}

export function fixtureTrust(): PeerAuth {
  return createTrust({ ca: [pem('root.pem')], provider, verify: true });
}

export function config(overrides: Partial<HandshakeConfig> = {}): HandshakeConfig {
  return {
    versions: [0x0304, 0x0303],
    suites: DEFAULT_SUITES,
    groups: DEFAULT_GROUPS,
    signatureSchemes: DEFAULT_SCHEMES,
    verify: 'require',
    ...overrides,
  };
}

export type PartyOptions = {
  config?: Partial<HandshakeConfig>;
  random?: Random;
  peerAuth?: PeerAuth;
  flavor?: Flavor;
};

export function createParty(role: Role, options: PartyOptions = {}): Party {
  const facts: Fact[] = [];
  const deps: CoreDeps = {
    random: options.random ?? createRandom(parties++, role),
    provider,
    peerAuth: options.peerAuth ?? simTrust,
    emit: (fact) => void facts.push(fact),
  };
  const base = role === 'client' ? { serverName: 'localhost' } : { identity: simIdentity };
  const create = role === 'client' ? createClientHandshake : createServerHandshake;
  const machine = create(config({ ...base, ...options.config }), deps, options.flavor ?? TLS);
  return {
    ...{ role, machine, facts, inbox: [], tickets: [], seen: [], changeCipherSpecs: 0 },
    ...{ sendKey: 'none', receiveKey: 'none', receiveLevel: 'initial' },
  };
}

let parties = 0;

/** Carries out what `party`'s machine wants; `other` gets what it sends. */
export function perform(party: Party, other: Party, actions: readonly HandshakeAction[]): void {
  for (const action of actions) {
    switch (action.do) {
      case 'send':
        other.inbox.push({ key: party.sendKey, message: action.message });
        break;
      case 'change-cipher-spec':
        party.changeCipherSpecs++;
        other.inbox.push({ key: party.sendKey, changeCipherSpec: true });
        break;
      case 'secret':
        if (action.for === 'local') party.sendKey = toHex(action.secret);
        else {
          party.receiveKey = toHex(action.secret);
          party.receiveLevel = action.level;
        }
        break;
      case 'keys12': {
        const key = `${toHex(action.key)}/${toHex(action.iv)}`;
        if (action.for === 'local') party.sendKey = key;
        else party.nextReceiveKey = key;
        break;
      }
      case 'record-size-limit':
        party.limit = action.limit;
        break;
      case 'version':
        party.version = action.version;
        break;
      case 'complete':
        party.info = action.info;
        break;
      case 'ticket':
        party.tickets.push(action.session);
        break;
      case 'answer-key-update':
        perform(party, other, party.machine.keyUpdate(false));
        break;
      case 'seen':
        party.seen.push(action.what);
        break;
    }
  }
}

/** Delivers one unit to `party`. Throws when it cannot have been unprotected. */
export function deliver(party: Party, other: Party, unit: Unit, now = 0): void {
  if ('changeCipherSpec' in unit) {
    perform(party, other, party.machine.changeCipherSpec(now));
    if (party.nextReceiveKey === undefined || party.version !== 0x0303) return;
    party.receiveKey = party.nextReceiveKey;
    party.receiveLevel = 'application';
    return;
  }
  if (unit.key !== party.receiveKey)
    throw new Error(`${party.role} cannot read message ${unit.message[0]}: other keys`);
  perform(party, other, party.machine.receive(now, party.receiveLevel, unit.message));
}

/** Runs until nobody has anything to read. `watch` sees every unit on its way and may replace or drop it. */
export function pump(
  client: Party,
  server: Party,
  options: { now?: number; watch?: (to: Party, unit: Unit) => Unit | undefined } = {},
): void {
  const { now = 0, watch } = options;
  if (client.machine.phase() === 'start') {
    perform(server, client, server.machine.start(now));
    perform(client, server, client.machine.start(now));
  }
  for (let turns = 0; turns < 200; turns++) {
    const party = client.inbox.length > 0 ? client : server;
    const unit = party.inbox.shift();
    if (unit === undefined) return;
    const passed = watch === undefined ? unit : watch(party, unit);
    if (passed !== undefined) deliver(party, party === client ? server : client, passed, now);
  }
  throw new Error('the handshake does not end');
}

/** A finished handshake of two parties. */
export function shakeHands(
  clientOptions: PartyOptions = {},
  serverOptions: PartyOptions = {},
  options: Parameters<typeof pump>[2] = {},
): { client: Party; server: Party } {
  const client = createParty('client', clientOptions);
  const server = createParty('server', serverOptions);
  pump(client, server, options);
  return { client, server };
}

/** The fault that the handshake ends with, and who found it. */
export function faultOf(act: () => unknown): ProtocolFault {
  try {
    act();
  } catch (error) {
    if (error instanceof ProtocolFault) return error;
    throw error;
  }
  throw new Error('no fault');
}

export function factsOf<K extends Fact['kind']>(party: Party, kind: K): Extract<Fact, { kind: K }>[] {
  return party.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
}

export function secretsOf(party: Party): Record<string, string> {
  return Object.fromEntries(factsOf(party, 'secret').map((fact) => [fact.label, fact.secret]));
}
