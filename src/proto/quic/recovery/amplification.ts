/** What a server may send to an address that nobody has vouched for yet (RFC 9000 §8.1). Bytes of datagrams. */
export type Amplification = { validated: boolean; received: number; sent: number };

export function createAmplification(validated: boolean): Amplification {
  return { validated, received: 0, sent: 0 };
}

/** Every datagram that belongs to the connection counts whole, also when nothing in it could be read. */
export function creditReceived(amplification: Amplification, bytes: number): void {
  amplification.received += bytes;
}

export function debitSent(amplification: Amplification, bytes: number): void {
  amplification.sent += bytes;
}

/** A Handshake packet came, or the token was good: whoever sent it is there. */
export function validateAddress(amplification: Amplification): void {
  amplification.validated = true;
}

/** How many bytes may be sent now. Infinity once the address is validated. */
export function amplificationAllowance({ validated, received, sent }: Amplification): number {
  return validated ? Number.POSITIVE_INFINITY : Math.max(0, FACTOR * received - sent);
}

const FACTOR = 3;
