import type { TimelineEvent, Who } from './event.ts';
import type { Grade } from './outcome.ts';

/** `inconclusive`: the question could not be put, or the answer says nothing. */
export type CheckGrade = Grade | 'inconclusive';

/** Of TLS and DTLS, and of QUIC. */
export type CheckVersion = '1.2' | '1.3' | 'v1';

/** What a rule of a check found. `seen` of `of` repetitions showed it; the evidence is the first one's. */
export type CheckFinding = {
  rule: string;
  grade: CheckGrade;
  who: Who | 'network';
  clause: string;
  text: string;
  seen: number;
  of: number;
  evidence: readonly TimelineEvent[];
  /** What users of this peer would read, by program. */
  effect: readonly { program: string; message: string }[];
  /** Where it can be put right, and how. */
  fixes: readonly { where: string; what: string }[];
};

/** One check in one version. `grade`: the worst of its findings; without any it passed. */
export type CheckReport = {
  check: string;
  version: CheckVersion;
  asks: string;
  grade: CheckGrade;
  /** What is right, where it passed. */
  passes: string;
  repetitions: number;
  /** How often each grade came, over the repetitions. */
  spread: Readonly<Partial<Record<CheckGrade, number>>>;
  findings: readonly CheckFinding[];
};

export type VersionReport = {
  version: CheckVersion;
  /** `not-offered`: the handshake failed in this version, and not in the other. */
  state: 'checked' | 'not-offered';
  reason?: string;
  exchange: string;
  keepAlive: boolean;
  grade: CheckGrade;
  checks: readonly CheckReport[];
  /** Checks that were not made, and why. */
  left: readonly { check: string; why: string }[];
};

/** The whole answer, as `--json` prints it. */
export type Diagnosis = {
  schema: 'sslshut/1';
  command: 'diagnose';
  target: string;
  protocol: 'tls' | 'dtls' | 'quic';
  tool: { name: 'sslshut'; version: string; crypto: string; node: string };
  grade: CheckGrade;
  versions: readonly VersionReport[];
  counts: Readonly<Record<CheckGrade, number>>;
  /** Why there is nothing, or not all: the target was not reached, a signal came. */
  stopped?: string;
  exitCode: number;
};

/** From good to bad. */
export const CHECK_GRADES: readonly CheckGrade[] = ['pass', 'info', 'inconclusive', 'warn', 'fail'];

export function worstGrade(grades: readonly CheckGrade[]): CheckGrade {
  return grades.reduce<CheckGrade>(
    (worst, grade) => (CHECK_GRADES.indexOf(grade) > CHECK_GRADES.indexOf(worst) ? grade : worst),
    'pass',
  );
}
