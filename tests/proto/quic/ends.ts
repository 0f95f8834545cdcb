import type { CryptoProvider } from '../../../src/crypto/provider.ts';
import { createNativeProvider } from '../../../src/io/native-crypto.ts';
import type { AcceptedClient, QuicConfig } from '../../../src/proto/quic/config.ts';
import { createQuicCore } from '../../../src/proto/quic/connection.ts';
import type { QuicCore } from '../../../src/proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY } from '../../../src/proto/quic/policy.ts';
import type { Role } from '../../../src/proto/role.ts';
import { createSimIdentity, createSimTrust } from '../../../src/sim/identity.ts';
import { createRandom } from '../../../src/sim/random.ts';
import type { Emit, Fact } from '../../../src/timeline/event.ts';
import { parsePacket } from '../../../src/wire/quic-packet.ts';
import { QUIC_VERSION } from '../../../src/wire/quic-versions.ts';

const provider = createNativeProvider();

/** What both ends of a test agree on, unless it says otherwise. */
export function quicConfig(over: Partial<QuicConfig> = {}): QuicConfig {
  return {
    suites: [0x1301, 0x1303],
    groups: [29],
    signatureSchemes: [0x0807],
    verify: 'require',
    serverName: 'server.example',
    alpn: ['storm'],
    quicVersions: [QUIC_VERSION.v1],
    maxDatagram: 1200,
    limits: {
      connectionData: 65_536,
      streamData: 32_768,
      bidiStreams: 8,
      uniStreams: 8,
      activeConnectionIds: 4,
    },
    policy: DEFAULT_QUIC_POLICY,
    connectionIdLength: 8,
    ...over,
  };
}

/** A core whose keys, ids and certificate follow from the seed. */
export function quicCore(
  role: Role,
  seed: number | string,
  config: QuicConfig,
  emit: Emit,
  by: CryptoProvider = provider,
): QuicCore {
  const random = createRandom(seed, role);
  const identity = createSimIdentity(by, createRandom(seed, 'identity'), 'server.example');
  const own = role === 'server' ? { identity, resetToken: resetToken(seed) } : {};
  return createQuicCore(
    role,
    { ...own, ...config },
    { random, provider: by, peerAuth: createSimTrust(by), emit },
  );
}

/** What an endpoint would find out of a client's first datagram. Undefined: no Initial stands in front. */
function acceptedFrom(datagram: Uint8Array, at: number): AcceptedClient | undefined {
  const header = parsePacket(datagram, 0, 8);
  if (header.form !== 'long' || header.type !== 'initial') return undefined;
  const { version, destination, source } = header;
  return {
    version,
    originalDestination: destination.slice(),
    destination: destination.slice(),
    clientSource: source.slice(),
    validated: false,
    at,
  };
}

export type QuicEnd = { core: QuicCore; facts: Fact[]; sent: Uint8Array[] };

/** Two cores without a network: what one says the other hears at once. */
export type Ends = {
  client: QuicEnd;
  server: QuicEnd;
  now: number;
  /** On the way. */
  toServer: Uint8Array[];
  toClient: Uint8Array[];
  /** What `settle` handed over, and when. */
  log: { to: Role; now: number; datagram: Uint8Array }[];
};

export function quicEnd(role: Role, seed: number | string, config: QuicConfig): QuicEnd {
  const facts: Fact[] = [];
  return { core: quicCore(role, seed, config, (fact) => void facts.push(fact)), facts, sent: [] };
}

/** A client that has said its first Initial, and the server that this made. */
export function quicEnds(
  seed: number | string,
  over: { client?: Partial<QuicConfig>; server?: Partial<QuicConfig>; both?: Partial<QuicConfig> } = {},
): Ends {
  const client = quicEnd('client', seed, quicConfig({ ...over.both, ...over.client }));
  client.core.start(0);
  const toServer = takeAll(client, 0);
  const accepted = acceptedFrom(toServer[0]!, 0);
  const server = quicEnd('server', seed, quicConfig({ ...over.both, ...over.server, accepted: accepted! }));
  server.core.start(0);
  return { client, server, now: 0, toServer, toClient: [], log: [] };
}

/** Everything that end wants to say now. */
export function takeAll(end: QuicEnd, now: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let unit = end.core.peekTransmit(now); unit !== undefined; unit = end.core.peekTransmit(now)) {
    out.push(unit.slice());
    end.core.transmitted(now);
    if (out.length > 1000) throw new Error('it talks without end');
  }
  end.sent.push(...out);
  return out;
}

export function give(end: QuicEnd, now: number, datagram: Uint8Array): void {
  end.core.receive(now, { kind: 'bytes', data: datagram.slice() });
  let left = 1000;
  while (end.core.ready()) {
    if (left-- === 0) throw new Error('it steps without end');
    end.core.step(now);
  }
}

/** Hands datagrams to and fro, each a millisecond under way, until both are silent. */
export function settle(ends: Ends): void {
  collect(ends);
  for (let turn = 0; ends.toServer.length + ends.toClient.length > 0; turn++) {
    if (turn > 500) throw new Error('they talk without end');
    ends.now++;
    for (const datagram of ends.toServer.splice(0)) handOver(ends, 'server', datagram);
    for (const datagram of ends.toClient.splice(0)) handOver(ends, 'client', datagram);
    collect(ends);
  }
}

function handOver(ends: Ends, to: Role, datagram: Uint8Array): void {
  ends.log.push({ to, now: ends.now, datagram });
  give(ends[to], ends.now, datagram);
}

/** What both want to say now is on the way. */
export function collect(ends: Ends): void {
  ends.toServer.push(...takeAll(ends.client, ends.now));
  ends.toClient.push(...takeAll(ends.server, ends.now));
}

/** A handshake, confirmed on both sides. */
export function connected(seed: number | string, over: Parameters<typeof quicEnds>[1] = {}): Ends {
  const ends = quicEnds(seed, over);
  settle(ends);
  // ACKs that were held back.
  ends.now += 30;
  for (const end of [ends.client, ends.server]) end.core.handleTimeout(ends.now);
  settle(ends);
  return ends;
}

/** One stateless reset token for each connection ID. */
function resetToken(seed: number | string): (id: Uint8Array) => Uint8Array {
  return (id) => createRandom(seed, `reset ${id.join('.')}`)(16);
}
