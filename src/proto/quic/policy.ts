import type { QuicPolicy } from './core.ts';

/** What the RFCs say, or where they leave it open, what does no harm. */
export const DEFAULT_QUIC_POLICY: QuicPolicy = {
  closeRepetition: 'doubling',
  // What fits the packet.
  reasonLimit: { most: 65_535, cut: 'character' },
  closeNeedsWindow: false,
  oversizeCode: 'refuse',
  alertSays: 'rule',
  answerClose: true,
  keepAliveMs: undefined,
  idleTimeoutMs: 30_000,
  maxAckDelayMs: 25,
  closingPtos: 3,
  closingAckDelay: '1rtt',
  initialWindow: undefined,
  keyUpdatePackets: 1_000_000,
  grease: false,
};

/** As OpenSSL 3.5 was seen to close. */
export const OPENSSL_QUIC_POLICY: QuicPolicy = {
  ...DEFAULT_QUIC_POLICY,
  closeRepetition: 'never',
  reasonLimit: { most: 600, cut: 'bytes' },
  closeNeedsWindow: true,
  oversizeCode: 'say-nothing',
  alertSays: 'handshake-alert',
  answerClose: false,
  keepAliveMs: 'half-idle',
  closingAckDelay: 'always',
  // Five datagrams leave before an acknowledgement is needed, and slow start is over.
  initialWindow: 6000,
};
