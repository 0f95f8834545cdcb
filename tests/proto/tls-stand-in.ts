import { ProtocolFault } from '../../src/proto/fault.ts';
import type { HandshakeAction, HandshakeInfo, HandshakeMachine } from '../../src/proto/handshake/machine.ts';
import type { Session } from '../../src/proto/handshake/session.ts';
import type { Role } from '../../src/proto/role.ts';
import type { CreateMachine } from '../../src/proto/tls/wiring.ts';
import type { Level, Who } from '../../src/timeline/event.ts';
import { ALERT } from '../../src/wire/alert.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';

export type Version = 0x0303 | 0x0304;

/** What a test may change about the stand-in. */
export type StandInOptions = { suite?: number; recordSizeLimit?: number; bigMessage?: number };

/** A message with a body of so many bytes. */
export function message(type: number, length = 0, fill = 0): Uint8Array {
  const body = new Uint8Array(length).fill(fill);
  return Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff, ...body);
}

export function keyUpdateMessage(request: boolean): Uint8Array {
  return message(HANDSHAKE.key_update, 1, request ? 1 : 0);
}

/** lifetime 7200, age_add, nonce, a 3-byte ticket, no extensions. */
export const TICKET_13 = Uint8Array.of(4, 0, 0, 17, 0, 0, 28, 32, 1, 2, 3, 4, 1, 9, 0, 3, 7, 7, 7, 0, 0);

/**
 * A handshake that agrees on fixed secrets: as many messages, key changes and levels as a real one, none of its content.
 * For tests of the record layer that must not depend on the real one.
 */
export function standIn(version: Version, options: StandInOptions = {}): CreateMachine {
  return (role) => (version === 0x0304 ? machine13(role, options) : machine12(role, options));
}

function machine13(role: Role, options: StandInOptions): HandshakeMachine {
  const suite = options.suite ?? 0x1301;
  const generation = { local: 0, peer: 0 };
  let done = false;
  const secret = (who: Who, level: Level): HandshakeAction => {
    const owner = (who === 'local') === (role === 'client') ? 1 : 2;
    const seed = level === 'handshake' ? owner : owner + 16 * ++generation[who];
    return { do: 'secret', for: who, level, suite, secret: new Uint8Array(48).fill(seed).subarray(0, 32) };
  };
  const send = (level: Level, bytes: Uint8Array): HandshakeAction => ({ do: 'send', level, message: bytes });
  const complete = (): HandshakeAction => {
    done = true;
    return { do: 'complete', info: infoOf(0x0304, suite) };
  };
  const limit: HandshakeAction[] =
    options.recordSizeLimit === undefined
      ? []
      : [{ do: 'record-size-limit', limit: options.recordSizeLimit }];
  const version: HandshakeAction = { do: 'version', version: 0x0304 };
  const ccs: HandshakeAction = { do: 'change-cipher-spec' };
  const receive = (level: Level, raw: Uint8Array): HandshakeAction[] => {
    switch (`${role} ${raw[0]} ${level}`) {
      case 'server 1 initial':
        return [
          version,
          ...limit,
          send('initial', message(HANDSHAKE.server_hello, 40)),
          secret('peer', 'handshake'),
          secret('local', 'handshake'),
          ccs,
          send('handshake', message(HANDSHAKE.encrypted_extensions, 2)),
          send('handshake', message(HANDSHAKE.certificate, options.bigMessage ?? 300)),
          send('handshake', message(HANDSHAKE.finished, 32)),
          secret('local', 'application'),
        ];
      case 'client 2 initial':
        return [version, ...limit, secret('peer', 'handshake'), ccs, secret('local', 'handshake')];
      case 'client 8 handshake':
      case 'client 11 handshake':
        return [];
      case 'client 20 handshake':
        return [
          secret('peer', 'application'),
          send('handshake', message(HANDSHAKE.finished, 32)),
          secret('local', 'application'),
          complete(),
        ];
      case 'server 20 handshake':
        return [secret('peer', 'application'), complete()];
      case 'client 4 application':
        return [{ do: 'ticket', session: SESSION }];
      case 'client 24 application':
      case 'server 24 application':
        return [
          { do: 'seen', what: 'key-update' },
          secret('peer', 'application'),
          ...(raw[4] === 1 ? [{ do: 'answer-key-update' } as const] : []),
        ];
      default:
        throw unexpected(raw);
    }
  };
  const update = (request: boolean) => [
    send('application', keyUpdateMessage(request)),
    secret('local', 'application'),
  ];
  return {
    start: () => (role === 'client' ? [send('initial', message(HANDSHAKE.client_hello, 100))] : []),
    receive: (_now, level, raw) => receive(level, raw),
    changeCipherSpec: () => {
      throw new Error('TLS 1.3 never tells');
    },
    keyUpdate: update,
    ticket: () => [send('application', TICKET_13)],
    phase: () => (done ? 'complete' : 'under-way'),
  };
}

