import type { CryptoProvider, Random } from '../crypto/provider.ts';
import type { CloseOptions } from '../driver/close/options.ts';
import type { ClosePlan } from '../driver/close/plan.ts';
import { parseTarget, type TargetKind } from '../driver/target.ts';
import type { Clock } from '../driver/world.ts';
import { exchangeTraits } from '../exchange/exchanges.ts';
import type { DialOptions } from '../io/dial.ts';
import { chooseProvider } from '../io/provider.ts';
import { createRandom } from '../io/random.ts';
import type { Identity } from '../proto/handshake/peer-auth.ts';
import type { Emit } from '../timeline/event.ts';
import { createHandshake, groupId, type Handshake, identityOf, suiteId } from './handshake.ts';

/** What every run of one call shares. */
export type Job<Options extends Wishes = Wishes, Plan extends ClosePlan = ClosePlan> = {
  options: Options;
  plan: Plan;
  host: string;
  port: number;
  provider: CryptoProvider;
  random: Random;
  identity: Identity | undefined;
  /** What to negotiate. Made when it is first asked for: the connection is on its way by then. */
  handshake(): Handshake;
};

/** What the options of every closing command have in common. */
export type Wishes = Omit<CloseOptions, 'mode'>;

/** Everything that can be wrong with the options is thrown here, before anything is sent: UsageError, CredentialError. */
export async function prepare<Options extends Wishes, Plan extends ClosePlan>(
  options: Options,
  plan: Plan,
  kind: TargetKind,
): Promise<Job<Options, Plan>> {
  const { target } = options;
  const usual = options.exchange === undefined ? undefined : exchangeTraits(options.exchange).port;
  const { host, port } = typeof target === 'string' ? parseTarget(target, kind, usual) : target;
  const groups = options.groups?.map(groupId);
  options.suites?.forEach(suiteId);
  const provider = await chooseProvider(options.crypto ?? 'auto', {
    mlkem: groups?.includes(X25519MLKEM768) ?? false,
  });
  const identity = await identityOf(options);
  let made: Handshake | undefined;
  const handshake = (): Handshake => {
    made ??= createHandshake(options, { host, provider, identity });
    return made;
  };
  return { options, plan, host, port, provider, random: createRandom(), identity, handshake };
}

/** How the transport is opened. */
export function dialOptions({ options, plan, host, port }: Job, emit: Emit, clock: Clock): DialOptions {
  return {
    host,
    port,
    timeoutMs: plan.limits.connect,
    emit,
    clock,
    capture: options.capture === true,
    ...(options.family === undefined ? {} : { family: options.family }),
    ...(options.connectTo === undefined ? {} : { connectTo: options.connectTo }),
  };
}

const X25519MLKEM768 = 0x11ec;
