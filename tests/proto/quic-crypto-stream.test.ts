import { describe, expect, it } from 'vitest';
import {
  createCryptoStream,
  cryptoHolds,
  cryptoPending,
  cryptoSettled,
  nextCrypto,
  onCryptoAcked,
  onCryptoLost,
  receiveCrypto,
  resendCrypto,
  writeCrypto,
} from '../../src/proto/quic/crypto-stream.ts';
import type { SentFrame } from '../../src/proto/quic/sent.ts';
import { createDice, createRandom } from '../../src/sim/random.ts';
import { concat } from '../../src/wire/bytes.ts';
import { frameSize } from '../../src/wire/quic-frame-encode.ts';
import type { Frame } from '../../src/wire/quic-types.ts';
import { CODE, faultOf } from './quic-streams-pair.ts';

function crypto(offset: number | bigint, data: Uint8Array): Extract<Frame, { type: 'crypto' }> {
  return { type: 'crypto', offset: BigInt(offset), data };
}

function place(sent: SentFrame | undefined): { offset: number; length: number } {
  if (sent?.kind !== 'crypto') throw new Error('no CRYPTO frame');
  return sent;
}

describe('CRYPTO streams (RFC 9000 §7.5, §19.6)', () => {
  it('carry the handshake whole through loss, reordering and repetition', () => {
    for (let seed = 0; seed < 20; seed++) {
      const dice = createDice(createRandom(seed, 'crypto'));
      const whole = createRandom(seed, 'messages')(dice.between(1, 9000));
      const [from, to] = [createCryptoStream('initial'), createCryptoStream('initial')];
      writeCrypto(from, whole.subarray(0, 300));
      writeCrypto(from, whole.subarray(300));
      const got: Uint8Array[] = [];
      const flight: NonNullable<ReturnType<typeof nextCrypto>>[] = [];
      for (let steps = 0; !cryptoSettled(from); steps++) {
        expect(steps).toBeLessThan(5000);
        const room = dice.between(0, 1200);
        const next = nextCrypto(from, room);
        if (next !== undefined) {
          expect(frameSize(next.frame)).toBeLessThanOrEqual(room);
          flight.push(next);
        }
        if (flight.length === 0 || dice.chance(0.4)) continue;
        const [one] = flight.splice(dice.below(flight.length), 1);
        if (one === undefined) continue;
        if (dice.chance(0.3)) onCryptoLost(from, place(one.sent));
        else {
          got.push(receiveCrypto(to, one.frame));
          if (dice.chance(0.2)) got.push(receiveCrypto(to, one.frame));
          onCryptoAcked(from, place(one.sent));
        }
      }
      expect(concat(...got), `seed ${seed}`).toEqual(whole);
      expect(cryptoPending(from)).toBe(false);
      expect(cryptoHolds(to)).toBe(false);
    }
  });

  it('knows of bytes behind a hole', () => {
    const stream = createCryptoStream('handshake');
    expect(receiveCrypto(stream, crypto(3, Uint8Array.of(4)))).toHaveLength(0);
    expect(cryptoHolds(stream)).toBe(true);
    expect([...receiveCrypto(stream, crypto(0, Uint8Array.of(1, 2, 3)))]).toEqual([1, 2, 3, 4]);
    expect(cryptoHolds(stream)).toBe(false);
  });

  it('bound what is kept: 65,536 bytes ahead and not one more, in a bounded number of pieces', () => {
    const at = (offset: number | bigint): (() => void) => {
      const stream = createCryptoStream('initial');
      return () => receiveCrypto(stream, crypto(offset, new Uint8Array(1)));
    };
    expect(at(65_535)).not.toThrow();
    const exceeded = { code: CODE.CRYPTO_BUFFER, frame: 6, rule: 'crypto-buffer-exceeded' };
    expect(faultOf(at(65_536))).toEqual(exceeded);
    expect(faultOf(at(2n ** 62n - 2n))).toEqual(exceeded);
    const stream = createCryptoStream('initial');
    const holes = (): void => {
      for (let offset = 1; offset < 4000; offset += 2)
        receiveCrypto(stream, crypto(offset, new Uint8Array(1)));
    };
    expect(faultOf(holes)).toEqual(exceeded);
  });

  it('counts the bound from what was taken in order', () => {
    const stream = createCryptoStream('application');
    for (let offset = 0; offset < 200_000; offset += 1000)
      receiveCrypto(stream, crypto(offset, new Uint8Array(1000)));
    expect(() => receiveCrypto(stream, crypto(265_000, new Uint8Array(500)))).not.toThrow();
  });

  it('send everything again that was not acknowledged, when asked', () => {
    const stream = createCryptoStream('initial');
    writeCrypto(stream, new Uint8Array(100));
    const first = nextCrypto(stream, 60);
    nextCrypto(stream, 60);
    expect(cryptoPending(stream)).toBe(false);
    onCryptoAcked(stream, place(first?.sent));
    resendCrypto(stream);
    const { offset, length } = place(nextCrypto(stream, 1200)?.sent);
    expect([offset, offset + length]).toEqual([place(first?.sent).length, 100]);
    expect(cryptoSettled(stream)).toBe(false);
  });
});
