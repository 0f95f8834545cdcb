import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../src/proto/fault.ts';
import {
  protect,
  type RecordKey,
  recordKey12,
  recordKey13,
  unprotect,
  wearsOut,
} from '../../src/proto/tls/protection.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { connect, factsOf, faultOf, provider, receive, standInPair, stepAll } from './tls-pair.ts';

const SECRET = new Uint8Array(32).fill(5);

function pair13(suite: number): [RecordKey, RecordKey] {
  return [recordKey13(provider, suite, SECRET), recordKey13(provider, suite, SECRET)];
}

function pair12(suite: number, keyLength: number, ivLength: number): [RecordKey, RecordKey] {
  const make = () =>
    recordKey12(provider, suite, new Uint8Array(keyLength).fill(1), new Uint8Array(ivLength).fill(2));
  return [make(), make()];
}

function faultIn(act: () => unknown): { rule: string; alert: number | undefined; blame: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof ProtocolFault) return { rule: error.rule, alert: error.alert, blame: error.blame };
    throw error;
  }
  throw new Error('no fault');
}

/** A TLS 1.3 record with any inner plaintext. */
function sealInner(key: RecordKey, inner: Uint8Array): Uint8Array {
  const length = inner.length + 16;
  const header = Uint8Array.of(23, 3, 3, length >> 8, length & 0xff);
  return concat(header, key.aead.seal(key.iv, header, inner));
}

describe('every suite', () => {
  it.each([
    ['TLS_AES_128_GCM_SHA256', () => pair13(0x1301), 22],
    ['TLS_AES_256_GCM_SHA384', () => pair13(0x1302), 22],
    ['TLS_CHACHA20_POLY1305_SHA256', () => pair13(0x1303), 22],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', () => pair12(0xc02f, 16, 4), 29],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', () => pair12(0xc02c, 32, 4), 29],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', () => pair12(0xcca8, 32, 12), 21],
  ])('%s opens what it seals, record by record', (_name, make, overhead) => {
    const [seal, open] = make();
    for (const content of [Uint8Array.of(1, 0), new Uint8Array(300).fill(9), new Uint8Array(0)]) {
      const record = protect(seal, 21, content);
      expect(record.length).toBe(content.length + overhead);
      expect(unprotect(open, record, undefined)).toEqual({ type: 21, content });
    }
    expect(seal.sequence).toBe(3);
  });

  it.each([
    ['1.3', () => pair13(0x1301)],
    ['1.2', () => pair12(0xc02f, 16, 4)],
  ])('TLS %s refuses a record changed anywhere, in the wrong place, or cut', (version, make) => {
    const record = protect(make()[0], 23, Uint8Array.of(1, 2, 3));
    const macFault = { rule: 'bad-record-mac', alert: 20, blame: 'peer' };
    for (let i = 0; i < record.length; i++) {
      // TLS 1.2 authenticates its own version number, not the one in the header.
      if (version === '1.2' && (i === 1 || i === 2 || i === 3 || i === 4)) continue;
      const changed = record.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(faultIn(() => unprotect(make()[1], changed, undefined))).toEqual(macFault);
    }
    for (const length of [5, 6, 12, 13, 20, 21, record.length - 1]) {
      const tooShort = version === '1.2' && length < 5 + 8 + 16;
      expect(faultIn(() => unprotect(make()[1], record.subarray(0, length), undefined))).toEqual(
        tooShort ? { ...macFault, rule: 'record-too-short' } : macFault,
      );
    }
    const [, late] = make();
    late.sequence = 1;
    expect(faultIn(() => unprotect(late, record, undefined))).toEqual(macFault);
  });
});

describe('nonces', () => {
  it('count up as RFC 9846 §5.3 says', () => {
    const seen: string[] = [];
    const key = recordKey13(provider, 0x1301, SECRET);
    const spy: RecordKey = {
      ...key,
      iv: new Uint8Array(12),
      aead: {
        seal(nonce, aad, plaintext) {
          seen.push(`${toHex(nonce)} ${toHex(aad)}`);
          return key.aead.seal(nonce, aad, plaintext);
        },
        open: key.aead.open,
      },
    };
    for (const sequence of [0, 1, 255, 256, 2 ** 32, 2 ** 53 - 2]) {
      spy.sequence = sequence;
      protect(spy, 23, Uint8Array.of(0));
    }
    expect(seen).toEqual([
      '000000000000000000000000 1703030012',
      '000000000000000000000001 1703030012',
      '0000000000000000000000ff 1703030012',
      '000000000000000000000100 1703030012',
      '000000000000000100000000 1703030012',
      '00000000001ffffffffffffe 1703030012',
    ]);
  });

  it('are salt and explicit part in TLS 1.2 GCM (RFC 5288 §3), with the plaintext length authenticated', () => {
    const key = recordKey12(provider, 0xc02f, new Uint8Array(16), fromHex('0a0b0c0d'));
    key.sequence = 3;
    const record = protect(key, 23, Uint8Array.of(1));
    expect(toHex(record.subarray(0, 13))).toBe('1703030019' + '0000000000000003');
    const nonce = fromHex('0a0b0c0d0000000000000003');
    const aad = fromHex('0000000000000003' + '17' + '0303' + '0001');
    expect(key.aead.open(nonce, aad, record.subarray(13))).toEqual(Uint8Array.of(1));
  });

  it('are the IV and the number in TLS 1.2 ChaCha20 (RFC 7905 §2)', () => {
    const key = recordKey12(provider, 0xcca8, new Uint8Array(32), new Uint8Array(12).fill(0xf0));
    key.sequence = 0x0102;
    const record = protect(key, 23, Uint8Array.of(1));
    const nonce = fromHex('f0f0f0f0f0f0f0f0f0f0f1f2');
    const aad = fromHex('0000000000000102' + '17' + '0303' + '0001');
    expect(key.aead.open(nonce, aad, record.subarray(5))).toEqual(Uint8Array.of(1));
  });

  it('never repeat: the number after the last is a fault of our own', () => {
    const key = recordKey13(provider, 0x1303, SECRET);
    key.sequence = Number.MAX_SAFE_INTEGER - 1;
    protect(key, 23, Uint8Array.of(1));
    expect(faultIn(() => protect(key, 23, Uint8Array.of(1)))).toEqual({
      rule: 'sequence-number-exhausted',
      alert: 80,
      blame: 'local',
    });
    expect(faultIn(() => unprotect(key, new Uint8Array(40), undefined)).blame).toBe('peer');
  });
});

