import type { Finding, Outcome } from './outcome.ts';

/** Milliseconds since the start of the run (the recorder's clock). */
export type Millis = number;
/** Whose act it was, as seen from the connection that records it. */
export type Who = 'local' | 'peer';
/** Encryption level of a handshake message (RFC 9001 §4's words, used for all three protocols). */
export type Level = 'initial' | 'early' | 'handshake' | 'application';
/** How much a transport fact may be believed: Node hides some resets (ARCHITECTURE.md, "What sockets hide"). */
export type Certainty = 'sure' | 'unknown';
export type SslErrorName =
  | 'SSL_ERROR_NONE'
  | 'SSL_ERROR_SSL'
  | 'SSL_ERROR_WANT_READ'
  | 'SSL_ERROR_WANT_WRITE'
  | 'SSL_ERROR_SYSCALL'
  | 'SSL_ERROR_ZERO_RETURN';
export type ShutdownFlag = 'SENT' | 'RECEIVED';

export type TransportFact =
  | { kind: 'address.resolved'; host: string; addresses: readonly string[] }
  /** `udp`: a datagram socket; no packet has gone anywhere yet. */
  | { kind: 'address.attempt'; address: string; port: number; udp?: true }
  | { kind: 'address.failed'; address: string; port: number; errno: string; udp?: true }
  | { kind: 'transport.connected'; remote: string; local: string; udp?: true }
  | { kind: 'transport.unreachable'; errno: string; detail: string }
  | { kind: 'transport.fin'; by: Who; certainty: Certainty }
  | { kind: 'transport.reset'; by: Who; errno: string; certainty: Certainty }
  /** What became of the connection after the peer's FIN: did writing to it meet a RST? */
  | { kind: 'transport.reset-after-fin'; observed: 'yes' | 'no' | 'not-observable' }
  | { kind: 'transport.error'; by: Who; errno: string; detail: string }
  | { kind: 'transport.blocked' }
  /** Bytes on the wire. `data` only when a capture output asked for it. */
  | { kind: 'transport.bytes'; by: Who; bytes: number; data?: Uint8Array }
  /** Text outside TLS on the same connection (after --then plain). */
  | { kind: 'transport.plaintext'; by: Who; bytes: number; text: string }
  /** An interference of our own (tap, net step): never hidden. */
  | { kind: 'transport.tapped'; by: Who; rule: string; bytes: number }
  | { kind: 'transport.closed'; by: 'local' };

export type HandshakeFact =
  | { kind: 'handshake.started'; role: 'client' | 'server'; serverName?: string }
  | { kind: 'handshake.message'; by: Who; type: number; name: string; level: Level; bytes: number }
  | { kind: 'change-cipher-spec'; by: Who }
  | {
      kind: 'handshake.completed';
      version: string;
      suite: string;
      group?: string;
      signature?: string;
      alpn?: string;
      resumed: boolean;
      helloRetry: boolean;
      clientCertificate: boolean;
      extendedMasterSecret?: boolean;
    }
  | { kind: 'handshake.failed'; blame: Who | 'network'; rule: string; detail: string; alert?: number }
  | {
      kind: 'certificate';
      by: Who;
      subject: string;
      issuer: string;
      names: readonly string[];
      keyType: string;
      notBefore: string;
      notAfter: string;
      fingerprint: string;
      chainLength: number;
      /** `skipped`: nobody asked for verification; `insecure`: it failed and --insecure went on. */
      verified: 'ok' | 'failed' | 'insecure' | 'skipped';
      reason?: string;
    }
  | { kind: 'ticket'; by: Who; lifetime: number; bytes: number; afterOurClose: boolean }
  | { kind: 'session'; what: 'offered' | 'accepted' | 'refused' | 'eligible' | 'not-eligible'; why: string }
  | { kind: 'key-update'; by: Who; requested: boolean }
  | { kind: 'secret'; label: string; clientRandom: string; secret: string };

/** What only datagrams have (RFC 6347 §4.2.4, RFC 9147 §5.8, §7). */
export type DatagramFact =
  /** Messages that travel together and wait for one answer; `messages`: their names. */
  | { kind: 'flight'; by: 'local'; messages: readonly string[]; bytes: number; datagrams: number }
  /**
   * A flight of ours once more: no answer came within `waitedMs`, or the peer repeated its own (its messages are then the
   * `retransmission` by the peer).
   */
  | {
      kind: 'retransmission';
      by: Who;
      why: 'timeout' | 'peer-repeats';
      messages: readonly string[];
      /** How many times this flight has been repeated, this time included. */
      attempt: number;
      waitedMs?: Millis;
    }
  | { kind: 'ack'; by: Who; records: readonly { epoch: number; sequence: number }[] }
  /** A record that was thrown away without a word, and why. */
  | {
      kind: 'dropped';
      by: 'peer';
      reason: DropReason;
      bytes: number;
      detail: string;
      epoch?: number;
      sequence?: number;
      /** Content type, where it can be told. */
      type?: number;
    };

