import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from '../process.ts';

export function buildQuiche(folder: string): string {
  cpSync(here('quiche'), folder, { recursive: true });
  execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
    env: cleanEnvironment(),
  });
  return folder;
}

export function buildGo(folder: string, part: string): string {
  cpSync(here('quic-go'), folder, { recursive: true });
  const program = join(folder, 'program');
  execFileSync('go', ['build', '-o', program, part], {
    cwd: folder,
    env: { ...cleanEnvironment(), GOFLAGS: '-mod=mod' },
  });
  return program;
}

export function buildPython(folder: string): string {
  cpSync(here('aioquic'), folder, { recursive: true });
  const modules = join(folder, 'modules');
  const words = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  execFileSync('python3', ['-m', 'pip', 'install', ...words, '--target', modules, '-r', 'requirements.txt'], {
    cwd: folder,
    env: cleanEnvironment(),
  });
  return modules;
}

/** Its dependencies take a minute or two to compile: they are kept. */
export function buildRust(folder: string, program: string): string {
  cpSync(here('quinn'), folder, { recursive: true });
  const target = new URL('../../../../node_modules/.cache/sslshut-quinn', import.meta.url).pathname;
  execFileSync('cargo', ['build', '--quiet', '--locked', '--bin', program], {
    cwd: folder,
    env: { ...cleanEnvironment(), CARGO_TARGET_DIR: target },
  });
  return join(target, 'debug', program);
}

const here = (name: string): string => new URL(name, import.meta.url).pathname;
