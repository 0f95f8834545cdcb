import { ProtocolFault } from '../fault.ts';

/** The first bytes of a connection are no TLS record. No alert: whoever sent them would not understand it. */
export function notTls(bytes: Uint8Array): ProtocolFault {
  return new ProtocolFault({
    blame: 'peer',
    rule: 'not-tls',
    detail: `the peer does not speak TLS: it began with ${quoted(bytes)}`,
  });
}

/** The bytes as text, and the protocol that they look like. */
export function quoted(bytes: Uint8Array): string {
  const start = quote(bytes.subarray(0, QUOTED));
  const protocol = PROTOCOLS.find(([pattern]) => pattern.test(start))?.[1];
  return `"${start}"${protocol === undefined ? '' : `; that looks like ${protocol}`}`;
}

/** Printable ASCII as it is, the rest as \xNN. */
function quote(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

const QUOTED = 40;

/** Often only the five bytes of a record header are there to judge by. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\//, 'plain HTTP'],
  [/^(GET|POST|HEAD|PUT|OPTIO|DELET|CONNE|PATCH) ?/, 'a plain HTTP request'],
  [/^PRI \*/, 'HTTP/2 without TLS'],
  [/^SSH-/, 'SSH'],
  [/^220[ -]/, 'SMTP or FTP before STARTTLS'],
  [/^\* (OK|PRE)/, 'IMAP before STARTTLS'],
  [/^\+OK/, 'POP3 before STARTTLS'],
  [/^<(\?xml|stre)/, 'XMPP before STARTTLS'],
  [/^RFB /, 'VNC'],
  [/^-ERR|^-DENI/, 'Redis or POP3'],
];
