import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstLine, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { run } from './sslshut.ts';

const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;
const CLIENTS = {
  s_client: { version: firstLine('openssl', ['version']), from: 'openssl' },
  'gnutls-cli': { version: firstLine('gnutls-cli', ['--version'], /gnutls-cli \S+/), from: 'gnutls-bin' },
} as const;
type Client = keyof typeof CLIENTS;

const args = (client: Client, port: number): string[] =>
  client === 's_client'
    ? [
        's_client',
        '-dtls1_2',
        '-quiet',
        '-no_ign_eof',
        '-CAfile',
        PKI.authority,
        '-connect',
        `127.0.0.1:${port}`,
      ]
    : [
        ...['--udp', '--x509cafile', PKI.authority, '--verify-hostname', PKI.name],
        ...['--port', `${port}`, '127.0.0.1'],
      ];

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the DTLS clients that are required here', () => {
  expect(Object.values(CLIENTS).filter(({ version }) => version === undefined)).toEqual([]);
});

describe.each(Object.keys(CLIENTS) as Client[])('serve dtls, with %s', (client) => {
  let server: Running;
  beforeAll(async () => {
    const files = ['--cert', PKI.certificate, '--key', PKI.key];
    const words = [BIN, 'serve', 'dtls', '--exchange', 'echo', '--dtls', '1.2', '--json', ...files];
    server = await start({ command: process.execPath, args: words, ready: /"port":(\d+)/ });
  });
  afterAll(() => server.stop());

  it('sends back what the client says, and is told how the client ended', async (context) => {
    const { version, from } = CLIENTS[client];
    if (version === undefined) return context.skip(`${client} is not installed (Debian package ${from})`);
    const program = client === 's_client' ? 'openssl' : client;
    // Its standard input ends after a while, not at once: the echo must have time to come.
    const words = [
      '-c',
      '(echo over datagrams; sleep 1) | timeout 15 "$0" "$@"',
      program,
      ...args(client, server.port),
    ];
    const done = await run('sh', words, 20_000);
    expect(`${done.stdout}${done.stderr}`).toContain('over datagrams');
    expect(done.code, done.stderr).toBe(0);
    await expect.poll(() => server.output(), { timeout: 15_000 }).toMatch(/"handshake":"completed"/);
    expect(server.output()).toMatch(/"bytes":15/);
    return undefined;
  });
});

// gnutls-cli 3.7.9 breaks down over UDP when there is no certificate to show, with any server.
it('serves openssl s_client with a pre-shared key', async (context) => {
  const { version, from } = CLIENTS.s_client;
  if (version === undefined) return context.skip(`s_client is not installed (Debian package ${from})`);
  const key = ['1a2b3c4d', 'sensor'] as const;
  const server = await start({
    command: process.execPath,
    args: [BIN, 'serve', 'dtls', '--json', '--psk', key[0], '--psk-identity', key[1]],
    ready: /"port":(\d+)/,
  });
  try {
    const script = '(echo over datagrams; sleep 1) | timeout 15 openssl "$0" "$@"';
    const words = ['s_client', '-dtls1_2', '-quiet', '-no_ign_eof', '-psk', key[0], '-psk_identity', key[1]];
    const done = await run('sh', ['-c', script, ...words, '-connect', `127.0.0.1:${server.port}`], 20_000);
    expect(done.stdout).toContain('over datagrams');
    expect(done.code, done.stderr).toBe(0);
    await expect.poll(() => server.output(), { timeout: 15_000 }).toMatch(/"closeNotify":"before"/);
  } finally {
    await server.stop();
  }
  return undefined;
});
