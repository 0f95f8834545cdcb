import type { Field } from '../wire/qpack-static.ts';
import { H3Fault } from './h3-fault.ts';

export type RequestHead = { method: string; path: string; contentLength: number | undefined };
export type ResponseHead = { status: number; contentLength: number | undefined };

/** Throws H3_MESSAGE_ERROR for a head that is malformed (RFC 9114 §4.1.2, §4.2, §4.3.1). */
export function requestHead(fields: readonly Field[]): RequestHead {
  const { pseudo, regular } = split(fields, REQUEST_PSEUDO);
  const need = (name: string): string => {
    const value = pseudo.get(name);
    if (value === undefined || value === '') malformed(`a request without ${name}`);
    return value ?? '';
  };
  const method = need(':method');
  const contentLength = contentLengthOf(regular);
  const isPlainConnect = method === 'CONNECT' && !pseudo.has(':protocol');
  if (isPlainConnect) {
    need(':authority');
    if (pseudo.has(':scheme') || pseudo.has(':path')) malformed('CONNECT with :scheme or :path');
    return { method, path: '', contentLength };
  }
  if (pseudo.has(':protocol') && method !== 'CONNECT') malformed(':protocol in a request other than CONNECT');
  const scheme = need(':scheme');
  const path = need(':path');
  if (/^https?$/i.test(scheme)) checkAuthority(pseudo.get(':authority'), regular);
  return { method, path, contentLength };
}

/** The same for a response (§4.3.2). */
export function responseHead(fields: readonly Field[]): ResponseHead {
  const { pseudo, regular } = split(fields, RESPONSE_PSEUDO);
  const status = pseudo.get(':status') ?? malformed('a response without :status');
  if (!/^[1-9]\d\d$/.test(status)) malformed('a :status that is not three digits');
  if (status === '101') malformed('a response with status 101');
  return { status: Number(status), contentLength: contentLengthOf(regular) };
}

/** Trailers have no pseudo-header fields (§4.3). */
export function checkTrailers(fields: readonly Field[]): void {
  split(fields, NONE);
}

type Split = { pseudo: Map<string, string>; regular: readonly Field[] };

function split(fields: readonly Field[], allowed: ReadonlySet<string>): Split {
  const pseudo = new Map<string, string>();
  const regular: Field[] = [];
  for (const field of fields) {
    const { name, value } = field;
    if (!VALUE.test(value) || value !== value.trim())
      malformed('a field value with characters it must not have');
    if (!name.startsWith(':')) {
      checkRegular(field);
      regular.push(field);
      continue;
    }
    if (regular.length > 0) malformed('a pseudo-header field behind other fields');
    if (!allowed.has(name)) malformed('a pseudo-header field that does not belong here');
    if (pseudo.has(name)) malformed(`${name} twice`);
    pseudo.set(name, value);
  }
  return { pseudo, regular };
}

function checkRegular({ name, value }: Field): void {
  if (!NAME.test(name)) malformed('a field name in upper case, empty, or with characters it must not have');
  if (CONNECTION_SPECIFIC.has(name)) malformed(`the connection-specific field ${name}`);
  if (name === 'te' && value !== 'trailers') malformed('a TE field with more than trailers');
}

/** §4.3.1: one of the two, not empty, and no contradiction. */
function checkAuthority(authority: string | undefined, regular: readonly Field[]): void {
  const hosts = regular.filter(({ name }) => name === 'host').map(({ value }) => value);
  if (authority === undefined && hosts.length === 0) malformed('a request without :authority and Host');
  if (authority === '' || hosts.includes('')) malformed('an empty :authority or Host');
  if (authority !== undefined && hosts.some((host) => host !== authority))
    malformed('Host contradicts :authority');
}

function contentLengthOf(regular: readonly Field[]): number | undefined {
  const values = regular.filter(({ name }) => name === 'content-length').map(({ value }) => value);
  const [first] = values;
  if (first === undefined) return undefined;
  if (!/^\d{1,15}$/.test(first) || values.some((value) => value !== first))
    malformed('a content-length that is no number, or two of them');
  return Number(first);
}

function malformed(reason: string): never {
  throw new H3Fault('H3_MESSAGE_ERROR', reason, 'stream');
}

const REQUEST_PSEUDO = new Set([':method', ':scheme', ':authority', ':path', ':protocol']);
const RESPONSE_PSEUDO = new Set([':status']);
const NONE: ReadonlySet<string> = new Set();
/** RFC 9114 §4.2 */
const CONNECTION_SPECIFIC = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** RFC 9110 §5.6.2, in lower case. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 9110 §5.5 */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
