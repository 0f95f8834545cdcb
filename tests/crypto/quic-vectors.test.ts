import { describe, expect, it } from 'vitest';
import { initialKeys, nextPacketKeys, packetKeys, packetNonce } from '../../src/crypto/quic-keys.ts';
import { checkRetryTag, retryTag } from '../../src/crypto/quic-retry.ts';
import { suiteById } from '../../src/crypto/suites.ts';
import { createKeyPhases } from '../../src/proto/quic/packets/key-phases.ts';
import { type OpenContext, openDatagram } from '../../src/proto/quic/packets/open.ts';
import { sealPacket } from '../../src/proto/quic/packets/seal.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { decodeFrames } from '../../src/wire/quic-frame-decode.ts';
import { encodeRetry } from '../../src/wire/quic-packet-encode.ts';
import { PROVIDERS, vectorCases } from './support.ts';

type Side = { secret: string; key: string; iv: string; hp: string };
type Sample = { payload: string; header: string; packet: string };
type Case = {
  version: number;
  client: Side;
  server: Side;
  clientInitial: Sample;
  serverInitial: Sample;
  retry: string;
  chacha: Side & { ku: string; header: string; packet: string };
};

const CASES = vectorCases<Case>('quic');
const DESTINATION = fromHex('8394c8f03e515708');
const SERVER_ID = fromHex('f067a5502a4262b5');
const NONE = new Uint8Array(0);
const SUITE = suiteById(0x1303)!;

const ALL = PROVIDERS.flatMap(([name, provider]) =>
  CASES.map((one) => [`${name}, version 0x${one.version.toString(16)}`, provider, one] as const),
);

describe.each(ALL)('RFC 9001 and RFC 9369 appendix A: %s', (_, provider, vector) => {
  const { version } = vector;
  const { client, server } = initialKeys(provider, version, DESTINATION);
  const context = (role: 'client' | 'server', expected: number): OpenContext => ({
    idLength: 0,
    greased: false,
    keys: (type, seen) =>
      type === 'initial' && seen === version ? (role === 'client' ? server : client) : undefined,
    phases: () => undefined,
    expected: () => expected,
  });

  it('Initial secrets and IVs', () => {
    expect(toHex(client.secret)).toBe(vector.client.secret);
    expect(toHex(client.iv)).toBe(vector.client.iv);
    expect(toHex(server.secret)).toBe(vector.server.secret);
    expect(toHex(server.iv)).toBe(vector.server.iv);
  });

  it("the client's Initial, sealed with PADDING to 1200 bytes", () => {
    const sealed = sealPacket(
      {
        header: { type: 'initial', version, destination: DESTINATION, source: NONE },
        number: 2,
        largestAcked: undefined,
        numberLength: 4,
        payload: fromHex(vector.clientInitial.payload),
        atLeast: 1200,
      },
      client,
    );
    expect(toHex(sealed)).toBe(vector.clientInitial.packet);
  });

  it("the client's Initial, opened", () => {
    const [packet, ...more] = openDatagram(fromHex(vector.clientInitial.packet), context('server', 0));
    expect(more).toEqual([]);
    if (packet?.kind !== 'opened') throw new Error(`not opened: ${packet?.kind}`);
    expect(packet).toMatchObject({ space: 'initial', number: 2, reservedZero: true, bytes: 1200 });
    const crypto = fromHex(vector.clientInitial.payload);
    expect(toHex(packet.payload.subarray(0, crypto.length))).toBe(vector.clientInitial.payload);
    expect(decodeFrames(packet.payload)).toMatchObject([
      { type: 'crypto', offset: 0n },
      { type: 'padding', bytes: 1162 - crypto.length },
    ]);
  });

  it("the server's Initial, both ways", () => {
    const header = { type: 'initial', version, destination: NONE, source: SERVER_ID } as const;
    const payload = fromHex(vector.serverInitial.payload);
    const sealed = sealPacket(
      { header, number: 1, largestAcked: undefined, numberLength: 2, payload },
      server,
    );
    expect(toHex(sealed)).toBe(vector.serverInitial.packet);
    const [packet] = openDatagram(sealed, context('client', 0));
    expect(packet).toMatchObject({ kind: 'opened', number: 1, payload });
    expect(decodeFrames(payload)).toMatchObject([{ type: 'ack' }, { type: 'crypto' }]);
  });

  it('the Retry, with a tag that holds for one destination only', () => {
    const packet = fromHex(vector.retry);
    const bare = packet.subarray(0, packet.length - 16);
    const made = encodeRetry({
      version,
      destination: NONE,
      source: SERVER_ID,
      token: fromHex('746f6b656e'),
      chance: 0xf,
    });
    expect(toHex(made)).toBe(toHex(bare));
    expect(toHex(concat(made, retryTag(provider, version, DESTINATION, made)))).toBe(vector.retry);
    expect(checkRetryTag(provider, version, DESTINATION, packet)).toBe(true);
    expect(checkRetryTag(provider, version, SERVER_ID, packet)).toBe(false);
    const [opened] = openDatagram(packet, context('client', 0));
    expect(opened).toMatchObject({
      kind: 'retry',
      header: { source: SERVER_ID, token: fromHex('746f6b656e') },
    });
  });

  it('a ChaCha20 packet with a short header, both ways', () => {
    const keys = packetKeys(provider, version, SUITE, fromHex(vector.chacha.secret));
    expect(toHex(keys.iv)).toBe(vector.chacha.iv);
    expect(toHex(nextPacketKeys(provider, keys).secret)).toBe(vector.chacha.ku);
    const number = 654360564;
    const header = { type: '1rtt', destination: NONE, keyPhase: 0 } as const;
    const payload = Uint8Array.of(1);
    const sealed = sealPacket({ header, number, largestAcked: undefined, numberLength: 3, payload }, keys);
    expect(toHex(sealed)).toBe(vector.chacha.packet);
    const phases = createKeyPhases(provider, keys, keys);
    const [packet] = openDatagram(sealed, { ...context('client', number - 5), phases: () => phases });
    expect(packet).toMatchObject({ kind: 'opened', number, payload, keyPhase: 0, space: 'application' });
  });

  it('gets PADDING where there is too little to sample, and no more', () => {
    const keys = packetKeys(provider, version, SUITE, fromHex(vector.chacha.secret));
    const header = { type: '1rtt', destination: NONE, keyPhase: 1 } as const;
    const payload = Uint8Array.of(1);
    const sealed = sealPacket({ header, number: 3, largestAcked: 2, payload }, keys);
    expect(sealed).toHaveLength(1 + 4 + 16);
  });
});

it('a nonce is the IV under the packet number, wide numbers included (RFC 9001 A.5)', () => {
  expect(toHex(packetNonce(fromHex('e0459b3474bdd0e44a41c144'), 654360564))).toBe('e0459b3474bdd0e46d417eb0');
  expect(toHex(packetNonce(new Uint8Array(12), 2 ** 52 + 1))).toBe('000000000010000000000001');
});
