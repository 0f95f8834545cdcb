import { describe, expect, it } from 'vitest';
import { capPeerText, columns, escapeText } from '../../src/render/escape.ts';
import { toKeylogLine } from '../../src/render/keylog.ts';
import { type TextOptions, toText } from '../../src/render/text.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import { CERTIFICATE, CLEAN, call, FIN, RUN, returned, timeline } from './timelines.ts';

const OPTIONS: TextOptions = { width: 80, verbose: false, unicode: true };
const text = (events: readonly TimelineEvent[], options: Partial<TextOptions> = {}): string =>
  toText(events, { ...OPTIONS, ...options }).join('\n');

describe('the terminal timeline', () => {
  it('shows a clean close on one screen, from whom to verdict', () => {
    expect(text(CLEAN)).toMatchInlineSnapshot(`
      "localhost:4433  127.0.0.1:4433
      TLSv1.3 · TLS_AES_128_GCM_SHA256 · x25519 · ALPN http/1.1
      certificate CN=localhost: verified

          0.1    TCP connected to 127.0.0.1:4433
          0.4  → ClientHello
          2.0  ← ServerHello, EncryptedExtensions, Certificate, CertificateVerify,
                 Finished
          2.6  → Finished
          2.7    handshake complete
          3.0  → alert close_notify
          3.1    SSL_shutdown() = 0  [SENT]
          3.4  ← data 40 bytes
          3.4    SSL_read() = 40  [SENT]
          3.6  ← alert close_notify
          3.6    SSL_read() = 0  SSL_ERROR_ZERO_RETURN  [SENT|RECEIVED]
          3.7    SSL_shutdown() = 1  [SENT|RECEIVED]
          4.1  ← TCP FIN
          4.2  → TCP FIN

      clean: both sides sent close_notify, then the peer closed the connection
        FIN after 1.1 ms · 40 bytes received · closed first: we did ·
        truncation possible: no"
    `);
  });

  it('shows the proof of a violation by the time of its events, and the verdict last', () => {
    expect(text(FIN)).toMatchInlineSnapshot(`
      "localhost:4433  127.0.0.1:4433
      TLSv1.3 · TLS_AES_128_GCM_SHA256 · x25519 · ALPN http/1.1

          0.1    TCP connected to 127.0.0.1:4433
          2.7    handshake complete
          3.0  → alert close_notify
          3.1    SSL_shutdown() = 0  [SENT]
          3.9  ← TCP FIN
          3.9    end of stream without close_notify
          4.0    SSL_read() = 0  SSL_ERROR_SSL "unexpected eof while reading"  [SENT]

      fail  tls13-6.1-close-notify-before-write-close (RFC 9846 §6.1, see 3.9 ms)
            the peer closed its sending direction without close_notify

      fin: the peer sent FIN without close_notify
        FIN after 1.1 ms · closed first: we did · truncation possible: yes ·
        RFC 9846 §6.1
        advice: have the server send close_notify before it closes; until then rely on
                lengths in the protocol above"
    `);
  });

  it('reads well in 60 columns: no line is longer, nothing is lost', () => {
    const narrow = toText(FIN, { ...OPTIONS, width: 60 });
    expect(Math.max(...narrow.map(columns))).toBeLessThanOrEqual(60);
    expect(narrow.join(' ').replace(/\s+/g, ' ')).toContain('rely on lengths in the protocol above');
  });

  it('comes out in ASCII where the terminal knows nothing else', () => {
    const plain = text(CLEAN, { unicode: false });
    expect(plain).toMatch(/^[\n\x20-\x7e]*$/);
    expect(plain).toContain('-> alert close_notify');
    expect(plain).toContain('<- TCP FIN');
  });

  it('adds single messages, records and calls when asked', () => {
    const verbose = text(CLEAN, { verbose: true });
    expect(verbose).toContain('ServerHello (handshake, 100 bytes)');
    expect(verbose).toContain('record application_data, 900 bytes');
    expect(verbose).toContain('SSL_shutdown() ...');
    expect(verbose).toContain('sha256 abab');
    expect(text(CLEAN)).not.toContain('record application_data');
  });

  it('says the same with colour as without', () => {
    const coloured = toText(FIN, { ...OPTIONS, style: (_tone, piece) => `\x1b[31m${piece}\x1b[0m` }).join(
      '\n',
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: taking the colours away again
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(text(FIN));
    expect(coloured).toContain('\x1b[31m');
  });

  it('keeps to findings and verdict when brief', () => {
    const brief = text(FIN, { brief: true });
    expect(brief).not.toContain('SSL_shutdown()');
    expect(brief).toContain('fin: the peer sent FIN without close_notify');
  });

  it('sums up a long transfer in two lines', () => {
    const chunks = Array.from({ length: 12 }, (_, i) => [
      [3 + i, call(i, 'SSL_read')] as const,
      [3 + i, { kind: 'data', by: 'peer', bytes: 16_384, afterClose: false }] as const,
      [3 + i, returned(i, 'SSL_read', 16_384)] as const,
    ]).flat();
    expect(
      text(timeline(...chunks))
        .trimEnd()
        .split('\n'),
    ).toEqual([
      '    3.0  ← data 196 608 bytes in 12 records over 11 ms',
      '    3.0    SSL_read() × 12, 196 608 bytes in all',
    ]);
  });

  it('says that a call had not returned', () => {
    const blocked = timeline(
      [0, call(1, 'SSL_read')],
      [5000, { kind: 'limit', phase: 'close', ms: 5000 }],
      [5000, returned(1, 'SSL_read', 0, { blocked: true, ms: 5000, shutdown: ['SENT'] })],
    );
    expect(text(blocked)).toContain('SSL_read() had not returned after 5 s  [SENT]');
    expect(text(blocked)).not.toContain('= 0');
  });

  it('says how the connection was used again', () => {
    const verdict = CLEAN.slice(-1);
    const then = timeline([5, { kind: 'phase', name: 'then' }]);
    const failed = timeline([6, { kind: 'handshake.failed', blame: 'peer', rule: 'eof', detail: 'FIN' }]);
    const again = failed.map((event) => ({ ...event, conn: 'again' }));
    const plain = timeline([6, { kind: 'transport.plaintext', by: 'peer', bytes: 5, text: 'hello' }]);
    expect(text(verdict)).not.toMatch(/clear text|second handshake/);
    expect(text([...then, ...verdict])).toContain('no answer in clear text');
    expect(text([...then, ...plain, ...verdict])).toContain('5 bytes of clear text in answer');
    expect(text([...then, ...again, ...verdict])).toContain('the second handshake on the connection failed');
  });

  it('puts a line between connections, or their names in a column when they overlap', () => {
    const second = CLEAN.slice(1, 2).map((event) => ({ ...event, conn: 'resume' }));
    expect(text([...CLEAN, ...second])).toContain('\n-- resume --\n    0.1    TCP connected');
    expect(text([...CLEAN, ...second, ...CLEAN.slice(1, 2)])).toContain('  resume    TCP connected');
    expect(text(CLEAN)).not.toContain('  local  ');
  });

  it('shows what the peer says as text, never as terminal codes', () => {
    const evil = { ...CERTIFICATE, subject: 'CN=\x1b[2Jx\u202egnp.exe\nfin: fake verdict' };
    const shown = text(timeline([0, RUN], [1, evil as TimelineEvent]));
    expect(shown).toContain('CN=\\x1b[2Jx\\u{202e}gnp.exe\\nfin: fake verdict');
    expect(shown).not.toContain('\x1b');
    expect(shown).not.toContain('\u202e');
  });
});

describe('escaping', () => {
  it.each([
    ['\x00\x07\x7f\x9b', '\\x00\\x07\\x7f\\x9b'],
    ['a\r\n\tb', 'a\\r\\n\\tb'],
    ['\u2066\u200b\ufeff\u2028', '\\u{2066}\\u{200b}\\u{feff}\\u{2028}'],
    ['\ud800', '\\u{d800}'],
    ['Zürich 東京 😀', 'Zürich 東京 😀'],
  ])('makes %j visible', (raw, safe) => {
    expect(escapeText(raw)).toBe(safe);
  });

  it('leaves only ASCII when asked', () => {
    expect(escapeText('Zürich 😀', { ascii: true })).toBe('Z\\xfcrich \\u{1f600}');
  });

  it('cuts at 256 bytes, between characters, and counts what is missing', () => {
    const cut = capPeerText('é'.repeat(200));
    expect(cut).toBe(`${'é'.repeat(128)}… (144 bytes more)`);
    expect(capPeerText('x'.repeat(256))).toBe('x'.repeat(256));
  });

  it('counts columns as a terminal does', () => {
    expect(columns('abc')).toBe(3);
    expect(columns('東京')).toBe(4);
    expect(columns('e\u0301')).toBe(1);
  });
});

describe('the key log', () => {
  it('is a line per secret and nothing else', () => {
    const secret = { label: 'CLIENT_TRAFFIC_SECRET_0', clientRandom: 'aa', secret: 'bb' };
    const [event] = timeline([0, { kind: 'secret', ...secret }]);
    expect(event === undefined ? undefined : toKeylogLine(event)).toBe('CLIENT_TRAFFIC_SECRET_0 aa bb');
    expect(CLEAN.map(toKeylogLine)).toEqual(CLEAN.map(() => undefined));
  });
});
