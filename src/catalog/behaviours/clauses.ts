/** "RFC 9846 §6.1", from a rule's id; undefined for what is no id of ours. TLS 1.3 is cited as RFC 9846, whose numbering RFC 8446 shares. */
export function clauseOf(rule: string): string | undefined {
  const own = OTHERS[rule];
  if (own !== undefined) return own;
  const [, spec = '', section] = /^([a-z0-9]+)-(\d[\d.]*)-/u.exec(rule) ?? [];
  const source = SOURCES[spec];
  return source === undefined || section === undefined ? undefined : `${source} §${section}`;
}

/** An id begins with its source and the section. */
const SOURCES: Readonly<Record<string, string>> = {
  tls10: 'RFC 2246',
  tls12: 'RFC 5246',
  tls13: 'RFC 9846',
  rfc9846: 'RFC 9846',
  dtls12: 'RFC 6347',
  dtls13: 'RFC 9147',
  quic: 'RFC 9000',
  http1: 'RFC 9112',
  tcp: 'RFC 9293',
};

/** Those that stand in two places. */
const OTHERS: Readonly<Record<string, string>> = {
  'dtls12-inherits-close-notify': 'RFC 6347 §4.2.7; RFC 5246 §7.2.1',
  'dtls13-6.1-inherits-half-close': 'RFC 9147 §5.10; RFC 9846 §6.1',
};
