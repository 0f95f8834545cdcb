import type { Suite } from '../../crypto/suites.ts';
import { decodeKeyUpdate, encodeKeyUpdate } from '../../wire/exchange.ts';
import { act, type Context, type Received } from './context.ts';
import { illegalParameter } from './faults.ts';
import { install, nextSecret, type TrafficSecrets } from './tls13-keys.ts';

/** The traffic secrets of a TLS 1.3 connection that is up. */
export type Connected13 = TrafficSecrets & { suite: Suite };

/** RFC 9846 §4.7.3, the sending side: the message under the old key, everything after it under the next. */
export function sendKeyUpdate(ctx: Context, connected: Connected13, requestPeer: boolean): Connected13 {
  act(ctx, { do: 'send', level: 'application', message: encodeKeyUpdate(requestPeer) });
  return advance(ctx, connected, 'local');
}

/** RFC 9846 §4.7.3, the receiving side. */
export function onKeyUpdate(ctx: Context, connected: Connected13, message: Received): Connected13 {
  const update = decodeKeyUpdate(message.body);
  if (update === undefined) throw illegalParameter('key-update-request', 'request_update is neither 0 nor 1');
  act(ctx, { do: 'seen', what: 'key-update' });
  const next = advance(ctx, connected, 'peer');
  if (update.requested) act(ctx, { do: 'answer-key-update' });
  return next;
}

function advance(ctx: Context, connected: Connected13, who: 'local' | 'peer'): Connected13 {
  const next = { ...connected, [who]: nextSecret(ctx, connected.suite, connected[who]) };
  install(ctx, who, 'application', next);
  return next;
}
