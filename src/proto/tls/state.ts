import type { CryptoProvider } from '../../crypto/provider.ts';
import type { Connection } from '../handshake/connection.ts';
import type { ReceiveHalf, SendHalf } from './halves.ts';
import type { Outbox } from './outbox.ts';

/** A connection. The functions of this folder take it; connection.ts makes it. */
export type TlsState = Connection & {
  readonly provider: CryptoProvider;
  readonly send: SendHalf;
  readonly receive: ReceiveHalf;
  readonly outbox: Outbox;
};
