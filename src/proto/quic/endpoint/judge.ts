import { initialKeysOf } from '../../../crypto/quic-keys.ts';
import type { DropReason, Millis } from '../../../timeline/event.ts';
import { TRANSPORT_ERROR } from '../../../wire/quic-errors.ts';
import {
  type ForeignHeader,
  type LongHeader,
  type PacketHeader,
  parsePacket,
  type ShortHeader,
} from '../../../wire/quic-packet.ts';
import { quicVersionName } from '../../../wire/quic-versions.ts';
import { Malformed } from '../../../wire/reader.ts';
import type { AcceptedClient } from '../config.ts';
import { openDatagram } from '../packets/open.ts';
import { initialClose, retry, statelessReset, versionNegotiation } from './answers.ts';
import { takeOne } from './bucket.ts';
import { findConnection } from './routes.ts';
import type { Endpoint } from './state.ts';
import { checkToken, type Remote } from './tokens.ts';

/**
 * What becomes of a datagram. `known`: it goes to that connection · `accept`: a connection may begin, with this datagram as its first
 * input · `answer`: these bytes go back, and nothing is remembered · `drop`: nothing.
 */
export type Verdict<C> =
  | { kind: 'known'; connection: C }
  | { kind: 'accept'; client: AcceptedClient; token?: 'accepted' | 'refused' }
  | { kind: 'answer'; what: Answer; bytes: Uint8Array; why: string }
  | { kind: 'drop'; reason: DropReason; why: string };

export type Answer = 'version-negotiation' | 'retry' | 'refused' | 'invalid-token' | 'stateless-reset';

export type Arrival = { datagram: Uint8Array; remote: Remote; now: Millis };

/** RFC 9000 §5.2.2, in the order in which it costs least. Never throws. */
export function judgeDatagram<C>(endpoint: Endpoint<C>, arrival: Arrival): Verdict<C> {
  const header = parse(arrival.datagram, endpoint.config.connectionIdLength);
  switch (header.form) {
    case 'malformed':
      return drop('malformed', header.why);
    case 'version-negotiation':
    case 'retry':
      return drop('unexpected', `a client sends no ${header.form}`);
    case 'foreign':
      return negotiate(endpoint, header, arrival);
    case 'short': {
      const connection = findConnection(endpoint, header.destination);
      return connection === undefined ? reset(endpoint, header, arrival) : { kind: 'known', connection };
    }
    case 'long': {
      if (!endpoint.config.versions.includes(header.version)) return negotiate(endpoint, header, arrival);
      const connection = findConnection(endpoint, header.destination);
      return connection === undefined ? stranger(endpoint, header, arrival) : { kind: 'known', connection };
    }
  }
}

/** Only what could have been a first Initial is worth an answer (§6.1, §14.1). */
function negotiate<C>(
  endpoint: Endpoint<C>,
  header: LongHeader | ForeignHeader,
  { datagram }: Arrival,
): Verdict<C> {
  const name = quicVersionName(header.version);
  if (datagram.length < SMALLEST_INITIAL) return drop('malformed', `${name} in ${datagram.length} bytes`);
  return answer('version-negotiation', versionNegotiation(endpoint, header), `${name} is not served`);
}

/** A long header for nobody. */
function stranger<C>(endpoint: Endpoint<C>, header: LongHeader, arrival: Arrival): Verdict<C> {
  const { datagram } = arrival;
  if (header.type !== 'initial') return drop('no-keys', `${header.type} for no connection`);
  if (datagram.length < SMALLEST_INITIAL) {
    return drop('malformed', `an Initial in a datagram of ${datagram.length} bytes`);
  }
  if (header.destination.length < SMALLEST_DESTINATION) {
    return drop('malformed', `a first destination of ${header.destination.length} bytes`);
  }
  if (!opens(endpoint, header, datagram)) return drop('undecryptable', 'an Initial that does not open');
  return newcomer(endpoint, header, arrival);
}

