import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';

const MIB = 1024 * 1024;

async function explain(argv: readonly string[], input?: string) {
  const terminal = createFakeTerminal({ columns: 80 });
  const asked: (number | undefined)[] = [];
  const readInput = (most?: number): Uint8Array => {
    asked.push(most);
    return new TextEncoder().encode(input).subarray(0, most);
  };
  const exit = await run(['explain', ...argv], { ...terminal, readInput });
  return { exit, out: terminal.stdout(), err: terminal.stderr(), asked };
}

describe('sslshut explain', () => {
  it('reads standard input, and no more of it than it looks at', async () => {
    const log = `${'all is well\n'.repeat(50)}ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:992)\n`;
    const { exit, out, err, asked } = await explain(['-'], log);
    expect(exit).toBe(0);
    expect(out).toContain('EOF occurred in violation of protocol');
    expect(err).toBe('');
    expect(asked).toEqual([MIB + 1]);
  });

  it('says when there was more', async () => {
    const { exit, err } = await explain(['-'], `ECONNRESET ${'x'.repeat(MIB)}`);
    expect(exit).toBe(0);
    expect(err).toBe('sslshut: warning: only the first 1024 KiB were read\n');
  });

  it('shows on one screen what a message means', async () => {
    for (const text of [
      'curl: (56) OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading',
      '56',
      '0x100',
    ]) {
      const { out } = await explain([text]);
      const lines = out.trimEnd().split('\n');
      expect(lines.length, out).toBeLessThanOrEqual(40);
      expect(Math.max(...lines.map((line) => line.length)), out).toBeLessThanOrEqual(80);
    }
  });

  it('escapes what it repeats', async () => {
    const evil = 'closed by peer: \u001b[31m0\u202e TLS error on connection \u001b]0;x\u0007\u009b (recv)';
    for (const argv of [[evil], ['-v', evil], ['--json', evil], ['--space', 'message', evil]]) {
      const { exit, out } = await explain(argv);
      expect(exit).toBe(0);
      for (const active of ['\u001b', '\u202e', '\u009b', '\u0007']) expect(out).not.toContain(active);
    }
    const { out } = await explain(['-v', evil]);
    expect(out).toContain('TLS error on connection \\x1b]0;x\\x07');
  });

  it('escapes what it complains about', async () => {
    const { exit, err } = await explain(['--space', '\u001b[2J', '40']);
    expect(exit).toBe(2);
    expect(err).not.toContain('\u001b');
  });

  it('prints one JSON object', async () => {
    const { exit, out } = await explain(['--json', '0A000126']);
    expect(exit).toBe(0);
    const report = JSON.parse(out);
    expect(Object.keys(report)).toEqual([
      'schema',
      'command',
      'tool',
      'input',
      'matched',
      'candidates',
      'similarNames',
    ]);
    expect(report).toMatchObject({
      schema: 'sslshut/1',
      command: 'explain',
      input: { characters: 8, cut: false },
      matched: true,
      similarNames: [],
    });
    expect(report.candidates[0]).toMatchObject({
      id: 'openssl-unexpected-eof',
      space: 'message',
      who: 'peer',
      severity: 'truncation-risk',
      confirm: {
        command: "sslshut tls-close --wait-peer --send 'GET / HTTP/1.0\\r\\n\\r\\n' HOST:PORT",
        diagnose: 'sslshut diagnose --check tls-peer-close HOST:PORT',
      },
      matched: '0A000126',
    });
    expect(report.candidates[1]).toMatchObject({ id: 'openssl/0A000126', entry: 'openssl-unexpected-eof' });
  });

  it('as JSON, too, says that nothing fits', async () => {
    const { exit, out } = await explain(['--json', 'hello world']);
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ matched: false, candidates: [] });
  });

  it('takes a message in pieces, as a shell makes them', async () => {
    expect(await explain(['unexpected', 'eof', 'while', 'reading'])).toMatchObject({ exit: 0 });
  });

  it('breaks at 40 columns and at 120', async () => {
    for (const columns of [40, 120]) {
      const terminal = createFakeTerminal({ columns });
      await run(['explain', 'SSL SYSCALL error: EOF detected'], terminal);
      const lines = terminal
        .stdout()
        .split('\n')
        .filter((line) => !line.includes('sslshut tls-close'));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });
});
