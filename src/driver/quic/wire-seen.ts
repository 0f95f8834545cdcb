import type { ProfileName } from '../../shutdown/types.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { seenAs } from './observe.ts';

/** `wire` of a case: the first CONNECTION_CLOSE frame that the local engine sent and received, and how many there were. */
export type WireSeen = {
  close_sent: CloseSeen | null;
  close_sent_count: Count;
  close_received: CloseSeen | null;
  close_received_count: Count;
};

type CloseSeen = {
  frame: string;
  error_code: number | string;
  trigger_frame_type?: number;
  reason_len: number;
};
type Count = 0 | 1 | 'more than 1';
type CloseEvent = Extract<TimelineEvent, { kind: 'close' }>;

export function wireSeen(events: readonly TimelineEvent[], profile: ProfileName): WireSeen {
  const closes = events.filter((event): event is CloseEvent & { seq: number; t: number; conn: string } => {
    return event.kind === 'close' && event.conn === 'local';
  });
  const sent = closes.filter(({ by }) => by === 'local');
  const first = sent[0]?.seq ?? Number.POSITIVE_INFINITY;
  // While it is closing OpenSSL drops packets unread.
  const received = closes.filter(({ by, seq }) => by === 'peer' && (profile === 'manual' || seq < first));
  return {
    close_sent: show(sent[0]),
    close_sent_count: count(sent.length),
    close_received: show(received[0]),
    close_received_count: count(received.length),
  };
}

function show(close: CloseEvent | undefined): CloseSeen | null {
  if (close === undefined) return null;
  const { frameType, code, reasonBytes, errorFrame = 0n } = close;
  return {
    frame: `0x${frameType.toString(16)}`,
    error_code: seenAs(code),
    ...(frameType === 0x1c && { trigger_frame_type: Number(errorFrame) }),
    reason_len: reasonBytes,
  };
}

function count(closes: number): Count {
  if (closes === 0) return 0;
  return closes === 1 ? 1 : 'more than 1';
}
