import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../src/catalog/causes/all-causes.ts';
import { explainMessage, INPUT_LIMIT } from '../../src/catalog/explain/explain-message.ts';
import { matchAt, prepare, shapesOf } from '../../src/catalog/explain/shape.ts';

const MIB = 1024 * 1024;
/** Characters looked at for each character of the text, whatever it is. */
const MOST_STEPS = 120;

function stepsPerCharacter(text: string): number {
  const meter = { steps: 0 };
  explainMessage(text, {}, meter);
  expect(meter.steps).toBeGreaterThan(0);
  return meter.steps / text.length;
}

const repeated = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

describe('texts made to be slow', () => {
  it.each<[string, string, number?]>([
    ['one letter', 'a', MIB],
    ['nul', '\0'],
    ['digits', '1'],
    ['brackets', '(((('],
    ['a word that many patterns begin with', 'SSL ', MIB],
    ['the beginning of a pattern with a gap', 'TLS error on connection '],
    ['two beginnings, one inside the other', 'SSL_shutdown SSL_ERROR_SYSCALL, '],
    ['a short beginning with a gap', 'ALB'],
    ['another one', 'tls'],
    ['gaps of two patterns', 'QUIC: connection to port '],
    ['codes', '0x1d 0x100 '],
    ['names', 'H3_NO_ERROR '],
    ['alerts', 'alert handshake '],
    ['packed numbers', 'error:0A000126 '],
    ['capitals and line breaks', 'A\nB'],
    ['half of a surrogate pair', '\ud83d'],
  ])('%s, over and over', (_what, piece, length = 65_536) => {
    expect(stepsPerCharacter(repeated(piece, length))).toBeLessThan(MOST_STEPS);
  });

  it('the beginning of every pattern, again and again', () => {
    const beginnings = new Set(
      CAUSES.flatMap(({ patterns }) => patterns.flatMap(shapesOf)).map(({ first }) => first),
    );
    for (const first of beginnings) {
      // All but its last letter too: what is tried and fails at the very end.
      for (const piece of [first, first.slice(0, -1), `${first} `]) {
        if (piece.trim() !== '')
          expect(stepsPerCharacter(repeated(piece, 1024)), piece).toBeLessThan(MOST_STEPS);
      }
    }
  });

  it('twice the text takes no more than twice the steps', () => {
    for (const piece of ['tls', 'SSL_shutdown ', 'curl: (56) ', 'QUIC: connection to ', 'a', 'alert ']) {
      const once = stepsPerCharacter(repeated(piece, 20_000));
      const twice = stepsPerCharacter(repeated(piece, 40_000));
      expect(twice, piece).toBeLessThan(once * 1.05 + 0.1);
    }
  });

  it.each([' ', '\r\n', '\t \n', '\u00a0'])('a mebibyte of %j is nothing', (piece) => {
    expect(explainMessage(repeated(piece, MIB))).toMatchObject({ matched: false, candidates: [] });
  });

  it('what is beyond the limit is not read, and that is said', () => {
    const beyond = `${'x'.repeat(INPUT_LIMIT)} unexpected eof while reading`;
    expect(explainMessage(beyond)).toMatchObject({ matched: false, cut: true });
    expect(explainMessage(beyond.slice(-INPUT_LIMIT))).toMatchObject({ matched: true, cut: false });
  });

  it('gives a bounded answer', () => {
    const everything = CAUSES.map(({ message }) => message).join('\n');
    const { candidates } = explainMessage(everything);
    expect(candidates.length).toBe(20);
    for (const { matched } of candidates) expect(matched.length).toBeLessThanOrEqual(256);
  });
});

describe('patterns', () => {
  it('begin with text, and gaps come no more than twice', () => {
    for (const shape of CAUSES.flatMap(({ patterns }) => patterns.flatMap(shapesOf))) {
      expect(shape.rest.filter(({ is }) => is === 'gap').length).toBeLessThanOrEqual(2);
    }
  });

  it.each(['{n} bytes', 'ab', '{..20}text', 'text {q}', '{^}{n}'])('%s is none', (pattern) => {
    expect(() => shapesOf(pattern)).toThrow();
  });

  it.each([
    ['lost {n} bytes', 'lost 42 bytes', true],
    ['lost {n} bytes', 'lost bytes', false],
    ['lost {n} bytes', 'lost\n42\tbytes', true],
    ['code 0x1{x}', 'CODE 0x1F9', true],
    ['alert {w}', 'alert bad_thing', true],
    ['start{..5}end', 'start12345end', true],
    ['start{..5}end', 'start123456end', false],
    ['start{..5}end', 'start\nend', false],
    ['{b}pipe{b}', 'a pipe, broken', true],
    ['{b}pipe{b}', 'pipeline', false],
    ['{^}done{$}', 'first\ndone\nlast', true],
    ['{^}done{$}', 'not done', false],
    ['done{! early}', 'done early', false],
    ['done{! early}', 'done late', true],
    ['say{| that} {yes|no}', 'say that no', true],
    ['say{| that} {yes|no}', 'say maybe', false],
  ])('%j and %j: %s', (pattern, text, fits) => {
    expect(fitsSomewhere(pattern, text)).toBe(fits);
  });
});

function fitsSomewhere(pattern: string, input: string): boolean {
  const prepared = prepare(input);
  const places = Array.from({ length: prepared.text.length }, (_, at) => at);
  return shapesOf(pattern).some((shape) =>
    places.some((at) => matchAt(shape, prepared, at, { steps: 0 }) > at),
  );
}
