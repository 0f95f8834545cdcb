// Writes dist/cli/main.<V8>-<arch>.cache: what V8 compiled of the bundle in one whole run of `tls-close` against a server
// of our own, so that the next start need not compile it again. bin/sslshut.js loads it and V8 refuses it when it doesn't fit.
'use strict';
const { spawn } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(__dirname, '..', 'dist', 'cli');
const main = join(dist, 'main.cjs');
const cache = join(dist, `main.${process.versions.v8}-${process.arch}.cache`);

if (process.argv[2] === '--warm') warm(process.argv.slice(3));
else serveAndWarm();

/** Starts a server in another process and warms up against the port it names; without one, against a closed port. */
function serveAndWarm() {
  const server = spawn(process.execPath, [main, 'serve', 'tls', '--for', '15s'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let port;
  let said = '';
  const go = () => {
    if (port !== undefined) return;
    port = /:(\d+)/.exec(said)?.[1] ?? '1';
    const args = [__filename, '--warm', 'tls-close', '--insecure', `127.0.0.1:${port}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('exit', (code) => {
      server.kill('SIGTERM');
      process.exitCode = code ?? 1;
    });
  };
  server.stdout.on('data', (chunk) => {
    said += chunk;
    if (/:\d+/.test(said)) go();
  });
  server.on('exit', go);
  setTimeout(go, 8000).unref();
}

/** Runs the bundle as bin/sslshut.js does, and keeps what was compiled by the time it ends. */
function warm(args) {
  const script = new Script(readFileSync(main, 'latin1'), { filename: main });
  process.argv = [process.argv[0], main, ...args];
  process.once('exit', () => {
    writeFileSync(cache, script.createCachedData());
    process.exitCode = 0;
  });
  const load = (id) => require(id.startsWith('./') ? join(dist, id) : id);
  script.runInThisContext()({}, load, {});
}
