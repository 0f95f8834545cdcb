import { type Closing, createClosing } from '../driver/close/closing.ts';
import { datagramFlow } from '../driver/close/datagram-flow.ts';
import {
  type DatagramCloseOptions,
  type DatagramPlan,
  toDatagramPlan,
  toDatagramPlanFact,
} from '../driver/close/datagram-plan.ts';
import { openLine } from '../driver/close/line.ts';
import type { CloseResult } from '../driver/close/options.ts';
import { freeAndKeepSession } from '../driver/close/session-report.ts';
import { createWitness } from '../driver/close/witness.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import { connectUdp } from '../io/udp.ts';
import type { RecordCore } from '../proto/core.ts';
import type { DtlsConfig } from '../proto/dtls/config.ts';
import { createDtlsCore } from '../proto/dtls/connection.ts';
import { DTLS_SUITES } from '../proto/handshake/defaults.ts';
import type { Session } from '../proto/handshake/session.ts';
import type { Emit } from '../timeline/event.ts';
import { closeRuns, type Place } from './close-runs.ts';
import { dialOptions, type Job, prepare } from './prepare.ts';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type DtlsCloseOptions = DatagramCloseOptions & {
  /** An AbortSignal will do. Ends the run: what was seen so far is still judged. */
  signal?: StopSignal;
};

/**
 * Connects to a DTLS server over UDP, closes in the way asked for, and says how the association ended. Whatever the peer does is
 * a value in the result; only what can't be meant is thrown, as UsageError (or CredentialError, for PEM that is unusable).
 */
export async function dtlsClose(options: DtlsCloseOptions): Promise<CloseResult> {
  const job = await prepare(options, toDatagramPlan(options), 'dtls');
  const { plan, host, port, provider } = job;
  return closeRuns(options, {
    command: 'dtls-close',
    target: formatTarget({ host, port }),
    profile: plan.profile,
    crypto: provider.name,
    plan: toDatagramPlanFact(plan, options.failOn),
    open: (place) => open(job, place),
    flow: (closing) => datagramFlow(closing, plan),
    keep: freeAndKeepSession,
  });
}

type DtlsJob = Job<DtlsCloseOptions, DatagramPlan>;

/** One association, up to its socket. */
async function open(job: DtlsJob, place: Place): Promise<Closing> {
  const { plan } = job;
  const { recorder, scheduler, conn } = place;
  const { clock } = scheduler;
  const witness = createWitness(recorder.emitter(conn), clock.now);
  const line = openLine(connectUdp(dialOptions(job, witness.emit, clock)));
  try {
    const createCore = coreMaker(job, place.offer);
    const again = { createCore, emit: recorder.emitter('again') };
    return createClosing({ plan, line, scheduler, witness, createCore, again: () => again, datagrams: true });
  } catch (error) {
    line.transport.close();
    throw error;
  }
}

function coreMaker(job: DtlsJob, session: Session | undefined): (emit: Emit) => RecordCore {
  return (emit) => {
    const { options, random, provider } = job;
    const { config, peerAuth } = job.handshake();
    const { mtu, psk, connectionId } = options;
    const own = connectionId === true ? random(CONNECTION_ID_LENGTH) : connectionId;
    const dtls: DtlsConfig = {
      ...config,
      ...(options.suites === undefined ? { suites: DTLS_SUITES } : {}),
      ...(mtu === undefined ? {} : { mtu }),
      ...(psk === undefined ? {} : { psk }),
      ...(own === undefined ? {} : { connectionId: { own } }),
      ...(session === undefined ? {} : { session }),
    };
    return createDtlsCore('client', dtls, { random, provider, peerAuth, emit });
  };
}

const CONNECTION_ID_LENGTH = 8;
