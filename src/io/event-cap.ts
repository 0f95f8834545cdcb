import type { Emit, Fact } from '../timeline/event.ts';

/**
 * Keeps a timeline of one connection bounded, whatever the peer does. Of the first `most` facts each is kept; then those that
 * can come without end are dropped; after as many again, all but what the transport and the limits say.
 */
export function capEvents(emit: Emit, most = MOST_EVENTS): Emit {
  let left = most;
  let leftOfRare = most;
  return (fact, arrived) => {
    if (left > 0) left -= 1;
    else if (BULK.has(fact.kind)) return;
    else if (leftOfRare > 0) leftOfRare -= 1;
    else if (!LAST_WORDS.has(fact.kind)) return;
    emit(fact, arrived);
  };
}

const MOST_EVENTS = 2_000;
const BULK: ReadonlySet<Fact['kind']> = new Set([
  'record',
  'data',
  'handshake.message',
  'ticket',
  'key-update',
  'change-cipher-spec',
  'transport.bytes',
  'transport.blocked',
]);
const LAST_WORDS: ReadonlySet<Fact['kind']> = new Set([
  'transport.fin',
  'transport.reset',
  'transport.closed',
  'transport.error',
  'fault',
  'handshake.failed',
  'eof',
  'limit',
]);
