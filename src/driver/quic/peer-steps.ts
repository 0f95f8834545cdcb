import { encodeUtf8 } from '../../wire/utf8.ts';
import { bad } from '../script-fields.ts';
import type { PeerStep } from '../script-ops.ts';
import { lookAround, type QuicPeer } from './peer.ts';
import type { Relay } from './relay.ts';

/** One act of the embedded peer. */
export function actAsQuicPeer(peer: QuicPeer, relay: Relay, step: PeerStep): void {
  const { channel, streams } = peer;
  switch (step.peer) {
    case 'blackhole':
    case 'restore':
      relay.apply(step.peer);
      peer.world.scheduler.poke();
      return;
    case 'stop_reading':
    case 'resume_reading':
      peer.reading = step.peer === 'resume_reading';
      lookAround(peer);
      return;
    default:
  }
  if (channel === undefined) return;
  const { core, scheduler } = channel;
  switch (step.peer) {
    case 'write':
      for (let times = step.times ?? 1; times > 0; times--) {
        peer.unsent.push({ stream: streamOf(peer), data: new Uint8Array(step.size ?? SIZE).fill(0x78) });
      }
      break;
    case 'fin':
      core.streams.conclude(streams.at(-1) ?? streamOf(peer));
      break;
    case 'close':
      core.close(scheduler.clock.now(), {
        ...{ layer: 'application', code: step.code ?? 0n },
        reason: encodeUtf8(
          step.reason_repeat === undefined ? (step.reason ?? '') : 'r'.repeat(step.reason_repeat),
        ),
      });
      break;
    case 'handshake_step':
      break;
    default:
      throw bad(`peer: "${step.peer}" has no meaning on quic`, KNOWN);
  }
  lookAround(peer);
}

/** Where the peer writes: on the newest stream that both can write to, else on one of its own. */
function streamOf(peer: QuicPeer): bigint {
  const { channel, streams } = peer;
  const shared = streams.findLast((id) => channel?.core.streams.state(id).send.is === 'open');
  if (shared !== undefined) return shared;
  const opened = channel?.core.streams.open('bidi');
  if (opened === undefined) throw bad('peer: "write" found no stream to write on');
  streams.push(opened);
  return opened;
}

const SIZE = 10;
const KNOWN = 'write, fin, close, stop_reading, resume_reading, blackhole, restore';
