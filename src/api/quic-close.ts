import { openLine } from '../driver/close/line.ts';
import type { CloseResult } from '../driver/close/options.ts';
import { createQuicClosing, createQuicWitness, type QuicClosing } from '../driver/close/quic-closing.ts';
import { quicFlow } from '../driver/close/quic-flow.ts';
import {
  type QuicCloseOptions,
  type QuicPlan,
  toQuicPlan,
  toQuicPlanFact,
} from '../driver/close/quic-plan.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import { connectUdp } from '../io/udp.ts';
import type { Session } from '../proto/handshake/session.ts';
import { QUIC_V1, QUIC_V2, type QuicConfig, type QuicLimits } from '../proto/quic/config.ts';
import { createQuicCore } from '../proto/quic/connection.ts';
import type { QuicCore } from '../proto/quic/core.ts';
import { DEFAULT_QUIC_POLICY, OPENSSL_QUIC_POLICY } from '../proto/quic/policy.ts';
import type { Emit } from '../timeline/event.ts';
import { closeRuns, type Place } from './close-runs.ts';
import { dialOptions, type Job, prepare } from './prepare.ts';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type QuicCloseRequest = QuicCloseOptions & {
  /** An AbortSignal will do. Ends the run: what was seen so far is still judged. */
  signal?: StopSignal;
};

/**
 * Connects to a QUIC server, closes in the way asked for, and says how the connection ended. Whatever the peer does is a value in
 * the result; only what can't be meant is thrown, as UsageError (or CredentialError, for PEM that is unusable).
 */
export async function quicClose(options: QuicCloseRequest): Promise<CloseResult> {
  const job = await prepare(options, toQuicPlan(options), 'quic');
  const { plan, host, port, provider } = job;
  return closeRuns(options, {
    command: 'quic-close',
    target: formatTarget({ host, port }),
    profile: plan.profile,
    crypto: provider.name,
    plan: toQuicPlanFact(plan, options.failOn),
    open: (place) => open(job, place),
    flow: quicFlow,
    keep: keepSession,
  });
}

type QuicJob = Job<QuicCloseRequest, QuicPlan>;

/** One connection, up to its socket. */
async function open(job: QuicJob, place: Place): Promise<QuicClosing> {
  const { recorder, scheduler, conn } = place;
  const witness = createQuicWitness(recorder.emitter(conn));
  const line = openLine(connectUdp(dialOptions(job, witness.emit, scheduler.clock)));
  try {
    const createCore = coreMaker(job, place.offer);
    return createQuicClosing({ plan: job.plan, line, scheduler, witness, createCore });
  } catch (error) {
    line.transport.close();
    throw error;
  }
}

function coreMaker(job: QuicJob, session: Session | undefined): (emit: Emit) => QuicCore {
  return (emit) => {
    const { options, plan, random, provider } = job;
    const { config, peerAuth } = job.handshake();
    const { alpn, idleTimeoutMs, keepAliveMs } = plan.quic;
    const quic: QuicConfig = {
      ...config,
      alpn,
      quicVersions: (options.quicVersions ?? ['v1', 'v2']).map((name) => VERSIONS[name]),
      ...QUIC_CLIENT,
      ...(options.mtu === undefined ? {} : { maxDatagram: options.mtu }),
      policy: {
        ...POLICIES[plan.profile],
        idleTimeoutMs,
        ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
      },
      ...(session === undefined ? {} : { session }),
    };
    return createQuicCore('client', quic, { random, provider, peerAuth, emit });
  };
}

/** A session of QUIC stays good however its connection ended: a ticket is all there is to it (RFC 9001 §4.5). */
function keepSession({ core, emit }: QuicClosing, report: boolean): Session | undefined {
  const session = core.session();
  if (report) {
    const why = session === undefined ? 'no ticket came' : 'a ticket came';
    emit({ kind: 'session', what: session === undefined ? 'not-eligible' : 'eligible', why });
  }
  return session;
}

const POLICIES = { manual: DEFAULT_QUIC_POLICY, 'openssl-3.5': OPENSSL_QUIC_POLICY } as const;
/** What the peer may send: an answer or two, and the control streams of HTTP/3. Credit is given again as it is read. */
const LIMITS: QuicLimits = {
  connectionData: 1024 * 1024,
  streamData: 512 * 1024,
  bidiStreams: 16,
  uniStreams: 16,
  activeConnectionIds: 4,
};
const VERSIONS = { v1: QUIC_V1, v2: QUIC_V2 } as const;
/** What our clients have in common. `maxDatagram`: what every path carries (RFC 9000 §14). */
export const QUIC_CLIENT = { maxDatagram: 1200, limits: LIMITS, connectionIdLength: 8 } as const;
