import type { TlsPolicy } from '../handshake/config.ts';

/** What the RFCs ask for, and their silence filled in by common practice. */
export const DEFAULT_TLS_POLICY: TlsPolicy = {
  warningLimit: 5,
  closeNotifyCounts: false,
  closeNotifyLevel: 'strict',
  keyUpdateAnswers: 'at-once',
  renegotiation: 'refuse',
  emptyHandshakeRecord: 'refuse',
  alerts: {},
  handshakeAlerts: 'protected',
};
