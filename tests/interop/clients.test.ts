import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstLine, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { run } from './sslshut.ts';

const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;
const REQUEST = 'GET / HTTP/1.0\r\n\r\n';

const CLIENTS = {
  'gnutls-cli-debug': firstLine('gnutls-cli-debug', ['--version'], /gnutls-cli-debug \S+/),
  s_client: firstLine('openssl', ['version']),
  curl: firstLine('curl', ['--version'], /curl \S+/),
};
const FROM = { 'gnutls-cli-debug': 'gnutls-bin', s_client: 'openssl', curl: 'curl' } as const;
type Client = keyof typeof CLIENTS;
console.log(
  Object.entries(CLIENTS)
    .map(([name, version]) => `${name.padEnd(17)} ${version ?? 'skipped: not found'}`)
    .join('\n'),
);

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the clients that are required here', () => {
  expect(Object.entries(CLIENTS).filter(([, version]) => version === undefined)).toEqual([]);
});

const missing = (client: Client): string | undefined =>
  CLIENTS[client] === undefined ? `${client} is not installed (Debian package ${FROM[client]})` : undefined;

function serve(behaviour: string, ...options: string[]): Promise<Running> {
  const files = ['--cert', PKI.certificate, '--key', PKI.key];
  const args = [BIN, 'serve', 'tls', '--behaviour', behaviour, ...files, ...options];
  return start({ command: process.execPath, args, ready: /127\.0\.0\.1:(\d+)/ });
}

describe.each([
  ['well-behaved', 'yes'],
  ['fin-no-close-notify', 'partially'],
  ['rst-no-close-notify', 'partially'],
  ['never-reply', 'no'],
])('gnutls-cli-debug asks %s for closure alerts', (behaviour, answer) => {
  it(`and says ${answer}`, async (context) => {
    const why = missing('gnutls-cli-debug');
    if (why !== undefined) return context.skip(why);
    const server = await serve(behaviour);
    const { stdout } = await run('gnutls-cli-debug', ['--port', `${server.port}`, '127.0.0.1'], 150_000);
    await server.stop();
    expect(/whether the server understands TLS closure alerts\.\.\. (\S+)/.exec(stdout)?.[1], stdout).toBe(
      answer,
    );
    return undefined;
  });
});

/** A GET whose answer has no length, so that its end is the end of the connection. */
const ENDS = [
  { behaviour: 'well-behaved', s_client: { code: 0, says: /^/ }, curl: { code: 0, says: /^/ } },
  {
    behaviour: 'fin-no-close-notify',
    s_client: { code: 1, says: /unexpected eof while reading/ },
    // curl takes the FIN for the end, as OpenSSL's callers before 3.0 did: this is how an answer is cut short unnoticed.
    curl: { code: 0, says: /^$/ },
  },
  {
    behaviour: 'rst-no-close-notify',
    s_client: { code: 104, says: /read:errno=104/ },
    curl: { code: 56, says: /Connection reset by peer/ },
  },
] as const;

describe.each(ENDS)('a GET from $behaviour', ({ behaviour, s_client, curl }) => {
  let server: Running;
  beforeAll(async () => {
    server = await serve(behaviour);
  });
  afterAll(() => server.stop());

  it('with s_client', async (context) => {
    const why = missing('s_client');
    if (why !== undefined) return context.skip(why);
    const args = ['s_client', '-quiet', '-CAfile', PKI.authority, '-connect', `127.0.0.1:${server.port}`];
    const { code, stdout, stderr } = await run('openssl', args, 30_000, REQUEST);
    expect(stderr).toMatch(s_client.says);
    expect(code, stdout + stderr).toBe(s_client.code);
    if (code === 0) expect(stdout).toMatch(/^HTTP\/1\.[01] 200/);
    return undefined;
  });

  it('with curl', async (context) => {
    const why = missing('curl');
    if (why !== undefined) return context.skip(why);
    const resolve = `${PKI.name}:${server.port}:127.0.0.1`;
    const args = ['-sS', '--http1.0', '--cacert', PKI.authority, '--resolve', resolve];
    const { code, stdout, stderr } = await run('curl', [...args, `https://${PKI.name}:${server.port}/`]);
    expect(stderr).toMatch(curl.says);
    expect(code, stdout + stderr).toBe(curl.code);
    return undefined;
  });
});

/** curl's exit code at each behaviour, for a GET of HTTP/1.1. 18: a part of the answer, 28: its own time limit, 35: no handshake, 52: no answer, 56: receiving failed. */
const CURL: Readonly<Record<string, number>> = {
  'rst-no-close-notify': 56,
  'rst-drops-tail': 56,
  'fin-mid-record': 18,
  'fin-mid-body': 18,
  'fin-mid-body-no-alert': 18,
  'fin-mid-chunks': 18,
  'half-close-first': 52,
  'zero-window-close': 28,
  'fatal-alert-before-data': 56,
  'late-certificate-required': 56,
  'fin-during-handshake': 35,
  'fin-before-finished': 35,
  'rst-during-handshake': 35,
  'rst-before-finished': 35,
  'stall-handshake': 28,
  'stall-before-finished': 28,
  'close-notify-during-handshake': 35,
  'close-notify-before-finished': 35,
  'plaintext-instead-of-hello': 35,
};

describe('curl against every behaviour', () => {
  type Told = {
    behaviour: string;
    exit: { code: number };
    grade: { grade: string; verdict: string };
  };

  it('ends with the code that the table says, and is graded by it', async (context) => {
    const why = missing('curl');
    if (why !== undefined) return context.skip(why);
    const client = 'curl -sS -m 6 --cacert {ca} --resolve {name}:{port}:127.0.0.1 https://{name}:{port}/';
    const { code, stdout, stderr } = await run(
      process.execPath,
      [BIN, 'serve', 'tls', '--all', '--json', '--exec', client],
      150_000,
    );
    const runs = stdout
      .trimEnd()
      .split('\n')
      .map((line): Told => JSON.parse(line));
    const codes = Object.fromEntries(
      runs.flatMap(({ behaviour, exit }) => (exit.code === 0 ? [] : [[behaviour.slice(4), exit.code]])),
    );
    expect(codes, stderr).toEqual(CURL);
    const failed = runs.filter(({ grade }) => grade.grade === 'fail');
    // Without a length, it takes a FIN for the end.
    expect(failed.map(({ behaviour, grade }) => `${behaviour} ${grade.verdict}`)).toEqual([
      'tls/fin-no-close-notify accepted-unproven',
    ]);
    expect(code).toBe(1);
    return undefined;
  });
});
