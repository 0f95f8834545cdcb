import type { Fact, Millis, Who } from '../../timeline/event.ts';
import { equalBytes, toHex } from '../../wire/bytes.ts';
import { quicErrorName } from '../../wire/quic-errors.ts';
import { encodeFrame } from '../../wire/quic-frame-encode.ts';
import type { Frame } from '../../wire/quic-types.ts';
import { decodeUtf8 } from '../../wire/utf8.ts';
import { Writer } from '../../wire/writer.ts';
import type { Space } from './core.ts';
import type { OpenedPacket } from './packets/open.ts';
import type { QuicState } from './state.ts';

type CloseFrame = Extract<Frame, { type: 'connection_close' }>;

/** One more CONNECTION_CLOSE of the peer. */
export function tellPeerClose(
  state: QuicState,
  frame: CloseFrame,
  { space, number }: Pick<OpenedPacket, 'space' | 'number'>,
  now: Millis,
): void {
  state.emit(closeFact(state, 'peer', frame, { space, number, now }));
}

/** One more, of either side: counted by side and space. `cut`: bytes of the reason that did not fit. */
export function closeFact(
  state: QuicState,
  by: Who,
  frame: CloseFrame,
  at: { space: Space; number: number; now: Millis; cut?: number },
): Fact {
  const { copies } = state.closing;
  const key = `${by} ${at.space}`;
  const bytes = encoded(frame);
  const before = copies.get(key);
  copies.set(key, { count: (before?.count ?? 0) + 1, last: bytes, at: at.now });
  const { layer, code, reason } = frame;
  const text = decodeUtf8(reason);
  return {
    ...{ kind: 'close', by, layer, code, frameType: layer === 'application' ? 0x1d : 0x1c },
    codeName: quicErrorName(code, { layer, alpn: state.handshake.info?.alpn }),
    ...(frame.layer === 'transport' && frame.frameType !== 0n && { errorFrame: frame.frameType }),
    ...{ reason: text ?? latin(reason), reasonBytes: reason.length },
    ...(text === undefined && { reasonHex: toHex(reason) }),
    ...(at.cut !== undefined && at.cut > 0 && { reasonCut: at.cut }),
    ...{ space: at.space, packet: at.number, copy: (before?.count ?? 0) + 1 },
    ...(before !== undefined && {
      identical: equalBytes(before.last, bytes),
      sinceLastMs: at.now - before.at,
    }),
  };
}

function encoded(frame: CloseFrame): Uint8Array {
  const writer = new Writer();
  encodeFrame(writer, frame);
  return writer.finish();
}

/** Not UTF-8: what can be read of it all the same. */
function latin(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : '\ufffd')).join('');
}
