// One-shot QUIC, whole process: the last part of `npm run bench`. The clients connect to ngtcp2's example server, close and end; each
// round runs every one of them once, in random order. ngtcp2's asks for "/" over HTTP/3, OpenSSL's for nothing: each is compared with
// what asks for the same. SSLSHUT_OPENSSL35 is a command that is OpenSSL 3.5 or later, words separated by spaces, where `openssl` is older.
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';

const ROUNDS = 15;
const root = fileURLToPath(new URL('..', import.meta.url));
const pki = (name) => `${root}fixtures/certs/${name}`;
const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_OPTIONS, ...env } = process.env;
const [openssl, ...within] = (env.SSLSHUT_OPENSSL35 ?? 'openssl').split(' ');

const says = (command, ...args) => {
  const { error, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  return error === undefined ? `${stdout}${stderr}` : undefined;
};
const speaksQuic = says(openssl, ...within, 's_client', '-help')?.includes('-quic ') === true;

const port = await new Promise((resolve) => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1', () => {
    const { port: free } = socket.address();
    socket.close(() => resolve(free));
  });
});

const target = `127.0.0.1:${port}`;
const trust = ['--ca', pki('root.pem'), '--sni', 'localhost'];
const own = (...args) => [
  process.execPath,
  [`${root}bin/sslshut.js`, 'quic-close', ...trust, ...args, target],
];
const CLIENTS = {
  'sslshut quic-close --rapid': own('--rapid'),
  'sslshut quic-close --rapid --no-get': own('--rapid', '--no-get'),
  'sslshut quic-close': own(),
  gtlsclient: [
    'gtlsclient',
    ['--quiet', '--exit-on-all-streams-close', '127.0.0.1', `${port}`, 'https://localhost/'],
  ],
  ...(speaksQuic
    ? {
        'openssl s_client -quic': [
          openssl,
          [...within, 's_client', '-quic', '-alpn', 'h3', '-servername', 'localhost', '-connect', target],
        ],
      }
    : {}),
};
/** Who does the same, and how much of their time it may take. */
const GOALS = {
  gtlsclient: ['sslshut quic-close --rapid', 3],
  'openssl s_client -quic': ['sslshut quic-close --rapid --no-get', 0.15],
};
/** What a default close may take beyond the time of a rapid one and its own three PTO, for timers and a scheduler. */
const TOLERANCE = 0.1;
const THREE_PTO = /closing lasts 3 PTO = ([\d.]+) ms/u;

if (says('gtlsserver', '--help') === undefined || says('gtlsclient', '--help') === undefined) {
  console.log('QUIC: gtlsserver and gtlsclient are needed for this part (ngtcp2-server, ngtcp2-client)');
} else {
  if (!speaksQuic) console.log('QUIC: no OpenSSL with a QUIC client here; SSLSHUT_OPENSSL35 may name one');
  const files = [pki('leaf-p256.key'), pki('leaf-p256.pem')];
  const args = ['--quiet', '-d', pki(''), '127.0.0.1', `${port}`, ...files];
  const server = spawn('gtlsserver', args, { env, stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  try {
    print(measure());
  } finally {
    server.kill();
  }
}

function measure() {
  const times = Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, []]));
  const beyond = [];
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, [command, args]] of shuffled(Object.entries(CLIENTS))) {
      const started = process.hrtime.bigint();
      const run = spawnSync(command, args, { env, input: '', timeout: 20_000 });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (run.status !== 0) throw new Error(`${name} ended with ${run.status}: ${run.stderr}`);
      if (round < 0) continue;
      times[name].push(ms);
      if (name === 'sslshut quic-close') beyond.push(ms - Number(THREE_PTO.exec(run.stdout)?.[1]));
    }
  }
  return { times, beyond };
}

function print({ times, beyond }) {
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
  const rapid = median(times['sslshut quic-close --rapid']);
  console.log(`\nQUIC, one shot, medians of ${ROUNDS} rounds\n`);
  console.log('| command | median ms | ours ÷ it | goal |\n|---|---|---|---|');
  for (const [name, list] of Object.entries(times)) {
    const [same, limit] = GOALS[name] ?? [name];
    const ratio = median(times[same]) / median(list);
    const goal = limit === undefined ? '' : `≤ ${limit}: ${ratio <= limit ? 'met' : 'missed'}`;
    console.log(`| ${name} | ${median(list).toFixed(1)} | ${ratio.toFixed(2)} | ${goal} |`);
  }
  const rest = median(beyond);
  const met = rest <= rapid * (1 + TOLERANCE) ? 'met' : 'missed';
  console.log(
    `\nA default close without its three PTO takes ${rest.toFixed(1)} ms, ${(rest / rapid).toFixed(2)} of a rapid one (goal: ≤ ${1 + TOLERANCE}: ${met}).`,
  );
}

function shuffled(list) {
  return list
    .map((value) => ({ value, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
