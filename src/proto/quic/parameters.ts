import { equalBytes, toHex } from '../../wire/bytes.ts';
import type { TransportParameters } from '../../wire/quic-types.ts';
import { QUIC_VERSION } from '../../wire/quic-versions.ts';
import type { Role } from '../role.ts';
import type { QuicConfig } from './config.ts';
import { transportFault } from './faults.ts';

/** What the connection IDs of the handshake were, as the peer's parameters must confirm them (RFC 9000 §7.3). */
export type HandshakeIds = {
  /** Destination of the client's very first Initial. */
  original: Uint8Array;
  /** Source of the server's Retry. */
  retry: Uint8Array | undefined;
  /** Source of the peer's first packet. */
  peerSource: Uint8Array;
  /** Source of ours. */
  ownSource: Uint8Array;
};

/** What version negotiation came to so far (RFC 9368). */
export type VersionState = {
  /** Of the client's first Initial, the one after a Version Negotiation packet if there was one. */
  original: number;
  /** In use. */
  chosen: number;
  /** Client: a Version Negotiation packet came before. */
  afterNegotiation: boolean;
};

/** Our transport parameters (RFC 9000 §18.2). */
export function ownParameters(
  role: Role,
  config: QuicConfig,
  ids: HandshakeIds,
  versions: VersionState,
): TransportParameters {
  const { limits, policy } = config;
  const streamData = BigInt(limits.streamData);
  return {
    maxIdleTimeout: BigInt(Math.ceil(policy.idleTimeoutMs)),
    maxUdpPayloadSize: LARGEST_DATAGRAM,
    initialMaxData: BigInt(limits.connectionData),
    initialMaxStreamDataBidiLocal: streamData,
    initialMaxStreamDataBidiRemote: streamData,
    initialMaxStreamDataUni: streamData,
    initialMaxStreamsBidi: BigInt(limits.bidiStreams),
    initialMaxStreamsUni: BigInt(limits.uniStreams),
    maxAckDelay: BigInt(policy.maxAckDelayMs),
    activeConnectionIdLimit: BigInt(limits.activeConnectionIds),
    initialSourceConnectionId: ids.ownSource,
    versionInformation: { chosen: versions.chosen, available: config.quicVersions },
    ...(policy.grease && { greaseQuicBit: true as const }),
    ...(role === 'server' && serverParameters(config, ids)),
  };
}

function serverParameters(config: QuicConfig, ids: HandshakeIds): TransportParameters {
  const token = config.resetToken?.(ids.ownSource);
  return {
    originalDestinationConnectionId: ids.original,
    ...(ids.retry !== undefined && { retrySourceConnectionId: ids.retry }),
    ...(token !== undefined && ids.ownSource.length > 0 && { statelessResetToken: token }),
  };
}

/** RFC 9000 §7.3, §7.4, §18.2 and RFC 9368 §4. Throws a fault. */
export function checkPeerParameters(
  role: Role,
  params: TransportParameters,
  config: QuicConfig,
  ids: HandshakeIds,
  versions: VersionState,
): void {
  if (role === 'server') checkSenderMayBeClient(params);
  checkConnectionIds(role, params, ids);
  checkPreferredAddress(params, ids);
  checkVersions(role, params, config, versions);
}

function checkSenderMayBeClient(params: TransportParameters): void {
  for (const name of SERVER_ONLY) {
    if (params[name] !== undefined) throw bad('server-only-parameter', `a client sends ${words(name)}`);
  }
}

function checkConnectionIds(role: Role, params: TransportParameters, ids: HandshakeIds): void {
  same('initial_source_connection_id', params.initialSourceConnectionId, ids.peerSource);
  if (role === 'server') return;
  same('original_destination_connection_id', params.originalDestinationConnectionId, ids.original);
  same('retry_source_connection_id', params.retrySourceConnectionId, ids.retry);
}

function same(name: string, told: Uint8Array | undefined, seen: Uint8Array | undefined): void {
  if (told === undefined && seen === undefined) return;
  if (told === undefined) throw bad('connection-id-parameter', `no ${name}`);
  if (seen === undefined) throw bad('connection-id-parameter', `${name} without a Retry`);
  if (!equalBytes(told, seen))
    throw bad('connection-id-parameter', `${name} is ${toHex(told)}, the packets say ${toHex(seen)}`);
}

/** §18.2: it brings a connection ID, so none of them may be empty. */
function checkPreferredAddress({ preferredAddress }: TransportParameters, ids: HandshakeIds): void {
  if (preferredAddress === undefined) return;
  if (ids.peerSource.length === 0)
    throw bad('preferred-address', 'preferred_address from a server without connection IDs');
  if (preferredAddress[PREFERRED_CID_LENGTH] === 0)
    throw bad('preferred-address', 'preferred_address with an empty connection ID');
}

/** RFC 9368 §4: nobody took a better version out of the way. */
function checkVersions(
  role: Role,
  { versionInformation: info }: TransportParameters,
  config: QuicConfig,
  versions: VersionState,
): void {
  if (info === undefined) {
    // Version 1 is older than the extension (§8).
    const changed = versions.chosen !== versions.original || versions.afterNegotiation;
    if (changed && versions.chosen !== QUIC_VERSION.v1) throw badVersion('no version_information');
    return;
  }
  const { chosen, available } = info;
  const expected = role === 'server' ? versions.original : versions.chosen;
  if (chosen !== expected) throw badVersion(`version_information speaks of ${hex(chosen)}`);
  if (role === 'server') {
    if (!available.includes(chosen))
      throw bad('version-information', 'the chosen version is not among the available ones');
    return;
  }
  if (!versions.afterNegotiation) return;
  const best = config.quicVersions.find((version) => available.includes(version));
  if (available.length === 0 || best !== versions.original)
    throw badVersion('the Version Negotiation packet hid a better version');
}

/**
 * Server: the version to go on with (RFC 9368 §2.3; 1 and 2 are compatible, RFC 9369 §4). Our first that the client has, but nobody is sent
 * back to version 1.
 */
export function bestCompatible(
  config: QuicConfig,
  info: TransportParameters['versionInformation'],
  original: number,
): number {
  if (info === undefined) return original;
  const best = config.quicVersions.find((version) => info.available.includes(version));
  return best === undefined || best === QUIC_VERSION.v1 ? original : best;
}

function bad(rule: string, detail: string): Error {
  return transportFault('TRANSPORT_PARAMETER_ERROR', rule, detail);
}

function badVersion(detail: string): Error {
  return transportFault('VERSION_NEGOTIATION_ERROR', 'version-downgrade', detail);
}

/** "statelessResetToken" becomes "stateless_reset_token". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function hex(version: number): string {
  return `0x${version.toString(16).padStart(8, '0')}`;
}

const SERVER_ONLY = [
  'originalDestinationConnectionId',
  'preferredAddress',
  'retrySourceConnectionId',
  'statelessResetToken',
] as const;
/** After two addresses with ports (§18.2). */
const PREFERRED_CID_LENGTH = 24;
/** The most that UDP over IPv6 or IPv4 lets us take. */
const LARGEST_DATAGRAM = 65_527n;
