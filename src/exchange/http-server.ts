import { ascii, concat, fromAscii } from '../wire/bytes.ts';

export type HttpRequest = { method: string; path: string; bodyBytes: number };

export type RequestReader = {
  /** More bytes of the stream. `continue`: the client waits for "100 Continue" before it sends the body. */
  feed(data: Uint8Array): { kind: 'more' } | { kind: 'continue' } | { kind: 'request'; request: HttpRequest };
  /** The request whose head is here and whose body is still on its way. */
  pending(): HttpRequest | undefined;
};

/** Do these first bytes begin an HTTP/1.x request? `maybe`: too few to tell. */
export function looksLikeHttp(bytes: Uint8Array): 'yes' | 'no' | 'maybe' {
  const start = fromAscii(bytes.subarray(0, 8));
  if (METHODS.some((method) => start.startsWith(`${method} `))) return 'yes';
  return METHODS.some((method) => `${method} `.startsWith(start)) ? 'maybe' : 'no';
}

/** Reads one request: the head is kept, the body only counted. Lines end with CR LF or LF (RFC 9112 §2.2); a head beyond 16 KiB counts as whole. */
export function createRequestReader(): RequestReader {
  let head: Uint8Array = new Uint8Array(0);
  let body: Body | undefined;
  return {
    feed(data) {
      if (body !== undefined) return progress(body, data);
      const from = head.length;
      head = concat(head, data);
      const end = endOfHead(head, from);
      if (end === undefined) return { kind: 'more' };
      const text = fromAscii(head.subarray(0, end));
      body = openBody(text);
      const rest = head.subarray(end);
      const next = progress(body, rest);
      const waits = next.kind === 'more' && rest.length === 0 && /^expect:\s*100-continue\s*$/imu.test(text);
      return waits ? { kind: 'continue' } : next;
    },
    pending: () => (body === undefined || body.left === 0 ? undefined : { ...body.request }),
  };
}

export const CONTINUE = ascii('HTTP/1.1 100 Continue\r\n\r\n');

/** How an answer says where it ends (RFC 9112 §6.3): by Content-Length, by a last chunk, or by the end of the connection. */
export const FRAMINGS = ['length', 'chunked', 'close'] as const;
export type Framing = (typeof FRAMINGS)[number];

/** Who answers and what is going to happen to the connection (both ASCII). */
export type Answerer = {
  name: string;
  says: string;
  framing: Framing;
  /** Default: 200 OK. */
  status?: string;
  /** Least bytes of the body. */
  bodyBytes?: number;
  /** The connection takes further requests after this one. */
  stays?: boolean;
};

/** An answer that says who gave it and how this connection is going to end. */
export function httpAnswer(answerer: Answerer, request: HttpRequest): Uint8Array {
  const { framing, status = '200 OK', stays = false } = answerer;
  const body = ascii(answerText(answerer, request));
  const head = [
    `HTTP/1.1 ${status}`,
    'Server: sslshut',
    'Content-Type: text/plain; charset=us-ascii',
    ...(framing === 'length' ? [`Content-Length: ${body.length}`] : []),
    ...(framing === 'chunked' ? ['Transfer-Encoding: chunked'] : []),
    `Connection: ${stays ? 'keep-alive' : 'close'}`,
    '',
    '',
  ].join('\r\n');
  if (request.method === 'HEAD') return ascii(head);
  return concat(ascii(head), framing === 'chunked' ? chunked(body) : body);
}

/** The body of an answer, in any version of HTTP. */
export function answerText({ name, says, bodyBytes = 0 }: Answerer, request: HttpRequest): string {
  const text = [
    `This is ${name}, served by sslshut.`,
    says,
    `The request was ${request.method} with ${request.bodyBytes} bytes of body.`,
    'This line is the last one.',
    '',
  ].join('\n');
  return text.padStart(bodyBytes, FILLER);
}

/** The body in one chunk, and the last one, of no bytes (RFC 9112 §7.1). */
function chunked(body: Uint8Array): Uint8Array {
  return concat(ascii(`${body.length.toString(16)}\r\n`), body, ascii(`\r\n${LAST_CHUNK}`));
}

type Body = { request: HttpRequest; left: number | 'chunked'; tail: string };

function openBody(head: string): Body {
  const [line = ''] = head.split(/\r?\n/u, 1);
  const [method = '', path = ''] = line.split(' ');
  const length = /^content-length:\s*(\d{1,15})\s*$/imu.exec(head)?.[1];
  const chunked = /^transfer-encoding:.*\bchunked\s*$/imu.test(head);
  return {
    request: { method, path: path.slice(0, 200), bodyBytes: 0 },
    left: chunked ? 'chunked' : Number(length ?? 0),
    tail: '',
  };
}

function progress(
  body: Body,
  data: Uint8Array,
): { kind: 'more' } | { kind: 'request'; request: HttpRequest } {
  body.request.bodyBytes += data.length;
  if (body.left === 'chunked') {
    body.tail = (body.tail + fromAscii(data.subarray(-LAST_CHUNK.length))).slice(-LAST_CHUNK.length);
    return body.tail === LAST_CHUNK ? { kind: 'request', request: body.request } : { kind: 'more' };
  }
  body.left = Math.max(0, body.left - data.length);
  return body.left === 0 ? { kind: 'request', request: body.request } : { kind: 'more' };
}

/** `from`: where the search may begin, as everything before was searched already. */
function endOfHead(head: Uint8Array, from: number): number | undefined {
  for (let at = from; at < Math.min(head.length, MOST_HEAD); at++) {
    if (head[at] !== LF) continue;
    if (head[at - 1] === LF || (head[at - 1] === CR && head[at - 2] === LF)) return at + 1;
  }
  return head.length >= MOST_HEAD ? MOST_HEAD : undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const CR = 13;
const LF = 10;
const MOST_HEAD = 16_384;
const LAST_CHUNK = '0\r\n\r\n';
const FILLER = `${'.'.repeat(79)}\n`;
