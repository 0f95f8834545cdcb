import { ALERT } from '../../wire/alert.ts';
import { EXTENSION, type Extension, extensionName, repeatedExtension } from '../../wire/extensions.ts';
import { illegalParameter, peerFault } from './faults.ts';

/** The messages in which extensions answer an offer of ours. */
export type AnsweringMessage = keyof typeof ALLOWED;

/**
 * RFC 9846 §4.3 (RFC 5246 §7.4.1.4 for TLS 1.2): nothing twice, nothing that was not offered, nothing in a message it is
 * not for. `extra`: types the layer around the handshake adds.
 */
export function checkAnswers(
  message: AnsweringMessage,
  answers: readonly Extension[],
  offered: readonly Extension[],
  extra: readonly number[] = [],
): void {
  checkNotRepeated(message, answers);
  const allowed: readonly number[] = ALLOWED[message];
  for (const { type } of answers) {
    const name = extensionName(type);
    // A cookie is the one answer to nothing (§4.3.2).
    const solicited =
      offered.some((extension) => extension.type === type) ||
      (message === 'hello_retry_request' && type === EXTENSION.cookie);
    if (!solicited)
      throw peerFault('unsolicited-extension', ALERT.unsupported_extension, `${name} in ${message}`);
    if (!allowed.includes(type) && !extra.includes(type))
      throw illegalParameter('extension-out-of-place', `${name} in ${message}`);
  }
}

export function checkNotRepeated(message: string, extensions: readonly Extension[]): void {
  const repeated = repeatedExtension(extensions);
  if (repeated !== undefined)
    throw illegalParameter('extension-repeated', `${extensionName(repeated)} twice in ${message}`);
}

/** The table of RFC 9846 §4.3, for what we offer; the last row is TLS 1.2's. */
const ALLOWED = {
  server_hello: [EXTENSION.supported_versions, EXTENSION.key_share, EXTENSION.pre_shared_key],
  hello_retry_request: [EXTENSION.supported_versions, EXTENSION.key_share, EXTENSION.cookie],
  encrypted_extensions: [
    EXTENSION.server_name,
    EXTENSION.supported_groups,
    EXTENSION.application_layer_protocol_negotiation,
    EXTENSION.record_size_limit,
  ],
  certificate: [],
  server_hello_12: [
    EXTENSION.server_name,
    // Has no meaning here, but old servers are known to send it (RFC 9846 §4.3.7).
    EXTENSION.supported_groups,
    EXTENSION.ec_point_formats,
    EXTENSION.application_layer_protocol_negotiation,
    EXTENSION.extended_master_secret,
    EXTENSION.record_size_limit,
    EXTENSION.session_ticket,
    EXTENSION.renegotiation_info,
  ],
} as const;
