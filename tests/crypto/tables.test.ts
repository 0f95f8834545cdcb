import { describe, expect, it } from 'vitest';
import { tagLength } from '../../src/crypto/aeads.ts';
import { GROUPS, groupById, groupByName } from '../../src/crypto/groups.ts';
import { SIGNATURE_SCHEMES, schemeById, schemeFits } from '../../src/crypto/signatures.ts';
import { SUITES, suiteById, suiteByName } from '../../src/crypto/suites.ts';
import { PROVIDERS, seeded } from './support.ts';

describe('suites', () => {
  it('are these', () => {
    expect(SUITES.map(({ id, opensslName }) => `${id.toString(16)} ${opensslName}`).sort()).toEqual([
      '1301 TLS_AES_128_GCM_SHA256',
      '1302 TLS_AES_256_GCM_SHA384',
      '1303 TLS_CHACHA20_POLY1305_SHA256',
      '1304 TLS_AES_128_CCM_SHA256',
      '1305 TLS_AES_128_CCM_8_SHA256',
      'a8 PSK-AES128-GCM-SHA256',
      'a9 PSK-AES256-GCM-SHA384',
      'c02b ECDHE-ECDSA-AES128-GCM-SHA256',
      'c02c ECDHE-ECDSA-AES256-GCM-SHA384',
      'c02f ECDHE-RSA-AES128-GCM-SHA256',
      'c030 ECDHE-RSA-AES256-GCM-SHA384',
      'c0a4 PSK-AES128-CCM',
      'c0a5 PSK-AES256-CCM',
      'c0a8 PSK-AES128-CCM8',
      'c0a9 PSK-AES256-CCM8',
      'c0ac ECDHE-ECDSA-AES128-CCM',
      'c0ad ECDHE-ECDSA-AES256-CCM',
      'c0ae ECDHE-ECDSA-AES128-CCM8',
      'c0af ECDHE-ECDSA-AES256-CCM8',
      'cca8 ECDHE-RSA-CHACHA20-POLY1305',
      'cca9 ECDHE-ECDSA-CHACHA20-POLY1305',
      'ccab PSK-CHACHA20-POLY1305',
      'ccac ECDHE-PSK-CHACHA20-POLY1305',
      'd001 TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
      'd002 TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384',
      'd003 TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
      'd005 TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256',
    ]);
  });

  it('say in every field what their name says', () => {
    for (const suite of SUITES) {
      const chacha = suite.name.includes('CHACHA20');
      const wide = suite.name.includes('AES_256');
      expect(suite.keyLength).toBe(chacha || wide ? 32 : 16);
      expect(suite.hash).toBe(suite.name.endsWith('SHA384') ? 'sha384' : 'sha256');
      const mode = /_(GCM|CCM_8|CCM)/.exec(suite.name)?.[1]?.toLowerCase().replace('_', '-');
      expect(suite.aead).toBe(chacha ? 'chacha20-poly1305' : `aes-${wide ? 256 : 128}-${mode}`);
      expect(tagLength(suite.aead)).toBe(suite.name.includes('CCM_8') ? 8 : 16);
      const gcm12 = suite.version === 0x0303 && !chacha;
      expect([suite.ivLength, suite.explicitNonce]).toEqual(gcm12 ? [4, 8] : [12, 0]);
      expect(suite.version).toBe(suite.name.includes('_WITH_') ? 0x0303 : 0x0304);
      const exchange = /^TLS_(ECDHE_PSK|ECDHE|PSK)_/.exec(suite.name)?.[1]?.toLowerCase();
      expect(suite.keyExchange).toBe(exchange?.replace('_', '-'));
      const auth = /ECDHE_(RSA|ECDSA)/.exec(suite.name)?.[1]?.toLowerCase();
      expect(suite.auth).toBe(auth);
    }
  });

  it('are found by number and by either name in any case', () => {
    expect(suiteById(0xc02f)?.name).toBe('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256');
    expect(suiteByName('ecdhe-rsa-aes128-gcm-sha256')?.id).toBe(0xc02f);
    expect(suiteByName('tls_ecdhe_rsa_with_aes_128_gcm_sha256')?.id).toBe(0xc02f);
    expect(suiteByName('TLS_RSA_WITH_AES_128_CBC_SHA')).toBeUndefined();
    expect(suiteById(0x0a0a)).toBeUndefined();
  });
});

describe('groups', () => {
  it.each<[number, string[]]>([
    [29, ['X25519', 'x25519', 'curve25519']],
    [23, ['secp256r1', 'prime256v1', 'P-256', 'p256']],
    [24, ['secp384r1', 'P-384']],
    [25, ['secp521r1', 'P-521']],
    [4588, ['X25519MLKEM768', 'x25519mlkem768']],
  ])('%i is known by its names', (id, names) => {
    for (const name of names) expect(groupByName(name)?.id).toBe(id);
    expect(groupById(id)?.id).toBe(id);
  });

  it('are all served', () => {
    expect(groupByName('ffdhe2048')).toBeUndefined();
    for (const [, provider] of PROVIDERS) {
      for (const group of GROUPS)
        expect(provider.keyShare(group.provider, seeded('x')).share.length).toBeGreaterThan(31);
    }
  });
});

describe('signature schemes', () => {
  it('have distinct numbers and names that say what they are', () => {
    expect(new Set(SIGNATURE_SCHEMES.map(({ id }) => id)).size).toBe(13);
    for (const scheme of SIGNATURE_SCHEMES) {
      const hash = /sha(256|384|512)$/.exec(scheme.name)?.[0];
      expect(scheme.hash).toBe(hash);
      expect(scheme.tls13).toBe(!scheme.name.startsWith('rsa_pkcs1'));
      if (scheme.algorithm === 'ecdsa') expect(scheme.keyTypes).toEqual([`ec-${scheme.name.split('_')[1]}`]);
    }
  });

  it.each([
    // scheme, key, TLS 1.3, TLS 1.2
    [0x0403, 'ec-secp256r1', true, true],
    [0x0503, 'ec-secp256r1', false, true],
    [0x0403, 'ec-secp521r1', false, true],
    [0x0403, 'rsa', false, false],
    [0x0403, 'ed25519', false, false],
    [0x0804, 'rsa', true, true],
    [0x0809, 'rsa', false, false],
    [0x0809, 'rsa-pss', true, true],
    [0x0401, 'rsa', false, true],
    [0x0401, 'rsa-pss', false, false],
    [0x0807, 'ed25519', true, true],
    [0x0807, 'other', false, false],
  ] as const)('0x%x with a key of type %s', (id, keyType, in13, in12) => {
    const scheme = schemeById(id);
    if (scheme === undefined) throw new Error('no scheme');
    expect([schemeFits(scheme, keyType, 0x0304), schemeFits(scheme, keyType, 0x0303)]).toEqual([in13, in12]);
  });
});