function machine12(role: Role, options: StandInOptions): HandshakeMachine {
  const suite = options.suite ?? 0xc02f;
  const keyLength = suite === 0xc02f ? 16 : 32;
  const ivLength = suite === 0xcca8 ? 12 : 4;
  let done = false;
  let heardSpec = false;
  const keys = (who: Who): HandshakeAction => {
    const fill = (who === 'local') === (role === 'client') ? 3 : 4;
    const key = new Uint8Array(keyLength).fill(fill);
    return { do: 'keys12', for: who, suite, key, iv: new Uint8Array(ivLength).fill(fill) };
  };
  const send = (bytes: Uint8Array): HandshakeAction => ({ do: 'send', level: 'initial', message: bytes });
  const complete = (): HandshakeAction => {
    done = true;
    return { do: 'complete', info: { ...infoOf(0x0303, suite), session: SESSION } };
  };
  const version: HandshakeAction = { do: 'version', version: 0x0303 };
  const limit: HandshakeAction[] =
    options.recordSizeLimit === undefined
      ? []
      : [{ do: 'record-size-limit', limit: options.recordSizeLimit }];
  const ccs: HandshakeAction = { do: 'change-cipher-spec' };
  const finished = message(HANDSHAKE.finished, 12);
  const receive = (raw: Uint8Array): HandshakeAction[] => {
    switch (`${role} ${raw[0]} ${done ? 'done' : heardSpec ? 'spec' : 'first'}`) {
      case 'server 1 first':
        return [
          version,
          ...limit,
          send(message(HANDSHAKE.server_hello, 40)),
          send(message(HANDSHAKE.certificate, options.bigMessage ?? 300)),
          send(message(HANDSHAKE.server_hello_done)),
        ];
      case 'client 2 first':
        return [version, ...limit];
      case 'client 11 first':
        return [];
      case 'client 14 first':
        return [
          send(message(HANDSHAKE.client_key_exchange, 66)),
          ccs,
          keys('local'),
          keys('peer'),
          send(finished),
        ];
      case 'server 16 first':
        return [keys('peer')];
      case 'server 20 spec':
        return [ccs, keys('local'), send(finished), complete()];
      case 'client 20 spec':
        return [complete()];
      case 'client 0 done':
        return [{ do: 'seen', what: 'hello-request' }];
      default:
        throw unexpected(raw);
    }
  };
  return {
    start: () => (role === 'client' ? [send(message(HANDSHAKE.client_hello, 100))] : []),
    receive: (_now, _level, raw) => receive(raw),
    changeCipherSpec: () => {
      heardSpec = true;
      return [];
    },
    keyUpdate: () => [],
    ticket: () => [],
    phase: () => (done ? 'complete' : 'under-way'),
  };
}

function unexpected(raw: Uint8Array): ProtocolFault {
  const detail = `message ${raw[0]}`;
  return new ProtocolFault({
    blame: 'peer',
    rule: 'unexpected-message',
    alert: ALERT.unexpected_message,
    detail,
  });
}

function infoOf(version: Version, suite: number): HandshakeInfo {
  return { version, suite, hash: 'sha256', resumed: false };
}

const SESSION: Session = {
  version: 0x0304,
  suite: 0x1301,
  secret: new Uint8Array(32),
  lifetime: 7200,
  ageAdd: 0,
  receivedAt: 0,
  extendedMasterSecret: true,
};
