import type { AssociationPlan } from '../../driver/diagnose/datagram-plan.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { before, type Of } from '../close-facts.ts';
import { type DatagramCloseFacts, readDatagramClose } from '../datagram-facts.ts';
import type { Hit, ProbeOf, ProbeRule } from './probe.ts';

/** One question to a DTLS server. */
export type DtlsProbe = ProbeOf<AssociationPlan, DtlsTold, '1.2' | '1.3'> & { protocol: 'dtls' };
export type DtlsProbeRule = ProbeRule<DtlsTold>;

/** What one repetition of a probe told, association by association. */
export type DtlsTold = { version: '1.2' | '1.3'; conns: readonly DtlsConn[] };

/** One association of it. */
export type DtlsConn = DatagramCloseFacts & {
  name: string;
  started: Of<'handshake.started'> | undefined;
  messages: readonly Of<'handshake.message'>[];
  taps: readonly Of<'transport.tapped'>[];
};

export function readDtlsTold(events: readonly TimelineEvent[], version: DtlsTold['version']): DtlsTold {
  const names = [...new Set(events.map((event) => event.conn))];
  return { version, conns: names.map((name) => readConn(events, name)) };
}

/** The associations of that name, or all of them, whose handshake was completed. */
export function openedDtls(told: DtlsTold, ...names: readonly string[]): DtlsConn[] {
  return told.conns.filter(
    ({ name, completed }) => completed !== undefined && (names.length === 0 || names.includes(name)),
  );
}

/** Data of that size that came after the event: what was sent with it, sent back. */
export function echoOf(
  { peerData }: DtlsConn,
  bytes: number,
  after: TimelineEvent | undefined,
): Of<'data'> | undefined {
  return after && peerData.find((data) => data.bytes === bytes && before(after, data));
}

/** The first association for which there is something to say. */
export function firstDtls(
  conns: readonly DtlsConn[],
  hit: (conn: DtlsConn) => Hit | undefined,
): Hit | undefined {
  for (const conn of conns) {
    const found = hit(conn);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readConn(events: readonly TimelineEvent[], name: string): DtlsConn {
  const mine = events.filter((event) => event.conn === name);
  const all = <K extends TimelineEvent['kind']>(kind: K): Of<K>[] =>
    mine.filter((event): event is Of<K> => event.kind === kind);
  return {
    ...readDatagramClose(mine, name),
    name,
    started: all('handshake.started')[0],
    messages: all('handshake.message'),
    taps: all('transport.tapped'),
  };
}
