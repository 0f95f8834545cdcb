import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/sim/random.ts';
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import {
  decodeTransportParameters,
  encodeTransportParameters,
  greaseParameterId,
  parameterNotes,
} from '../../src/wire/quic-params.ts';
import type { TransportParameters } from '../../src/wire/quic-types.ts';
import { Malformed } from '../../src/wire/reader.ts';

const TOKEN = fromHex('101112131415161718191a1b1c1d1e1f');
const PREFERRED = concat(new Uint8Array(24), fromHex('04 aabbccdd'), TOKEN);

const ALL: TransportParameters = {
  originalDestinationConnectionId: fromHex('8394c8f03e515708'),
  maxIdleTimeout: 30_000n,
  statelessResetToken: TOKEN,
  maxUdpPayloadSize: 1472n,
  initialMaxData: 1n << 40n,
  initialMaxStreamDataBidiLocal: 1n,
  initialMaxStreamDataBidiRemote: 2n,
  initialMaxStreamDataUni: 3n,
  initialMaxStreamsBidi: 1n << 60n,
  initialMaxStreamsUni: 0n,
  ackDelayExponent: 20n,
  maxAckDelay: 16_383n,
  disableActiveMigration: true,
  preferredAddress: PREFERRED,
  activeConnectionIdLimit: 2n,
  initialSourceConnectionId: new Uint8Array(0),
  retrySourceConnectionId: new Uint8Array(20),
  versionInformation: { chosen: 1, available: [0x6b3343cf, 1] },
  maxDatagramFrameSize: 65_535n,
  greaseQuicBit: true,
};

describe('transport parameters (RFC 9000 §18)', () => {
  it('come back, all of them', () => {
    expect(decodeTransportParameters(encodeTransportParameters(ALL))).toEqual(ALL);
    expect(decodeTransportParameters(new Uint8Array(0))).toEqual({});
  });

  it('those of the client in RFC 9001 A.2', () => {
    const bytes = fromHex(
      '0408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff',
    );
    expect(decodeTransportParameters(bytes)).toEqual({
      initialMaxData: (1n << 62n) - 1n,
      initialMaxStreamDataBidiLocal: 65_535n,
      initialMaxStreamDataUni: 65_535n,
      initialMaxStreamsBidi: 16n,
      maxIdleTimeout: 30_000n,
      initialMaxStreamsUni: 16n,
      initialSourceConnectionId: fromHex('8394c8f03e515708'),
      initialMaxStreamDataBidiRemote: 65_535n,
    });
  });

  it('unknown ones are passed over, ours that mean nothing too', () => {
    const id = greaseParameterId(5);
    expect((id - 27n) % 31n).toBe(0n);
    const bytes = encodeTransportParameters({ maxAckDelay: 5n }, { id, data: fromHex('ffff') });
    expect(toHex(bytes)).toBe('0b010540b602ffff');
    expect(decodeTransportParameters(bytes)).toEqual({ maxAckDelay: 5n });
  });

  it.each([
    ['01 01 05 01 01 05', 'one that is twice there'],
    ['40b6 00 40b6 00', 'an unknown one that is twice there'],
    ['01 01 05 4001 01 05', 'twice, once with a longer id'],
    ['01 02 05', 'cut short'],
    ['01', 'without a length'],
    ['01 00', 'a number without bytes'],
    ['01 02 0505', 'a number with bytes behind it'],
    ['01 ffffffffffffffff 05', 'a length beyond everything'],
    ['02 0f 101112131415161718191a1b1c1d1e', 'a reset token of 15 bytes'],
    ['03 02 44af', 'max_udp_payload_size 1199'],
    ['08 08 d000000000000001', 'more than 2^60 streams'],
    ['0a 01 15', 'ack_delay_exponent 21'],
    ['0b 04 80004000', 'max_ack_delay 2^14'],
    ['0c 01 00', 'a flag with content'],
    ['0e 01 01', 'active_connection_id_limit 1'],
    [`0f 15 ${'aa'.repeat(21)}`, 'a connection ID of 21 bytes'],
    [`0d 29 ${'00'.repeat(25)}${'11'.repeat(16)}`, 'a preferred address with an empty connection ID'],
    [`0d 2a ${'00'.repeat(24)}04aa${'11'.repeat(16)}`, 'a preferred address whose lengths do not add up'],
    ['11 03 000000', 'a version cut short'],
    ['11 04 00000000', 'version 0 chosen'],
    ['11 08 00000001 00000000', 'version 0 available'],
    ['11 06 00000001 6b33', 'an available version cut short'],
  ])('%s: %s', (hex) => {
    expect(() => decodeTransportParameters(fromHex(hex))).toThrow(Malformed);
  });

  it('any prefix and any change of one byte decode or are malformed', () => {
    const whole = encodeTransportParameters(ALL);
    const random = createRandom('parameters');
    for (let round = 0; round < 4 * whole.length; round++) {
      const bytes = whole.slice(0, round < whole.length ? round : undefined);
      const [at = 0, value = 0] = random(2);
      if (round >= whole.length) bytes[at % bytes.length] = value;
      try {
        const decoded = decodeTransportParameters(bytes);
        expect(decodeTransportParameters(encodeTransportParameters(decoded))).toEqual(decoded);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }
  });

  it('notes have the names of the registry', () => {
    const notes = parameterNotes(ALL, toHex);
    expect(Object.keys(notes)).toHaveLength(Object.keys(ALL).length);
    expect(notes).toMatchObject({
      max_idle_timeout: 30_000n,
      stateless_reset_token: 'present',
      disable_active_migration: true,
      version_information: '0x00000001 of 0x6b3343cf, 0x00000001',
    });
    expect(parameterNotes({}, toHex)).toEqual({});
  });

  it('notes give no reset token away', () => {
    const said = JSON.stringify(parameterNotes(ALL, toHex), (_key, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    expect(said).toContain('preferred_address');
    expect(said).not.toContain(toHex(TOKEN));
    expect(said).not.toContain(toHex(ALL.preferredAddress?.subarray(-16) ?? TOKEN));
  });
});
