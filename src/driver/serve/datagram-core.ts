import type { RecordCore } from '../../proto/core.ts';
import type { DtlsConfig } from '../../proto/dtls/config.ts';
import { createDtlsCore } from '../../proto/dtls/connection.ts';
import { createHelloPieces } from '../../proto/dtls/hello-pieces.ts';
import { judgeClientHello } from '../../proto/dtls/server-gate.ts';
import type { ExternalPsk } from '../../proto/handshake/config.ts';
import { DTLS_SUITES, PSK_SUITES } from '../../proto/handshake/defaults.ts';
import type { Emit, Millis } from '../../timeline/event.ts';
import { ascii, equalBytes } from '../../wire/bytes.ts';
import { peekConnectionId } from '../../wire/dtls-record.ts';
import { type ServerCoreOptions, serverConfig } from './core.ts';

/**
 * What becomes of a datagram of nobody's. `answer`: these bytes go back · `make`: an association, whose first input is the datagram,
 * or `first`, put together from several.
 */
export type Admission =
  | { kind: 'answer'; bytes: Uint8Array }
  | { kind: 'make'; first?: Uint8Array }
  | { kind: 'drop' };

/** Of one DTLS server: who may come in, and the cores of those who may. They share ticket key, sessions and cookie key. */
export type DatagramCores = {
  /** Judges a datagram of a client that nothing is known of; keeps nothing of it, but for a few pieces that say nothing alone. */
  gate(datagram: Uint8Array, remote: string, now: Millis): Admission;
  /** `connectionId`: one of ours, to be agreed on if the client asks for connection IDs. */
  create(emit: Emit, remote: string, connectionId?: Uint8Array): RecordCore;
  /** For a new association, when there are to be connection IDs. */
  newConnectionId(): Uint8Array | undefined;
  /** To which of ours a datagram is addressed. */
  connectionIdOf(datagram: Uint8Array): Uint8Array | undefined;
};

export type DatagramCoreOptions = ServerCoreOptions & {
  /** The only pre-shared key; who has it needs no certificate. */
  psk?: ExternalPsk;
  /** Agree on connection IDs with clients that ask for them (RFC 9146, RFC 9147 §9). */
  connectionIds?: boolean;
};

export function createDatagramCores(options: DatagramCoreOptions): DatagramCores {
  const { deps, psk, connectionIds = false } = options;
  const shared = { ...serverConfig(options), ...(psk === undefined ? CERTIFICATES : keyed(psk)) };
  const key = deps.random(32);
  const pieces = createHelloPieces();
  const config = (remote: string) => ({ ...shared, cookie: { key, address: ascii(remote) } });
  return {
    gate(datagram, remote, now) {
      const verdict = judgeClientHello(datagram, config(remote), deps, now);
      if (verdict.kind !== 'piece') return verdict;
      const first = pieces.add(remote, verdict.record, verdict.fragment, now);
      if (first === undefined) return { kind: 'drop' };
      const judged = judgeClientHello(first, config(remote), deps, now);
      if (judged.kind === 'make') return { kind: 'make', first };
      return judged.kind === 'answer' ? judged : { kind: 'drop' };
    },
    create(emit, remote, own) {
      const agreeing = own === undefined ? config(remote) : { ...config(remote), connectionId: { own } };
      return createDtlsCore('server', agreeing, { ...deps, emit });
    },
    newConnectionId: () => (connectionIds ? deps.random(ID_LENGTH) : undefined),
    connectionIdOf: (datagram) => (connectionIds ? peekConnectionId(datagram, ID_LENGTH) : undefined),
  };
}

/** Where client and server could do with certificates too, the key goes first. */
function keyed({ identity, key }: ExternalPsk): Pick<DtlsConfig, 'suites' | 'pskKeys'> {
  const find = (asked: Uint8Array): Uint8Array | undefined => (equalBytes(asked, identity) ? key : undefined);
  return { suites: [...PSK_SUITES, ...DTLS_SUITES], pskKeys: { find } };
}

const CERTIFICATES = { suites: DTLS_SUITES };
const ID_LENGTH = 8;
