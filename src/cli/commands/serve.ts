import type { Served } from '../../catalog/behaviours/find.ts';
import { UsageError } from '../../driver/usage-error.ts';
import type { RunningServer, ServedClient, ServeOptions } from '../../index.ts';
import { serve } from '../../index.ts';
import { escapeJson } from '../../render/escape.ts';
import { toJson, toPlain } from '../../render/json.ts';
import { fitRow } from '../../render/layout.ts';
import { toText } from '../../render/text.ts';
import type { Command, Context, RawOptions } from '../command.ts';
import { remember } from '../command.ts';
import { pskOf } from '../dtls-options.ts';
import { identityOf, versionsOf } from '../options.ts';
import { type OutputOptions, type PageOptions, textOptions, toOutputOptions } from '../output.ts';
import { openKeylog } from '../secrets-file.ts';
import { atMostOne, bad, choice, duration, flagOf, integer, textOf } from '../values.ts';
import { note } from '../voice.ts';
import { serveSpec } from './serve-spec.ts';

export const serveCommand: Command = { spec: serveSpec, run: runServe };

async function runServe(context: Context): Promise<number> {
  const { terminal, raw } = context;
  const [protocol = ''] = context.arguments;
  if (protocol !== 'tls' && protocol !== 'dtls' && protocol !== 'quic') {
    throw bad(
      'serve',
      protocol,
      'is not a protocol that sslshut serves',
      'sslshut serve tls, sslshut serve dtls, sslshut serve quic',
    );
  }
  const output = toOutputOptions(raw);
  const page = await textOptions(terminal, output);
  if (flagOf(raw, 'list')) {
    terminal.out((await listed(protocol, page, output)).join(''));
    return 0;
  }
  const options = toServeOptions(context, protocol);
  const keylog = openKeylog(output.keylog, terminal);
  const server = await serve({
    ...options,
    signal: terminal.signal,
    onEvent: (event) => {
      remember(context, event);
      keylog?.take(event);
    },
    onClient: (client) => terminal.out(clientText(client, output, page)),
  });
  const { id, says, host, port, certificate } = server;
  const shown = certificate === '' ? {} : { certificate };
  if (output.format === 'json') {
    terminal.out(
      escapeJson(toJson({ event: 'listening', behaviour: id, says, host, port, ...shown }, { indent: 0 })),
    );
  } else {
    terminal.out(greeting(protocol, server, page));
    if (terminal.errIsTty) note(terminal, 'Ctrl-C ends it');
  }
  await server.done;
  keylog?.close();
  return 0;
}

function toServeOptions({ raw }: Context, protocol: Served): ServeOptions {
  const behaviour = textOf(raw, 'behaviour');
  const misbehave = textOf(raw, 'misbehave');
  atMostOne(
    [
      ['--behaviour', behaviour !== undefined],
      ['--misbehave', misbehave !== undefined],
    ],
    'mean the same',
  );
  const name = behaviour ?? misbehave;
  const [exchange, port, count, forText] = ['exchange', 'port', 'count', 'for'].map((one) =>
    textOf(raw, one),
  );
  const [host, versions, crypto] = ['host', protocol, 'crypto'].map((one) => textOf(raw, one));
  for (const other of ['tls', 'dtls'] as const) {
    if (other === protocol || raw[other] === undefined) continue;
    const hint = protocol === 'quic' ? 'QUIC is served in version 1 and 2' : `give --${protocol}`;
    throw bad(`--${other}`, String(raw[other]), `does not go with serve ${protocol}`, hint);
  }
  return {
    protocol,
    ...datagramOptions(raw, protocol),
    ...retryOption(raw, protocol),
    ...(name === undefined ? {} : { behaviour: name }),
    ...(exchange === undefined ? {} : { exchange: choice('--exchange', exchange, EXCHANGES) }),
    ...(port === undefined ? {} : { port: integer('--port', port, 0, 65_535) }),
    ...(host === undefined ? {} : { host }),
    ...(count === undefined ? {} : { count: integer('--count', count, 1, 1_000_000) }),
    ...(forText === undefined ? {} : { forMs: duration('--for', forText) }),
    ...(versions === undefined ? {} : { versions: versionsOf(versions, `--${protocol}`) }),
    ...(crypto === undefined
      ? {}
      : { crypto: choice('--crypto', crypto, ['auto', 'noble', 'native'] as const) }),
    ...identityOf(raw),
  };
}

