import type { ConnectionPlan } from '../../driver/diagnose/plan.ts';
import type { CheckGrade } from '../../timeline/diagnosis.ts';
import type { TimelineEvent, Who } from '../../timeline/event.ts';
import type { EffectName } from './effects.ts';
import type { FixName } from './fixes.ts';
import type { Told } from './told.ts';

/** One question to a server, over a few connections of its own, and the rules that judge what came. */
export type Probe = ProbeOf<ConnectionPlan, Told, '1.2' | '1.3'> & { protocol: 'tls' };

/** `C`: what is done on a connection · `T`: what is judged · `V`: in which versions. */
export type ProbeOf<C, T, V extends string> = {
  /** "tls-close-reply" */
  id: string;
  /** One sentence. */
  asks: string;
  /** Versions in which it means something. */
  versions: readonly V[];
  /** safe: an ordinary client may do the same · intrusive: it may disturb · slow: it waits for minutes, and runs only when it is named. */
  kind: 'safe' | 'intrusive' | 'slow';
  connections: readonly C[];
  /** What is right: what is said when no rule has anything to say. */
  passes: string;
  rules: readonly ProbeRule<T, V>[];
};

/** A verdict, and when it is due. */
export type ProbeRule<T = Told, V extends string = '1.2' | '1.3'> = {
  /** Within its probe: "fin-only". */
  id: string;
  grade: CheckGrade;
  clause: string;
  /** The clause has a MUST, in these versions: `--strict` makes a warning of it a failure. */
  must?: readonly V[];
  /** For the manual: when, in a few words. */
  says: string;
  fix?: FixName;
  /** What users of such a peer would read. */
  effect?: EffectName;
  /** It rests on silence or delay, which over datagrams may be the network's: it counts where every one of three repetitions shows it. */
  silent?: true;
  when(told: T): Hit | undefined;
};

export type Hit = {
  text: string;
  evidence: readonly (TimelineEvent | undefined)[];
  /** Where it is another one than the rule's. */
  grade?: CheckGrade;
  who?: Who | 'network';
};
