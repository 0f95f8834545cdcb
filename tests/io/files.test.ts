import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/driver/usage-error.ts';
import { appendLines, readText, streamLines, textOrFile } from '../../src/io/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'sslshut-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('appendLines', () => {
  it('appends to a file that only its owner may read', () => {
    const path = join(folder, 'keys.log');
    for (const line of ['one', 'two']) {
      const writer = appendLines(path);
      writer.write(line);
      writer.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('refuses a path that cannot be opened, and says why', () => {
    expect(() => appendLines(join(folder, 'no', 'such'))).toThrow(UsageError);
    expect(() => appendLines(folder)).toThrow(/it is a folder/u);
  });

  it('drops what is written after close', () => {
    const path = join(folder, 'closed.log');
    const writer = appendLines(path);
    writer.close();
    writer.write('late');
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(writer.open()).toBe(false);
  });
});

describe('streamLines', () => {
  it('writes each line at once', () => {
    const stream = new PassThrough();
    streamLines(stream).write('{"a":1}');
    expect(stream.read().toString()).toBe('{"a":1}\n');
  });

  it('goes on quietly when the reader has gone', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const writer = streamLines(broken);
    writer.write('one');
    await new Promise((resolve) => setImmediate(resolve));
    expect(writer.open()).toBe(false);
    writer.write('two');
  });
});

describe('textOrFile', () => {
  it('takes text as it is, and the content of a file behind @', () => {
    writeFileSync(join(folder, 'body'), Buffer.from([0, 255, 10]));
    expect(textOrFile('GET /é')).toEqual(new TextEncoder().encode('GET /é'));
    expect(textOrFile(`@${join(folder, 'body')}`)).toEqual(Uint8Array.of(0, 255, 10));
  });

  it.each([
    ['@', /names no file/u],
    [`@${folder}/none`, /there is no such file/u],
    [`@${folder}`, /it is a folder/u],
  ])('%s: refused', (value, message) => {
    expect(() => textOrFile(value)).toThrow(message);
  });

  it('refuses more than it was told to take', () => {
    writeFileSync(join(folder, 'big'), 'abcde');
    expect(() => textOrFile(`@${folder}/big`, 4)).toThrow(/5 bytes/u);
  });
});

describe('readText', () => {
  it('refuses bytes that are not UTF-8', () => {
    writeFileSync(join(folder, 'latin1'), Buffer.from([0x66, 0xfc, 0x72]));
    expect(() => readText(join(folder, 'latin1'))).toThrow(/not UTF-8/u);
  });
});
