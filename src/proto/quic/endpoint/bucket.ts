import type { Millis } from '../../../timeline/event.ts';

/** How much of something may be done: `burst` at once, then so many a second. */
export type Bucket = { readonly burst: number; readonly perSecond: number; left: number; at: Millis };

export function createBucket(burst: number, perSecond: number): Bucket {
  return { burst, perSecond, left: burst, at: 0 };
}

/** Takes one, if there is one. */
export function takeOne(bucket: Bucket, now: Millis): boolean {
  const grown = (Math.max(0, now - bucket.at) / 1000) * bucket.perSecond;
  bucket.left = Math.min(bucket.burst, bucket.left + grown);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}
