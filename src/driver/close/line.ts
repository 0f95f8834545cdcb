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
  /** Bytes go to somebody else until the call that is returned; whoever is attached gets nothing of them. */
  lend(to: Pick<TransportSink, 'input' | 'wants'>): () => void;
};

export function openLine(connect: Connect): Line {
  const held: Input[] = [];
  const users: TransportSink[] = [];
  let borrower: Pick<TransportSink, 'input' | 'wants'> | undefined;
  let inputs = 0;
  let writable = false;
  const current = (): TransportSink | undefined => users.at(-1);
  const transport = connect({
    input(input) {
      inputs += 1;
      const user = current();
      if (input.kind === 'bytes') {
        if (borrower !== undefined) borrower.input(input);
        else if (user === undefined) held.push(input);
        else user.input(input);
        return;
      }
      if (user === undefined) held.push(input);
      for (const each of users) each.input(input);
      borrower?.input(input);
    },
    writable() {
      writable = true;
      current()?.writable();
    },
    wants: () => (borrower ?? current())?.wants() ?? HEADER,
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
    lend(to) {
      borrower = to;
      return () => {
        borrower = undefined;
      };
    },
  };
}

/** A TLS record header: what any core asks for first. */
const HEADER = 5;
