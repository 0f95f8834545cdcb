// Writes dist/cli/NAME.<V8>-<arch>.cache for the files that a start is most often made of: what V8 compiled of them in one whole run
// of `tls-close`, of `dtls-close` and of `quic-close`, so that the next start need not compile it again. bin/sslshut.js loads them, and V8
// refuses them when they don't fit.
'use strict';
const { spawn } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(__dirname, '..', 'dist', 'cli');
const pki = (name) => join(__dirname, '..', 'fixtures', 'certs', name);
const files = ['--cert', pki('leaf-p256.pem'), '--key', pki('leaf-p256.key')];
const close = ['--ca', pki('root.pem'), '--sni', 'localhost'];
const [mode, ...args] = process.argv.slice(2);

if (mode === '--serve') serve();
else if (mode === '--warm') warm(...args);
else {
  const bin = join(__dirname, '..', 'bin', 'sslshut.js');
  warmAgainst([__filename, '--serve'], ['main', 'tls-close', ...close], () =>
    // Only our own server speaks DTLS and QUIC everywhere; the run that is kept is another process.
    warmAgainst(
      [bin, 'serve', 'dtls', '--count', '1', '--json', ...files],
      ['dtls-close', 'dtls-close', ...close],
      () =>
        warmAgainst(
          [bin, 'serve', 'quic', '--count', '1', '--json', ...files],
          ['quic-close', 'quic-close', ...close],
        ),
    ),
  );
}

/** A server in one process, the run that counts in another: what either compiles must not mix. */
function warmAgainst(server, [kept, ...command], then) {
  const serving = spawn(process.execPath, server, { stdio: ['pipe', 'pipe', 'inherit'] });
  serving.stdout.once('data', (chunk) => {
    const [, port] = /(?:^|"port":)(\d+)/.exec(String(chunk)) ?? [];
    const run = spawn(process.execPath, [__filename, '--warm', kept, ...command, `127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    run.on('exit', (code) => {
      serving.kill();
      if (code !== 0) process.exitCode = code ?? 1;
      else then?.();
    });
  });
}

/** Ends when its standard input does. */
function serve() {
  const { createServer } = require('node:tls');
  const options = { cert: readFileSync(pki('leaf-p256.pem')), key: readFileSync(pki('leaf-p256.key')) };
  const server = createServer(options, (socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.on('end', () => process.exit()).resume();
}

/** Runs the bundle as bin/sslshut.js does, and keeps what was compiled of one of its files by the time it ends. */
function warm(kept, ...argv) {
  const scripts = new Map();
  const load = (id) => {
    if (!id.startsWith('./')) return require(id);
    const file = join(dist, id);
    const script = new Script(readFileSync(file, 'latin1'), { filename: file });
    scripts.set(id, script);
    const module = { exports: {} };
    script.runInThisContext()(module.exports, load, module);
    return module.exports;
  };
  process.argv = [process.argv[0], join(dist, 'main.cjs'), ...argv];
  process.once('exit', (code) => {
    if (code !== 0) throw new Error(`the run that should be kept ended with ${code}`);
    const cache = scripts.get(`./${kept}.cjs`).createCachedData();
    writeFileSync(join(dist, `${kept}.${process.versions.v8}-${process.arch}.cache`), cache);
  });
  load('./main.cjs');
}
