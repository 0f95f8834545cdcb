import type { Clock, TransportSink } from '../driver/world.ts';
import type { Emit, Millis } from '../timeline/event.ts';
import { type Resolved, resolveHost } from './resolve.ts';

/** Whom to connect to, over TCP or UDP. */
export type DialOptions = {
  host: string;
  port: number;
  family?: 4 | 6;
  /** Connect to this address (or name) instead; `host` is then only what the peer is called. */
  connectTo?: string;
  /** TCP: for resolving and connecting together, all attempts included. UDP: for resolving. */
  timeoutMs: Millis;
  emit: Emit;
  clock: Clock;
  /** Puts every byte on the timeline. */
  capture?: boolean;
};

/** What to do when no address is left: the fact, and the sink's `unreachable`. */
export type DialFailure = (errno: string, detail: string) => void;

export function dialFailure({ emit }: DialOptions, sink: TransportSink): DialFailure {
  return (errno, detail) => {
    emit({ kind: 'transport.unreachable', errno, detail });
    sink.input({ kind: 'unreachable', errno });
  };
}

/**
 * The host's addresses, a fact. Undefined when there are none, which `fail` has been told, or when the transport was closed
 * meanwhile, which nobody needs to be told.
 */
export async function resolveDialled(
  options: DialOptions,
  link: { closed(): boolean },
  fail: DialFailure,
): Promise<readonly string[] | undefined> {
  const { clock, emit, family, timeoutMs } = options;
  const host = options.connectTo ?? options.host;
  const resolved = await withDeadline(clock, clock.now() + timeoutMs, resolveHost(host, family));
  if (link.closed()) return undefined;
  if (!resolved.ok) {
    fail(resolved.errno, `${host} could not be resolved`);
    return undefined;
  }
  const { addresses } = resolved;
  emit({ kind: 'address.resolved', host, addresses });
  return addresses;
}

/** An address and a port as one word; IPv6 in brackets. */
export function formatAddress(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '';
  return address.includes(':') ? `[${address}]:${port ?? 0}` : `${address}:${port ?? 0}`;
}

/** The work's result, or ETIMEDOUT when it is not there by then. */
function withDeadline(clock: Clock, deadline: Millis, work: Promise<Resolved>): Promise<Resolved> {
  return new Promise((resolve) => {
    const cancel = clock.at(deadline, () => resolve({ ok: false, errno: 'ETIMEDOUT' }));
    void work.then((result) => {
      cancel();
      resolve(result);
    });
  });
}
