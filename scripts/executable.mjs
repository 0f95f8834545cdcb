// `npm run executable [-- FILE]`: one file that needs no Node beside it, by pkg's kept fork in its single-executable mode, around
// the Node that runs this. Everything is in one bundle: there is no folder to load chunks from.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { trimPlugin } from './chunks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = resolve(process.argv[2] ?? join(root, 'dist', 'sslshut'));
mkdirSync(join(root, 'dist'), { recursive: true });
const folder = mkdtempSync(join(root, 'dist', 'executable-'));
// pkg works in the system's folder for temporary files and calls `npx postject` there: it is found only below this package.
process.env.TMPDIR = folder;

try {
  const bundle = join(folder, 'main.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'src/cli/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [trimPlugin],
  });
  // The command line of 6.14, the newest for Node 20, would fetch a Node; its module takes the one at hand.
  const { default: sea } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js');
  const [major] = process.versions.node.split('.');
  await sea(bundle, {
    useLocalNode: true,
    targets: [{ nodeRange: `node${major}`, platform: process.platform, arch: process.arch, output }],
    seaConfig: { useCodeCache: true, disableExperimentalSEAWarning: true },
  });
  console.log(output);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
