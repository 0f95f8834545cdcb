import type { PeerAddress } from '../proto/core.ts';

/** An address of UDP; `at`: the same as one text. */
export type Source = { address: string; port: number; at: string };

export type PeerPath = {
  /** So many bytes for the association came from there. */
  heard(from: Source, bytes: number): void;
  /** Where a datagram of that size goes; undefined: it has to wait. */
  route(bytes: number): Source | undefined;
};

/**
 * The peer's address, where a connection ID lets it change (RFC 9146 §6, RFC 9147 §9). `newest` says where the newest record that
 * opened came from, which is the first two conditions of the RFC; replies follow it. The third, that somebody there wants them, is
 * shown by a record newer than the first reply; until then no more than three times as much goes there as came from there, as
 * RFC 9000 §8 has it. `found`: replies go to another address · `settled`: for good.
 */
export function createPeerPath(options: {
  home: Source;
  newest(): PeerAddress | undefined;
  found(at: string): void;
  settled(at: string): void;
}): PeerPath {
  const { newest, found, settled } = options;
  let { home } = options;
  let candidate: string | undefined;
  const strangers = new Map<string, Stranger>();
  return {
    heard(from, bytes) {
      const { at } = from;
      if (at === home.at) return;
      const known = strangers.get(at);
      if (known !== undefined) {
        known.received += bytes;
        return;
      }
      if (strangers.size >= MOST_STRANGERS) forgetOne(strangers, newest()?.address);
      strangers.set(at, { to: from, received: bytes, sent: 0, recordsAtFirstReply: undefined });
    },
    route(bytes) {
      const now = newest();
      const stranger = now === undefined || now.address === home.at ? undefined : strangers.get(now.address);
      if (now === undefined || stranger === undefined) {
        candidate = undefined;
        return home;
      }
      if (candidate !== now.address) {
        candidate = now.address;
        stranger.recordsAtFirstReply = undefined;
        found(now.address);
      }
      if (stranger.recordsAtFirstReply !== undefined && now.records > stranger.recordsAtFirstReply) {
        home = stranger.to;
        candidate = undefined;
        strangers.clear();
        settled(home.at);
        return home;
      }
      if (stranger.sent + bytes > AMPLIFICATION * stranger.received) return undefined;
      stranger.sent += bytes;
      stranger.recordsAtFirstReply ??= now.records;
      return stranger.to;
    },
  };
}

type Stranger = {
  to: Source;
  received: number;
  sent: number;
  recordsAtFirstReply: number | undefined;
};

/** The one that has been known longest, but not the one that replies go to. */
function forgetOne(strangers: Map<string, Stranger>, kept: string | undefined): void {
  for (const at of strangers.keys()) {
    if (at === kept) continue;
    strangers.delete(at);
    return;
  }
}

const AMPLIFICATION = 3;
const MOST_STRANGERS = 8;
