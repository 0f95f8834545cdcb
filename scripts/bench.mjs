// Start-up, whole process: `npm run bench` prints medians and ratios; `npm run bench -- --write` keeps them in BENCH.md.
// Every round runs each command once, in random order, so that the machine's moods fall on all alike.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 41;
const WARM_UP = 3;

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin/sslshut.js');
const pki = (name) => join(root, 'fixtures/certs', name);
const AUTHORITY = pki('self-signed.pem');

// Certificates named here are parsed at every start of Node 20 and would be all that is measured.
const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_OPTIONS, ...env } = process.env;

const folder = mkdtempSync(join(tmpdir(), 'sslshut-bench-'));
const script = (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const SERVER = `
const { readFileSync } = require('node:fs');
const server = require('node:tls').createServer(
  { cert: readFileSync(process.argv[2]), key: readFileSync(process.argv[3]), minVersion: 'TLSv1.3' },
  (socket) => socket.on('error', () => {}).resume(),
);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;
const CLIENT = `
const { readFileSync } = require('node:fs');
const [port, ca] = process.argv.slice(2);
const options = { host: '127.0.0.1', port, ca: readFileSync(ca), servername: 'localhost' };
const socket = require('node:tls').connect(options, () => socket.end());
socket.resume();
`;

const server = spawn(
  process.execPath,
  [script('server.cjs', SERVER), pki('self-signed.pem'), pki('self-signed.key')],
  {
    env,
  },
);
const port = await new Promise((resolve, reject) => {
  server.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
  server.stderr.on('data', (chunk) => reject(new Error(String(chunk))));
});

const close = ['tls-close', '--ca', AUTHORITY, '--sni', 'localhost', `127.0.0.1:${port}`];
const COMMANDS = {
  'empty script': [script('empty.cjs', '')],
  'sslshut --version': [bin, '--version'],
  'sslshut --help': [bin, '--help'],
  'node:tls script': [script('client.cjs', CLIENT), port, AUTHORITY],
  'sslshut tls-close': [bin, ...close],
  'sslshut tls-close --crypto noble': [bin, ...close, '--crypto', 'noble'],
};
const GOALS = [
  ['sslshut tls-close', 'node:tls script', 0.85],
  ['sslshut tls-close', 'empty script', 2.0],
  ['sslshut --version', 'empty script', 1.2],
];

const times = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, []]));
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  for (const name of shuffled(Object.keys(COMMANDS))) {
    const started = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, COMMANDS[name], { env, stdio: 'ignore' });
    const ms = Number(process.hrtime.bigint() - started) / 1e6;
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    if (round >= WARM_UP) times[name].push(ms);
  }
}
server.kill();
rmSync(folder, { recursive: true });

const report = render();
console.log(report);
if (process.argv.includes('--write')) keep(report);

function shuffled(names) {
  return names
    .map((name) => ({ name, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

function quantile(name, part) {
  const sorted = times[name].toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)];
}

function render() {
  const median = (name) => quantile(name, 0.5);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${process.platform} ${release()}`;
  const rows = Object.keys(COMMANDS).map((name) => {
    const numbers = [0.5, 0.25, 0.75].map((part) => quantile(name, part).toFixed(1));
    const ratios = ['empty script', 'node:tls script'].map((base) =>
      (median(name) / median(base)).toFixed(2),
    );
    return `| ${name} | ${[...numbers, ...ratios].join(' | ')} |`;
  });
  const goals = GOALS.map(([name, base, limit]) => {
    const ratio = median(name) / median(base);
    return `| ${name} ÷ ${base} | ≤ ${limit.toFixed(2)} | ${ratio.toFixed(2)} | ${ratio <= limit ? 'met' : 'missed'} |`;
  });
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version} (V8 ${process.versions.v8}, OpenSSL ${process.versions.openssl}), ${machine}; ${ROUNDS} rounds.`,
    '',
    '| command | median ms | 1st quartile | 3rd quartile | ÷ empty | ÷ node:tls |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '| goal | limit | measured | |',
    '|---|---|---|---|',
    ...goals,
    '',
  ].join('\n');
}

/** Replaces what stands between the two marks of BENCH.md. */
function keep(text) {
  const path = join(root, 'BENCH.md');
  const before = readFileSync(path, 'utf8');
  const marked = /(<!-- start-up -->\n)[\s\S]*(<!-- \/start-up -->)/;
  writeFileSync(
    path,
    before.replace(marked, (_, open, end) => `${open}\n${text}\n${end}`),
  );
}
