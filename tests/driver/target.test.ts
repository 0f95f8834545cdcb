import { describe, expect, it } from 'vitest';
import { formatTarget, parseTarget } from '../../src/driver/target.ts';
import { UsageError } from '../../src/driver/usage-error.ts';

describe('parseTarget', () => {
  it.each([
    ['example.net', 'example.net', 443, undefined],
    ['example.net:8443', 'example.net', 8443, undefined],
    ['example.net.:1', 'example.net.', 1, undefined],
    ['localhost:65535', 'localhost', 65535, undefined],
    ['192.0.2.7', '192.0.2.7', 443, 4],
    ['192.0.2.7:99', '192.0.2.7', 99, 4],
    ['::1', '::1', 443, 6],
    ['2001:db8::1', '2001:db8::1', 443, 6],
    ['[2001:db8::1]', '2001:db8::1', 443, 6],
    ['[::1]:8443', '::1', 8443, 6],
    ['[fe80::1%eth0]:8443', 'fe80::1%eth0', 8443, 6],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1', 443, 6],
    ['tls://example.net', 'example.net', 443, undefined],
    ['tls://example.net:993', 'example.net', 993, undefined],
    ['HTTPS://example.net/a?b#c', 'example.net', 443, undefined],
    ['https://[::1]:8443/', '::1', 8443, 6],
    ['  example.net  ', 'example.net', 443, undefined],
    ['bücher.example', 'bücher.example', 443, undefined],
    ['a_b.example', 'a_b.example', 443, undefined],
  ])('reads %s', (text, host, port, ip) => {
    expect(parseTarget(text)).toMatchObject({ host, port, ip });
  });

  it.each([
    [''],
    ['   '],
    ['http://example.net'],
    ['gopher://example.net'],
    ['https://'],
    ['https://user@example.net'],
    ['example.net:0'],
    ['example.net:65536'],
    ['example.net:https'],
    ['example.net:'],
    [':443'],
    ['[::1'],
    ['[::1]443'],
    ['[example.net]:443'],
    ['[::1]:'],
    ['1:2:3'],
    ['::1::2'],
    ['300.1.2.3'],
    ['a..b'],
    ['-a.example'],
    ['a b'],
    ['example.net/path'],
    [`${'a'.repeat(64)}.example`],
  ])('refuses %j in one line, with a hint', (text) => {
    try {
      parseTarget(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ code: 'bad-target', hint: expect.stringContaining('host:port') });
      expect(String(error)).not.toContain('\n');
    }
  });

  it('writes a target back', () => {
    expect(formatTarget({ host: '::1', port: 443 })).toBe('[::1]:443');
    expect(formatTarget({ host: 'example.net', port: 8443 })).toBe('example.net:8443');
  });
});
