import { ascii, concat, fromAscii } from '../wire/bytes.ts';

/** How an answer says where it ends (RFC 9112 §6.3); `none`: it has no body by its status. */
export type AnswerFraming = 'length' | 'chunked' | 'close' | 'none';

/** One answer, as far as it has come. */
export type HttpAnswer = {
  status: number;
  framing: AnswerFraming;
  /** Of the body, framing left out. */
  bytes: number;
  /** By Content-Length. */
  expected?: number;
  /** Its own framing says that nothing is missing. Never for `close`. */
  complete: boolean;
  /** It announces the end of the connection (RFC 9112 §9.6), or its framing needs it. */
  closes: boolean;
};

export type AnswerReader = {
  take(data: Uint8Array): void;
  /** Every answer whose head is whole, in order; the last may be on its way. */
  answers(): readonly HttpAnswer[];
  /** What came is no HTTP/1: the rest is passed over. */
  broken(): boolean;
};

/** A harmless request. `last`: the server is asked to close after its answer. */
export function httpRequest(authority: string, last: boolean): Uint8Array {
  const lines = [
    'GET / HTTP/1.1',
    `Host: ${authority}`,
    'User-Agent: sslshut',
    'Accept: */*',
    `Connection: ${last ? 'close' : 'keep-alive'}`,
  ];
  return ascii(`${lines.join('\r\n')}\r\n\r\n`);
}

/** The head of an upload that announces so many bytes. */
export function httpUpload(authority: string, bytes: number): Uint8Array {
  const lines = [
    'POST /sslshut-upload HTTP/1.1',
    `Host: ${authority}`,
    'User-Agent: sslshut',
    'Content-Type: application/octet-stream',
    `Content-Length: ${bytes}`,
  ];
  return ascii(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Reads the answers to GET requests, one behind the other. Nothing a peer sends makes it throw; bodies are counted, not kept. */
export function createAnswerReader(): AnswerReader {
  const state: State = { answers: [], held: new Uint8Array(0), part: 'head', left: 0, broken: false };
  return {
    take(data) {
      if (state.broken) return;
      state.held = state.held.length === 0 ? data : concat(state.held, data);
      while (PARTS[state.part](state)) if (state.held.length === 0) break;
    },
    answers: () => state.answers,
    broken: () => state.broken,
  };
}

type Part = 'head' | 'counted' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'to-end';
type State = {
  answers: HttpAnswer[];
  held: Uint8Array;
  part: Part;
  /** Of the body, or of the chunk. */
  left: number;
  broken: boolean;
};

/** Each takes what it can of what is held, and says whether there may be more to take. */
const PARTS: Readonly<Record<Part, (state: State) => boolean>> = {
  head: takeHead,
  counted: (state) => takeCounted(state, () => finish(state)),
  'chunk-size': takeChunkSize,
  chunk: (state) =>
    takeCounted(state, () => {
      state.part = 'chunk-end';
    }),
  'chunk-end': (state) => takeLine(state, (line) => (line === '' ? 'chunk-size' : undefined)),
  trailer: (state) =>
    takeLine(state, (line) => {
      if (line !== '') return 'trailer';
      finish(state);
      return 'head';
    }),
  'to-end': (state) => {
    count(state, state.held.length);
    return false;
  },
};

function takeHead(state: State): boolean {
  const text = fromAscii(state.held.subarray(0, MOST_HEAD));
  if (!'HTTP/1.'.startsWith(text.slice(0, 7)) && !text.startsWith('HTTP/1.')) return fail(state);
  const end = /\r?\n\r?\n/u.exec(text);
  if (end === null) return text.length >= MOST_HEAD ? fail(state) : false;
  const head = text.slice(0, end.index);
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)/u.exec(head)?.[1]);
  if (Number.isNaN(status)) return fail(state);
  state.held = state.held.subarray(end.index + end[0].length);
  // RFC 9110 §15.2: an interim answer is followed by the one that counts.
  if (status < 200 && status !== 101) return true;
  open(state, status, head);
  return true;
}

function open(state: State, status: number, head: string): void {
  const length = /^content-length:\s*(\d{1,15})\s*$/imu.exec(head)?.[1];
  const chunked = /^transfer-encoding:.*\bchunked\s*$/imu.test(head);
  const none = status === 204 || status === 304;
  const framing = none ? 'none' : chunked ? 'chunked' : length === undefined ? 'close' : 'length';
  const old = head.startsWith('HTTP/1.0') && !/^connection:.*\bkeep-alive\b/imu.test(head);
  state.answers.push({
    status,
    framing,
    bytes: 0,
    ...(framing === 'length' ? { expected: Number(length) } : {}),
    complete: false,
    closes: old || framing === 'close' || /^connection:.*\bclose\b/imu.test(head),
  });
  state.left = framing === 'length' ? Number(length) : 0;
  state.part = BODY[framing];
  if (none || (framing === 'length' && state.left === 0)) finish(state);
}

function takeCounted(state: State, whole: () => void): boolean {
  const bytes = Math.min(state.left, state.held.length);
  state.left -= bytes;
  count(state, bytes);
  if (state.left > 0) return false;
  whole();
  return true;
}

function takeChunkSize(state: State): boolean {
  return takeLine(state, (line) => {
    const size = /^([0-9a-f]{1,12})\s*(?:;.*)?$/iu.exec(line)?.[1];
    if (size === undefined) return undefined;
    state.left = Number.parseInt(size, 16);
    return state.left === 0 ? 'trailer' : 'chunk';
  });
}

/** `next`: the part that follows this line, or nothing where the line does not belong here. */
function takeLine(state: State, next: (line: string) => Part | undefined): boolean {
  const end = state.held.indexOf(LF);
  if (end === -1) return state.held.length > MOST_HEAD ? fail(state) : false;
  const line = fromAscii(state.held.subarray(0, end)).replace(/\r$/u, '');
  state.held = state.held.subarray(end + 1);
  const part = next(line);
  if (part === undefined) return fail(state);
  state.part = part;
  return true;
}

function count(state: State, bytes: number): void {
  const answer = state.answers.at(-1);
  if (answer !== undefined) answer.bytes += bytes;
  state.held = state.held.subarray(bytes);
}

function finish(state: State): void {
  const answer = state.answers.at(-1);
  if (answer !== undefined) answer.complete = true;
  state.part = 'head';
}

function fail(state: State): false {
  state.broken = true;
  state.held = new Uint8Array(0);
  return false;
}

const BODY: Readonly<Record<AnswerFraming, Part>> = {
  length: 'counted',
  chunked: 'chunk-size',
  close: 'to-end',
  none: 'head',
};
const LF = 10;
const MOST_HEAD = 65_536;
