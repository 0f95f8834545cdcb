import { DTLS_PROBES } from './dtls-probes.ts';
import { H3_PROBES } from './quic-h3.ts';
import { QUIC_PEER_END_PROBES } from './quic-peer-ends.ts';
import { QUIC_STATE_PROBES } from './quic-states.ts';
import type { QuicProbe } from './quic-told.ts';
import { QUIC_WE_END_PROBES } from './quic-we-end.ts';

/** Every check of QUIC, the ones that say most first. */
export const QUIC_PROBES: readonly QuicProbe[] = [
  ...QUIC_PEER_END_PROBES,
  ...QUIC_WE_END_PROBES,
  ...H3_PROBES,
  ...QUIC_STATE_PROBES,
];

/** Every check over datagrams, for a list. */
export const DATAGRAM_PROBES = [...QUIC_PROBES, ...DTLS_PROBES];
