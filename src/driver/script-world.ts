import type { CoreDeps } from '../proto/core.ts';
import type { Identity, PeerAuth } from '../proto/handshake/peer-auth.ts';
import type { ProfileName } from '../shutdown/types.ts';
import type { Recorder } from '../timeline/recorder.ts';
import type { Scheduler } from './scheduler.ts';
import type { Connect } from './world.ts';

/** What a scenario needs of the world it is played in. */
export type ScriptWorld = {
  readonly profile: ProfileName;
  readonly scheduler: Scheduler;
  readonly recorder: Recorder;
  readonly provider: CoreDeps['provider'];
  /** The server's certificate and key. */
  readonly identity: Identity;
  /** Judges chains; `accepts` says how. */
  trust(accepts: boolean): PeerAuth;
  /** Randomness of its own for each name. */
  random(name: string): CoreDeps['random'];
  /** A new connection between the local side and the embedded peer. `small`: with little room in its buffers. `latencyMs`: one way. */
  link(
    name: string,
    kind: { small: boolean; datagrams: boolean; latencyMs?: number },
  ): {
    local: Connect;
    peer: Connect;
    /** Datagrams: from now on nobody listens at the peer's port. */
    unreachable?: () => void;
  };
};
