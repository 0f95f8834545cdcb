import type { Millis } from '../timeline/event.ts';

/** What a network does to datagrams. Times in ms, sizes in bytes of UDP payload, chances from 0 to 1 for each datagram. */
export type DatagramNetwork = {
  /** One way. */
  latency: Millis;
  /** Up to so much more for any one datagram; a later one may overtake. */
  jitter: Millis;
  loss: number;
  duplication: number;
  /** How often one is held back, and for how long at most, so that others overtake it. */
  reorder: number;
  reorderBy: Millis;
  /** A larger datagram is refused with EMSGSIZE. */
  mtu: number;
  /** What a socket keeps that nobody has read; more is dropped. */
  receiveBuffer: number;
};

export const QUIET_DATAGRAMS: DatagramNetwork = {
  latency: 1,
  jitter: 0,
  loss: 0,
  duplication: 0,
  reorder: 0,
  reorderBy: 50,
  mtu: 65_507,
  receiveBuffer: 212_992,
};
