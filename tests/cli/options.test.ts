import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tlsCloseSpec } from '../../src/cli/commands/tls-close-spec.ts';
import { toLimits, toTlsCloseOptions } from '../../src/cli/options.ts';
import { toOutputOptions } from '../../src/cli/output.ts';
import { parse } from '../../src/cli/parse.ts';
import { duration, unescaped } from '../../src/cli/values.ts';
import { UsageError } from '../../src/driver/usage-error.ts';

const raw = (...argv: string[]) => {
  const parsed = parse(tlsCloseSpec, [...argv, 'example.net'], 80);
  if (parsed.kind !== 'run') throw new Error('help was shown');
  return parsed.raw;
};
const options = (...argv: string[]) => toTlsCloseOptions(raw(...argv), () => Uint8Array.of(1, 2));
const refused = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  return 'accepted';
};

describe('values', () => {
  it.each([
    ['500', 500],
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['0', 0],
  ])('reads the duration %s', (text, ms) => expect(duration('--idle', text)).toBe(ms));

  it.each(['', '5 s ago', '-1', '1h', 's', '5ss', '0x10', '1e3'])('refuses the duration %j', (text) => {
    expect(refused(() => duration('--idle', text))).toContain('is not a duration');
  });

  it('gives bytes for escapes, and UTF-8 for the rest', () => {
    expect([...unescaped('--send', 'a\\r\\n\\x00\\xff\\\\é')]).toEqual([97, 13, 10, 0, 255, 92, 0xc3, 0xa9]);
    expect(refused(() => unescaped('--send', 'a\\q'))).toContain('has \\q in it');
    expect(refused(() => unescaped('--send', 'a\\'))).toContain('known escapes');
    expect(refused(() => unescaped('--send', '\\x1'))).toContain('known escapes');
  });

  it('reads limits, one for all or phase by phase', () => {
    expect(toLimits('2s')).toEqual({
      connect: 2000,
      handshake: 2000,
      exchange: 2000,
      close: 2000,
      fin: 2000,
    });
    expect(toLimits('close=5s,handshake=100')).toEqual({ close: 5000, handshake: 100 });
    expect(refused(() => toLimits('clsoe=5s'))).toContain('"clsoe" is none of connect, handshake');
    expect(refused(() => toLimits('0'))).toContain('no time at all');
    expect(refused(() => toLimits('close='))).toContain('is not a duration');
  });
});

