import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../src/catalog/causes/all-causes.ts';
import { explainMessage } from '../../src/catalog/explain/explain-message.ts';
import { findCauses } from '../../src/catalog/explain/find-causes.ts';
import { prepare } from '../../src/catalog/explain/shape.ts';
import { LINES } from './explain-lines.ts';

const idsOf = (text: string): string[] => explainMessage(text).candidates.map(({ id }) => id);

/** A text that a pattern is meant to fit. */
function textFor(pattern: string): string {
  return pattern
    .replace(/\{n\}/g, '42')
    .replace(/\{x\}/g, '1f')
    .replace(/\{w\}/g, 'word')
    .replace(/\{\.\.\d+\}/g, ' .. ')
    .replace(/\{(?:b|\^|\$|![^}]*)\}/g, '')
    .replace(/\{([^{}|]*)\|[^{}]*\}/g, '$1');
}

describe('the error catalogue', () => {
  it('has all its entries, each once', () => {
    expect(CAUSES.length).toBeGreaterThanOrEqual(268);
    expect(new Set(CAUSES.map(({ id }) => id)).size).toBe(CAUSES.length);
  });

  it.each(
    CAUSES.map((cause) => [cause.id, cause.message]),
  )('%s is what its own message finds first', (id, message) => {
    const { matched, candidates } = explainMessage(message);
    expect(matched).toBe(true);
    expect(candidates[0]?.id).toBe(id);
  });

  it('is found by its own message in the middle of a log line, among other lines', () => {
    const whole = CAUSES.filter(({ patterns }) => !patterns.some((pattern) => /\{[\^$]\}/.test(pattern)));
    expect(whole.length).toBeGreaterThan(255);
    for (const { id, message } of whole) {
      const line = `2026-11-23T02:11:09.120Z worker[41]: ${message}\n    at step (job.c:88)\r\n`;
      expect(idsOf(`starting up\n${line}going on`), id).toContain(id);
    }
  });

  it('has no pattern that fits nothing', () => {
    for (const cause of CAUSES) {
      for (const pattern of cause.patterns) {
        const more = pattern.includes('{$}') ? '' : ' and more';
        const hits = findCauses(prepare(textFor(pattern) + more));
        expect(
          hits.map((hit) => hit.cause.id),
          `${cause.id}: ${pattern}`,
        ).toContain(cause.id);
      }
    }
  });

  it('says everything that is asked of it', () => {
    for (const { id, happened, fix, refs, protocols } of CAUSES) {
      expect(happened.length, id).toBeGreaterThan(8);
      expect(fix.length, id).toBeGreaterThan(4);
      expect(protocols.length, id).toBeGreaterThan(0);
      for (const ref of refs) {
        expect(ref, id).toMatch(/^(?:RFC \d+ §[\w.]+|[\w.-]+\/[\w.-]+#\d+|.* .*)/);
      }
    }
  });
});

describe('lines from real logs', () => {
  it.each(LINES)('%s', (_what, line, first, ...others) => {
    const ids = idsOf(line);
    expect(ids[0]).toBe(first);
    for (const other of others) expect(ids).toContain(other);
  });
});

describe('what says nothing about the end of a connection', () => {
  it.each([
    'hello world',
    'everything is fine',
    'GET /index.html HTTP/1.1" 200 1234',
    '2026-11-23 12:00:01 INFO started in 104 ms, 40 workers',
    'error: cannot find module "tls"',
    'an http request with no renegotiation over TLS was an unexpected message',
    'connection established, 0 errors',
    'segmentation fault (core dumped)',
    'TypeError: undefined is not a function',
    'listening on 0.0.0.0:443',
    'alert: disk 90 % full',
    'the answer is forty-two',
    '{"code":404,"error":"not found"}',
    '¯\\_(ツ)_/¯',
    '\u0000\u0001\u0002',
    '0xdeadbeefdeadbeefdeadbeef',
    '-999999',
    '99999999999999999999999999',
  ])('%j', (text) => {
    expect(explainMessage(text)).toMatchObject({ matched: false });
  });

  it('gets what is nearest, and is told that it is no more than that', () => {
    const { matched, candidates } = explainMessage('GnuTLS: the push function had some error');
    expect(matched).toBe(false);
    expect(candidates.map(({ id }) => id)).toContain('gnutls-push-error');
    expect(candidates.every((one) => one.matched === '')).toBe(true);
    expect(candidates.length).toBeLessThanOrEqual(3);
  });

  it.each([
    ['ECONNRSET', 'ECONNRESET'],
    ['handshake_failur', 'handshake_failure'],
    ['H3_REQUEST_CANCELED', 'H3_REQUEST_CANCELLED'],
  ])('%s is nearly %s', (word, name) => {
    const { matched, similarNames } = explainMessage(word);
    expect(matched).toBe(false);
    expect(similarNames[0]).toBe(name);
  });
});

describe('options', () => {
  it('narrow to a space', () => {
    const { candidates } = explainMessage('curl: (56) errno 104, alert 40', { space: 'tls-alert' });
    expect(candidates.map(({ id }) => id)).toEqual(['tls-alert/40']);
    expect(explainMessage('unexpected eof while reading', { space: 'errno' }).matched).toBe(false);
  });

  it('know whose application codes they are', () => {
    expect(idsFor('0x2', 'doq')).toContain('quic-application/doq/0x2');
    expect(idsFor('0x100', 'h3')[0]).toBe('quic-application/h3/0x100');
    // Reserved codes mean H3_NO_ERROR (RFC 9114 §8.1): 0x1f × 1000 + 0x21.
    expect(explainMessage('0x7939', { alpn: 'h3' }).candidates[0]?.severity).toBe('benign');
  });

  const idsFor = (text: string, alpn: string): string[] =>
    explainMessage(text, { alpn }).candidates.map(({ id }) => id);

  it('an entry can be asked for by its id', () => {
    expect(idsOf('netty-rst-not-fin')[0]).toBe('netty-rst-not-fin');
  });
});
