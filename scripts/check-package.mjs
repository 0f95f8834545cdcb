// Is an unpacked tarball a whole package? Every file its package.json points at is in it, the declarations resolve, the
// library can be imported and the command starts, with nothing but the dependencies that it declares.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = resolve(process.argv[2] ?? '.');
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const problems = [];

const targets = [
  ...Object.values(manifest.bin),
  ...manifest.man,
  ...Object.values(manifest.exports).flatMap((one) => (typeof one === 'string' ? one : Object.values(one))),
];
for (const target of targets) if (!existsSync(join(folder, target))) problems.push(`missing: ${target}`);

const files = readdirSync(folder, { recursive: true }).map(String);
for (const file of files) {
  if (/^(src|tests|fixtures|scripts|node_modules)\b/.test(file))
    problems.push(`does not belong in it: ${file}`);
  if (!file.endsWith('.d.ts')) continue;
  for (const [, specifier] of readFileSync(join(folder, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
    const declared = join(folder, file, '..', specifier.replace(/\.[jt]s$/, '.d.ts'));
    if (!existsSync(declared)) problems.push(`${file}: no declaration behind '${specifier}'`);
  }
}

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
if (!existsSync(join(folder, 'node_modules'))) symlinkSync(modules, join(folder, 'node_modules'));
const script =
  "import('sslshut').then((all) => { if (typeof all.tlsClose !== 'function') process.exit(1); })";
const starts = [
  [['--input-type=module', '-e', script], /^$/],
  [[join(folder, manifest.bin.sslshut), '--version'], new RegExp(`^${manifest.version}\\n$`)],
  [[join(folder, manifest.bin.sslshut), '--help'], /tls-close/],
];
for (const [args, expected] of starts) {
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0 || !expected.test(run.stdout))
    problems.push(`${args.join(' ')}: ${run.stdout}${run.stderr}`);
}

for (const problem of problems) console.error(problem);
console.log(`package: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
