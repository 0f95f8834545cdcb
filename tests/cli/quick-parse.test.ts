import { describe, expect, it } from 'vitest';
import { runSpec } from '../../src/cli/commands/run-spec.ts';
import { serveSpec } from '../../src/cli/commands/serve-spec.ts';
import { tlsCloseSpec } from '../../src/cli/commands/tls-close-spec.ts';
import { parse } from '../../src/cli/parse.ts';
import { quickParse } from '../../src/cli/quick-parse.ts';

describe('quickParse reads what is plain as commander does', () => {
  it.each([
    ['a'],
    ['--rapid', 'a'],
    ['a', '--rapid', '-q', '-4'],
    ['--sni', 'b', 'a'],
    ['--sni=b', 'a'],
    ['--sni=', 'a'],
    ['--sni=b=c', 'a'],
    ['--no-sni', 'a'],
    ['--sni', 'b', '--no-sni', 'a'],
    ['--no-drain', '--no-block', 'a'],
    ['--ca', '--odd-name', 'a'],
    ['--tls', '1.2', '--tls', '1.3', 'a'],
    ['--write-after-close', '--ignore-unexpected-eof', '--with-bytes', 'a'],
    ['--timeout', 'close=5s,fin=1s', '--repeat', '3', '[::1]:443'],
  ])('tls-close %s %s %s %s %s', (...argv) => {
    const { arguments: operands, raw, kind } = { raw: {}, arguments: [], ...parse(tlsCloseSpec, argv, 80) };
    expect(kind).toBe('run');
    expect(quickParse(tlsCloseSpec, argv)).toEqual({ arguments: operands, raw });
  });

  it('in every command', () => {
    expect(quickParse(runSpec, ['a.json', 'b.json', '--json'])).toEqual({
      arguments: ['a.json', 'b.json'],
      raw: { json: true },
    });
    expect(quickParse(serveSpec, ['tls', '-p', '8443'])).toMatchObject({ raw: { port: '8443' } });
  });
});

describe('quickParse leaves to commander', () => {
  it.each([
    ['nothing'],
    ['help', '--help'],
    ['a mistake', '--rapit', 'a'],
    ['a missing value', 'a', '--sni'],
    ['a value where none belongs', '--rapid=yes', 'a'],
    ['short options run together', '-q4', 'a'],
    ['a short option with its value', '-p8443', 'a'],
    ['two targets', 'a', 'b'],
    ['the end of options', '--', 'a'],
    ['a lone dash', '-'],
  ])('%s', (_, ...argv) => {
    expect(quickParse(tlsCloseSpec, argv)).toBeUndefined();
  });
});
