/**
 * The encoded issuer and subject names inside a certificate, as map keys, or undefined where the bytes have not that
 * shape. Only for finding candidates fast (a bundle of 140 roots takes 20 ms to parse, 1 ms to look through): whatever is
 * found is judged by node:crypto.
 */
export function distinguishedNames(der: Uint8Array): { issuer: string; subject: string } | undefined {
  const certificate = elementAt(der, 0);
  const tbs = certificate && elementAt(der, certificate.start);
  if (tbs === undefined) return undefined;
  const fields: Element[] = [];
  for (let at = tbs.start; at < tbs.end && fields.length < 7; ) {
    const field = elementAt(der, at);
    if (field === undefined) return undefined;
    fields.push(field);
    at = field.end;
  }
  // RFC 5280 §4.1: [0] version OPTIONAL, serialNumber, signature, issuer, validity, subject.
  const serial = fields[0]?.tag === VERSION_TAG ? 1 : 0;
  const issuer = fields[serial + 2];
  const subject = fields[serial + 4];
  if (issuer?.tag !== SEQUENCE_TAG || subject?.tag !== SEQUENCE_TAG) return undefined;
  const key = ({ start, end }: Element) => Buffer.from(der.subarray(start, end)).toString('latin1');
  return { issuer: key(issuer), subject: key(subject) };
}

type Element = { tag: number; start: number; end: number };

function elementAt(der: Uint8Array, at: number): Element | undefined {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const bytes = first - 0x80;
    if (bytes < 1 || bytes > 4) return undefined;
    length = 0;
    for (let i = 0; i < bytes; i++) length = length * 256 + (der[start + i] ?? 0);
    start += bytes;
  }
  const end = start + length;
  return end > der.length ? undefined : { tag, start, end };
}

const SEQUENCE_TAG = 0x30;
const VERSION_TAG = 0xa0;
