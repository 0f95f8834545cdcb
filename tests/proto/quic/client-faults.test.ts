import { describe, expect, it } from 'vitest';
import { missingExtension } from '../../../src/proto/handshake/faults.ts';
import { parametersExtension } from '../../../src/proto/quic/parameters-exchange.ts';
import { encodeNewSessionTicket13 } from '../../../src/wire/exchange.ts';
import { EXTENSION } from '../../../src/wire/extensions.ts';
import type { Frame } from '../../../src/wire/quic-types.ts';
import { frames } from './forge.ts';
import { factsOf, shakeHands } from './quic-pair.ts';

/** What a client makes of these frames in one packet of its server. */
function heard(payload: Uint8Array) {
  const { client, server, network } = shakeHands();
  network.run(100);
  const datagram = server.core.raw.packet('application', payload, network.now);
  if (datagram !== undefined) server.core.raw.send(datagram);
  network.run(50);
  const cause = client.core.cause();
  const told = server.core.cause();
  return {
    ours: cause?.kind === 'close' && cause.by === 'local' ? cause.code : undefined,
    theirs: told?.kind === 'close' && told.by === 'peer' ? told.code : undefined,
    fault: factsOf(client, 'fault')[0]?.rule,
  };
}

const ID = new Uint8Array(8).fill(0xaa);
const TOKEN = new Uint8Array(16).fill(0xbb);
const crypto = (data: Uint8Array): Frame => ({ type: 'crypto', offset: 0n, data });
const ticket = encodeNewSessionTicket13({
  ...{ lifetime: 7200, ageAdd: 1, nonce: Uint8Array.of(0), ticket: new Uint8Array(20) },
  extensions: [{ type: EXTENSION.early_data, data: Uint8Array.of(0, 0, 4, 0) }],
});

describe('a client closes', () => {
  it.each<[string, bigint, Uint8Array]>([
    ['a frame of an unknown type', 0x07n, Uint8Array.of(0x40, 0x52)],
    ['a frame type in too many bytes', 0x0an, Uint8Array.of(0x40, 0x01)],
    ['DATAGRAM, which nobody agreed on', 0x0an, frames({ type: 'datagram', data: ID })],
    ['a KeyUpdate message', 0x10an, frames(crypto(Uint8Array.of(24, 0, 0, 1, 0)))],
    ['a message that has no place here', 0x10an, frames(crypto(Uint8Array.of(20, 0, 0, 1, 0)))],
    ['a ticket that does not parse', 0x132n, frames(crypto(Uint8Array.of(4, 0, 0, 2, 0, 0)))],
    ['a ticket with another max_early_data_size', 0x0an, frames(crypto(ticket))],
    ['handshake bytes far ahead', 0x0dn, frames({ type: 'crypto', offset: 1_000_000n, data: ID })],
    ['a message without end', 0x0dn, frames(crypto(Uint8Array.of(4, 0xff, 0xff, 0xff)))],
    [
      'an ACK of what was never sent',
      0x0an,
      frames({ type: 'ack', delay: 0n, ranges: [{ smallest: 5000n, largest: 5000n }] }),
    ],
    [
      'more connection IDs than it holds',
      0x09n,
      frames(
        ...[50n, 51n, 52n, 53n, 54n].map(
          (sequence): Frame => ({
            ...{ type: 'new_connection_id', sequence, retirePriorTo: 0n, resetToken: TOKEN },
            id: new Uint8Array(8).fill(Number(sequence)),
          }),
        ),
      ),
    ],
    [
      'the retirement of an ID that it never gave',
      0x0an,
      frames({ type: 'retire_connection_id', sequence: 99n }),
    ],
    [
      'RESET_STREAM beyond the credit',
      0x03n,
      frames({ type: 'reset_stream', stream: 1n, code: 0n, finalSize: 2n ** 40n }),
    ],
  ])('over %s', (_what, code, payload) => {
    const { ours, theirs, fault } = heard(payload);
    expect({ ours, theirs }).toEqual({ ours: code, theirs: code });
    expect(fault).toMatch(/^[a-z0-9-]+$/);
  });

  it('over nothing that is allowed', () => {
    const done = frames({ type: 'handshake_done' }, { type: 'ping' }, { type: 'new_token', token: TOKEN });
    expect(heard(done)).toEqual({ ours: undefined, theirs: undefined, fault: undefined });
  });
});

describe('transport parameters', () => {
  it('must be there: 0x16d', () => {
    const extension = parametersExtension(() => {
      throw new Error('not asked for');
    });
    expect(() => extension.received(undefined, 0x0304)).toThrow(
      missingExtension('quic_transport_parameters', 'the handshake'),
    );
  });
});
