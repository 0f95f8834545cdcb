import {
  extendedMasterSecret,
  finishedVerifyData12,
  keyBlock,
  masterSecret,
} from '../../crypto/schedule12.ts';
import type { Suite } from '../../crypto/suites.ts';
import type { Who } from '../../timeline/event.ts';
import { act, type Context, logSecret } from './context.ts';
import type { HandshakeAction } from './machine.ts';

/** What the keys of a TLS 1.2 connection hang on, besides the client random. */
type Basis = { suite: Suite; serverRandom: Uint8Array; extendedMasterSecret: boolean };

/** master_secret, with the transcript up to ClientKeyExchange if it is the extended one (RFC 7627 §4). */
export function deriveMaster(ctx: Context, basis: Basis, preMaster: Uint8Array): Uint8Array {
  const { provider } = ctx.deps;
  const { suite, serverRandom } = basis;
  const master = basis.extendedMasterSecret
    ? extendedMasterSecret(provider, suite.hash, preMaster, ctx.transcript.digest())
    : masterSecret(provider, suite.hash, preMaster, ctx.clientRandom, serverRandom);
  logSecret(ctx, 'CLIENT_RANDOM', master);
  return master;
}

/** The keys of both directions; when they begin to hold is told by change_cipher_spec. */
export function deriveKeys12(
  ctx: Context,
  basis: Pick<Basis, 'suite' | 'serverRandom'>,
  master: Uint8Array,
): Record<Who, HandshakeAction> {
  const { suite, serverRandom } = basis;
  const block = keyBlock(ctx.deps.provider, suite, master, ctx.clientRandom, serverRandom);
  const client = { key: block.clientKey, iv: block.clientIv };
  const server = { key: block.serverKey, iv: block.serverIv };
  const [local, peer] = ctx.role === 'client' ? [client, server] : [server, client];
  return {
    local: { do: 'keys12', for: 'local', suite: suite.id, ...local },
    peer: { do: 'keys12', for: 'peer', suite: suite.id, ...peer },
  };
}

/** change_cipher_spec and the keys behind it. */
export function changeCipher(ctx: Context, keys: Record<Who, HandshakeAction>): void {
  act(ctx, { do: 'change-cipher-spec' }, keys.local);
}

/** verify_data for the transcript so far (RFC 5246 §7.4.9). */
export function verifyData12(ctx: Context, suite: Suite, master: Uint8Array, sender: Who): Uint8Array {
  const other = ctx.role === 'client' ? 'server' : 'client';
  const from = sender === 'local' ? ctx.role : other;
  return finishedVerifyData12(ctx.deps.provider, suite.hash, master, from, ctx.transcript.digest());
}
