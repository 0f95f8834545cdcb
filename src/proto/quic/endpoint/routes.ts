import { toHex } from '../../../wire/bytes.ts';
import type { Endpoint } from './state.ts';

/** From now on datagrams for `destination` (of its first Initial) and `ids` are this connection's. */
export function addConnection<C>(
  endpoint: Endpoint<C>,
  connection: C,
  destination: Uint8Array,
  ids: readonly Uint8Array[],
): void {
  const first = toHex(destination);
  endpoint.connections.set(connection, { first, ids: new Set() });
  endpoint.routes.set(first, connection);
  followIds(endpoint, connection, ids);
}

/** Its connection IDs are these now: ask whenever it has sent something, for no other one can be known to its peer. */
export function followIds<C>(endpoint: Endpoint<C>, connection: C, ids: readonly Uint8Array[]): void {
  const known = endpoint.connections.get(connection);
  if (known === undefined) return;
  const now = new Set(ids.map(toHex));
  for (const id of known.ids) {
    if (!now.has(id) && id !== known.first) release(endpoint, connection, id);
  }
  for (const id of now) {
    // A client can choose for its first Initial what is another's already; what we gave out ourselves is never shared.
    if (!known.ids.has(id)) endpoint.routes.set(id, connection);
  }
  known.ids = now;
}

/** It is over: what still comes for it belongs to nobody. */
export function removeConnection<C>(endpoint: Endpoint<C>, connection: C): void {
  const known = endpoint.connections.get(connection);
  if (known === undefined) return;
  endpoint.connections.delete(connection);
  for (const id of known.ids) release(endpoint, connection, id);
  release(endpoint, connection, known.first);
}

export function findConnection<C>(endpoint: Endpoint<C>, id: Uint8Array): C | undefined {
  return endpoint.routes.get(toHex(id));
}

function release<C>(endpoint: Endpoint<C>, connection: C, id: string): void {
  if (endpoint.routes.get(id) === connection) endpoint.routes.delete(id);
}
