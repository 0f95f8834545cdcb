#!/usr/bin/env node
// Starts dist/cli/main.cjs. Kept small, and CommonJS, because every start pays for it (BENCH.md).
'use strict';
const { readFileSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');

const dist = join(dirname(__dirname), 'dist', 'cli');
const [flag, ...more] = process.argv.slice(2);

if (more.length === 0 && (flag === '--version' || flag === '-V')) printVersion();
else start(join(dist, 'main.cjs'), join(dist, `main.${process.versions.v8}-${process.arch}.cache`));

/** Past the command line altogether: nothing to parse, nothing to load. */
function printVersion() {
  const { version } = JSON.parse(readFileSync(join(dirname(__dirname), 'package.json'), 'utf8'));
  try {
    writeSync(1, `${version}\n`);
  } catch (error) {
    if (error.code !== 'EPIPE') throw error;
  }
}

function start(main, cache) {
  const load = (id) => require(id.startsWith('./') ? join(dist, id) : id);
  program(main, cache)({}, load, {});
}

/** The bundle is a function of `exports`, `require` and `module` (scripts/build.mjs). Its own chunks lie beside it. */
function program(main, cache) {
  let cachedData;
  try {
    cachedData = readFileSync(cache);
  } catch {
    // Built by another Node, or installed from a tarball: newer Nodes have a cache of their own.
    require('node:module').enableCompileCache?.();
    return require(main);
  }
  const { Script } = require('node:vm');
  return new Script(readFileSync(main, 'latin1'), { filename: main, cachedData }).runInThisContext();
}