/** An Initial that begins a connection, with a token or without (§8.1). */
function newcomer<C>(endpoint: Endpoint<C>, header: LongHeader, arrival: Arrival): Verdict<C> {
  const { remote, now } = arrival;
  const { destination, token } = header;
  const full = endpoint.stopped || endpoint.connections.size >= endpoint.config.limit;
  if (full) return close(endpoint, header, now, 'refused');
  if (token.length === 0) return unproved(endpoint, header, arrival);
  const checked = checkToken(endpoint.tokens, token, { remote, destination, now });
  switch (checked.kind) {
    case 'retry': {
      const { originalDestination } = checked;
      const retrySource = destination.slice();
      const client = { ...clientOf(header, now), originalDestination, retrySource, validated: true };
      return { kind: 'accept', client, token: 'accepted' };
    }
    case 'new-token':
      return { kind: 'accept', client: { ...clientOf(header, now), validated: true }, token: 'accepted' };
    case 'invalid': {
      if (checked.fatal) return close(endpoint, header, now, 'invalid-token', checked.why);
      const verdict = unproved(endpoint, header, arrival);
      return verdict.kind === 'accept' ? { ...verdict, token: 'refused' } : verdict;
    }
  }
}

function unproved<C>(endpoint: Endpoint<C>, header: LongHeader, { remote, now }: Arrival): Verdict<C> {
  const { config, connections } = endpoint;
  const asked =
    config.retry === 'always' || (typeof config.retry === 'number' && connections.size >= config.retry);
  if (asked) return answer('retry', retry(endpoint, header, remote, now), 'the address is to be proved');
  return { kind: 'accept', client: clientOf(header, now) };
}

function clientOf({ version, destination, source }: LongHeader, at: Millis): AcceptedClient {
  const first = destination.slice();
  return {
    version,
    originalDestination: first,
    destination: first,
    clientSource: source.slice(),
    validated: false,
    at,
  };
}

function close<C>(
  endpoint: Endpoint<C>,
  header: LongHeader,
  now: Millis,
  what: 'refused' | 'invalid-token',
  why = endpoint.stopped ? 'no new connections' : 'too many connections',
): Verdict<C> {
  if (!takeOne(endpoint.closeBucket, now)) return drop('out-of-bounds', why);
  const { CONNECTION_REFUSED, INVALID_TOKEN } = TRANSPORT_ERROR;
  const code = what === 'refused' ? CONNECTION_REFUSED : INVALID_TOKEN;
  return answer(what, initialClose(endpoint, header, code), why);
}

/** A short header for nobody: a connection that was forgotten, or none at all; that cannot be told (§10.3). */
function reset<C>(
  endpoint: Endpoint<C>,
  { destination }: ShortHeader,
  { datagram, now }: Arrival,
): Verdict<C> {
  const why = 'for no connection';
  if (!endpoint.config.resets) return drop('connection-id', why);
  const bytes = statelessReset(endpoint, destination, datagram.length);
  if (bytes === undefined) return drop('connection-id', `${why}, and too short for a reset`);
  if (!takeOne(endpoint.resetBucket, now)) return drop('out-of-bounds', `${why}, and enough resets went out`);
  return answer('stateless-reset', bytes, why);
}

/** Nothing is made for what only looks like an Initial. */
function opens<C>(endpoint: Endpoint<C>, header: LongHeader, datagram: Uint8Array): boolean {
  const client = initialKeysOf(endpoint.provider, header.version, header.destination, 'client');
  const [first] = openDatagram(datagram, {
    idLength: endpoint.config.connectionIdLength,
    greased: false,
    keys: (type) => (type === 'initial' ? client : undefined),
    phases: () => undefined,
    expected: () => 0,
  });
  return first?.kind === 'opened';
}

function parse(datagram: Uint8Array, idLength: number): PacketHeader | { form: 'malformed'; why: string } {
  try {
    return parsePacket(datagram, 0, idLength);
  } catch (error) {
    if (error instanceof Malformed) return { form: 'malformed', why: error.message };
    throw error;
  }
}

function answer(what: Answer, bytes: Uint8Array, why: string): Verdict<never> {
  return { kind: 'answer', what, bytes, why };
}

function drop(reason: DropReason, why: string): Verdict<never> {
  return { kind: 'drop', reason, why };
}

/** §14.1 */
const SMALLEST_INITIAL = 1200;
/** §7.2 */
const SMALLEST_DESTINATION = 8;
