/** The DER of every certificate in a PEM text, in order. Other blocks are skipped. */
export function certificatesInPem(text: string): Buffer[] {
  return Array.from(text.matchAll(CERTIFICATE_BLOCK), (match) => Buffer.from(match[1] ?? '', 'base64'));
}

const CERTIFICATE_BLOCK =
  /-----BEGIN (?:X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END (?:X509 )?CERTIFICATE-----/g;
