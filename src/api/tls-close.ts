import { addresseeOf } from '../driver/close/addressee.ts';
import { type Closing, createClosing } from '../driver/close/closing.ts';
import { closeFlow } from '../driver/close/flow.ts';
import { openLine } from '../driver/close/line.ts';
import {
  type CloseOptions,
  type CloseResult,
  type CloseRun,
  toPlan,
  toPlanFact,
} from '../driver/close/options.ts';
import { freeAndKeepSession } from '../driver/close/session-report.ts';
import { createWitness } from '../driver/close/witness.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget } from '../driver/target.ts';
import { type ExchangeName, exchangeTraits } from '../exchange/exchanges.ts';
import { connectTcp } from '../io/tcp.ts';
import type { RecordCore } from '../proto/core.ts';
import type { Session } from '../proto/handshake/session.ts';
import { createTlsClientCore } from '../proto/tls/client-connection.ts';
import type { Emit } from '../timeline/event.ts';
import { closeRuns, type Place } from './close-runs.ts';
import { dialOptions, type Job, prepare } from './prepare.ts';

/** What to connect to, what to negotiate, and how to close. Every field but `target` may be left out. */
export type TlsCloseOptions = CloseOptions & {
  /** An AbortSignal will do. Ends the run: what was seen so far is still judged. `reason` "SIGINT" or "SIGTERM" is kept as the signal's name. */
  signal?: StopSignal;
};
export type TlsCloseRun = CloseRun;
export type TlsCloseResult = CloseResult;

/**
 * Connects to a TLS server, closes in the way asked for, and says how the connection ended. Whatever the peer does is a
 * value in the result; only what can't be meant is thrown, as UsageError (or CredentialError, for PEM that is unusable).
 */
export async function tlsClose(options: TlsCloseOptions): Promise<TlsCloseResult> {
  const { host, port, starttls, authority } = addresseeOf(options);
  const { alpn = neededAlpn(options.exchange, starttls) } = options;
  const asked: TlsCloseOptions = {
    ...options,
    target: { host, port },
    ...(alpn === undefined ? {} : { alpn }),
  };
  const planned = { ...toPlan(options), authority, ...(starttls === undefined ? {} : { starttls }) };
  const job = await prepare(asked, planned, 'tls');
  const { plan, provider } = job;
  return closeRuns(options, {
    command: 'tls-close',
    target: formatTarget({ host, port }),
    profile: plan.profile,
    crypto: provider.name,
    plan: toPlanFact(plan, options.failOn),
    open: (place) => open(job, place),
    flow: closeFlow,
    keep: freeAndKeepSession,
  });
}

/** What a protocol cannot be spoken without; behind STARTTLS it is known by then. */
function neededAlpn(exchange: ExchangeName | undefined, starttls: string | undefined): string[] | undefined {
  if (exchange === undefined || starttls !== undefined) return undefined;
  const { alpn } = exchangeTraits(exchange);
  return alpn === undefined ? undefined : [alpn];
}

type TlsJob = Job<TlsCloseOptions>;

/** One connection, up to its TCP. */
async function open(job: TlsJob, place: Place): Promise<Closing> {
  const { recorder, scheduler, conn } = place;
  const { clock } = scheduler;
  const witness = createWitness(recorder.emitter(conn), clock.now);
  const line = openLine(connectTcp(dialOptions(job, witness.emit, clock)));
  // Node begins to connect in its next turn; what follows can take place meanwhile.
  await new Promise(setImmediate);
  try {
    const createCore = coreMaker(job, place.offer);
    const again = { createCore: coreMaker(job, undefined), emit: recorder.emitter('again') };
    return createClosing({ plan: job.plan, line, scheduler, witness, createCore, again: () => again });
  } catch (error) {
    line.transport.close();
    throw error;
  }
}

function coreMaker(job: TlsJob, session: Session | undefined): (emit: Emit) => RecordCore {
  return (emit) => {
    const { config, peerAuth } = job.handshake();
    const deps = { random: job.random, provider: job.provider, peerAuth, emit };
    return createTlsClientCore(session === undefined ? config : { ...config, session }, deps);
  };
}