describe('the options of tls-close', () => {
  it('ask for a full close with draining by default', () => {
    expect(options()).toMatchObject({ mode: 'full', drain: true, noBlock: false, insecure: false });
    expect(options()).not.toHaveProperty('limits');
    expect(options()).not.toHaveProperty('sni');
  });

  it.each([
    ['--rapid', 'rapid'],
    ['--quiet-shutdown', 'quiet'],
    ['--wait-peer', 'wait-peer'],
    ['--abrupt=fin', 'abrupt-fin'],
    ['--abrupt=rst', 'abrupt-rst'],
    ['--half-close', 'half-close'],
  ])('%s closes as %s', (flag, mode) => expect(options(flag)).toMatchObject({ mode }));

  it('know suites and groups by the names of IANA and OpenSSL', () => {
    const { suites } = options('--ciphers', 'ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256');
    expect(suites).toEqual(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256']);
    const { groups } = options('--groups', 'P-256,X25519MLKEM768');
    expect(groups).toHaveLength(2);
    expect(refused(() => options('--ciphers', 'RC4-MD5'))).toContain('"RC4-MD5" is not a suite');
    expect(refused(() => options('--groups', 'p512'))).toContain('"p512" is not a group');
  });

  it('take what to send from the command line, a file or standard input', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sslshut-')), 'request');
    writeFileSync(file, 'GET \\r\n');
    expect(options('--send', 'hi\\n').send).toEqual(new TextEncoder().encode('hi\n'));
    expect(options('--send', `@${file}`).send).toEqual(new TextEncoder().encode('GET \\r\n'));
    expect(options('--send', '@-').send).toEqual(Uint8Array.of(1, 2));
    expect(refused(() => options('--send', '@/nowhere/at/all'))).toContain('there is no such file or folder');
  });

  it('read the rest', () => {
    expect(
      options(
        '--no-drain',
        '--no-block',
        '--no-sni',
        '--tls',
        '1.2',
        '--alpn',
        'h2,http/1.1',
        '-4',
        '--idle',
        '1s',
      ),
    ).toMatchObject({
      drain: false,
      noBlock: true,
      sni: false,
      versions: ['1.2'],
      alpn: ['h2', 'http/1.1'],
      family: 4,
      idleMs: 1000,
    });
    expect(options('--then', 'plain:QUIT\\r\\n').then).toEqual({
      plain: new TextEncoder().encode('QUIT\r\n'),
    });
    expect(options('--read-until', '100', '--profile', 'openssl-3.5')).toMatchObject({
      readUntil: 100,
      profile: 'openssl-3.5',
    });
  });

  it.each([
    [['--rapid', '--wait-peer'], '--rapid and --wait-peer are two ways of closing'],
    [['--abrupt', 'fin', '--half-close'], '--abrupt fin and --half-close are two ways of closing'],
    [['--code', '7'], 'quic-close has --code and --reason'],
    [['--reason', 'bye'], 'quic-close has --code and --reason'],
    [['--vanish'], '--abrupt fin and --abrupt rst'],
    [['--then', 'tls', '--rapid'], 'only a full shutdown'],
    [['--then', 'nothing'], 'neither tls nor plain:TEXT'],
    [['--no-drain', '--abrupt', 'rst'], '--no-drain'],
    [['--write-after-close', '--quiet-shutdown'], '--write-after-close'],
    [['-4', '-6'], '-4 and -6 leave no address'],
    [['--abrupt', 'hard'], '"hard" is none of fin, rst'],
    [['--tls', '1.1'], '"1.1" is none of 1.2, 1.3'],
    [['--profile', 'openssl-1.1'], 'is none of manual, openssl-3.5'],
    [['--repeat', '0'], 'is not a whole number from 1'],
    [['--read-until', 'lunch'], 'is none of eof, idle'],
    [['--key', 'x.pem'], '--key without --cert'],
    [['--ca', '/nowhere'], 'there is no such file or folder'],
    [['--timeoot', '5s'], 'did you mean --timeout?'],
  ])('%j is refused in one line', (argv, why) => {
    const said = refused(() => options(...argv));
    expect(said).toContain(why);
    expect(said).not.toContain('\n');
  });
});

describe('the options of the output', () => {
  it('choose one kind', () => {
    expect(toOutputOptions(raw('--json')).format).toBe('json');
    expect(toOutputOptions(raw('-q')).format).toBe('quiet');
    expect(toOutputOptions(raw()).format).toBe('text');
    expect(refused(() => toOutputOptions(raw('--json', '--ndjson')))).toContain('two kinds of output');
    expect(refused(() => toOutputOptions(raw('-q', '-v')))).toContain('contradict');
    expect(refused(() => toOutputOptions(raw('--color', 'blue')))).toContain(
      'is none of auto, always, never',
    );
  });
});

describe('what is spoken before the close', () => {
  it('knows its protocols', () => {
    expect(options('--starttls=imap', '--exchange', 'imap')).toMatchObject({
      starttls: 'imap',
      exchange: 'imap',
    });
    expect(options('--exchange=http1', '--get=/x')).toMatchObject({ exchange: 'http1', path: '/x' });
    expect(refused(() => options('--starttls=gopher'))).toContain('is none of smtp, lmtp, imap');
    expect(refused(() => options('--exchange=gopher'))).toContain('is none of http1, h2');
  });

  it('takes none for nothing, and raw for --send and --read-until', () => {
    expect(options('--exchange=none')).not.toHaveProperty('exchange');
    expect(options('--exchange=raw', '--send=x')).toMatchObject({ readUntil: 'idle' });
    expect(options('--exchange=raw', '--read-until=eof')).toMatchObject({ readUntil: 'eof' });
    expect(options('--exchange=raw')).not.toHaveProperty('exchange');
  });
});
