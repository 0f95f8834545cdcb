import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { report } from './sslshut.ts';

const TRUSTED = ['--ca', PKI.authority, '--sni', PKI.name];
let folder: string;
const running: (Running | Server)[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sslshut-exchanges-'));
});
afterEach(async () => {
  for (const one of running.splice(0)) await ('stop' in one ? one.stop() : one.close());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the exchange understood, and how it all ended. */
async function ending(...args: string[]): Promise<{ class: string; closedFirst: string; told: string[] }> {
  const { outcome, timeline } = await report(['tls-close', ...TRUSTED, ...args]);
  const told = timeline.flatMap((event) => {
    const { kind, what, detail } = event as { kind: string; what?: string; detail?: string };
    return kind === 'exchange' && what === 'end' ? [detail ?? ''] : [];
  });
  return { class: outcome.class, closedFirst: outcome.closedFirst, told };
}

type Protocol = 'smtp' | 'imap' | 'pop3';
const GREETINGS: Record<Protocol, string> = { smtp: '220 back', imap: '* OK back', pop3: '+OK back' };

function replyOf(protocol: Protocol, line: string): { say: string; over: boolean } {
  const over = /QUIT|LOGOUT/.test(line);
  if (protocol === 'smtp') return { say: `${over ? 221 : 250} back\r\n`, over };
  if (protocol === 'pop3') return { say: line === 'CAPA' ? '+OK\r\nUIDL\r\n.\r\n' : '+OK\r\n', over };
  return { say: `${over ? '* BYE\r\n' : ''}${line.split(' ', 1)[0]} OK\r\n`, over };
}

/** A server without TLS, for stunnel to stand in front of. */
async function plain(protocol: Protocol): Promise<number> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`${GREETINGS[protocol]}\r\n`);
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n').filter((one) => one !== '')) {
        const { say, over } = replyOf(protocol, line);
        socket.write(say);
        if (over) socket.end();
      }
    });
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe.each(['smtp', 'imap', 'pop3'] as const)('stunnel, which begins %s in the clear', (protocol) => {
  it('goes on with TLS, and answers in it to the end', async () => {
    const port = await freePort();
    const file = join(folder, `${protocol}.conf`);
    const service = [
      ...[`accept = 127.0.0.1:${port}`, `connect = 127.0.0.1:${await plain(protocol)}`],
      ...[`cert = ${PKI.certificate}`, `key = ${PKI.key}`, `protocol = ${protocol}`],
    ];
    const lines = ['foreground = yes', 'pid =', 'debug = warning', '[peer]', ...service, ''];
    writeFileSync(file, lines.join('\n'));
    running.push(await start({ command: 'stunnel', args: [file], port }));
    const target = `${protocol}://127.0.0.1:${port}`;
    expect(await ending('--exchange', protocol, '--wait-peer', target)).toEqual({
      ...{ class: 'clean', closedFirst: 'peer', told: ['whole'] },
    });
    expect(await ending('--exchange', protocol, target)).toEqual({
      ...{ class: 'clean', closedFirst: 'local', told: ['whole'] },
    });
  });
});

it('nginx: HTTP/1.1 and HTTP/2 to the end of the answer', async () => {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    file,
    `daemon off; master_process off; pid nginx.pid; error_log stderr; events { worker_connections 64; }
http { access_log off; ${paths.map((name) => `${name}_temp_path ${name};`).join(' ')}
  server { listen 127.0.0.1:${port} ssl http2; ssl_certificate ${PKI.certificate}; ssl_certificate_key ${PKI.key};
    location / { return 200 "hello from nginx\\n"; } } }
`,
  );
  running.push(await start({ command: 'nginx', args: ['-p', folder, '-c', file, '-e', 'stderr'], port }));
  const target = `127.0.0.1:${port}`;
  const asked = await ending('--exchange', 'http1', '--wait-peer', target);
  expect(asked).toEqual({
    ...{ class: 'clean', closedFirst: 'peer', told: ['whole: 17 of 17 bytes by Content-Length'] },
  });
  const kept = await ending('--exchange', 'h2', target);
  expect(kept).toMatchObject({ closedFirst: 'local', told: ['whole: status 200, 17 of 17 bytes'] });
});

it('OpenSSL: an answer that ends with the connection', async () => {
  const identity = ['-cert', PKI.certificate, '-cert_chain', PKI.intermediate, '-key', PKI.key];
  const args = ['s_server', '-accept', '127.0.0.1:0', '-www', ...identity];
  const peer = await start({ command: 'openssl', args, ready: /ACCEPT 127\.0\.0\.1:(\d+)/ });
  running.push(peer);
  const { told, ...rest } = await ending('--exchange', 'http1', '--wait-peer', `127.0.0.1:${peer.port}`);
  expect(rest).toEqual({ class: 'clean', closedFirst: 'peer' });
  expect(told).toEqual([expect.stringMatching(/^ended by close_notify: \d+ bytes$/)]);
});
