import { createQuicPorts, type QuicPorts, type QuicPortsOptions } from '../driver/serve/quic-ports.ts';
import type { Connect, Transport } from '../driver/world.ts';
import type { SimClock } from './clock.ts';

export type SimQuicPort = {
  readonly ports: QuicPorts;
  /** One more client's way to the port: `end` is the server's end of its link, `address` where the server sees it. */
  attach(end: Connect, address: { host: string; port: number }): void;
};

/** A QUIC server's UDP port in the simulator: each client reaches it by a datagram link of its own. */
export function createSimQuicPort(
  options: Omit<QuicPortsOptions, 'send' | 'later' | 'local' | 'clock'> & { clock: SimClock },
): SimQuicPort {
  const { clock } = options;
  const links = new Map<string, Transport>();
  const ports = createQuicPorts({
    ...options,
    local: 'sim:port',
    later: (call) => void clock.at(clock.now(), call),
    send: (datagram, to) => links.get(to.at)?.write(datagram) ?? { errno: 'EHOSTUNREACH' },
  });
  return {
    ports,
    attach(end, { host, port }) {
      const from = { host, port, at: `${host}:${port}` };
      const transport = end({
        input(input) {
          if (input.kind === 'bytes') ports.receive(input.data, from);
        },
        writable: () => {},
        wants: () => 65_535,
      });
      links.set(from.at, transport);
    },
  };
}
