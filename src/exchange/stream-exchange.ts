import type { Direction } from '../wire/quic-types.ts';

/** What streams did (ids as in RFC 9000 §2.1). */
export type StreamEvent =
  /** `name`: of the `open` action that asked for it. */
  | { kind: 'opened'; by: 'local'; stream: bigint; name: string }
  | { kind: 'opened'; by: 'peer'; stream: bigint }
  | { kind: 'data'; stream: bigint; data: Uint8Array }
  | { kind: 'fin'; stream: bigint }
  | { kind: 'reset'; stream: bigint; code: bigint }
  /** STOP_SENDING came for what we send. */
  | { kind: 'stopped'; stream: bigint; code: bigint };

export type ExchangeAction =
  | { do: 'open'; direction: Direction; name: string }
  /** Behind everything written to that stream before. */
  | { do: 'write'; stream: bigint; data: Uint8Array }
  | { do: 'conclude'; stream: bigint }
  | { do: 'reset'; stream: bigint; code: bigint }
  | { do: 'stop-sending'; stream: bigint; code: bigint }
  /** The connection is to be closed with this code of the application (0x1d). Nothing more is said after it. */
  | { do: 'close'; code: bigint; reason: string };

/** `bytes`: of the body. `complete`: it ended as it should. */
export type ExchangeResponse = {
  status: number | undefined;
  bytes: number;
  contentLength: number | undefined;
  complete: boolean;
};

/** Something was wrong. `by`: who broke the rule. `stream`: where only that one stream is concerned. */
export type ExchangeError = { by: 'local' | 'peer'; code: bigint; reason: string; stream?: bigint };

export type ExchangeStatus = {
  /** Client: what was asked for came, as far as it ever will. Server: a request was answered. */
  done: boolean;
  /** Client: of its request, once there is anything of it. */
  response: ExchangeResponse | undefined;
  /** Server: requests answered so far. */
  answered: number;
  /** The identifier of the peer's last GOAWAY. */
  goaway: bigint | undefined;
  error: ExchangeError | undefined;
};

/** What one side says over the streams of a connection. Pure: events in, actions out. Nothing a peer can send makes it throw. */
export type Exchange = {
  readonly alpn: string;
  /** Once, as soon as streams can be opened. */
  start(): readonly ExchangeAction[];
  take(event: StreamEvent): readonly ExchangeAction[];
  status(): ExchangeStatus;
  /** Server: announces that no further requests are taken (RFC 9114 §5.2). Nothing where the protocol has no way to say so. */
  goaway(): readonly ExchangeAction[];
};

/** A request as it came, and what a server is to answer. */
export type ExchangeRequest = { method: string; path: string; bodyBytes: number };
export type ExchangeAnswer = { status: number; body: Uint8Array };
