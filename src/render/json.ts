import type { TimelineEvent } from '../timeline/event.ts';
import { toHex } from '../wire/bytes.ts';

/** What may leave the process: payload bytes and secrets only when asked for. */
export type JsonOptions = { withBytes?: boolean; withKeys?: boolean };

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** One event as plain data: its place first, then the fact. Undefined for a secret that was not asked for. */
export function toPlain(event: TimelineEvent, options: JsonOptions = {}): JsonValue | undefined {
  if (event.kind === 'secret' && options.withKeys !== true) return undefined;
  const { seq, t, conn, arrived, kind, ...fact } = event;
  const place = { seq, t, conn, ...(arrived === undefined ? {} : { arrived }) };
  return plain({ ...place, kind, ...fact }, options);
}

/** One line of NDJSON, newline included, or nothing for a secret that was not asked for. */
export function toNdjson(event: TimelineEvent, options: JsonOptions = {}): string {
  const value = toPlain(event, options);
  return value === undefined ? '' : `${JSON.stringify(value)}\n`;
}

/** A report, or several, as JSON text with a newline at the end. */
export function toJson(value: unknown, options: JsonOptions & { indent?: number } = {}): string {
  return `${JSON.stringify(plain(value, options), undefined, options.indent ?? 2)}\n`;
}

/** Integers that JSON readers would round become strings, bytes become hex or go away, absent values go away. */
function plain(value: unknown, options: JsonOptions): JsonValue {
  if (typeof value === 'bigint') return safe(value) ? Number(value) : value.toString();
  if (typeof value === 'number') return fits(value) ? micros(value) : String(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item) => plain(item, options));
  if (typeof value !== 'object') return null;
  const object: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || (item instanceof Uint8Array && options.withBytes !== true)) continue;
    object[key] = plain(item, options);
  }
  return object;
}

function fits(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}

function safe(value: bigint): boolean {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
}

/** Every fraction on a timeline is of a millisecond: a microsecond is as fine as it gets. */
function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
