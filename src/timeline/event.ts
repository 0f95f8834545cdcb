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
  /** Text outside TLS on the same connection (--starttls, --then plain). `what`: a name for what is no text. */
  | { kind: 'transport.plaintext'; by: Who; bytes: number; text: string; what?: string }
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
      /** QUIC: packet type. */
      packet?: string;
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

/** What only QUIC has. Codes and limits are varints: up to 2^62 - 1, hence bigint. */
export type QuicFact =
  /** One packet, with what is in it. `number` is absent where a type has none. `size`: of its datagram's part. */
  | {
      kind: 'packet';
      by: Who;
      /** "initial", "0rtt", "handshake", "1rtt", "retry", "version-negotiation" */
      type: string;
      version?: number;
      number?: number;
      bytes: number;
      frames: readonly FrameNote[];
      destination?: string;
      source?: string;
      keyPhase?: 0 | 1;
    }
  /** A packet of ours is given up for lost (RFC 9002 §6.1). Its contents go out again. */
  | { kind: 'packet-lost'; space: string; number: number; bytes: number; why: 'reordering' | 'time' }
  /** The probe timeout ran out: nothing was acknowledged for so long (RFC 9002 §6.2). */
  | { kind: 'probe'; space: string; count: number; waitedMs: Millis }
  /** A new estimate of the path. */
  | {
      kind: 'rtt';
      latestMs: Millis;
      smoothedMs: Millis;
      variationMs: Millis;
      minimumMs: Millis;
      ptoMs: Millis;
    }
  | {
      kind: 'quic-version';
      /** chosen: what we begin with · refused: Version Negotiation came or went out · changed: compatible negotiation (RFC 9368). */
      what: 'chosen' | 'refused' | 'changed';
      version: number;
      supported?: readonly number[];
    }
  /** A Retry packet, or a NEW_TOKEN frame, or what a server thought of a token. `bytes`: 0 where only the verdict is known. */
  | {
      kind: 'token';
      by: Who;
      what: 'retry' | 'new-token' | 'accepted' | 'refused';
      bytes: number;
      why?: string;
    }
  | {
      kind: 'transport-parameters';
      by: Who;
      parameters: Readonly<Record<string, number | bigint | string | boolean>>;
    }
  | {
      kind: 'stream';
      by: Who;
      what: 'opened' | 'fin' | 'reset' | 'stop-sending' | 'blocked';
      stream: number;
      code?: bigint;
      codeName?: string;
      /** Final size, where it is told. */
      bytes?: number;
    }
  | { kind: 'stream-data'; by: Who; stream: number; bytes: number; fin: boolean }
  /** Everything written to streams that were not reset has been acknowledged, or never will be. */
  | { kind: 'flush'; complete: boolean; written: number; acknowledged: number }
  /**
   * CONNECTION_CLOSE. Always the frame type with the code: 0x100 means two things. `copy`: 1 for the first one by that side in
   * that space. `identical`: to the copy before it. `sinceLastMs`: spacing from it.
   */
  | {
      kind: 'close';
      by: Who;
      frameType: 0x1c | 0x1d;
      layer: 'transport' | 'application';
      code: bigint;
      codeName: string;
      /** 0x1c: type of the frame that was wrong. */
      errorFrame?: bigint;
      reason: string;
      reasonBytes: number;
      /** The reason in hex when it is not UTF-8. */
      reasonHex?: string;
      /** Bytes of the reason that did not fit. */
      reasonCut?: number;
      space: string;
      packet: number;
      copy: number;
      identical?: boolean;
      sinceLastMs?: Millis;
    }
  /** `until`: when closing or draining will be over; `ptoMs`: the PTO it was computed from. */
  | {
      kind: 'connection-state';
      from: string;
      to: string;
      why: string;
      until?: Millis;
      ptoMs?: Millis;
      /** "3 × PTO = 3 × (srtt 33.1 + max(4 × rttvar 16.5, 1) + max_ack_delay 25) ms" */
      formula?: string;
    }
  | { kind: 'stateless-reset'; by: Who; bytes: number }
  /** A datagram of the peer while closing, draining or after: its bytes, and what it was if that can be told. */
  | { kind: 'heard'; state: string; bytes: number; packets: readonly string[] }
  | { kind: 'idle-timeout'; localMs: Millis; peerMs?: Millis; effectiveMs: Millis; silentMs: Millis }
  | { kind: 'keep-alive'; afterMs: Millis }
  | { kind: 'quic-key-update'; by: Who; phase: 0 | 1; generation: number }
  /** DTLS too, with connection IDs: replies follow the newest record (`migrated`), and stay there (`validated`). */
  | {
      kind: 'path';
      by: Who;
      what: 'challenge' | 'response' | 'validated' | 'failed' | 'migrated';
      detail: string;
    }
  | { kind: 'connection-id'; by: Who; what: 'issued' | 'retired'; sequence: number; id: string }
  /** What an exchange understood. `alpn`: the protocol's name, negotiated or not. */
  | {
      kind: 'exchange';
      by: Who;
      alpn: string;
      /** `end`: of an answer over a stream of bytes, whether it was reached or not. */
      what: 'settings' | 'request' | 'response' | 'goaway' | 'error' | 'body' | 'end';
      detail: string;
      stream?: number;
      /** With `end`: did all of it come, how does it say where it ends, and how many bytes are known to be missing? */
      complete?: boolean;
      framing?: 'self-delimited' | 'close-delimited';
      missing?: number;
    };

/** A frame in few words: its name, and the fields worth showing ("stream 0 [0..1024) fin"). */
export type FrameNote = { name: string; detail?: string };

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
  | { kind: 'fault'; blame: Who; rule: string; detail: string; alert?: number; transportCode?: bigint }
  /** The peer's stream ended, with FIN or inside a record with RST. `partialRecord`: bytes of a record that never became whole. */
  | { kind: 'eof'; verdict: 'clean' | 'unexpected'; partialRecord: number }
  /**
   * A message of the exchange inside TLS, once it is whole or the connection is over. `framing`: what says where it ends. `expected`:
   * bytes of the body, where they are announced. `complete`: by that framing; never for `close`. `closes`: the connection ends with it.
   */
  | {
      kind: 'answer';
      by: Who;
      status: number;
      framing: 'length' | 'chunked' | 'close' | 'none';
      bytes: number;
      expected?: number;
      complete: boolean;
      closes: boolean;
    };

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
      /** Closing is QUIC's. `closeIn`: on purpose before the handshake is over. */
      quic?: true;
      closeIn?: 'initial' | 'handshake';
      /** The protocol in which TLS is asked for in the clear. */
      starttls?: string;
      /** The protocol that is spoken before the close. */
      exchange?: string;
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
export type Fact = TransportFact | HandshakeFact | RecordFact | DatagramFact | QuicFact | CallFact | RunFact;

/**
 * A fact with its place in the run. `t`: when it was processed; `arrived`: when the transport delivered the bytes
 * behind it, if they waited (ms, same clock). `conn` names the connection ("local", "peer", "resume", "conn-3").
 */
export type TimelineEvent = { seq: number; t: Millis; conn: string; arrived?: Millis } & Fact;

/** What a core, the shutdown layer or a transport calls to put a fact on the timeline. */
export type Emit = (fact: Fact, arrived?: Millis) => void;
