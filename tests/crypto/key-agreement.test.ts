import { describe, expect, it } from 'vitest';
import { createNobleProvider } from '../../src/crypto/noble-provider.ts';
import type { CurveName, GroupName } from '../../src/crypto/provider.ts';
import { drawScalar } from '../../src/crypto/scalar.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { fixed, hexOrUndefined, native, noble, PROVIDERS, seeded, vectorCases } from './support.ts';

const SHARE_LENGTHS = [
  ['x25519', 32],
  ['secp256r1', 65],
  ['secp384r1', 97],
  ['secp521r1', 133],
] as const satisfies readonly (readonly [GroupName, number])[];
const CURVES: readonly CurveName[] = ['secp256r1', 'secp384r1', 'secp521r1'];

describe.each(PROVIDERS)('%s: key agreement', (_name, provider) => {
  it.each(vectorCases<Record<'scalar' | 'u' | 'output', string>>('x25519'))('X25519 to $output', (vector) => {
    const share = provider.keyShare('x25519', fixed(fromHex(vector.scalar)));
    expect(hexOrUndefined(share.agree(fromHex(vector.u)))).toBe(vector.output);
    if (vector.u === `09${'00'.repeat(31)}`) expect(toHex(share.share)).toBe(vector.output);
  });

  it.each(vectorCases<Ecdh>('ecdh'))('ECDH on $group', (vector) => {
    const one = provider.keyShare(vector.group, fixed(fromHex(vector.i)));
    const other = provider.keyShare(vector.group, fixed(fromHex(vector.r)));
    expect(toHex(one.share)).toBe(vector.gi);
    expect(toHex(other.share)).toBe(vector.gr);
    expect(hexOrUndefined(one.agree(other.share))).toBe(vector.secret);
    expect(hexOrUndefined(other.agree(one.share))).toBe(vector.secret);
  });

  it.each(SHARE_LENGTHS)('%s: wrong lengths give undefined', (group, length) => {
    const share = provider.keyShare(group, seeded('ours'));
    const good = provider.keyShare(group, seeded('theirs')).share;
    expect(good).toHaveLength(length);
    expect(share.agree(good)).toBeInstanceOf(Uint8Array);
    for (const bad of [
      new Uint8Array(0),
      good.subarray(1),
      good.subarray(0, -1),
      concat(good, Uint8Array.of(0)),
    ]) {
      expect(share.agree(bad)).toBeUndefined();
      expect(provider.answerShare(group, bad, seeded('x'))).toBeUndefined();
    }
  });

  // RFC 7748 §7: points whose multiples are all zero, and one that is zero once reduced.
  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('X25519: an all-zero result (of %s) is refused', (point) => {
    expect(provider.keyShare('x25519', seeded('a')).agree(fromHex(point))).toBeUndefined();
  });

  it.each(
    CURVES,
  )('%s: points off the curve, compressed, hybrid, at infinity or out of the field are refused', (curve) => {
    const share = provider.keyShare(curve, seeded('ours'));
    const good = provider.keyShare(curve, seeded('theirs')).share;
    const length = (good.length - 1) / 2;
    const off = good.slice();
    off[length] = (off[length] ?? 0) ^ 1;
    const hybrid = good.slice();
    hybrid[0] = 6 + ((good.at(-1) ?? 0) & 1);
    const compressed = good.slice(0, 1 + length);
    compressed[0] = 2 + ((good.at(-1) ?? 0) & 1);
    const zero = new Uint8Array(good.length);
    zero[0] = 4;
    const tooLarge = new Uint8Array(good.length).fill(0xff);
    tooLarge[0] = 4;
    for (const bad of [off, hybrid, compressed, zero, tooLarge, Uint8Array.of(0)]) {
      expect(share.agree(bad)).toBeUndefined();
    }
  });

  it('X25519MLKEM768: sizes, agreement, and what does not fit', () => {
    const client = provider.keyShare('x25519mlkem768', seeded('client'));
    expect(client.share).toHaveLength(1184 + 32);
    const answer = provider.answerShare('x25519mlkem768', client.share, seeded('server'));
    expect(answer?.share).toHaveLength(1088 + 32);
    expect(answer?.secret).toHaveLength(64);
    if (answer === undefined) return;
    expect(hexOrUndefined(client.agree(answer.share))).toBe(toHex(answer.secret));

    expect(client.agree(answer.share.subarray(1))).toBeUndefined();
    expect(client.agree(concat(answer.share.subarray(0, 1088), new Uint8Array(32)))).toBeUndefined();
    expect(provider.answerShare('x25519mlkem768', client.share.subarray(1), seeded('s'))).toBeUndefined();
    const zeroX25519 = concat(client.share.subarray(0, 1184), new Uint8Array(32));
    expect(provider.answerShare('x25519mlkem768', zeroX25519, seeded('s'))).toBeUndefined();
    // FIPS 203 §7.2: a coefficient of 0xfff is not below the modulus.
    const badKey = concat(new Uint8Array(1184).fill(0xff), client.share.subarray(1184));
    expect(provider.answerShare('x25519mlkem768', badKey, seeded('s'))).toBeUndefined();
    // A bent ciphertext is not refused but gives another secret (FIPS 203 §6.3).
    const bent = answer.share.slice();
    bent[0] = (bent[0] ?? 0) ^ 1;
    expect(client.agree(bent)?.length).toBe(64);
    expect(hexOrUndefined(client.agree(bent))).not.toBe(toHex(answer.secret));
  });
});

