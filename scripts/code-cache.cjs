// Writes dist/cli/main.<V8>-<arch>.cache: what V8 compiled of the bundle in one whole run of `tls-close`, so that the next
// start need not compile it again. bin/sslshut.js loads it, and V8 refuses it when it doesn't fit.
'use strict';
const { spawn } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(__dirname, '..', 'dist', 'cli');
const pki = (name) => join(__dirname, '..', 'fixtures', 'certs', name);
const [mode, ...args] = process.argv.slice(2);

if (mode === '--serve') serve();
else if (mode === '--warm') warm(args);
else serveAndWarm();

/** A server in one process, the run that counts in another: what either compiles must not mix. */
function serveAndWarm() {
  const server = spawn(process.execPath, [__filename, '--serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  server.stdout.once('data', (chunk) => {
    const close = [
      'tls-close',
      '--ca',
      pki('root.pem'),
      '--sni',
      'localhost',
      `127.0.0.1:${String(chunk).trim()}`,
    ];
    const run = spawn(process.execPath, [__filename, '--warm', ...close], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    run.on('exit', (code) => {
      server.kill();
      process.exitCode = code ?? 1;
    });
  });
}

/** Ends when its standard input does. */
function serve() {
  const { createServer } = require('node:tls');
  const files = { cert: readFileSync(pki('leaf-p256.pem')), key: readFileSync(pki('leaf-p256.key')) };
  const server = createServer(files, (socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.on('end', () => process.exit()).resume();
}

/** Runs the bundle as bin/sslshut.js does, and keeps what was compiled by the time it ends. */
function warm(argv) {
  const main = join(dist, 'main.cjs');
  const script = new Script(readFileSync(main, 'latin1'), { filename: main });
  process.argv = [process.argv[0], main, ...argv];
  process.once('exit', (code) => {
    if (code !== 0) throw new Error(`the run that should be kept ended with ${code}`);
    writeFileSync(join(dist, `main.${process.versions.v8}-${process.arch}.cache`), script.createCachedData());
  });
  const load = (id) => require(id.startsWith('./') ? join(dist, id) : id);
  script.runInThisContext()({}, load, {});
}
