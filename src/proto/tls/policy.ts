import type { TlsPolicy } from '../handshake/config.ts';

/** What the RFCs ask for, and their silence filled in by common practice. */
export const DEFAULT_TLS_POLICY: TlsPolicy = {
  warningLimit: 5,
  closeNotifyLevel: 'strict',
  answersAfterClose: false,
  handshakeAlerts: 'protected',
};
