import type { CryptoProvider, Random } from '../crypto/provider.ts';
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
import type { ClosePlan } from '../driver/close/plan.ts';
import { createWitness } from '../driver/close/witness.ts';
import type { StopSignal } from '../driver/stop-signal.ts';
import { formatTarget, parseTarget } from '../driver/target.ts';
import { chooseProvider } from '../io/provider.ts';
import { createRandom } from '../io/random.ts';
import { connectTcp } from '../io/tcp.ts';
import type { Identity } from '../proto/handshake/peer-auth.ts';
import type { Session } from '../proto/handshake/session.ts';
import { createTlsClientCore } from '../proto/tls/client-connection.ts';
import type { Emit } from '../timeline/event.ts';
import { closeRuns, type Place } from './close-runs.ts';
import { createHandshake, groupId, type Handshake, identityOf, suiteId } from './handshake.ts';

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
  const job = await prepare(options);
  const { plan, host, port, provider } = job;
  return closeRuns(options, {
    command: 'tls-close',
    target: formatTarget({ host, port }),
    profile: plan.profile,
    crypto: provider.name,
    plan: toPlanFact(plan, options.failOn),
    open: (place) => open(job, place),
    flow: closeFlow,
  });
}

/** What every run of one call shares. */
type Job = {
  options: TlsCloseOptions;
  plan: ClosePlan;
  host: string;
  port: number;
  provider: CryptoProvider;
  random: Random;
  /** Made when it is first needed: the TCP connection is on its way by then. */
  handshake: Handshake | undefined;
  identity: Identity | undefined;
};

async function prepare(options: TlsCloseOptions): Promise<Job> {
  const plan = toPlan(options);
  const { host, port } = typeof options.target === 'string' ? parseTarget(options.target) : options.target;
  const groups = options.groups?.map(groupId);
  options.suites?.forEach(suiteId);
  const provider = await chooseProvider(options.crypto ?? 'auto', {
    mlkem: groups?.includes(X25519MLKEM768) ?? false,
  });
  const identity = await identityOf(options);
  return { options, plan, host, port, provider, random: createRandom(), identity, handshake: undefined };
}

/** One connection, up to its TCP. */
async function open(job: Job, place: Place): Promise<Closing> {
  const { options, plan } = job;
  const { recorder, scheduler, conn } = place;
  const { clock } = scheduler;
  const witness = createWitness(recorder.emitter(conn), clock.now);
  const line = openLine(
    connectTcp({
      host: job.host,
      port: job.port,
      timeoutMs: plan.limits.connect,
      emit: witness.emit,
      clock,
      capture: options.capture === true,
      ...(options.family === undefined ? {} : { family: options.family }),
      ...(options.connectTo === undefined ? {} : { connectTo: options.connectTo }),
    }),
  );
  // Node begins to connect in its next turn; what follows can take place meanwhile.
  await new Promise(setImmediate);
  try {
    const createCore = coreMaker(job, place.offer);
    const again = { createCore: coreMaker(job, undefined), emit: recorder.emitter('again') };
    return createClosing({ plan, line, scheduler, witness, createCore, again: () => again });
  } catch (error) {
    line.transport.close();
    throw error;
  }
}

function coreMaker(
  job: Job,
  session: Session | undefined,
): (emit: Emit) => ReturnType<typeof createTlsClientCore> {
  return (emit) => {
    job.handshake ??= createHandshake(job.options, job);
    const { config, peerAuth } = job.handshake;
    const deps = { random: job.random, provider: job.provider, peerAuth, emit };
    return createTlsClientCore(session === undefined ? config : { ...config, session }, deps);
  };
}

const X25519MLKEM768 = 0x11ec;
