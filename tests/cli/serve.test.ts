import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { type Peer, startPeer } from './peers.ts';

let peer: Peer | undefined;
afterEach(() => peer?.stop());

/** Runs `serve` until it says where it listens, then does something with that port. */
async function served(
  argv: readonly string[],
  act: (port: number, end: () => void) => Promise<unknown>,
  protocol = 'tls',
) {
  let listening = (_port: number): void => {};
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const terminal = createFakeTerminal({
    columns: 120,
    onOut: (text) => {
      const found = /on 127\.0\.0\.1:(\d+)|"port":(\d+)/.exec(text);
      if (found !== null) listening(Number(found[1] ?? found[2]));
    },
  });
  const running = run(['serve', protocol, ...argv], terminal);
  await act(await port, () => terminal.abort('SIGINT'));
  return { code: await running, out: terminal.stdout(), err: terminal.stderr() };
}

/** A client of Node's: reads until the server closes, if it does. */
function visit(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
      socket.write(request),
    );
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

describe('serve tls', () => {
  it('says where it listens and how to get there, and what each client did', async () => {
    const { code, out } = await served(['--count', '1'], (port) =>
      visit(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^tls\/well-behaved on 127\.0\.0\.1:\d+: /);
    expect(out).toMatch(/^ {2}sslshut tls-close --insecure localhost:\d+$/m);
    expect(out).toMatch(/^ {2}curl -vk https:\/\/localhost:\d+\/$/m);
    expect(out).toMatch(/^conn-1 127\.0\.0\.1:\d+: client answered our close_notify/m);
  });

  it('prints an object per line with --json', async () => {
    const { out } = await served(['--count', '1', '--json', '--misbehave', 'fin'], (port) =>
      visit(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    const [listening, connection] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listening).toMatchObject({ event: 'listening', behaviour: 'tls/fin-no-close-notify' });
    expect(listening.certificate).toContain('BEGIN CERTIFICATE');
    expect(connection).toMatchObject({
      event: 'connection',
      conn: 'conn-1',
      facts: { handshake: 'completed' },
    });
  });

  it('ends with 0 on Ctrl-C', async () => {
    const { code } = await served([], async (_port, end) => end());
    expect(code).toBe(0);
  });

  it('is recognised by tls-close', async () => {
    const { out } = await served(['--count', '1', '-b', 'fin-mid-record'], async (port) => {
      const terminal = createFakeTerminal();
      expect(await run(['tls-close', '--insecure', '--quiet', `127.0.0.1:${port}`], terminal)).toBe(1);
      expect(terminal.stdout()).toMatch(/^fin-mid-record: /);
    });
    expect(out).toContain('closed first: close_notify');
  });

  it('serves DTLS with a key that it does not repeat, and with connection IDs', async () => {
    const key = ['--psk', '1a2b3c4d', '--psk-identity', 'sensor'];
    const closed = createFakeTerminal();
    const { out } = await served(
      ['--count', '1', '--cid', '--verbose', ...key],
      async (port) => {
        const words = ['--dtls', '1.2', '--cid', '--verbose', ...key];
        expect(await run(['dtls-close', ...words, `127.0.0.1:${port}`], closed)).toBe(0);
      },
      'dtls',
    );
    expect(closed.stdout()).toMatch(/ECDHE_PSK/);
    // 8 of the 48 bytes are the connection ID.
    expect(closed.stdout()).toMatch(/→ record alert, 48 bytes, epoch 1/);
    expect(closed.stdout()).toMatch(/← record alert, 48 bytes, epoch 1/);
    expect(out).toMatch(/^ {2}sslshut dtls-close --psk HEX localhost:\d+$/m);
    expect(out).not.toContain('1a2b3c4d');
    expect(out).toContain('client closed first: close_notify');
  });

  it('lists every way of closing that it must know', async () => {
    const terminal = createFakeTerminal();
    expect(await run(['serve', 'tls', '--list'], terminal)).toBe(0);
    const names = terminal
      .stdout()
      .split('\n')
      .filter((line) => /^\S/.test(line));
    expect(names).toEqual(
      expect.arrayContaining([
        'well-behaved',
        'fin-no-close-notify',
        'rst-no-close-notify',
        'rst-drops-tail',
        'never-reply',
        'reply-late',
        'rst-after-close-notify',
        'fin-mid-record',
        'data-after-own-close-notify',
      ]),
    );
  });

  it('serves QUIC, with the commands of others that reach it', async () => {
    const closed = createFakeTerminal({ columns: 120 });
    const { out } = await served(
      ['--count', '1', '--retry', '-b', 'code-max'],
      async (port) => {
        expect(await run(['quic-close', '--insecure', `127.0.0.1:${port}`], closed)).toBe(1);
      },
      'quic',
    );
    expect(closed.stdout()).toMatch(/Retry/);
    expect(closed.stdout()).toMatch(/CONNECTION_CLOSE 0x1d.* 0x3fffffffffffffff/);
    expect(out).toMatch(/^quic\/code-max on 127\.0\.0\.1:\d+: It closes when/m);
    expect(out).toMatch(/^ {2}curl -vk --http3-only https:\/\/localhost:\d+\/$/m);
    expect(out).toMatch(
      /^conn-1 127\.0\.0\.1:\d+: client answered our close \(0x1d 0x3fffffffffffffff\) after/m,
    );
  });

  it('lists the ways of QUIC, as text and as JSON', async () => {
    const text = createFakeTerminal({ columns: 100 });
    expect(await run(['serve', 'quic', '--list'], text)).toBe(0);
    expect(text.stdout()).toMatch(/^stateless-reset\n {4}It forgets the connection/m);
    expect(text.stdout()).toMatch(/^ {4}breaks quic-10\.2\.3-1d-becomes-1c/m);
    const json = createFakeTerminal();
    expect(await run(['serve', 'quic', '--list', '--json'], json)).toBe(0);
    const ids = json
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    expect(ids).toContain('quic/code-max');
    expect(ids.every((id) => id.startsWith('quic/'))).toBe(true);
  });

  it('escapes what a client says', async () => {
    const { out } = await served(
      ['--count', '1'],
      async (port) => {
        const options = ['--insecure', '--quiet', '--reason-hex', '1b5b33316de280ae'];
        await run(['quic-close', ...options, `127.0.0.1:${port}`], createFakeTerminal());
      },
      'quic',
    );
    expect(out).toContain('reason "\\x1b[31m\\u{202e}"');
    expect(out).not.toContain('\u001b');
  });

  it.each([
    [['serve', 'sctp'], '"sctp" is not a protocol that sslshut serves'],
    [['serve', 'quic', '--tls', '1.3'], '--tls: "1.3" does not go with serve quic'],
    [['serve', 'quic', '--cid'], '--cid does not go with serve quic'],
    [['serve', 'quic', '-b', 'fin-no-close-notify'], 'there is no behaviour called fin-no-close-notify'],
    [['serve', 'quic', '-b', 'well-behaved:3'], 'there is no behaviour called well-behaved:3'],
    [['serve', 'tls', '--retry'], '--retry does not go with serve tls'],
    [['serve', 'tls', '-b', 'nonsense'], 'nonsense'],
    [['serve', 'tls', '-b', 'fin', '--misbehave', 'rst'], '--behaviour and --misbehave mean the same'],
    [['serve', 'tls', '--exchange', 'ftp'], '"ftp" is none of auto, http, h2, echo, silent'],
    [['serve', 'tls', '--port', '70000'], '"70000" is not a whole number from 0 to 65535'],
    [['serve', 'tls', '--psk', '1a2b'], '--psk does not go with serve tls'],
    [['serve', 'tls', '--cid'], '--cid does not go with serve tls'],
    [['serve', 'dtls', '--psk', 'key'], '"key" is no key in hexadecimal digits'],
    [['serve', 'dtls', '--psk-identity', 'sensor'], '--psk-identity without --psk'],
  ])('%j is refused in one line', async (argv, why) => {
    const terminal = createFakeTerminal();
    expect(await run(argv, terminal)).toBe(2);
    expect(terminal.stderr().split('\n')[0]).toContain(why);
  });

  it('says that a port is taken', async () => {
    peer = await startPeer('mute');
    const terminal = createFakeTerminal();
    expect(await run(['serve', 'tls', '--port', String(peer.port)], terminal)).toBe(2);
    expect(terminal.stderr()).toContain(`cannot listen on 127.0.0.1:${peer.port}: EADDRINUSE`);
  });
});
