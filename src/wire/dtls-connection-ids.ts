import { decodeWhole, encodeHandshake, HANDSHAKE } from './handshake.ts';
import { Malformed } from './reader.ts';

/** RFC 9147 §9. `immediate`: from now on one of these, the old ones no more; else they are to spare. */
export type NewConnectionId = { cids: readonly Uint8Array[]; immediate: boolean };

export function encodeNewConnectionId({ cids, immediate }: NewConnectionId): Uint8Array {
  return encodeHandshake(HANDSHAKE.new_connection_id, (writer) => {
    writer.prefixed(2, (list) => {
      for (const cid of cids) list.vector(1, cid);
    });
    writer.u8(immediate ? 0 : 1);
  });
}

/** Throws `Malformed`, also for a usage that does not exist. */
export function decodeNewConnectionId(body: Uint8Array): NewConnectionId {
  return decodeWhole(body, (reader) => {
    const list = reader.nested(2);
    const cids: Uint8Array[] = [];
    while (!list.done()) cids.push(list.vector(1));
    const usage = reader.u8();
    if (usage > 1) throw new Malformed(reader.offset, `ConnectionIdUsage ${usage}`);
    return { cids, immediate: usage === 0 };
  });
}

/** How many the peer asks for. */
export function decodeRequestConnectionId(body: Uint8Array): number {
  return decodeWhole(body, (reader) => reader.u8());
}