export type DropReason =
  /** Not a record, cut short, or of a type or version that does not exist. */
  | 'malformed'
  /** Its number came before, or is too old to tell. */
  | 'replayed'
  | 'undecryptable'
  /** In the clear although there are keys: anybody could have sent it. */
  | 'unprotected'
  /** For keys that there are not (yet, or no more). */
  | 'no-keys'
  /** Not with the connection ID that we asked for. */
  | 'connection-id'
  /** More than we keep for later. */
  | 'out-of-bounds'
  /** Does not belong here, which over datagrams is no crime. */
  | 'unexpected'
  /** The association is over. */
  | 'over';

export type RecordFact =
  /** `epoch`, `sequence`: of datagram records. */
  | {
      kind: 'record';
      by: Who;
      type: number;
      name: string;
      bytes: number;
      protected: boolean;
      epoch?: number;
      sequence?: number;
    }
  | {
      kind: 'alert';
      by: Who;
      level: number;
      levelName: string;
      description: number;
      descriptionName: string;
      protected: boolean;
    }
  /** Application data. `afterClose`: it came after that side's own close_notify. */
  | { kind: 'data'; by: Who; bytes: number; afterClose: boolean }
  /** A rule was broken on the wire: whose fault, which rule, the alert it deserves. */
  | { kind: 'fault'; blame: Who; rule: string; detail: string; alert?: number }
  /** The peer's stream ended, with FIN or inside a record with RST. `partialRecord`: bytes of a record that never became whole. */
  | { kind: 'eof'; verdict: 'clean' | 'unexpected'; partialRecord: number };

export type CallFact =
  | {
      kind: 'call';
      id: number;
      fn: string;
      flags: readonly string[];
      args?: Readonly<Record<string, string | number>>;
    }
  | {
      kind: 'return';
      id: number;
      fn: string;
      ret: number;
      error: SslErrorName;
      errno?: string;
      /** Reason texts of the error queue, oldest first. */
      queue: readonly string[];
      shutdown: readonly ShutdownFlag[];
      ms: number;
      /** The call had not returned when its time limit ended it; `ret` is then 0 and means nothing. */
      blocked?: true;
    };

export type RunFact =
  | {
      kind: 'run';
      schema: 'sslshut/1';
      command: string;
      target: string;
      profile: string;
      tool: { name: 'sslshut'; version: string; crypto: string; node: string };
    }
  /** How this connection is to be closed, and the limits that its outcome is judged by. */
  | {
      kind: 'plan';
      mode: string;
      /** Does this way of closing look at what the peer does after it? */
      looks: boolean;
      noBlock: boolean;
      ignoreUnexpectedEof: boolean;
      /** An answer later than this (ms) is late. */
      lateMs: number;
      limits: Readonly<Record<string, Millis>>;
      /** Grade from which a finding alone makes the run fail. */
      failOn: 'info' | 'warn' | 'fail';
      /** The transport is UDP: nothing is delivered for sure, nothing ends with FIN. */
      datagrams?: true;
      /** How many bytes the peer was expected to send, when that is known. */
      expected?: number;
    }
  | { kind: 'phase'; name: string }
  /** A time limit ran out: what we waited for, and how long. */
  | { kind: 'limit'; phase: string; ms: number }
  | { kind: 'note'; code: string; text: string }
  | { kind: 'interrupted'; signal: string }
  | ({ kind: 'finding' } & Finding)
  | { kind: 'outcome'; outcome: Outcome };

/** Everything that can be known of a run; what is not in here cannot be printed. */
export type Fact = TransportFact | HandshakeFact | RecordFact | DatagramFact | CallFact | RunFact;

/**
 * A fact with its place in the run. `t`: when it was processed; `arrived`: when the transport delivered the bytes
 * behind it, if they waited (ms, same clock). `conn` names the connection ("local", "peer", "resume", "conn-3").
 */
export type TimelineEvent = { seq: number; t: Millis; conn: string; arrived?: Millis } & Fact;

/** What a core, the shutdown layer or a transport calls to put a fact on the timeline. */
export type Emit = (fact: Fact, arrived?: Millis) => void;
