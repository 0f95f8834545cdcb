import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { firstLine, freePort, type Running, start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { type Run, report, sslshut } from './sslshut.ts';

const RAW = new URL('peers/raw-peer.py', import.meta.url).pathname;
const python = firstLine('python3', ['--version']);

const TRUSTED = ['--ca', PKI.authority, '--sni', PKI.name];
const running: (Running | Server)[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await ('stop' in one ? one.stop() : one.close());
});

/** A server of bytes: what it says at once, and what it does with the connection. */
async function plain(first: string, then: 'end' | 'hold'): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (then === 'end') socket.once('data', () => socket.end(first));
    else if (first !== '') socket.write(first);
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function raw(tls: string, ...options: string[]): Promise<number> {
  const files = ['--cert', PKI.certificate, '--key', PKI.key];
  const args = [RAW, ...files, '--tls', tls, ...options];
  const peer = await start({ command: 'python3', args, ready: /port (\d+)/ });
  running.push(peer);
  return peer.port;
}

/** One line that says it, on the way for people; the same class and exit code on the way for programs. */
async function ends(
  args: string[],
  expected: { class: string; code: number; says: RegExp; within?: number },
): Promise<void> {
  const told: Run = await sslshut(['tls-close', '--quiet', ...args]);
  const lines = `${told.stdout}${told.stderr}`.split('\n').filter((line) => line.trim() !== '');
  expect(lines, told.stdout + told.stderr).toHaveLength(1);
  expect(lines[0]).toMatch(expected.says);
  expect(told.code).toBe(expected.code);
  const seen = await report(['tls-close', ...args]);
  expect(seen.outcome.class).toBe(expected.class);
  expect(seen.run.code).toBe(expected.code);
  expect(Math.max(told.ms, seen.run.ms)).toBeLessThan(expected.within ?? 8_000);
}

describe('a start that goes wrong says so in one line', () => {
  it('no such host', () =>
    ends(['no-such-host.invalid:443'], { class: 'unreachable', code: 3, says: /no-such-host\.invalid/ }));

  it('closed port', async () =>
    ends([`127.0.0.1:${await freePort()}`], { class: 'unreachable', code: 3, says: /refused/i }));

  it('plain HTTP', async () => {
    const port = await plain('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'end');
    await ends([`127.0.0.1:${port}`], { class: 'handshake-failed', code: 3, says: /HTTP|not TLS|plain/i });
  });

  it('a server that never says a word', async () => {
    const port = await plain('', 'hold');
    const args = ['--timeout', 'handshake=500ms', `127.0.0.1:${port}`];
    await ends(args, { class: 'handshake-failed', code: 3, says: /500 ms|0\.5 s|handshake/ });
  });
});

describe.each(['1.2', '1.3'])('TLS %s with a peer of another library', (tls) => {
  it('a certificate that nobody here trusts', async (context) => {
    if (python === undefined) return context.skip('python3 is not installed');
    const port = await raw(tls);
    const args = ['--sni', PKI.name, `127.0.0.1:${port}`];
    return ends(args, { class: 'handshake-failed', code: 3, says: /certificate/i });
  });

  it('a certificate for another name', async (context) => {
    if (python === undefined) return context.skip('python3 is not installed');
    const port = await raw(tls);
    const args = ['--ca', PKI.authority, '--sni', 'other.example', `127.0.0.1:${port}`];
    return ends(args, { class: 'handshake-failed', code: 3, says: /other\.example/ });
  });

  it('garbage after the handshake', async (context) => {
    if (python === undefined) return context.skip('python3 is not installed');
    const port = await raw(tls, '--act', 'garbage');
    const seen = await report(['tls-close', ...TRUSTED, '--timeout', 'close=1s', `127.0.0.1:${port}`]);
    expect(seen.timeline.some(({ kind }) => kind === 'fault')).toBe(true);
    expect(seen.outcome.class).not.toMatch(/clean|late|not-observed/);
    expect(seen.run.code).toBe(1);
    return undefined;
  });

  // TLS 1.3: ServerHello, change_cipher_spec, EncryptedExtensions, Certificate, CertificateVerify, Finished.
  // TLS 1.2: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, then change_cipher_spec, Finished.
  it.each([0, 1, 2, 3, 4, 5])('a stall after %i records', async (records) => {
    if (python === undefined) return;
    const port = await raw(tls, '--stall', `${records}`);
    const args = [...TRUSTED, '--timeout', 'handshake=400ms', `127.0.0.1:${port}`];
    await ends(args, { class: 'handshake-failed', code: 3, says: /handshake/, within: 5_000 });
  });
});
