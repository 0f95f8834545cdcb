import type { TimelineEvent, Who } from '../../timeline/event.ts';
import type { Grade } from '../../timeline/outcome.ts';
import type { CloseFacts } from '../close-facts.ts';
import type { TlsRuleId } from './tls-clauses.ts';

/** A rule seen broken (or, for `local`, waived on purpose), with the events that prove it. */
export type Breach<Id extends string = TlsRuleId> = {
  rule: Id;
  grade: Grade;
  who: Who | 'network';
  text: string;
  evidence: readonly (TimelineEvent | undefined)[];
};

/** Looks for one breach in what a timeline says of a connection. */
export type Check = (facts: CloseFacts) => Breach | undefined;
