import { expect, it } from 'vitest';
import { chooseProvider } from '../../src/io/provider.ts';
import { fixed } from '../crypto/support.ts';

it.each([
  ['auto', false, 'native'],
  ['auto', true, 'native+noble(x25519mlkem768)'],
  ['native', false, 'native'],
  ['native', true, 'native+noble(x25519mlkem768)'],
  ['noble', false, 'noble'],
  ['noble', true, 'noble'],
] as const)('%s, ML-KEM %s: %s', async (choice, mlkem, name) => {
  const provider = await chooseProvider(choice, { mlkem });
  expect(provider.name).toBe(name);
  expect(provider.keyShare('x25519', fixed(new Uint8Array(32).fill(7))).share).toHaveLength(32);
  const hybrid = () =>
    provider.keyShare('x25519mlkem768', (length) => new Uint8Array(length).fill(7)).share.length;
  if (mlkem) expect(hybrid()).toBe(1216);
  else expect(hybrid).toThrow();
});
