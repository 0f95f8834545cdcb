import type { Input } from '../../proto/core.ts';
import type { AcceptedClient } from '../../proto/quic/config.ts';
import { createQuicCore } from '../../proto/quic/connection.ts';
import type { QuicCore } from '../../proto/quic/core.ts';
import { quicConnCloseInfo } from '../../shutdown/quic/close-info.ts';
import { parsePacket } from '../../wire/quic-packet.ts';
import { type Channel, createChannel } from '../channel.ts';
import type { PeerSight } from '../peer-observed.ts';
import type { Scenario } from '../script.ts';
import type { ScriptWorld } from '../script-world.ts';
import { type Task, until } from '../task.ts';
import type { Connect, TransportSink } from '../world.ts';
import { seenAs, showCloseInfo } from './observe.ts';
import { peerConfig } from './script-configs.ts';
import { sendDatagrams } from './side.ts';

/** The embedded peer: a server that comes to be with the first Initial, reads what comes, and does what the steps say. */
export type QuicPeer = {
  readonly name: string;
  readonly world: ScriptWorld;
  /** Once the client has been heard of. */
  channel: Channel<QuicCore> | undefined;
  /** Streams that were opened, in order. */
  readonly streams: bigint[];
  /** Its application reads. */
  reading: boolean;
  closeSeen: boolean;
  readonly sights: PeerSight[];
  /** What did not fit the send buffer. */
  readonly unsent: { stream: bigint; data: Uint8Array }[];
};

export function createQuicPeer(scenario: Scenario, world: ScriptWorld, connect: Connect): QuicPeer {
  const peer: QuicPeer = {
    name: 'peer',
    world,
    channel: undefined,
    streams: [],
    reading: true,
    closeSeen: false,
    sights: [],
    unsent: [],
  };
  let sink: TransportSink | undefined;
  const transport = connect({
    input(input) {
      if (sink === undefined) accept(input);
      else sink.input(input);
    },
    writable: () => sink?.writable(),
    wants: () => MOST_DATAGRAM,
  });
  const accept = (input: Input): void => {
    const accepted = input.kind === 'bytes' ? whoComes(input.data, world.scheduler.clock.now()) : undefined;
    if (accepted === undefined) return;
    peer.channel = open(peer, scenario, accepted, (inner) => {
      sink = inner;
      return transport;
    });
    sink?.input(input);
    world.scheduler.spawn(serve(peer, peer.channel));
  };
  return peer;
}

function open(
  peer: QuicPeer,
  scenario: Scenario,
  accepted: AcceptedClient,
  connect: Connect,
): Channel<QuicCore> {
  const { name, world } = peer;
  const { scheduler, provider } = world;
  const emit = world.recorder.emitter(name);
  const deps = { random: world.random(name), provider, emit, peerAuth: world.trust(true) };
  const core = createQuicCore('server', peerConfig(scenario, world, accepted), deps);
  const channel = createChannel({ core, connect, scheduler, emit });
  core.start(scheduler.clock.now());
  return channel;
}

/** Undefined: not the beginning of a connection. */
function whoComes(datagram: Uint8Array, at: number): AcceptedClient | undefined {
  const header = parsePacket(datagram, 0, 0);
  if (header.form !== 'long' || header.type !== 'initial') return undefined;
  const { version, destination, source } = header;
  return {
    ...{ version, originalDestination: destination, destination, clientSource: source },
    ...{ validated: false, at },
  };
}

function* serve(peer: QuicPeer, channel: Channel<QuicCore>): Task<void> {
  const { core } = channel;
  for (;;) {
    yield* until('something for the peer', () => core.ready());
    while (core.ready()) core.step(channel.scheduler.clock.now());
    lookAround(peer);
  }
}

/** What its application would notice now, and what it has left to send. */
export function lookAround(peer: QuicPeer): void {
  const { channel } = peer;
  if (channel === undefined) return;
  const { streams } = channel.core;
  for (let id = streams.accept(); id !== undefined; id = streams.accept()) peer.streams.push(id);
  if (peer.reading) for (const id of peer.streams) readAll(peer, channel.core, id);
  sendRest(peer, channel.core);
  seeClose(peer, channel.core);
  sendDatagrams(channel);
}

function readAll(peer: QuicPeer, { streams }: QuicCore, id: bigint): void {
  const stream = Number(id);
  while (streams.readable(id)) {
    const read = streams.read(id, MOST_READ);
    switch (read.kind) {
      case 'data':
        addData(peer.sights, read.data.length, stream);
        if (read.fin) see(peer, { fin: true, stream });
        break;
      case 'fin':
        see(peer, { fin: true, stream });
        return;
      case 'reset':
        see(peer, { reset: seenAs(read.code), stream });
        return;
      case 'empty':
      case 'none':
        return;
    }
  }
}

/** What repeats is seen once. */
function see(peer: QuicPeer, sight: PeerSight): void {
  const text = JSON.stringify(sight);
  if (!peer.sights.some((earlier) => JSON.stringify(earlier) === text)) peer.sights.push(sight);
}

function addData(sights: PeerSight[], bytes: number, stream: number): void {
  const last = sights.at(-1);
  if (last !== undefined && 'data' in last && last.stream === stream) {
    sights[sights.length - 1] = { data: Number(last.data) + bytes, stream };
  } else sights.push({ data: bytes, stream });
}

function sendRest(peer: QuicPeer, { streams }: QuicCore): void {
  for (let first = peer.unsent[0]; first !== undefined; first = peer.unsent[0]) {
    const taken = streams.write(first.stream, first.data);
    if (taken < first.data.length) {
      peer.unsent[0] = { stream: first.stream, data: first.data.subarray(taken) };
      return;
    }
    peer.unsent.shift();
  }
}

function seeClose(peer: QuicPeer, core: QuicCore): void {
  const info = quicConnCloseInfo({ core });
  if (info === undefined || peer.closeSeen) return;
  peer.closeSeen = true;
  // A client that gives up at once does so before any program has accepted it.
  if (!core.handshake().complete && !info.local && closedInInitial(peer)) return;
  peer.sights.push({ conn_close: showCloseInfo(info) });
}

function closedInInitial({ name, world }: QuicPeer): boolean {
  const first = world.recorder.events.find(
    (event) => event.kind === 'close' && event.conn === name && event.by === 'peer',
  );
  return first?.kind === 'close' && first.space === 'initial';
}

const MOST_DATAGRAM = 65_535;
const MOST_READ = 65_536;
