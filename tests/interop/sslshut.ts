import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cleanEnvironment } from './peers/process.ts';

const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;

export type Run = { code: number | null; stdout: string; stderr: string; ms: number };

/** What `--json` prints, as far as these tests look at it. */
export type Report = {
  outcome: {
    class: string;
    closedFirst: string;
    peerCloseNotify: string;
    bytesReceived: number;
    exitCode: number;
    peerNeverClosed?: boolean;
  };
  handshake?: { version?: string; suite?: string };
  resumption?: { eligible: boolean; offered: boolean; accepted: boolean };
  timeline: readonly { kind: string }[];
};

/** Runs the built command to its end. */
export function sslshut(args: readonly string[], limit = 30_000): Promise<Run> {
  if (!existsSync(BIN)) throw new Error('not built: npm run build');
  return run(process.execPath, [BIN, ...args], limit);
}

export async function report(args: readonly string[]): Promise<Report & { run: Run }> {
  const done = await sslshut([...args, '--json']);
  try {
    return { ...(JSON.parse(done.stdout) as Report), run: done };
  } catch {
    throw new Error(`sslshut ${args.join(' ')}: exit ${done.code}, no JSON\n${done.stdout}${done.stderr}`);
  }
}

export function run(command: string, args: readonly string[], limit = 30_000, input?: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(command, args, { env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, ms: Number(process.hrtime.bigint() - started) / 1e6 });
    });
  });
}
