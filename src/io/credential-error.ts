/** A certificate, key or CA file the user gave that can't be used. The command line shows it as wrong usage. */
export class CredentialError extends Error {
  readonly code:
    | 'no-certificate'
    | 'bad-certificate'
    | 'bad-key'
    | 'encrypted-key'
    | 'unsupported-key'
    | 'mismatch';
  /** What to do about it, or undefined where the message says it all. */
  readonly hint: string | undefined;

  constructor(code: CredentialError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'CredentialError';
    this.code = code;
    this.hint = hint;
  }
}
