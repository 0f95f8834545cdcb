import type { BehaviourEntry } from '../catalog/behaviour.ts';
import type { Served } from '../catalog/behaviours/find.ts';
import type { ClientGrade } from '../catalog/client-grade.ts';
import type { ServedClient } from '../catalog/serve-options.ts';
import { createClock } from '../io/clock.ts';
import type { CommandRun } from '../io/run-command.ts';
import type { Millis } from '../timeline/event.ts';
import { type RunningServer, type ServeOptions, serveEach } from './serve.ts';

export type ServeExecOptions = Omit<ServeOptions, 'count' | 'forMs' | 'onClient' | 'behaviour' | 'byName'> & {
  /** Runs with the shell; {port}, {host}, {name} and {ca} in it stand for where the server is, NAME.localhost and a file with its certificate. */
  command: string;
  /** Names of behaviours; one run each, in this order. */
  behaviours: readonly string[];
  /** For each run (ms). Default 30 s. */
  limitMs?: Millis;
  /** One run is over. */
  onRun?: (run: ServedRun) => void;
};

/** What a client made of one behaviour. */
export type ServedRun = {
  behaviour: string;
  says: string;
  command: string;
  exit: CommandRun;
  clients: readonly ServedClient[];
  grade: ClientGrade;
};

/**
 * Runs a client against each behaviour, one after the other, each on a server of its own, and grades what it made of it. Rejects as
 * `serve` does. Stops early when the signal is aborted.
 */
export async function serveExec(options: ServeExecOptions): Promise<ServedRun[]> {
  const { command, behaviours, limitMs = LIMIT_MS, onRun, ...rest } = options;
  const [{ gradeRun }, { runCommand }, find] = await Promise.all([
    import('../catalog/client-grade.ts'),
    import('../io/run-command.ts'),
    import('../catalog/behaviours/find.ts'),
  ]);
  const protocol: Served = options.protocol ?? 'tls';
  const clients = behaviours.map((): ServedClient[] => []);
  const servers = await serveEach(
    behaviours.map((behaviour, at) => ({
      ...rest,
      behaviour,
      onClient: (client: ServedClient) => clients[at]?.push(client),
    })),
  );
  const certificate = servers[0]?.certificate ?? '';
  const { createTemporaryFile } = await import('../io/temporary-file.ts');
  const file = certificate === '' ? undefined : await createTemporaryFile(certificate, '.pem');
  const runs: ServedRun[] = [];
  try {
    for (const [at, server] of servers.entries()) {
      if (options.signal?.aborted === true) break;
      const entry = find.behavioursOf(protocol).find(({ id }) => id === server.id);
      if (entry === undefined) continue;
      const filled = fill(command, server, entry, file?.path ?? '');
      const exit = await runCommand(filled, {
        limitMs,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      await settle(server);
      const own = clients[at] ?? [];
      const run = {
        ...{ behaviour: server.id, says: server.says, command: filled, exit, clients: own },
        grade: gradeRun(entry, own, exit),
      };
      runs.push(run);
      onRun?.(run);
    }
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await file?.remove();
  }
  return runs;
}

/** The client has gone; its connections end by themselves in a moment, or never. */
async function settle(server: RunningServer): Promise<void> {
  const { now } = createClock();
  const deadline = now() + SETTLE_MS;
  while (server.open() > 0 && now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await server.close();
}

function fill(command: string, server: RunningServer, { id }: BehaviourEntry, ca: string): string {
  const values: Readonly<Record<string, string>> = {
    port: String(server.port),
    host: WILDCARDS.has(server.host) ? 'localhost' : server.host,
    name: `${id.slice(id.indexOf('/') + 1)}.localhost`,
    ca,
  };
  return command.replace(/\{(port|host|name|ca)\}/gu, (_, key: string) => values[key] ?? '');
}

const LIMIT_MS = 30_000;
const SETTLE_MS = 1_000;
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
