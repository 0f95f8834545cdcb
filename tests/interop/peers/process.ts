import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

export type Running = { port: number; stop(): Promise<void>; output(): string };

/** The environment of every program here: no trust store of the machine's, no colours, no locale. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE, ...rest } = process.env;
  return { ...rest, LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
}

/** The first line that a program prints about its version, or undefined when it is not there. */
export function firstLine(command: string, args: readonly string[], pattern = /\S.*/): string | undefined {
  try {
    // Some print it on standard error.
    const output = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', command, ...args], {
      encoding: 'utf8',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return pattern.exec(output)?.[0];
  } catch {
    return undefined;
  }
}

/** A port that is free now, for programs that cannot choose one themselves. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()));
    });
  });
}

type Start = {
  command: string;
  args: readonly string[];
  /** Ready when it prints this; a group gives the port. Without: when the port takes connections. */
  ready?: RegExp;
  port?: number;
  cwd?: string;
};

/** Starts a server and waits until it can be talked to. Its standard input stays open as long as we live. */
export async function start({ command, args, ready, port, cwd }: Start): Promise<Running> {
  const child = spawn(command, args, { cwd, env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.on('error', (error) => {
    output += error.message;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const stop = (): Promise<void> => {
    child.stdin.destroy();
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 2000).unref();
    return ended;
  };
  try {
    const found = await waitReady(child, () => output, ready, port);
    return { port: found, stop, output: () => output };
  } catch (error) {
    await stop();
    throw new Error(`${command} ${args.join(' ')}: ${String(error)}\n${output}`);
  }
}

async function waitReady(
  child: ChildProcess,
  output: () => string,
  ready: RegExp | undefined,
  port: number | undefined,
): Promise<number> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
    const match = ready?.exec(output());
    if (match) return port ?? Number(match[1]);
    if (ready === undefined && port !== undefined && (await accepts(port))) return port;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('not ready after 10 s');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
