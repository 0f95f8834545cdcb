import { describe, expect, it } from 'vitest';
import { retryTag } from '../../../src/crypto/quic-retry.ts';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import { concat } from '../../../src/wire/bytes.ts';
import { type LongHeader, parsePacket } from '../../../src/wire/quic-packet.ts';
import { encodeRetry, encodeVersionNegotiation } from '../../../src/wire/quic-packet-encode.ts';
import { connect, factsOf, isConfirmed, type QuicEnd, quicEnd, quicPair, shakeHands } from './quic-pair.ts';

const V2 = 0x6b3343cf;
const provider = createNativeProvider();

/** A client whose first Initial is out. */
function begun(quicVersions: readonly number[] = [1]): { client: QuicEnd; first: LongHeader } {
  const client = quicEnd('client', { both: { quicVersions } });
  client.core.start(0);
  return { client, first: send(client) };
}

function send({ core }: QuicEnd, now = 0): LongHeader {
  const unit = core.peekTransmit(now) ?? new Uint8Array(0);
  const header = parsePacket(unit.slice(), 0, 8);
  core.transmitted(now);
  if (header.form !== 'long') throw new Error('no long header');
  return header;
}

function give({ core }: QuicEnd, data: Uint8Array): void {
  core.receive(1, { kind: 'bytes', data });
  core.step(1);
}

describe('versions', () => {
  it('2 from the first packet on', () => {
    const { client, network } = shakeHands({ both: { quicVersions: [V2] } });
    expect(client.core.version()).toBe(V2);
    expect([...(network.sent[0]?.datagram.subarray(1, 5) ?? [])]).toEqual([0x6b, 0x33, 0x43, 0xcf]);
    expect(factsOf(client, 'packet').every(({ version }) => version === V2 || version === undefined)).toBe(
      true,
    );
  });

  it('are changed by a server that prefers 2 (RFC 9368 §2.3)', () => {
    const { client, server } = shakeHands({
      client: { quicVersions: [1, V2] },
      server: { quicVersions: [V2, 1] },
    });
    expect([client.core.version(), server.core.version()]).toEqual([V2, V2]);
    expect(factsOf(client, 'quic-version')).toEqual([
      { kind: 'quic-version', what: 'chosen', version: 1 },
      { kind: 'quic-version', what: 'changed', version: V2 },
    ]);
  });

  it('are changed although packets get lost', () => {
    const pair = quicPair({ client: { quicVersions: [1, V2] }, server: { quicVersions: [V2, 1] } });
    connect(pair, (_from, _datagram, index) => (index % 3 === 1 ? [] : [5])).run(30_000, () =>
      isConfirmed(pair),
    );
    expect([isConfirmed(pair), pair.client.core.version()]).toEqual([true, V2]);
  });

  it('are not changed for a client that has only one', () => {
    const { client } = shakeHands({ client: { quicVersions: [1] }, server: { quicVersions: [V2, 1] } });
    expect(client.core.version()).toBe(1);
  });
});

describe('Version Negotiation', () => {
  const refusal = ({ destination, source }: LongHeader, ...supported: number[]): Uint8Array =>
    encodeVersionNegotiation({ destination: source, source: destination, supported, chance: 0 });

  it('makes a client begin anew in a version that both have', () => {
    const { client, first } = begun([1, V2]);
    give(client, refusal(first, 0x1a2a3a4a, V2));
    const second = send(client, 1);
    expect(second.version).toBe(V2);
    expect(second.destination).not.toEqual(first.destination);
    expect(factsOf(client, 'quic-version').map(({ what }) => what)).toEqual(['chosen', 'refused', 'chosen']);
  });

  it('ends it where there is none', () => {
    const { client, first } = begun([1]);
    give(client, refusal(first, 0x1a2a3a4a, V2));
    expect(client.core.phase()).toBe('terminated');
    expect(client.core.cause()).toEqual({ kind: 'version-negotiation', supported: [0x1a2a3a4a, V2] });
    expect(factsOf(client, 'handshake.failed')).toMatchObject([{ rule: 'no-common-version' }]);
  });

  it('is not believed when it lists our version, has other connection IDs, or comes a second time', () => {
    const { client, first } = begun([1, V2]);
    give(client, refusal(first, 1, V2));
    give(client, refusal({ ...first, destination: first.source }, V2));
    expect(factsOf(client, 'quic-version')).toHaveLength(1);
    give(client, refusal(first, V2));
    give(client, refusal(send(client, 1), 1));
    expect(client.core.phase()).toBe('handshake');
    expect(factsOf(client, 'dropped').map(({ detail }) => detail)).toEqual([
      'it lists the version that we offered',
      'not in answer to our Initial',
      'too late',
    ]);
  });

  it('is not believed once the server has spoken', () => {
    const { client, network } = shakeHands();
    const [first] = network.sent;
    const header = parsePacket(first?.datagram ?? new Uint8Array(0), 0, 8);
    if (header.form !== 'long') throw new Error('no long header');
    give(client, refusal(header, V2));
    expect(client.core.phase()).toBe('open');
  });
});

describe('Retry (RFC 9000 §17.2.5)', () => {
  const SOURCE = new Uint8Array(8).fill(0xdd);
  function retry(
    first: LongHeader,
    over: { source?: Uint8Array; token?: Uint8Array; version?: number } = {},
  ) {
    const { version = 1, source = SOURCE, token = new Uint8Array(20).fill(0x77) } = over;
    const packet = encodeRetry({ version, destination: first.source, source, token, chance: 0 });
    return concat(packet, retryTag(provider, version, first.destination, packet));
  }

  it('makes a client say it again, with the token, to the new connection ID, under the next number', () => {
    const { client, first } = begun();
    give(client, retry(first));
    const second = send(client, 1);
    expect(second.destination).toEqual(SOURCE);
    expect(second.token).toEqual(new Uint8Array(20).fill(0x77));
    const numbers = factsOf(client, 'packet').filter(({ by }) => by === 'local');
    expect(numbers.map(({ number }) => number)).toEqual([0, 1]);
    expect(factsOf(client, 'token')).toEqual([{ kind: 'token', by: 'peer', what: 'retry', bytes: 20 }]);
  });

  it('is obeyed once, and only when it is right', () => {
    const { client, first } = begun();
    const bad = retry(first);
    bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
    give(client, bad);
    give(client, retry(first, { token: new Uint8Array(0) }));
    give(client, retry(first, { source: first.destination }));
    give(client, retry(first, { version: V2 }));
    give(client, retry(first));
    give(client, retry(first));
    expect(factsOf(client, 'dropped').map(({ detail }) => detail)).toEqual([
      'its integrity tag is wrong',
      'without a token',
      'it changes nothing',
      'not in the version of our Initial',
      'too late',
    ]);
  });

  it('leads to a connection whose parameters confirm it', () => {
    const { client, first } = begun();
    give(client, retry(first));
    const second = send(client, 1);
    const server = quicEnd('server', {
      server: {
        accepted: {
          version: 1,
          originalDestination: first.destination,
          retrySource: SOURCE,
          destination: SOURCE,
          clientSource: second.source,
          validated: true,
          at: 1,
        },
      },
    });
    const network = connect({ client, server });
    network.run(20_000, () => isConfirmed({ client, server }));
    expect(isConfirmed({ client, server })).toBe(true);
    const [params] = factsOf(client, 'transport-parameters').filter(({ by }) => by === 'peer');
    expect(params?.parameters.retry_source_connection_id).toBe('dd'.repeat(8));
  });
});
