import { type StarttlsName, starttlsPort } from '../exchange/starttls.ts';
import { UsageError } from './usage-error.ts';

/**
 * Where to connect. `host` without brackets; `ip`: it is an address, so there is no SNI and no name to resolve. `scheme`: in lower case,
 * where there was one. `starttls`: what the scheme begins with in the clear.
 */
export type Target = {
  host: string;
  port: number;
  ip: 4 | 6 | undefined;
  scheme?: string;
  starttls?: StarttlsName;
};

/** Whose URLs are understood. */
export type TargetKind = keyof typeof SCHEMES;

/**
 * Reads host, host:port, [v6]:port, a bare IPv6 address, or a URL (tls://, https://, and for TLS those of mail and other protocols;
 * dtls:// for datagrams). Where no port is said, the scheme's, or `usualPort`. Throws UsageError.
 */
export function parseTarget(text: string, kind: TargetKind = 'tls', usualPort = HTTPS_PORT): Target {
  const { scheme, authority } = splitScheme(text.trim(), kind);
  if (authority === '') throw bad(text, 'it is empty');
  const { host, port } = splitPort(text, authority);
  const starttls = scheme === undefined || kind !== 'tls' ? undefined : STARTTLS_SCHEMES[scheme];
  const usual = starttls === undefined ? TLS_PORTS[scheme ?? ''] : starttlsPort(starttls);
  return {
    host,
    port: port === undefined ? (usual ?? usualPort) : parsePort(text, port),
    ip: ipFamily(text, host),
    ...(scheme === undefined ? {} : { scheme }),
    ...(starttls === undefined ? {} : { starttls }),
  };
}

/** The target as it is written in reports: host:port, IPv6 in brackets. */
export function formatTarget(target: { host: string; port: number }): string {
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

function splitScheme(text: string, kind: TargetKind): { scheme?: string; authority: string } {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/iu.exec(text);
  if (match === null) return { authority: text };
  const [, written = '', rest = ''] = match;
  const scheme = written.toLowerCase();
  const { schemes, what, url } = SCHEMES[kind];
  if (!schemes.includes(scheme)) {
    throw bad(text, `the scheme ${written}:// is not ${what}`, url);
  }
  const authority = rest.split(/[/?#]/u, 1)[0] ?? '';
  if (authority.includes('@')) throw bad(text, 'a user name has no meaning here');
  return { scheme, authority };
}

function splitPort(text: string, authority: string): { host: string; port: string | undefined } {
  if (authority.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::(.*))?$/u.exec(authority);
    if (match?.[1] === undefined)
      throw bad(text, 'the bracket is not closed, or something else than :port follows it');
    if (!isIpv6(match[1])) throw bad(text, `"${match[1]}" is not an IPv6 address`);
    return { host: match[1], port: match[2] };
  }
  const colons = authority.split(':').length - 1;
  if (colons >= 2) {
    if (!isIpv6(authority)) throw bad(text, 'it has several colons and is no IPv6 address');
    return { host: authority, port: undefined };
  }
  const [host = '', port] = authority.split(':');
  return { host, port };
}

function parsePort(text: string, port: string): number {
  const number = /^\d{1,5}$/u.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw bad(text, `"${port}" is not a port (1 to 65535)`);
  return number;
}

function ipFamily(text: string, host: string): 4 | 6 | undefined {
  if (host.includes(':')) return 6;
  const labels = host.split('.');
  if (labels.length === 4 && labels.every((label) => /^\d{1,3}$/u.test(label))) {
    if (labels.some((label) => Number(label) > 255)) throw bad(text, `"${host}" is not an IPv4 address`);
    return 4;
  }
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  const fits = name.length > 0 && name.length <= 253;
  if (
    !fits ||
    !name.split('.').every((label) => /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}_])?$/u.test(label))
  ) {
    throw bad(text, `"${host}" is not a host name`);
  }
  return undefined;
}

/** RFC 4291 §2.2, with an optional zone (RFC 4007 §11). */
function isIpv6(text: string): boolean {
  const address = text.split('%', 1)[0] ?? '';
  const halves = address.split('::');
  if (halves.length > 2 || address === '') return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && !isIpv4(last)) return false;
  const hex = embedded ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/iu.test(group))) return false;
  const width = hex.length + (embedded ? 2 : 0);
  return halves.length === 2 ? width <= 7 : width === 8;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/u.test(part) && Number(part) <= 255);
}

function bad(text: string, why: string, url = 'a URL'): UsageError {
  return new UsageError(
    'bad-target',
    `${JSON.stringify(text)} is not a target: ${why}`,
    `give host, host:port, [v6]:port, or ${url}`,
  );
}

const HTTPS_PORT = 443;
/** What begins in the clear. */
const STARTTLS_SCHEMES: Readonly<Record<string, StarttlsName>> = {
  smtp: 'smtp',
  lmtp: 'lmtp',
  imap: 'imap',
  pop: 'pop3',
  pop3: 'pop3',
  ftp: 'ftp',
  ldap: 'ldap',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  xmpp: 'xmpp',
  nntp: 'nntp',
};
/** What begins with TLS. */
const TLS_PORTS: Readonly<Record<string, number>> = {
  smtps: 465,
  imaps: 993,
  pop3s: 995,
  ftps: 990,
  ldaps: 636,
  nntps: 563,
};
const SCHEMES = {
  tls: {
    schemes: ['tls', 'https', ...Object.keys(TLS_PORTS), ...Object.keys(STARTTLS_SCHEMES)],
    what: 'TLS over TCP',
    url: 'a tls:// or https:// URL',
  },
  dtls: { schemes: ['dtls'], what: 'DTLS', url: 'a dtls:// URL' },
  quic: { schemes: ['quic', 'https', 'h3'], what: 'QUIC', url: 'a quic:// or https:// URL' },
};
