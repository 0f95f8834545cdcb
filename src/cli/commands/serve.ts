import type { Served } from '../../catalog/behaviours/find.ts';
import { UsageError } from '../../driver/usage-error.ts';
import type { RunningServer, ServeOptions } from '../../index.ts';
import { serveEach } from '../../index.ts';
import { escapeJson } from '../../render/escape.ts';
import { toJson } from '../../render/json.ts';
import type { Command, Context } from '../command.ts';
import { remember } from '../command.ts';
import { type OutputOptions, type PageOptions, textOptions, toOutputOptions } from '../output.ts';
import { openKeylog } from '../secrets-file.ts';
import { bad, flagOf } from '../values.ts';
import { note } from '../voice.ts';
import { serveSpec } from './serve-spec.ts';
import { clientText, greeting, table } from './serve-text.ts';
import { toServeOptions } from './serve-wishes.ts';

export const serveCommand: Command = { spec: serveSpec, run: runServe };

async function runServe(context: Context): Promise<number> {
  const { terminal, raw } = context;
  const protocol = protocolOf(context);
  const output = toOutputOptions(raw);
  const page = await textOptions(terminal, output);
  if (flagOf(raw, 'list')) {
    const { listed } = await import('./serve-list.ts');
    terminal.out(listed(protocol, page, output).join(''));
    return 0;
  }
  if (raw.exec === undefined) {
    for (const option of ['failOn', 'execTimeout'] as const) {
      if (raw[option] !== undefined)
        throw new UsageError(
          'conflict',
          `--${option === 'failOn' ? 'fail-on' : 'exec-timeout'} without --exec`,
        );
    }
    await serveUntilDone(context, protocol, output, page);
    return 0;
  }
  if (protocol === undefined) {
    throw new UsageError('conflict', '--exec without a protocol', 'sslshut serve tls --all --exec COMMAND');
  }
  const { runExec } = await import('./serve-exec.ts');
  return runExec(context, protocol, output, page);
}

/** Undefined: all of them. */
function protocolOf({ arguments: [protocol], raw }: Context): Served | undefined {
  if (protocol === undefined && (flagOf(raw, 'list') || flagOf(raw, 'all'))) return undefined;
  if (protocol === 'tls' || protocol === 'dtls' || protocol === 'quic') return protocol;
  throw bad(
    'serve',
    protocol ?? '',
    'is not a protocol that sslshut serves',
    'sslshut serve tls, sslshut serve dtls, sslshut serve quic',
  );
}

async function serveUntilDone(
  context: Context,
  protocol: Served | undefined,
  output: OutputOptions,
  page: PageOptions,
): Promise<void> {
  const { terminal, raw } = context;
  const all = flagOf(raw, 'all');
  const each = await (all ? everyBehaviour(context, protocol) : [toServeOptions(context, protocol ?? 'tls')]);
  const keylog = openKeylog(output.keylog, terminal);
  const named = all || flagOf(raw, 'byName');
  const servers = await serveEach(
    each.map((options) => ({
      ...options,
      signal: terminal.signal,
      onEvent: (event) => {
        remember(context, event);
        keylog?.take(event);
      },
      onClient: (client) => terminal.out(clientText(client, output, page, named)),
    })),
  );
  terminal.out(output.format === 'json' ? listening(servers, all) : opening(servers, all, protocol, page));
  if (output.format !== 'json' && terminal.errIsTty) note(terminal, 'Ctrl-C ends it');
  await Promise.all(servers.map((server) => server.done));
  keylog?.close();
}

/** With a port given, they have that one and those behind it. */
async function everyBehaviour(context: Context, protocol: Served | undefined): Promise<ServeOptions[]> {
  const { behavioursOf, SERVED } = await import('../../catalog/behaviours/find.ts');
  const each = (protocol === undefined ? SERVED : [protocol]).flatMap((one) => {
    const options = toServeOptions(context, one);
    return behavioursOf(one).map(({ id }) => ({ ...options, behaviour: id }));
  });
  return each.map((options, at) => {
    const port = options.port === undefined || options.port === 0 ? 0 : options.port + at;
    if (port > 65_535) throw bad('--port', String(options.port), `leaves no room for ${each.length} ports`);
    return { ...options, port };
  });
}

function opening(
  servers: readonly RunningServer[],
  all: boolean,
  protocol: Served | undefined,
  page: PageOptions,
): string {
  const [first] = servers;
  if (all || first === undefined) return table(servers, page);
  return greeting(protocol ?? 'tls', first, page);
}

/** With many servers the certificate, which they share, is told once. */
function listening(servers: readonly RunningServer[], all: boolean): string {
  const shared = all ? servers[0]?.certificate : undefined;
  const lines = servers.map(({ id, says, host, port, certificate }) => {
    const shown = all || certificate === '' ? {} : { certificate };
    return { event: 'listening', behaviour: id, says, host, port, ...shown };
  });
  const first = shared === undefined || shared === '' ? [] : [{ event: 'certificate', certificate: shared }];
  return [...first, ...lines].map((line) => escapeJson(toJson(line, { indent: 0 }))).join('');
}
