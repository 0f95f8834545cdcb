/** A word or number of a text, and where it stands. `raw` as it was written, a minus sign in front of a number included. */
export type Token = {
  raw: string;
  low: string;
  from: number;
  to: number;
  value: bigint | undefined;
  hex: boolean;
};

/** Words of letters, digits and underscores, in order; longer ones than any name are left out. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const found of text.matchAll(/[A-Za-z0-9_]+/g)) {
    const [word] = found;
    if (word.length > LONGEST) continue;
    const at = found.index;
    const minus = isNumber(word) && text[at - 1] === '-' && !/[\w)]/.test(text[at - 2] ?? ' ');
    tokens.push({
      raw: minus ? `-${word}` : word,
      low: word.toLowerCase(),
      from: minus ? at - 1 : at,
      to: at + word.length,
      value: isNumber(word) ? BigInt(word) * (minus ? -1n : 1n) : undefined,
      hex: word.length > 2 && /^0x/i.test(word),
    });
  }
  return tokens;
}

/** "CloseNotify" and "CLOSE_NOTIFY" as registries write it: "close_notify". */
export function snakeCase(name: string): string {
  const spaced = /[a-z]/.test(name) ? name.replace(/([a-z])([A-Z])/g, '$1_$2') : name;
  return spaced.toLowerCase();
}

function isNumber(word: string): boolean {
  return /^(?:\d+|0x[0-9a-f]+)$/i.test(word);
}

const LONGEST = 64;
