import type { HashName } from '../../crypto/provider.ts';
import type { Level, Millis, Who } from '../../timeline/event.ts';
import type { Session } from './session.ts';

/** What a handshake asks of its record layer, to be carried out in order. */
export type HandshakeAction =
  /** A whole handshake message, header included. TLS 1.2: `initial` in the clear, `application` under its keys. */
  | { do: 'send'; level: Level; message: Uint8Array }
  /** Send a change_cipher_spec record (1.3: for the middleboxes only, in the clear whatever the keys; 1.2: the next `keys` for local follow). */
  | { do: 'change-cipher-spec' }
  /** From here on protect (local) or unprotect (peer) with keys from this 1.3 traffic secret. */
  | { do: 'secret'; for: Who; level: Level; suite: number; secret: Uint8Array }
  /** TLS 1.2: the same with ready keys. `iv`: the 4-byte salt (GCM) or 12-byte IV (ChaCha20). For peer: they hold after its change_cipher_spec. */
  | { do: 'keys12'; for: Who; suite: number; key: Uint8Array; iv: Uint8Array }
  /** Server: the client announced early data, which we do not take: to be skipped until the peer's keys next change, or its first record opens. */
  | { do: 'skip-early-data' }
  /** The peer asked us to keep plaintexts, content type and padding included in 1.3, to this size (RFC 8449). */
  | { do: 'record-size-limit'; limit: number }
  /** The version is now known: the record layer's rules follow it. */
  | { do: 'version'; version: 0x0303 | 0x0304 }
  | { do: 'complete'; info: HandshakeInfo }
  | { do: 'ticket'; session: Session }
  /** The peer's KeyUpdate asks for one of ours: `keyUpdate(false)` makes it. */
  | { do: 'answer-key-update' }
  /** Post-handshake messages that need no answer, for the step's name. */
  | { do: 'seen'; what: 'key-update' | 'hello-request' };

export type HandshakeInfo = {
  version: 0x0303 | 0x0304;
  suite: number;
  hash: HashName;
  group?: number;
  alpn?: string;
  resumed: boolean;
  /** TLS 1.2: known at once, unless the server gave neither ID nor ticket. 1.3: tickets come later. */
  session?: Session;
};

/**
 * One handshake, for three record layers: levels in, levels out, secrets out. Pure; throws ProtocolFault for what the
 * peer did wrong (the core catches it). Emits certificate, handshake.completed, session and secret facts through its deps;
 * message and alert facts are the record layer's.
 */
export type HandshakeMachine = {
  /** Client: the ClientHello, once more after a TLS 1.2 handshake. Server: nothing yet. */
  start(now: Millis): readonly HandshakeAction[];
  /**
   * One whole message, TLS header included, that came at this level. Also after completion (tickets, KeyUpdate,
   * HelloRequest). DTLS: `sequence` is its message_seq; a server's first message answers with the number that the
   * first ClientHello it gets came with, which is 1 when a HelloVerifyRequest or HelloRetryRequest went out before.
   */
  receive(now: Millis, level: Level, message: Uint8Array, sequence?: number): readonly HandshakeAction[];
  /** TLS 1.2: the peer's change_cipher_spec came. */
  changeCipherSpec(now: Millis): readonly HandshakeAction[];
  keyUpdate(requestPeer: boolean): readonly HandshakeAction[];
  /** Server, 1.3: one NewSessionTicket. */
  ticket(now: Millis): readonly HandshakeAction[];
  phase(): 'start' | 'under-way' | 'complete';
};
