// One-shot DTLS 1.2, whole process: `npm run bench` prints this after the start-up table. The clients in use connect to
// OpenSSL's server, verify its certificate, close and end; each round runs every one of them once, in random order.
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';

const ROUNDS = 15;
const root = fileURLToPath(new URL('..', import.meta.url));
const pki = (name) => `${root}fixtures/certs/${name}`;
const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_OPTIONS, ...env } = process.env;

const has = (command) => spawnSync(command, ['--version'], { env }).error === undefined;

const port = await new Promise((resolve) => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1', () => {
    const { port: free } = socket.address();
    socket.close(() => resolve(free));
  });
});

const CLIENTS = {
  'sslshut dtls-close': [
    process.execPath,
    [
      `${root}bin/sslshut.js`,
      'dtls-close',
      '--dtls',
      '1.2',
      '--ca',
      pki('root.pem'),
      '--sni',
      'localhost',
      `127.0.0.1:${port}`,
    ],
  ],
  'openssl s_client': [
    'openssl',
    ['s_client', '-dtls1_2', '-CAfile', pki('root.pem'), '-connect', `127.0.0.1:${port}`],
  ],
  'gnutls-cli': [
    'gnutls-cli',
    [
      '--udp',
      '--x509cafile',
      pki('root.pem'),
      '--verify-hostname',
      'localhost',
      '--port',
      `${port}`,
      '127.0.0.1',
    ],
  ],
};

if (!has('openssl') || !has('gnutls-cli')) {
  console.log('DTLS: openssl and gnutls-cli are needed for this part');
} else {
  const files = [
    '-cert',
    pki('leaf-p256.pem'),
    '-cert_chain',
    pki('intermediate.pem'),
    '-key',
    pki('leaf-p256.key'),
  ];
  const server = spawn(
    'openssl',
    ['s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, '-quiet', ...files],
    {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  try {
    print(measure());
  } finally {
    server.kill();
  }
}

function measure() {
  const times = Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, [command, args]] of shuffled(Object.entries(CLIENTS))) {
      const started = process.hrtime.bigint();
      const run = spawnSync(command, args, { env, input: '', timeout: 20_000 });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (run.status !== 0) throw new Error(`${name} ended with ${run.status}: ${run.stderr}`);
      if (round >= 0) times[name].push(ms);
    }
  }
  return times;
}

function print(times) {
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
  const own = median(times['sslshut dtls-close']);
  console.log(`\nDTLS 1.2, one shot, medians of ${ROUNDS} rounds\n`);
  console.log('| command | median ms | sslshut ÷ it | goal |\n|---|---|---|---|');
  for (const [name, list] of Object.entries(times)) {
    const ratio = own / median(list);
    const goal = name.startsWith('sslshut') ? '' : `≤ 0.15: ${ratio <= 0.15 ? 'met' : 'missed'}`;
    console.log(`| ${name} | ${median(list).toFixed(1)} | ${ratio.toFixed(2)} | ${goal} |`);
  }
}

function shuffled(list) {
  return list
    .map((value) => ({ value, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
