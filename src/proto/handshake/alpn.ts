import { ALERT } from '../../wire/alert.ts';
import { protocolList } from '../../wire/extension-data.ts';
import { EXTENSION, type Extension, findExtension } from '../../wire/extensions.ts';
import type { Context } from './context.ts';
import { illegalParameter, peerFault } from './faults.ts';

/** Client: the one protocol the server chose out of ours (RFC 7301 §3.1). */
export function selectedProtocol(ctx: Context, extensions: readonly Extension[]): string | undefined {
  const data = findExtension(extensions, EXTENSION.application_layer_protocol_negotiation);
  if (data === undefined) return without(ctx, 'the server chose no application protocol');
  const [protocol, ...more] = protocolList.decode(data);
  if (protocol === undefined || more.length > 0)
    throw illegalParameter('alpn-answer', 'the server chose more than one protocol');
  if (!ctx.config.alpn?.includes(protocol))
    throw illegalParameter('alpn-not-offered', 'the server chose a protocol that was not offered');
  return protocol;
}

/** Server: our first protocol that the client offers. No overlap is fatal (RFC 7301 §3.2). */
export function chooseProtocol(ctx: Context, extensions: readonly Extension[]): string | undefined {
  const data = findExtension(extensions, EXTENSION.application_layer_protocol_negotiation);
  if (data === undefined) return without(ctx, 'the client offers no application protocol');
  const offered = protocolList.decode(data);
  const { alpn = [], alpnElse } = ctx.config;
  if (alpn.length === 0 && alpnElse === undefined) return without(ctx, 'we have no application protocol');
  const chosen = alpn.find((protocol) => offered.includes(protocol)) ?? alpnElse?.(offered);
  if (chosen === undefined)
    throw peerFault('no-application-protocol', ALERT.no_application_protocol, 'no protocol in common');
  return chosen;
}

function without(ctx: Context, detail: string): undefined {
  if (ctx.flavor.needsAlpn) throw peerFault('no-application-protocol', ALERT.no_application_protocol, detail);
  return undefined;
}
