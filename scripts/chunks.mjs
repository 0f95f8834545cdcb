// Parts of the command line that most runs do not need: each becomes a file of its own beside the main bundle, loaded when
// it is first imported dynamically. A chunk carries its own copy of what it imports, so only modules without state of
// their own belong here (an `instanceof` across the border would fail too).
import { basename } from 'node:path';

export const CHUNKS = [
  { name: 'noble', file: 'src/crypto/noble-provider.ts' },
  { name: 'mlkem', file: 'src/crypto/mlkem.ts' },
  { name: 'self-signed', file: 'src/io/self-signed.ts' },
  { name: 'dtls-close', file: 'src/cli/commands/dtls-close.ts' },
  { name: 'quic-close', file: 'src/cli/commands/quic-close.ts' },
  { name: 'diagnose', file: 'src/cli/commands/diagnose.ts' },
  { name: 'explain', file: 'src/cli/commands/explain.ts' },
  { name: 'peer-commands', file: 'src/cli/peer-commands.ts' },
  { name: 'parse', file: 'src/cli/parse.ts' },
  { name: 'yaml', module: 'yaml' },
  { name: 'ora', module: 'ora' },
  { name: 'chalk', module: 'chalk' },
];

/** esbuild plugin: `import('…')` of a chunk becomes a require of that chunk's file. */
export const chunkPlugin = {
  name: 'chunks',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
      if (kind !== 'dynamic-import') return undefined;
      const chunk = CHUNKS.find(({ module, file }) =>
        file ? path.startsWith('.') && basename(path) === basename(file) : path === module,
      );
      if (chunk === undefined || importer.includes('node_modules')) return undefined;
      return { path: `./${chunk.name}.cjs`, external: true };
    });
  },
};

/** esbuild plugin: commander loads child_process for programs of many files; this is one, and that costs 2 ms a start. */
export const trimPlugin = {
  name: 'trim',
  setup(build) {
    build.onResolve({ filter: /^(node:)?child_process$/ }, ({ importer }) =>
      /node_modules.commander/.test(importer) ? { path: 'child_process', namespace: 'unused' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};
