import type { Input } from '../../proto/core.ts';
import type { Connect, Transport, TransportSink } from '../world.ts';

/**
 * A transport that opens before anyone listens and can change hands: what arrives early waits, and a later user
 * (`--then`) takes it over. FIN and RST are told to every user it ever had.
 */
export type Line = {
  /** Attaches a user; the one before gets no more bytes. */
  readonly connect: Connect;
  readonly transport: Transport;
  /** How many times anything came in. */
  inputs(): number;
};

export function openLine(connect: Connect): Line {
  const held: Input[] = [];
  const users: TransportSink[] = [];
  let inputs = 0;
  let writable = false;
  const current = (): TransportSink | undefined => users.at(-1);
  const transport = connect({
    input(input) {
      inputs += 1;
      const user = current();
      if (user === undefined) held.push(input);
      else if (input.kind === 'bytes') user.input(input);
      else for (const each of users) each.input(input);
    },
    writable() {
      writable = true;
      current()?.writable();
    },
    wants: () => current()?.wants() ?? HEADER,
  });
  return {
    transport,
    connect(sink) {
      users.push(sink);
      if (writable) sink.writable();
      for (const input of held.splice(0)) sink.input(input);
      return transport;
    },
    inputs: () => inputs,
  };
}

/** A TLS record header: what any core asks for first. */
const HEADER = 5;
