import type { CheckReport } from '../../timeline/diagnosis.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import { type DtlsProbe, openedDtls, readDtlsTold } from '../probes/dtls-told.ts';
import type { Hit } from '../probes/probe.ts';
import { openedQuic, type QuicProbe, readQuicTold } from '../probes/quic-told.ts';
import { judgeTold } from './judge.ts';

type Runs = readonly { events: readonly TimelineEvent[] }[];

/** What the repetitions of one probe of QUIC come to. */
export function judgeQuicProbe(probe: QuicProbe, runs: Runs, options: { strict: boolean }): CheckReport {
  const repetitions = runs.map(({ events }) => {
    const told = readQuicTold(events);
    const silent =
      openedQuic(told).length === 0 && probe.rules.every((rule) => rule.when(told) === undefined);
    const [conn] = told.conns;
    return { told, unreached: silent ? notReached(conn?.unreachable ?? conn?.failed) : undefined };
  });
  return judgeTold(probe, 'v1', repetitions, options);
}

/** What the repetitions of one probe of DTLS come to. */
export function judgeDtlsProbe(
  probe: DtlsProbe,
  version: '1.2' | '1.3',
  runs: Runs,
  options: { strict: boolean },
): CheckReport {
  const repetitions = runs.map(({ events }) => {
    const told = readDtlsTold(events, version);
    const [conn] = told.conns;
    const unreached = openedDtls(told).length === 0;
    return {
      told,
      unreached: unreached ? notReached(conn?.unreachable ?? conn?.handshakeFailed) : undefined,
    };
  });
  return judgeTold(probe, version, repetitions, options);
}

/** No connection of this repetition came to be, and that itself is no answer. */
function notReached(failed: (TimelineEvent & { detail: string }) | undefined): Hit {
  const why = failed === undefined ? '' : `: ${failed.detail}`;
  return { text: `no connection could be made${why}`, evidence: [failed], who: 'network' };
}
