import { fromHex } from '../wire/bytes.ts';
import { UsageError } from './usage-error.ts';

/** How one argument of a step is read from JSON: undefined when it is not what it should be. */
export type Field<T> = { readonly wants: string; read(value: unknown): T | undefined };
/** A field that a step cannot do without. */
export type Needed<T> = Field<T> & { readonly needed: true };

export type Shape = Readonly<Record<string, Field<unknown>>>;

/** What reading an object by a shape gives. */
export type Read<S extends Shape> = {
  [K in keyof S as S[K] extends Needed<unknown> ? K : never]: Value<S[K]>;
} & { [K in keyof S as S[K] extends Needed<unknown> ? never : K]?: Value<S[K]> };
type Value<F> = F extends Field<infer T> ? T : never;

export function needed<T>(field: Field<T>): Needed<T> {
  return { ...field, needed: true };
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Field<number> {
  return {
    wants: `a whole number from ${least} to ${most}`,
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
        ? value
        : undefined,
  };
}

/** A whole number up to 2^64-1; beyond 2^53-1 it is written as a string. */
export const LARGE: Field<bigint> = {
  wants: 'a whole number from 0 to 2^64-1, as a string beyond 2^53-1',
  read(value) {
    if (typeof value === 'number')
      return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
    if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return undefined;
    const number = BigInt(value);
    return number < 2n ** 64n ? number : undefined;
  },
};

export const TEXT: Field<string> = {
  wants: 'a text',
  read: (value) => (typeof value === 'string' ? value : undefined),
};

export const TRUTH: Field<boolean> = {
  wants: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

export const HEX: Field<Uint8Array> = {
  wants: 'hex digits, two for each byte',
  read(value) {
    const digits = typeof value === 'string' ? value.replace(/\s+/g, '') : '?';
    return digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits) ? fromHex(digits) : undefined;
  },
};

export const OBJECT: Field<Readonly<Record<string, unknown>>> = {
  wants: 'an object',
  read: (value) => (isObject(value) ? value : undefined),
};

export function oneOf<T extends string>(...words: readonly T[]): Field<T> {
  return {
    wants: words.map((word) => JSON.stringify(word)).join(' or '),
    read: (value) => words.find((word) => word === value),
  };
}

export function listOf<T>(field: Field<T>): Field<readonly T[]> {
  return {
    wants: `a list, each ${field.wants}`,
    read(value) {
      if (!Array.isArray(value)) return undefined;
      const items = value.map((item) => field.read(item));
      return items.every((item): item is NonNullable<typeof item> & T => item !== undefined)
        ? items
        : undefined;
    },
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads an object by its shape. Throws UsageError with the path of what is wrong; what the shape does not know is left
 * alone and named in `notes`, so that cases written for a later version still play.
 */
export function readObject<S extends Shape>(
  value: Readonly<Record<string, unknown>>,
  shape: S,
  path: string,
  known: readonly string[],
  notes: string[],
): Read<S> {
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape)) {
    const given = value[key];
    if (given === undefined) {
      if ('needed' in field) throw bad(`${path}: ${key} is missing (${field.wants})`);
      continue;
    }
    const read = field.read(given);
    if (read === undefined) throw bad(`${path}.${key}: ${show(given)} is not ${field.wants}`);
    result[key] = read;
  }
  for (const key of Object.keys(value)) {
    if (!(key in shape) && !known.includes(key))
      notes.push(`${path}.${key} is not known here and was ignored`);
  }
  return result as Read<S>;
}

export function bad(message: string, hint?: string): UsageError {
  return new UsageError('bad-file', message, hint);
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