function datagramOptions(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'psk' | 'connectionIds'> {
  const psk = pskOf(raw);
  const connectionIds = flagOf(raw, 'cid');
  if (protocol !== 'dtls' && (psk !== undefined || connectionIds)) {
    const option = connectionIds ? '--cid' : '--psk';
    throw new UsageError(
      'conflict',
      `${option} does not go with serve ${protocol}`,
      `sslshut serve dtls ${option}`,
    );
  }
  return { ...(psk === undefined ? {} : { psk }), ...(connectionIds ? { connectionIds } : {}) };
}

function retryOption(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'retry'> {
  if (!flagOf(raw, 'retry')) return {};
  if (protocol === 'quic') return { retry: true };
  throw new UsageError(
    'conflict',
    `--retry does not go with serve ${protocol}`,
    'sslshut serve quic --retry',
  );
}

/** Where it listens, how to get there, and what will happen. The commands can be pasted. */
function greeting(
  protocol: Served,
  server: Pick<RunningServer, 'id' | 'says' | 'host' | 'port' | 'selfSigned' | 'certificate'>,
  page: PageOptions,
): string {
  const { id, says, host, port, selfSigned, certificate } = server;
  // The key is not repeated: what a server prints ends up in logs.
  const [psk = '', opensslPsk = ''] = certificate === '' ? [' --psk HEX', ' -psk HEX'] : [];
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const name = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  const rows = [
    { body: [{ text: id, tone: 'strong' as const }, { text: ` on ${at}: ${says}` }], indent: 2 },
    ...[
      `sslshut ${protocol}-close${selfSigned ? ' --insecure' : ''}${psk} ${name}:${port}`,
      ...otherClients(protocol, `${name}:${port}`, selfSigned, opensslPsk),
    ].map((line) => ({
      body: [{ text: line, tone: 'faint' as const, whole: true as const }],
      lead: [{ text: '  ' }],
    })),
  ];
  return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
}

function otherClients(protocol: Served, at: string, selfSigned: boolean, psk: string): string[] {
  const k = selfSigned ? 'k' : '';
  switch (protocol) {
    case 'tls':
      return [`curl -v${k} https://${at}/`, `openssl s_client -connect ${at}`];
    case 'dtls':
      return [`openssl s_client -dtls1_2${psk} -connect ${at}`];
    case 'quic':
      return [`curl -v${k} --http3-only https://${at}/`, `openssl s_client -quic -alpn h3 -connect ${at}`];
  }
}

function clientText(client: ServedClient, output: OutputOptions, page: PageOptions): string {
  const { conn, remote, text, facts, events } = client;
  if (output.format === 'json') {
    const timeline = output.verbose ? { timeline: events.flatMap((event) => toPlain(event) ?? []) } : {};
    return escapeJson(toJson({ event: 'connection', conn, remote, text, facts, ...timeline }, { indent: 0 }));
  }
  const row = { body: [{ text: conn, tone: 'strong' as const }, { text: ` ${remote}: ${text}` }], indent: 2 };
  const lines = fitRow(row, page);
  return `${[...lines, ...(output.verbose ? ['', ...toText(events, page), ''] : [])].join('\n')}\n`;
}

async function listed(protocol: Served, page: PageOptions, output: OutputOptions): Promise<string[]> {
  const { behavioursOf, behaviourName } = await import('../../catalog/behaviours/find.ts');
  return behavioursOf(protocol).map((behaviour) => {
    const { id, aliases, says, breaks, goodClient } = behaviour;
    if (output.format === 'json') return toJson({ id, aliases, says, breaks, goodClient }, { indent: 0 });
    const rows = [
      { body: [{ text: behaviourName(behaviour), tone: 'strong' as const }], indent: 0 },
      { lead: [{ text: '    ' }], body: [{ text: says }] },
      { lead: [{ text: '    ' }], body: [{ text: `A good client ${goodClient}.`, tone: 'faint' as const }] },
      ...breaks.map((rule) => ({
        lead: [{ text: '    ' }],
        body: [{ text: `breaks ${rule}`, tone: 'faint' as const }],
      })),
    ];
    return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
  });
}

const EXCHANGES = ['auto', 'http', 'echo', 'silent'] as const;
