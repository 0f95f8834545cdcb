/** OpenSSL's reason text for an alert that was received: its reason codes are 1000 + the description. */
export function alertReason(description: number): string {
  return ALERT_REASONS.get(description) ?? `reason(${1000 + description})`;
}

/** As OpenSSL 3.2 and later print them; up to 3.1 "ssl/tls alert" was spelt "sslv3 alert". */
const ALERT_REASONS: ReadonlyMap<number, string> = new Map([
  [10, 'ssl/tls alert unexpected message'],
  [20, 'ssl/tls alert bad record mac'],
  [21, 'tlsv1 alert decryption failed'],
  [22, 'tlsv1 alert record overflow'],
  [30, 'ssl/tls alert decompression failure'],
  [40, 'ssl/tls alert handshake failure'],
  [41, 'ssl/tls alert no certificate'],
  [42, 'ssl/tls alert bad certificate'],
  [43, 'ssl/tls alert unsupported certificate'],
  [44, 'ssl/tls alert certificate revoked'],
  [45, 'ssl/tls alert certificate expired'],
  [46, 'ssl/tls alert certificate unknown'],
  [47, 'ssl/tls alert illegal parameter'],
  [48, 'tlsv1 alert unknown ca'],
  [49, 'tlsv1 alert access denied'],
  [50, 'tlsv1 alert decode error'],
  [51, 'tlsv1 alert decrypt error'],
  [60, 'tlsv1 alert export restriction'],
  [70, 'tlsv1 alert protocol version'],
  [71, 'tlsv1 alert insufficient security'],
  [80, 'tlsv1 alert internal error'],
  [86, 'tlsv1 alert inappropriate fallback'],
  [90, 'tlsv1 alert user cancelled'],
  [100, 'tlsv1 alert no renegotiation'],
  [109, 'tlsv13 alert missing extension'],
  [110, 'tlsv1 unsupported extension'],
  [111, 'tlsv1 certificate unobtainable'],
  [112, 'tlsv1 unrecognized name'],
  [113, 'tlsv1 bad certificate status response'],
  [114, 'tlsv1 bad certificate hash value'],
  [115, 'tlsv1 alert unknown psk identity'],
  [116, 'tlsv13 alert certificate required'],
  [120, 'tlsv1 alert no application protocol'],
]);
