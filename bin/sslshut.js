#!/usr/bin/env node
// Starts dist/cli/main.cjs. Kept small, and CommonJS, because every start pays for it (BENCH.md).
'use strict';
const { readFileSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');

const dist = join(dirname(__dirname), 'dist', 'cli');
const loaded = new Map();
const [flag, ...more] = process.argv.slice(2);

if (more.length === 0 && (flag === '--version' || flag === '-V')) printVersion();
else load('./main.cjs');

/** Past the command line altogether: nothing to parse, nothing to load. */
function printVersion() {
  const { version } = JSON.parse(readFileSync(join(dirname(__dirname), 'package.json'), 'utf8'));
  try {
    writeSync(1, `${version}\n`);
  } catch (error) {
    if (error.code !== 'EPIPE') throw error;
  }
}

/** A file of the bundle, once; or one of Node's own modules. */
function load(id) {
  if (!id.startsWith('./')) return require(id);
  const known = loaded.get(id);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(id, module);
  program(join(dist, id))(module.exports, load, module);
  return module.exports;
}

/** Each file is a function of `exports`, `require` and `module` (scripts/build.mjs), with or without a code cache beside it. */
function program(file) {
  let cachedData;
  try {
    cachedData = readFileSync(file.replace(/cjs$/, `${process.versions.v8}-${process.arch}.cache`));
  } catch {
    // Built by another Node, installed from a tarball, or seldom needed: newer Nodes have a cache of their own.
    require('node:module').enableCompileCache?.();
    return require(file);
  }
  const { Script } = require('node:vm');
  return new Script(readFileSync(file, 'latin1'), { filename: file, cachedData }).runInThisContext();
}
