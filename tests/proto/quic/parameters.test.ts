import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../../src/proto/fault.ts';
import {
  bestCompatible,
  checkPeerParameters,
  type HandshakeIds,
  ownParameters,
  type VersionState,
} from '../../../src/proto/quic/parameters.ts';
import type { Role } from '../../../src/proto/role.ts';
import type { TransportParameters } from '../../../src/wire/quic-types.ts';
import { quicConfig } from './quic-pair.ts';

const V2 = 0x6b3343cf;
const [ORIGINAL, RETRY, PEER, OWN] = [1, 2, 3, 4].map((byte) => new Uint8Array(8).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const IDS: HandshakeIds = { original: ORIGINAL, retry: undefined, peerSource: PEER, ownSource: OWN };
const ONE: VersionState = { original: 1, chosen: 1, afterNegotiation: false };

type Case = {
  ids?: Partial<HandshakeIds>;
  versions?: Partial<VersionState>;
  quicVersions?: readonly number[];
};

/** The code that these parameters of the peer deserve. */
function judge(role: Role, params: TransportParameters, { ids, versions, quicVersions }: Case = {}) {
  const config = quicConfig(role, { both: { quicVersions: quicVersions ?? [1] } });
  try {
    checkPeerParameters(role, params, config, { ...IDS, ...ids }, { ...ONE, ...versions });
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    return error.transportCode;
  }
}

const OF_SERVER: TransportParameters = {
  originalDestinationConnectionId: ORIGINAL,
  initialSourceConnectionId: PEER,
};
const OF_CLIENT: TransportParameters = { initialSourceConnectionId: PEER };
const OTHER = new Uint8Array(8).fill(9);

describe('transport parameters of a server (RFC 9000 §7.3)', () => {
  it('confirm the connection IDs of the handshake', () => {
    expect(judge('client', OF_SERVER)).toBeUndefined();
    expect(judge('client', { ...OF_SERVER, retrySourceConnectionId: RETRY }, { ids: { retry: RETRY } })).toBe(
      undefined,
    );
  });

  it.each<[string, TransportParameters, Case]>([
    ['no original_destination_connection_id', { initialSourceConnectionId: PEER }, {}],
    ['another one', { ...OF_SERVER, originalDestinationConnectionId: OTHER }, {}],
    ['no initial_source_connection_id', { originalDestinationConnectionId: ORIGINAL }, {}],
    ['another one', { ...OF_SERVER, initialSourceConnectionId: OTHER }, {}],
    ['no retry_source_connection_id after a Retry', OF_SERVER, { ids: { retry: RETRY } }],
    ['one without a Retry', { ...OF_SERVER, retrySourceConnectionId: RETRY }, {}],
    ['another one', { ...OF_SERVER, retrySourceConnectionId: OTHER }, { ids: { retry: RETRY } }],
    [
      'preferred_address beside an empty connection ID',
      { ...OF_SERVER, initialSourceConnectionId: new Uint8Array(0), preferredAddress: new Uint8Array(45) },
      { ids: { peerSource: new Uint8Array(0) } },
    ],
  ])('with %s are a TRANSPORT_PARAMETER_ERROR', (_what, params, over) => {
    expect(judge('client', params, over)).toBe(0x08n);
  });
});

describe('version_information (RFC 9368 §4)', () => {
  const server = (chosen: number, ...available: number[]): TransportParameters => ({
    ...OF_SERVER,
    versionInformation: { chosen, available },
  });
  const client = (chosen: number, ...available: number[]): TransportParameters => ({
    ...OF_CLIENT,
    versionInformation: { chosen, available },
  });

  it('may be missing in version 1, but not after a change', () => {
    expect(judge('client', OF_SERVER)).toBeUndefined();
    expect(judge('client', OF_SERVER, { versions: { chosen: V2 } })).toBe(0x11n);
    expect(
      judge('client', OF_SERVER, { versions: { original: V2, chosen: V2, afterNegotiation: true } }),
    ).toBe(0x11n);
    expect(judge('client', OF_SERVER, { versions: { afterNegotiation: true } })).toBeUndefined();
  });

  it('names the version in use', () => {
    expect(judge('client', server(1, 1, V2))).toBeUndefined();
    expect(judge('client', server(V2, 1, V2))).toBe(0x11n);
    expect(judge('server', client(1, 1))).toBeUndefined();
    expect(judge('server', client(V2, V2, 1))).toBe(0x11n);
    expect(judge('server', client(1, V2))).toBe(0x08n);
  });

  it('shows a client that a Version Negotiation packet lied', () => {
    const over = { quicVersions: [V2, 1], versions: { original: 1, chosen: 1, afterNegotiation: true } };
    expect(judge('client', server(1, 1), over)).toBeUndefined();
    expect(judge('client', server(1, 1, V2), over)).toBe(0x11n);
    expect(judge('client', server(1), over)).toBe(0x11n);
  });

  it('lets a server go on in its favourite, but never back to version 1', () => {
    const config = (quicVersions: readonly number[]) => quicConfig('server', { both: { quicVersions } });
    const info = (...available: number[]) => ({ chosen: available[0] ?? 1, available });
    expect(bestCompatible(config([V2, 1]), info(1, V2), 1)).toBe(V2);
    expect(bestCompatible(config([V2, 1]), info(1), 1)).toBe(1);
    expect(bestCompatible(config([1, V2]), info(V2, 1), V2)).toBe(V2);
    expect(bestCompatible(config([V2, 1]), undefined, 1)).toBe(1);
  });
});

describe('our own', () => {
  it('tell a server’s secrets only when there are some', () => {
    const token = new Uint8Array(16).fill(5);
    const config = quicConfig('server', { both: { resetToken: () => token } });
    expect(ownParameters('server', config, { ...IDS, retry: RETRY }, ONE)).toMatchObject({
      originalDestinationConnectionId: ORIGINAL,
      retrySourceConnectionId: RETRY,
      initialSourceConnectionId: OWN,
      statelessResetToken: token,
    });
    const client = ownParameters('client', quicConfig('client'), IDS, ONE);
    expect(client.originalDestinationConnectionId).toBeUndefined();
    expect(client.statelessResetToken).toBeUndefined();
  });
});
