import type { CloseCause } from '../../proto/quic/core.ts';
import type { QuicSsl } from './connection.ts';

/** SSL_CONN_CLOSE_INFO. */
export type ConnCloseInfo = {
  code: bigint;
  frameType: bigint;
  reason: Uint8Array;
  /** SSL_CONN_CLOSE_FLAG_LOCAL: it was us. */
  local: boolean;
  /** SSL_CONN_CLOSE_FLAG_TRANSPORT: it was the transport, not the application. */
  transport: boolean;
};

/** SSL_get_conn_close_info: why the connection ended; undefined (the call returns 0) while it has not. */
export function quicConnCloseInfo({ core }: Pick<QuicSsl, 'core'>): ConnCloseInfo | undefined {
  const cause = core.cause();
  return cause === undefined ? undefined : describe(cause);
}

/** What is no CONNECTION_CLOSE is told as OpenSSL tells it. */
function describe(cause: CloseCause): ConnCloseInfo {
  switch (cause.kind) {
    case 'close':
      return {
        code: cause.code,
        frameType: cause.frameType ?? 0n,
        reason: cause.reason,
        local: cause.by === 'local',
        transport: cause.layer === 'transport',
      };
    case 'idle-timeout':
      return { ...NOTHING, code: IDLE_TIMEOUT, local: true };
    case 'stateless-reset':
      return { ...NOTHING, local: false };
    case 'version-negotiation':
      return { ...NOTHING, code: CONNECTION_REFUSED, local: true };
    case 'aborted':
      return { ...NOTHING, code: INTERNAL_ERROR, local: true };
  }
}

const NOTHING = { code: 0n, frameType: 0n, reason: new Uint8Array(0), transport: true };
/** OSSL_QUIC_LOCAL_ERR_IDLE_TIMEOUT */
const IDLE_TIMEOUT = 2n ** 64n - 1n;
const CONNECTION_REFUSED = 2n;
const INTERNAL_ERROR = 1n;
