import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../src/proto/fault.ts';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import { Writer } from '../../src/wire/writer.ts';
import {
  createParty,
  deliver,
  faultOf,
  type Party,
  perform,
  provider,
  shakeHands,
  simIdentity,
  type Unit,
} from './handshake-pump.ts';

const tickets = { key: new Uint8Array(32), lifetime: 100, count: 1 };
type Plan = {
  version: 0x0303 | 0x0304;
  client: Partial<HandshakeConfig>;
  server: Partial<HandshakeConfig>;
};
const PLANS: Record<string, Plan> = {
  'TLS 1.3 with everything': {
    version: 0x0304,
    client: { alpn: ['h2'], recordSizeLimit: 1000, identity: simIdentity, groups: [29, 23] },
    server: { alpn: ['h2'], recordSizeLimit: 1000, clientCertificate: 'require', groups: [23], tickets },
  },
  'TLS 1.2 with everything': {
    version: 0x0303,
    client: { versions: [0x0303], alpn: ['h2'], recordSizeLimit: 1000, identity: simIdentity },
    server: { alpn: ['h2'], recordSizeLimit: 1000, clientCertificate: 'require', tickets },
  },
  'TLS 1.3 resumed': { version: 0x0304, client: resumable([0x0304]), server: { tickets } },
  'TLS 1.2 resumed': {
    version: 0x0303,
    client: resumable([0x0303]),
    server: { tickets, versions: [0x0303] },
  },
};

describe.each(Object.entries(PLANS))('%s', (name, plan) => {
  const order = flight(plan);

  it('has the messages that are tested below', () => {
    expect(order.length).toBeGreaterThan(3);
  });

  it('every truncation of every message is a value or a ProtocolFault', () => {
    let faults = 0;
    for (let index = 0; index < order.length; index++) {
      let stage = advance(plan, index);
      for (let length = 0; length < stage.message.length; length++) {
        if (outcome(stage, stage.message.subarray(0, length)) === 'taken') stage = advance(plan, index);
        else faults++;
        if (length < 4) continue;
        if (outcome(stage, shortened(stage.message, length)) === 'taken') stage = advance(plan, index);
        else faults++;
      }
    }
    expect(faults).toBeGreaterThan(500);
  });

  it('every message with a byte too many is a decode error', () => {
    for (let index = 0; index < order.length; index++) {
      const { to, unit, message } = advance(plan, index);
      const longer = new Writer()
        .u8(message[0]!)
        .u24(message.length - 3)
        .raw(message.subarray(4))
        .u8(0)
        .finish();
      const fault = faultOf(() => deliver(to.party, to.other, { ...unit, message: longer }));
      expect([message[0], fault.alert]).toEqual([message[0], 50]);
    }
  });

  it('bytes changed at random are a value or a ProtocolFault', () => {
    const dice = createDice(createRandom(11, name));
    for (let index = 0; index < order.length; index++) {
      let stage = advance(plan, index);
      for (let round = 0; round < ROUNDS; round++) {
        const message = stage.message.slice();
        for (let changes = dice.between(1, 3); changes > 0; changes--)
          message[dice.between(4, message.length - 1)] = dice.below(256);
        if (outcome(stage, message) === 'taken') stage = advance(plan, index);
      }
    }
  });

  it('a message left out or sent twice is unexpected, or the handshake does not end', () => {
    for (const [index, type] of order.entries()) {
      // Tickets of TLS 1.3 come when they like.
      if (plan.version === 0x0304 && type === HANDSHAKE.new_session_ticket) continue;
      const wrong = expectedFor(type, order.lastIndexOf(HANDSHAKE.client_hello) > 0);
      for (const times of [0, 2]) {
        const result = shaken(plan, index, times);
        expect([index, times, result]).toEqual([index, times, expect.stringMatching(wrong)]);
      }
    }
  });

  it('every message at another level is unexpected', () => {
    if (plan.version === 0x0303) return;
    for (let index = 0; index < order.length; index++) {
      const { to, message } = advance(plan, index);
      const level = to.party.receiveLevel === 'handshake' ? 'application' : 'handshake';
      const fault = faultOf(() => to.party.machine.receive(0, level, message));
      expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10 });
    }
  });
});

/** A first ClientHello where a second is due is judged as one; a request may be left out, but the signature covers it. */
function expectedFor(type: number, retried: boolean): RegExp {
  if (type === HANDSHAKE.client_hello && retried) return /^(alert (10|47)|stuck)$/;
  return type === HANDSHAKE.certificate_request ? /^alert (10|51)$/ : /^(alert 10|stuck)$/;
}

/** Changed copies of each message. */
const ROUNDS = 12;

type Stage = { to: { party: Party; other: Party }; unit: Unit; message: Uint8Array };

/** The types of all messages of a handshake, in order of delivery. */
function flight(plan: Plan): number[] {
  const types: number[] = [];
  run(plan, (unit) => {
    if ('message' in unit) types.push(unit.message[0]!);
    return 1;
  });
  return types;
}

/** A handshake that has come to where message `index` is delivered next. */
function advance(plan: Plan, index: number): Stage {
  let seen = 0;
  const stopped = run(plan, (unit) => ('message' in unit && seen++ === index ? 'stop' : 1));
  if (stopped === undefined || !('message' in stopped.unit)) throw new Error(`no message ${index}`);
  return { ...stopped, message: stopped.unit.message };
}

/** Plays with message `index` delivered so many times. */
function shaken(plan: Plan, index: number, times: number): string {
  let seen = 0;
  let finished = false;
  try {
    const ended = run(plan, (unit) => ('message' in unit && seen++ === index ? times : 1));
    finished = ended === undefined && lastPair.every((party) => party.machine.phase() === 'complete');
  } catch (error) {
    if (error instanceof ProtocolFault) return `alert ${error.alert}`;
    if (error instanceof Error && error.message.includes('other keys')) return 'stuck';
    throw error;
  }
  return finished ? 'complete' : 'stuck';
}

let lastPair: Party[] = [];

function run(
  plan: Plan,
  choose: (unit: Unit) => number | 'stop',
): { to: Stage['to']; unit: Unit } | undefined {
  const client = createParty('client', { config: plan.client, random: createRandom(3, 'client') });
  const server = createParty('server', { config: plan.server, random: createRandom(3, 'server') });
  lastPair = [client, server];
  perform(client, server, client.machine.start(0));
  for (;;) {
    const party = client.inbox.length > 0 ? client : server;
    const other = party === client ? server : client;
    const unit = party.inbox.shift();
    if (unit === undefined) return undefined;
    const choice = choose(unit);
    if (choice === 'stop') return { to: { party, other }, unit };
    for (let i = 0; i < choice; i++) deliver(party, other, unit);
  }
}

function outcome({ to, unit }: Stage, message: Uint8Array): 'taken' | 'fault' {
  try {
    deliver(to.party, to.other, { ...unit, message });
    return 'taken';
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolFault);
    expect((error as ProtocolFault).blame).toBe('peer');
    return 'fault';
  }
}

/** Cut, with a header that agrees. */
function shortened(message: Uint8Array, length: number): Uint8Array {
  return new Writer().u8(message[0]!).vector(3, message.subarray(4, length)).finish();
}

function resumable(versions: readonly (0x0303 | 0x0304)[]): Partial<HandshakeConfig> {
  const { client } = shakeHands({ config: { versions } }, { config: { tickets } });
  const session = client.info?.session ?? client.tickets[0];
  if (session === undefined) throw new Error(`no session (${provider.name})`);
  return { session };
}
