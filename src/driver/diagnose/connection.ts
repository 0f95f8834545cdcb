import { createAnswerReader } from '../../exchange/http-answers.ts';
import type { RecordCore } from '../../proto/core.ts';
import type { Session } from '../../proto/handshake/session.ts';
import type { Emit } from '../../timeline/event.ts';
import type { Closing } from '../close/closing.ts';
import { createClosing } from '../close/closing.ts';
import { connect, establish } from '../close/establish.ts';
import { openLine } from '../close/line.ts';
import { sendFin } from '../close/modes.ts';
import type { ClosePlan } from '../close/plan.ts';
import { createWitness } from '../close/witness.ts';
import { lingerProbe } from '../linger.ts';
import type { Scheduler } from '../scheduler.ts';
import { type Task, until } from '../task.ts';
import type { Connect } from '../world.ts';
import { type Conversation, listen, send, tell } from './conversation.ts';
import type { ConnectionPlan, ProbeLimits } from './plan.ts';
import { playActs } from './play.ts';

/** Where probes take place: real sockets, or the simulator. */
export type ProbeWorld = {
  scheduler: Scheduler;
  /** A new connection to the target. */
  connect(emit: Emit): Connect;
  createCore(version: '1.2' | '1.3', emit: Emit, session: Session | undefined): RecordCore;
  /** What comes before TLS, and how the calls of the handshake behave. */
  plan: ClosePlan;
  authority: string;
  limits: ProbeLimits;
  /** A task threw: our bug. */
  failed(error: unknown): void;
};

/** One connection of a probe, from TCP to its end. All that is learnt is on the timeline; the session it leaves is returned. */
export function* probeConnection(
  world: ProbeWorld,
  plan: ConnectionPlan,
  place: { version: '1.2' | '1.3'; emit: Emit; session?: Session },
): Task<Session | undefined> {
  const closing = open(world, place);
  const conversation: Conversation = {
    closing,
    reader: createAnswerReader(),
    asked: 0,
    told: 0,
    over: false,
  };
  let deaf = (): void => undefined;
  try {
    const there = plan.shaking === true ? yield* greet(closing) : yield* establish(closing);
    if (!there) return undefined;
    // Before the Finished: what the peer says is left unread, so that the handshake stays where it is.
    if (plan.shaking === true) conversation.over = true;
    else deaf = world.scheduler.spawn(listen(conversation), undefined, world.failed);
    closing.emit({ kind: 'phase', name: 'probe' });
    yield* playActs(conversation, plan.acts, world);
    yield* seeReset(closing, plan.linger_ms);
    tell(conversation, true);
    return sessionOf(closing);
  } finally {
    deaf();
    hangUp(closing);
  }
}

function open(
  world: ProbeWorld,
  { version, emit, session }: { version: '1.2' | '1.3'; emit: Emit; session?: Session },
): Closing {
  const { scheduler, plan } = world;
  const witness = createWitness(emit, () => scheduler.clock.now());
  const line = openLine(world.connect(witness.emit));
  const createCore = (to: Emit): RecordCore => world.createCore(version, to, session);
  const again = { createCore, emit };
  return createClosing({ plan, line, scheduler, witness, createCore, again: () => again });
}

/** The ClientHello, until something of the answer has come: then the peer has taken the connection up. */
function* greet(closing: Closing): Task<boolean> {
  if (!(yield* connect(closing))) return false;
  const { core, emit, now, plan, seen } = closing;
  core.start(now());
  send(closing);
  const ms = plan.limits.handshake;
  const come = (): boolean => core.unread() > 0 || seen.peerFin !== undefined || seen.peerReset !== undefined;
  if (yield* until('an answer to the ClientHello', come, now() + ms)) return core.unread() > 0;
  emit({ kind: 'limit', phase: 'handshake', ms });
  return false;
}

function* seeReset({ seen, emit, channel }: Closing, ms: number | undefined): Task<void> {
  if (ms === undefined || seen.peerFin === undefined || seen.peerReset !== undefined) return;
  const { clock } = channel.scheduler;
  yield* lingerProbe({ transport: channel.transport, clock, emit, ms, finSent: seen.ourFin !== undefined });
}

/** What the peer left to resume with, whatever our rules for ourselves say: whether it takes it back is the question. */
function sessionOf({ core, emit }: Closing): Session | undefined {
  const session = core.session();
  const given = (session?.ticket?.length ?? 0) > 0 || (session?.sessionId?.length ?? 0) > 0;
  const why = given ? 'the peer gave one' : 'no ticket and no session ID came';
  emit({ kind: 'session', what: given ? 'eligible' : 'not-eligible', why });
  return given ? session : undefined;
}

function hangUp(closing: Closing): void {
  const { channel, seen } = closing;
  if (channel.connected() && seen.ourReset === undefined && seen.peerReset === undefined) sendFin(closing);
  channel.transport.close();
}
