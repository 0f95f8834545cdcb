// Builds dist/: the library (ES modules and declarations, by tsc) and the command line (CommonJS, by esbuild).
// Run by `prepare`; safe to run twice, and on a tree whose sources are not all there.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHUNKS, chunkPlugin, trimPlugin } from './chunks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

const installed = (name) => existsSync(at('node_modules', name, 'package.json'));

function buildLibrary() {
  if (!existsSync(at('src/index.ts'))) return console.log('build: no src/index.ts, library left out');
  rmSync(at('dist/lib'), { recursive: true, force: true });
  const tsc = at('node_modules/typescript/bin/tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', at('scripts/tsconfig.lib.json'), '--pretty', 'false'], {
    encoding: 'utf8',
  });
  if (run.status === 0) return undefined;
  // tsc emits all the same; `npm run types` is where a type error fails a build.
  console.error(`build: tsc reports errors\n${run.stdout}${run.stderr}`);
  return undefined;
}

async function buildCommandLine() {
  if (!existsSync(at('src/cli/main.ts')))
    return console.log('build: no src/cli/main.ts, command line left out');
  // Built aside and moved into place: a command that runs meanwhile finds the old one or the new one, never a half.
  const aside = at('dist', `cli-${process.pid}`);
  mkdirSync(aside, { recursive: true });
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
    legalComments: 'none',
    // Every distinct name costs at every start, code cache or not. The map (not packed) leads a stack trace back.
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    // Bundled `import()` stays lazy; one that leaves the bundle becomes a require of a chunk beside it.
    supported: { 'dynamic-import': false },
    plugins: [chunkPlugin, trimPlugin],
  };
  try {
    await bundle(shared, aside);
    rmSync(at('dist/cli'), { recursive: true, force: true });
    renameSync(aside, at('dist/cli'));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  makeCodeCache();
  return undefined;
}

async function bundle(shared, folder) {
  const { build } = await import('esbuild');
  const chunks = CHUNKS.filter((chunk) =>
    chunk.file ? existsSync(at(chunk.file)) : installed(chunk.module),
  );
  const builds = await Promise.allSettled([
    build({ ...shared, ...WRAPPED, entryPoints: [at('src/cli/main.ts')], outfile: join(folder, 'main.cjs') }),
    ...chunks.map((chunk) =>
      build({
        ...shared,
        ...WRAPPED,
        entryPoints: [chunk.file ? at(chunk.file) : chunk.module],
        outfile: join(folder, `${chunk.name}.cjs`),
      }),
    ),
  ]);
  if (builds.some(({ status }) => status === 'rejected')) throw new Error('the bundle could not be made');
}

/** V8's code cache for this Node: a gain at every start, ignored by any other Node. Never worth failing for. */
function makeCodeCache() {
  const run = spawnSync(process.execPath, [at('scripts/code-cache.cjs')], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (run.status !== 0) console.error(`build: no code cache (${run.error?.message ?? run.stderr.trim()})`);
}

/**
 * Each file is a function that wants to be given `require` and the like. One text serves both ways of loading it: as a
 * script with a code cache, whose value it is, and as a module, which exports it (bin/sslshut.js).
 */
const WRAPPED = {
  banner: {
    js: "(typeof module === 'object' ? module : {}).exports = function (exports, require, module) {",
  },
  footer: { js: '};' },
};

if (!installed('esbuild') || !installed('typescript')) {
  // `npm ci --omit=dev`: what a package carries is built already.
  console.log('build: the build tools are not installed, dist/ stays as it is');
} else {
  buildLibrary();
  try {
    await buildCommandLine();
  } catch {
    // esbuild has said what is wrong.
    process.exitCode = 1;
  }
  for (const name of readdirSync(at('bin'))) chmodSync(at('bin', name), 0o755);
}
