import { describe, expect, it } from 'vitest';
import { addressFamily, shortenIpv6 } from '../../src/io/address-family.ts';

describe('addressFamily', () => {
  it.each([
    ['192.0.2.1', 4],
    ['::1', 6],
    ['2001:db8::1', 6],
    ['localhost', undefined],
    ['192.0.2', undefined],
    ['a:b', undefined],
    ['', undefined],
  ])('%s is %s', (text, family) => {
    expect(addressFamily(text)).toBe(family);
  });
});

describe('shortenIpv6', () => {
  it.each([
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:DB8:0:0:0:0:0:0', '2001:db8::'],
    ['2001:DB8:0:0:1:0:0:0', '2001:db8:0:0:1::'],
    ['2001:DB8:0:0:1:0:0:2', '2001:db8::1:0:0:2'],
    ['2001:DB8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['FE80:0010:0:0:20:0:0:300', 'fe80:10::20:0:0:300'],
    ['10:0:0:10:0:0:0:100', '10:0:0:10::100'],
    ['192.0.2.1', '192.0.2.1'],
    ['not:an:address', 'not:an:address'],
  ])('%s is %s', (full, short) => {
    expect(shortenIpv6(full)).toBe(short);
  });
});
