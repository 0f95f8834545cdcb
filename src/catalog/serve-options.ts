import type { ExchangeKind, ServeLimits, ServePlan } from '../driver/serve/plan.ts';
import type { TimelineEvent } from '../timeline/event.ts';
import type { Served } from './behaviours/find.ts';
import type { ClientFacts } from './client-facts.ts';
import type { ClientGrade } from './client-grade.ts';

/** How to serve. Every field may be left out. */
export type ServerWishes = {
  /** Default: tls. */
  protocol?: Served;
  /** Name, id or alias of a behaviour of the catalogue. Default: well-behaved. */
  behaviour?: string;
  /** TLS: which behaviour it is each client says by its server name, NAME.localhost; well-behaved for all others. */
  byName?: boolean;
  /** TLS and DTLS: of the behaviours that let it be chosen (fatal-alert …). */
  alert?: { level: number; description: number };
  exchange?: ExchangeKind;
  /** How an HTTP answer says where it ends. Default: the behaviour's. */
  framing?: ServePlan['framing'];
  limits?: Partial<ServeLimits>;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default: any free one. */
  port?: number;
  /** End after so many connections. */
  count?: number;
  /** End after so long (ms). */
  forMs?: number;
  versions?: readonly ('1.2' | '1.3')[];
  /** Certificate chain, PEM. Default: made on the spot, for localhost and NAME.localhost of every behaviour. */
  cert?: string;
  /** Its key, PEM. */
  key?: string;
  /** DTLS: clients that have this key need no certificate of ours, and without `cert` there is none. */
  psk?: { identity: Uint8Array; key: Uint8Array };
  /** DTLS: agree on connection IDs with clients that ask for them (RFC 9146, RFC 9147 §9). */
  connectionIds?: boolean;
  /** QUIC: every client has to prove its address with a Retry (RFC 9000 §8.1.2). */
  retry?: boolean;
  crypto?: 'auto' | 'noble' | 'native';
  /** Put the bytes on the wire on the timelines too. */
  capture?: boolean;
  /** Every event of every connection, as it happens. */
  onEvent?: (event: TimelineEvent) => void;
  /** A connection is over: what its client did. */
  onClient?: (client: ServedClient) => void;
};

export type ServedClient = {
  /** "tls/never-reply": what it met. */
  behaviour: string;
  /** "conn-1", "conn-2" … in the order they came. */
  conn: string;
  remote: string;
  /** "client answered our close_notify after 2 ms, then FIN" */
  text: string;
  facts: ClientFacts;
  /** How well it took that, as far as the wire shows. */
  grade: ClientGrade;
  events: readonly TimelineEvent[];
};