describe('both providers agree', () => {
  it.each(['x25519', 'secp256r1', 'secp384r1', 'secp521r1', 'x25519mlkem768'] as const)('%s', (group) => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [noble, native].map((provider) => provider.keyShare(group, seeded(`${group} ${round}`)));
      expect(toHex(b?.share ?? Uint8Array.of())).toBe(toHex(a?.share ?? Uint8Array.of(1)));
      const answers = [noble, native].map((provider) =>
        provider.answerShare(group, a?.share ?? Uint8Array.of(), seeded(`answer ${round}`)),
      );
      expect(hexOrUndefined(answers[1]?.share)).toBe(hexOrUndefined(answers[0]?.share));
      const secrets = [
        ...answers.map((answer) => answer?.secret),
        a?.agree(answers[0]?.share ?? Uint8Array.of()),
      ];
      secrets.push(b?.agree(answers[0]?.share ?? Uint8Array.of()));
      expect(new Set(secrets.map(hexOrUndefined)).size).toBe(1);
      expect(secrets[0]?.some((byte) => byte !== 0)).toBe(true);
    }
  });

  it('with base point tables too', () => {
    const tables = createNobleProvider({ oneShot: false });
    for (const [group] of SHARE_LENGTHS) {
      const share = tables.keyShare(group, seeded('tables')).share;
      expect(toHex(share)).toBe(toHex(native.keyShare(group, seeded('tables')).share));
    }
    createNobleProvider();
  });

  it('after 1,000 iterations of X25519 (RFC 7748 §5.2)', () => {
    let k = fromHex(`09${'00'.repeat(31)}`);
    let u = k;
    for (let i = 0; i < 1000; i++) {
      const next = native.keyShare('x25519', fixed(k)).agree(u);
      if (next === undefined) throw new Error('no secret');
      u = k;
      k = next;
    }
    expect(toHex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });
});

describe('scalars', () => {
  it.each([
    ['secp256r1', 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
    [
      'secp384r1',
      'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    ],
    [
      'secp521r1',
      '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    ],
  ] as const)('%s: 0 and the order are drawn again, the order less one is taken', (curve, order) => {
    const n = fromHex(order);
    const last = n.slice();
    last[last.length - 1] = (last.at(-1) ?? 0) - 1;
    const draws = [new Uint8Array(n.length), n, last];
    expect(toHex(drawScalar(curve, () => draws.shift() ?? n))).toBe(toHex(last));
    expect(draws).toHaveLength(0);
    for (const [, provider] of PROVIDERS) {
      const share = provider.keyShare(curve, fixed(last)).share;
      const base = provider.keyShare(
        curve,
        fixed(concat(new Uint8Array(n.length - 1), Uint8Array.of(1))),
      ).share;
      // (n-1)G is -G: the same x.
      expect(toHex(share.slice(1, 1 + n.length))).toBe(toHex(base.slice(1, 1 + n.length)));
      expect(toHex(share)).not.toBe(toHex(base));
    }
  });

  it('gives up on randomness that never fits', () => {
    expect(() => drawScalar('secp256r1', (length) => new Uint8Array(length))).toThrow(/not random/);
  });
});

it.each([
  createNobleProvider(),
  createNativeProvider(),
])('a bare provider says that it was not given ML-KEM', (provider) => {
  expect(() => provider.keyShare('x25519mlkem768', seeded('x'))).toThrow(/x25519mlkem768/);
});

type Ecdh = { group: CurveName; i: string; gi: string; r: string; gr: string; secret: string };
