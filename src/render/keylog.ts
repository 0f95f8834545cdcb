import type { TimelineEvent } from '../timeline/event.ts';

/**
 * One line of the key log format that Wireshark and others read (RFC 9850), or undefined for an event that is not a
 * secret. Without a line break.
 */
export function toKeylogLine(event: TimelineEvent): string | undefined {
  return event.kind === 'secret' ? `${event.label} ${event.clientRandom} ${event.secret}` : undefined;
}
