import { expect, it } from 'vitest';
import { versionName } from '../../src/wire/versions.ts';

it.each([
  [0x0302, 'TLS 1.1'],
  [0xfefd, 'DTLS 1.2'],
  [0x0005, 'version 0x0005'],
])('version %i is called %s', (version, name) => {
  expect(versionName(version)).toBe(name);
});
