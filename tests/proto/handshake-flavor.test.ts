import { describe, expect, it } from 'vitest';
import { missingExtension } from '../../src/proto/handshake/faults.ts';
import { type ExtraExtension, type Flavor, TLS } from '../../src/proto/handshake/flavor.ts';
import { createTranscript } from '../../src/proto/handshake/transcript.ts';
import { ascii, concat, fromAscii } from '../../src/wire/bytes.ts';
import { EXTENSION } from '../../src/wire/extensions.ts';
import { decodeClientHello } from '../../src/wire/hello.ts';
import { createParty, faultOf, provider, pump, secretsOf, shakeHands } from './handshake-pump.ts';

const only13 = { versions: [0x0304] } as const;

/** Transport parameters as QUIC has them: each side must bring some. */
function parameters(own: string): { extra: ExtraExtension; heard: string[] } {
  const heard: string[] = [];
  const extra: ExtraExtension = {
    type: EXTENSION.quic_transport_parameters,
    answeredIn: 'encrypted_extensions',
    data: () => ascii(own),
    received(data) {
      if (data === undefined) throw missingExtension('quic_transport_parameters', 'the handshake');
      heard.push(fromAscii(data));
    },
  };
  return { extra, heard };
}

describe('a flavor', () => {
  it('carries extensions of the layer around it both ways', () => {
    const client = parameters('of the client');
    const server = parameters('of the server');
    shakeHands(
      { config: only13, flavor: { ...TLS, extraExtensions: [client.extra] } },
      { config: only13, flavor: { ...TLS, extraExtensions: [server.extra] } },
    );
    expect(client.heard).toEqual(['of the server']);
    expect(server.heard).toEqual(['of the client']);
  });

  it('can insist on them', () => {
    const flavor = { ...TLS, extraExtensions: [parameters('x').extra] };
    const fault = faultOf(() => shakeHands({ config: only13 }, { config: only13, flavor }));
    expect(fault).toMatchObject({ rule: 'missing-extension', alert: 109 });
  });

  it('without compatibility mode sends no change_cipher_spec and no session ID', () => {
    const flavor: Flavor = { ...TLS, compatibility: false };
    const client = createParty('client', { config: { ...only13, groups: [29, 23] }, flavor });
    const server = createParty('server', { config: { ...only13, groups: [23] }, flavor });
    const ids: number[] = [];
    pump(client, server, {
      watch: (_to, unit) => {
        if ('message' in unit && unit.message[0] === 1)
          ids.push(decodeClientHello(unit.message.subarray(4)).sessionId.length);
        return unit;
      },
    });
    expect(ids).toEqual([0, 0]);
    expect([client.changeCipherSpecs, server.changeCipherSpecs]).toEqual([0, 0]);
    expect(client.machine.phase()).toBe('complete');
  });

  it('has its own label prefix, which both sides must share', () => {
    const flavor: Flavor = { ...TLS, labelPrefix: 'dtls13' };
    const { client, server } = shakeHands({ config: only13, flavor }, { config: only13, flavor });
    expect(secretsOf(client)).toEqual(secretsOf(server));
    expect(() => shakeHands({ config: only13, flavor }, { config: only13 })).toThrow('other keys');
  });

  it('writes versions its own way', () => {
    const flavor: Flavor = { ...TLS, wire: { 771: 0xfefd, 772: 0xfefc }, compatibility: false };
    for (const versions of [[0x0304], [0x0303]] as const) {
      const { client, server } = shakeHands({ config: { versions }, flavor }, { flavor });
      expect([client.info?.version, server.info?.version]).toEqual([versions[0], versions[0]]);
    }
    expect(faultOf(() => shakeHands({ flavor }, {}))).toMatchObject({ rule: 'protocol-version' });
  });
});

describe('the transcript', () => {
  const [a, b, c] = [ascii('a'), ascii('b'), ascii('c')] as const;
  const sha256 = (...parts: Uint8Array[]): Uint8Array => {
    const hash = provider.hash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };

  it('waits for its hash', () => {
    const transcript = createTranscript(provider, TLS);
    transcript.add('local', a);
    expect(() => transcript.digest()).toThrow();
    expect(transcript.digestWith('sha256', b)).toEqual(sha256(a, b));
    transcript.begin('sha256', 0x0304);
    transcript.add('peer', c);
    expect(transcript.digest()).toEqual(sha256(a, c));
    expect(transcript.bytes()).toEqual(concat(a, c));
  });

  it('puts a hash in the place of the first ClientHello (RFC 9846 §4.1)', () => {
    const transcript = createTranscript(provider, TLS);
    transcript.add('local', a);
    transcript.begin('sha256', 0x0304);
    transcript.retry();
    transcript.add('peer', b);
    expect(transcript.digest()).toEqual(sha256(Uint8Array.of(254, 0, 0, 32), sha256(a), b));
  });

  it('frames messages as the flavor says, counting each side for itself', () => {
    const seen: string[] = [];
    const frame: Flavor['frame'] = (message, sequence, version) => {
      seen.push(`${fromAscii(message)} ${sequence} ${version.toString(16)}`);
      return message;
    };
    const transcript = createTranscript(provider, { ...TLS, frame });
    transcript.add('local', a);
    transcript.begin('sha256', 0x0303);
    transcript.add('peer', b);
    transcript.add('local', c);
    expect(seen).toEqual(['a 0 303', 'b 0 303', 'c 1 303']);
  });
});
