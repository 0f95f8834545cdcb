import { groupById } from '../../crypto/groups.ts';
import type { Suite } from '../../crypto/suites.ts';
import { schemeName } from './certificates.ts';
import { act, type Context } from './context.ts';
import type { Session } from './session.ts';

/** What was agreed on, gathered on the way. */
export type Agreed = {
  version: 0x0303 | 0x0304;
  suite: Suite;
  group?: number | undefined;
  /** Of the server's handshake signature. */
  scheme?: number | undefined;
  alpn?: string | undefined;
  resumed: boolean;
  helloRetry: boolean;
  clientCertificate: boolean;
  extendedMasterSecret?: boolean | undefined;
  session?: Session | undefined;
};

/** Says that the handshake is over: to the timeline with names, to the record layer with numbers. */
export function complete(ctx: Context, agreed: Agreed): void {
  const { version, suite, group, scheme, alpn, resumed, extendedMasterSecret, session } = agreed;
  ctx.deps.emit({
    kind: 'handshake.completed',
    version: ctx.flavor.versionNames[version],
    suite: suite.name,
    ...(group !== undefined && { group: groupById(group)?.name ?? `group(${group})` }),
    ...(scheme !== undefined && { signature: schemeName(scheme) }),
    ...(alpn !== undefined && { alpn }),
    resumed,
    helloRetry: agreed.helloRetry,
    clientCertificate: agreed.clientCertificate,
    ...(extendedMasterSecret !== undefined && { extendedMasterSecret }),
  });
  const info = {
    version,
    suite: suite.id,
    hash: suite.hash,
    ...(group !== undefined && { group }),
    ...(alpn !== undefined && { alpn }),
    resumed,
    ...(session !== undefined && { session }),
  };
  act(ctx, { do: 'complete', info });
}
