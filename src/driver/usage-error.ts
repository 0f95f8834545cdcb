/** What was asked for makes no sense: the user's to mend. The message is one line, `hint` says what would work. */
export class UsageError extends Error {
  /** Stable, kebab-case: "bad-target", "bad-option", "bad-file", "conflict". */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.code = code;
    this.hint = hint;
  }
}
