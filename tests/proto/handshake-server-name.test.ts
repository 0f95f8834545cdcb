import { describe, expect, it } from 'vitest';
import { decodeEncryptedExtensions } from '../../src/wire/exchange.ts';
import { EXTENSION, type Extension } from '../../src/wire/extensions.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import { decodeServerHello } from '../../src/wire/hello.ts';
import { shakeHands } from './handshake-pump.ts';

/**
 * RFC 6066 §3: a server acknowledges the name when it went by it. Ours has one certificate, whatever it is called; and
 * pion/dtls cannot read the acknowledgement, and waits for another ServerHello until its time is up.
 */
describe('the name that a client gives', () => {
  it.each([
    ['TLS 1.2', 0x0303, HANDSHAKE.server_hello, (body: Uint8Array) => decodeServerHello(body).extensions],
    ['TLS 1.3', 0x0304, HANDSHAKE.encrypted_extensions, decodeEncryptedExtensions],
  ] as const)('is not acknowledged in %s: nothing was chosen by it', (_, version, type, decode) => {
    const answers: Extension[] = [];
    const pair = shakeHands({ config: { versions: [version], serverName: 'localhost' } }, undefined, {
      watch: (_to, unit) => {
        if ('message' in unit && unit.message[0] === type) answers.push(...decode(unit.message.subarray(4)));
        return unit;
      },
    });
    expect(pair.server.info?.version).toBe(version);
    expect(answers.map((extension) => extension.type)).not.toContain(EXTENSION.server_name);
  });
});
