import type { Millis } from '../../timeline/event.ts';
import { toHex } from '../../wire/bytes.ts';
import { EXTENSION } from '../../wire/extensions.ts';
import {
  decodeTransportParameters,
  encodeTransportParameters,
  greaseParameterId,
  parameterNotes,
} from '../../wire/quic-params.ts';
import type { TransportParameters } from '../../wire/quic-types.ts';
import { Malformed } from '../../wire/reader.ts';
import { missingExtension } from '../handshake/faults.ts';
import type { ExtraExtension } from '../handshake/flavor.ts';
import { adoptPreferredAddress, adoptResetToken } from './connection-ids.ts';
import { transportFault } from './faults.ts';
import { bestCompatible, checkPeerParameters, type HandshakeIds, ownParameters } from './parameters.ts';
import type { QuicState } from './state.ts';
import { applyPeerParameters } from './streams/incoming.ts';
import { changeVersion } from './version.ts';

/** quic_transport_parameters (RFC 9001 §8.2). `state`: asked only once the connection is made. */
export function parametersExtension(state: () => QuicState): ExtraExtension {
  return {
    type: EXTENSION.quic_transport_parameters,
    answeredIn: 'encrypted_extensions',
    data: () => ownBytes(state()),
    received(data) {
      if (data === undefined) throw missingExtension('quic_transport_parameters', 'the handshake');
      take(state(), decode(data));
    },
  };
}

function ownBytes(state: QuicState): Uint8Array {
  const { role, config, versions, deps } = state;
  const params = ownParameters(role, config, handshakeIds(state), versions);
  state.emit({ kind: 'transport-parameters', by: 'local', parameters: parameterNotes(params, toHex) });
  if (!config.policy.grease) return encodeTransportParameters(params);
  const [chance = 0] = deps.random(1);
  return encodeTransportParameters(params, { id: greaseParameterId(chance), data: deps.random(chance % 16) });
}

function decode(data: Uint8Array): TransportParameters {
  try {
    return decodeTransportParameters(data.slice());
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw transportFault('TRANSPORT_PARAMETER_ERROR', 'transport-parameter', error.message, CRYPTO_FRAME);
  }
}

function take(state: QuicState, params: TransportParameters): void {
  const { role, config, versions, theirs } = state;
  state.emit({ kind: 'transport-parameters', by: 'peer', parameters: parameterNotes(params, toHex) });
  checkPeerParameters(role, params, config, handshakeIds(state), versions);
  state.peer = params;
  applyPeerParameters(state.streams, params);
  state.recovery.maxAckDelay = ms(params.maxAckDelay, DEFAULT_ACK_DELAY);
  if (params.statelessResetToken !== undefined) adoptResetToken(theirs, params.statelessResetToken);
  if (params.preferredAddress !== undefined) adoptPreferredAddress(theirs, params.preferredAddress);
  if (role === 'server')
    changeVersion(state, bestCompatible(config, params.versionInformation, versions.original));
}

function handshakeIds({ ids }: QuicState): HandshakeIds {
  const { original, retry, ownSource, peerSource = NOTHING } = ids;
  return { original, retry, ownSource, peerSource };
}

function ms(value: bigint | undefined, otherwise: Millis): Millis {
  return value === undefined ? otherwise : Number(value);
}

const NOTHING = new Uint8Array(0);
/** RFC 9000 §18.2. */
const DEFAULT_ACK_DELAY = 25;
const CRYPTO_FRAME = 0x06n;
