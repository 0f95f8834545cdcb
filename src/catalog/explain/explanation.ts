import type { Cause, Culprit, Severity } from '../causes/cause.ts';
import { type Confirm, type ConfirmName, confirmation } from '../causes/confirm.ts';

/** Where a meaning comes from: the error catalogue's messages, or a space of numbers and names. */
export const SPACES = [
  'message',
  'tls-alert',
  'quic-transport',
  'quic-application',
  'errno',
  'openssl',
] as const;
export type Space = (typeof SPACES)[number];

/** One thing that the text can mean. */
export type Explanation = {
  /** "openssl-unexpected-eof" of the catalogue, or space and code: "tls-alert/40", "quic-application/h3/0x100". */
  id: string;
  space: Space;
  /** Who says it, or which space it is of. */
  source: string;
  /** The message or the name. */
  title: string;
  /** What the program calls it beside its message. */
  code?: string;
  /** Of a number that stands for something that has an id of its own: that id. */
  entry?: string;
  protocols: readonly string[];
  happened: string;
  who: Culprit;
  severity: Severity;
  fix: string;
  confirm: Confirm;
  refs: readonly string[];
  /** The part of the text that says so: untrusted. */
  matched: string;
};

/** What hangs on a code, without the names of its space. */
export type CodeFacts = Pick<
  Explanation,
  'title' | 'happened' | 'who' | 'severity' | 'fix' | 'refs' | 'protocols'
> & {
  confirm: ConfirmName;
};

export function ofCause(cause: Cause, matched: string): Explanation {
  const { id, library, message, code, protocols, happened, who, severity, fix, confirm, refs } = cause;
  return {
    id,
    space: 'message',
    source: library,
    title: message,
    ...(code === undefined ? {} : { code }),
    protocols,
    happened,
    who,
    severity,
    fix,
    confirm: confirmation(confirm),
    refs,
    matched,
  };
}

export function ofCode(
  id: string,
  space: Space,
  source: string,
  facts: CodeFacts,
  matched: string,
): Explanation {
  const { confirm, ...rest } = facts;
  return { id, space, source, ...rest, confirm: confirmation(confirm), matched };
}
