import { checkRetryTag } from '../../crypto/quic-retry.ts';
import type { Millis } from '../../timeline/event.ts';
import { equalBytes } from '../../wire/bytes.ts';
import type { NegotiationHeader, RetryHeader } from '../../wire/quic-packet.ts';
import { quicVersionName } from '../../wire/quic-versions.ts';
import { failHandshake, terminate } from './close.ts';
import { adoptPeerId, peerId } from './connection-ids.ts';
import { resendCrypto } from './crypto-stream.ts';
import { createKeyRing, installInitial } from './keys.ts';
import { idleReceived } from './recovery/idle.ts';
import { resetForRetry } from './recovery/loss-timer.ts';
import type { QuicState } from './state.ts';

/** Makes a new attempt in this version, with everything fresh but streams and what was asked of the connection. */
export type Restart = (state: QuicState, version: number, now: Millis) => void;

/**
 * Client: the server does not speak our version (RFC 9000 §6.2, RFC 9368 §2.1). Anybody on the path could have sent that. Why it is
 * not believed, or undefined.
 */
export function takeVersionNegotiation(
  state: QuicState,
  header: NegotiationHeader,
  datagram: Uint8Array,
  now: Millis,
  restart: Restart,
): string | undefined {
  const { role, versions, ids, config } = state;
  if (role === 'server') return 'a server is not told about versions';
  if (state.heard || ids.retry !== undefined || versions.afterNegotiation) return 'too late';
  if (!equalBytes(header.destination, ids.ownSource) || !equalBytes(header.source, ids.original))
    return 'not in answer to our Initial';
  const { supported } = header;
  if (supported.includes(versions.original)) return 'it lists the version that we offered';
  state.emit({ kind: 'packet', by: 'peer', type: 'version-negotiation', bytes: datagram.length, frames: [] });
  state.emit({ kind: 'quic-version', what: 'refused', version: versions.original, supported });
  const next = config.quicVersions.find((version) => supported.includes(version));
  if (next !== undefined) {
    restart(state, next, now);
    return undefined;
  }
  state.closing.cause = { kind: 'version-negotiation', supported };
  const detail = `the server speaks ${supported.map(quicVersionName).join(', ')}`;
  failHandshake(state, { blame: 'peer', rule: 'no-common-version', detail });
  terminate(state, now, 'no version in common');
  return undefined;
}

/** Client: the server wants to see that we get what is sent to us (RFC 9000 §17.2.5). Why it is not believed, or undefined. */
export function takeRetry(
  state: QuicState,
  header: RetryHeader,
  packet: Uint8Array,
  now: Millis,
): string | undefined {
  const { role, ids, versions, deps } = state;
  if (role === 'server') return 'a server is not asked to retry';
  if (state.heard || ids.retry !== undefined) return 'too late';
  if (header.version !== versions.original) return 'not in the version of our Initial';
  if (!equalBytes(header.destination, ids.ownSource)) return 'not for our connection ID';
  if (equalBytes(header.source, peerId(state.theirs))) return 'it changes nothing';
  if (header.token.length === 0) return 'without a token';
  if (!checkRetryTag(deps.provider, header.version, ids.original, packet))
    return 'its integrity tag is wrong';
  const { version, token } = header;
  state.emit({ kind: 'packet', by: 'peer', type: 'retry', version, bytes: packet.length, frames: [] });
  state.emit({ kind: 'token', by: 'peer', what: 'retry', bytes: token.length });
  state.token = token.slice();
  ids.retry = header.source.slice();
  adoptPeerId(state.theirs, ids.retry);
  state.keys = createKeyRing(deps.provider, role);
  installInitial(state.keys, versions.original, ids.retry);
  resetForRetry(state.recovery, now);
  idleReceived(state.idle, now);
  resendCrypto(state.spaces.initial.crypto);
  state.outbox.pending = undefined;
  return undefined;
}

/**
 * Client: keys for a server that answers in another version than ours, if it may (RFC 9368 §2.3, RFC 9369 §4.1). The first packet that
 * opens decides.
 */
export function offerInitialKeys(state: QuicState, version: number): void {
  const { role, versions, config, ids, keys } = state;
  if (role === 'server' || version === versions.chosen || ids.peerSource !== undefined) return;
  if (config.quicVersions.includes(version)) installInitial(keys, version, ids.retry ?? ids.original);
}

/** The server goes on in this version, and so do we; the server itself when it has made its choice. */
export function changeVersion(state: QuicState, version: number): void {
  const { versions, ids, keys, config } = state;
  if (version === versions.chosen) return;
  versions.chosen = version;
  const destination = config.accepted?.destination ?? ids.retry ?? ids.original;
  installInitial(keys, version, destination);
  state.emit({ kind: 'quic-version', what: 'changed', version });
}