describe('TLSInnerPlaintext', () => {
  it('loses its padding', () => {
    const [seal, open] = pair13(0x1301);
    const record = sealInner(seal, concat(Uint8Array.of(1, 0, 0, 21), new Uint8Array(500)));
    expect(unprotect(open, record, undefined)).toEqual({ type: 21, content: Uint8Array.of(1, 0, 0) });
  });

  it.each([1, 600])('of %i zeros has no type', (length) => {
    const [seal, open] = pair13(0x1301);
    const record = sealInner(seal, new Uint8Array(length));
    expect(faultIn(() => unprotect(open, record, undefined))).toEqual({
      rule: 'no-content-type',
      alert: 10,
      blame: 'peer',
    });
  });

  it('is at most 2^14 + 1 bytes, padding included', () => {
    const full = concat(new Uint8Array(2 ** 14).fill(1), Uint8Array.of(23));
    const [seal, open] = pair13(0x1301);
    expect(unprotect(open, sealInner(seal, full), undefined).content).toHaveLength(2 ** 14);
    const over = { rule: 'record-overflow', alert: 22, blame: 'peer' };
    const [, second] = pair13(0x1301);
    expect(
      faultIn(() => unprotect(second, sealInner(seal, concat(full, Uint8Array.of(0))), undefined)),
    ).toEqual(over);
    const [, third] = pair13(0x1301);
    expect(faultIn(() => unprotect(third, sealInner(seal, new Uint8Array(101).fill(1)), 100))).toEqual(over);
    const [, fourth] = pair13(0x1301);
    expect(unprotect(fourth, sealInner(seal, new Uint8Array(100).fill(1)), 100).content).toHaveLength(99);
  });

  it.each([0, 20, 24, 99])('of type %i does not belong', (type) => {
    const { client, server } = connect(standInPair(0x0304));
    receive(server.core, 0, client.core.raw.record(type, Uint8Array.of(23, type === 0 ? 99 : 1)));
    const fault = faultOf(server);
    expect(fault?.alert).toBe(10);
    expect(factsOf(server, 'record').at(-1)).toMatchObject({ by: 'peer', protected: true });
  });
});

describe('limits in force on a connection', () => {
  it.each([
    0x0303, 0x0304,
  ] as const)('our record_size_limit binds the peer once both have one, version %i', (version) => {
    const options = { recordSizeLimit: 100, config: { recordSizeLimit: 100 } };
    const { client, server } = connect(standInPair(version, options));
    const most = version === 0x0304 ? 99 : 100;
    receive(server.core, 0, client.core.raw.record(23, new Uint8Array(most)));
    expect(stepAll(server.core)).toMatchObject([{ kind: 'data' }]);
    receive(server.core, 0, client.core.raw.record(23, new Uint8Array(most + 1)));
    expect(faultOf(server)).toEqual({ rule: 'record-overflow', alert: 22 });
    const alone = connect(standInPair(version, { config: { recordSizeLimit: 100 } }));
    receive(alone.server.core, 0, alone.client.core.raw.record(23, new Uint8Array(500)));
    expect(stepAll(alone.server.core)).toMatchObject([{ kind: 'data' }]);
  });

  it('a TLS 1.2 record of more than 2^14 bytes of plaintext overflows', () => {
    const { client, server } = connect(standInPair(0x0303));
    receive(server.core, 0, client.core.raw.record(23, new Uint8Array(2 ** 14 + 1)));
    expect(faultOf(server)).toEqual({ rule: 'record-overflow', alert: 22 });
  });

  it('AES-GCM keys wear out, ChaCha20 keys do not', () => {
    const gcm = recordKey13(provider, 0x1301, SECRET);
    const chacha = recordKey13(provider, 0x1303, SECRET);
    expect(wearsOut(gcm)).toBe(false);
    gcm.sequence = 2 ** 24;
    chacha.sequence = 2 ** 40;
    expect(wearsOut(gcm)).toBe(true);
    expect(wearsOut(chacha)).toBe(false);
  });
});
