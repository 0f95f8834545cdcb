import type { ConfirmName } from './confirm.ts';

/** What can be lost by it. */
export type Severity = 'benign' | 'truncation-risk' | 'data-loss' | 'misconfiguration' | 'bug';
/** Whose doing, seen by whoever reads the message. */
export type Culprit = 'peer' | 'local' | 'either' | 'middlebox';

/** What an end of a connection is called by one program, and what lies behind it. */
export type Cause = {
  id: string;
  /** A known behaviour without a message: `message` is then the name that it goes by. */
  kind?: 'symptom';
  library: string;
  message: string;
  /** Any of them, as shape.ts reads them. */
  patterns: readonly string[];
  /** What the program calls it beside its message. */
  code?: string;
  /** Numbers that stand for it when they stand alone. */
  numbers?: readonly number[];
  protocols: readonly string[];
  happened: string;
  who: Culprit;
  severity: Severity;
  fix: string;
  confirm: ConfirmName;
  /** RFC clauses, and threads as owner/repository#number. */
  refs: readonly string[];
};
