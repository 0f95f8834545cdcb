import { SHUTDOWN_EX_FLAGS } from '../shutdown/types.ts';
import { HEX, LARGE, listOf, needed, OBJECT, oneOf, type Read, TEXT, TRUTH, whole } from './script-fields.ts';

const SIZE = whole(0, 64 * 1024 * 1024);
const BYTE = whole(0, 255);
const TIMES = whole(1, 10_000);
const MS = whole(0, 600_000);
const FLAGS = listOf(oneOf('SENT', 'RECEIVED'));
const ON = { on: TEXT };
const EX = {
  flags: listOf(oneOf(...SHUTDOWN_EX_FLAGS)),
  raw_flags: whole(0, 2 ** 32 - 1),
  code: LARGE,
  reason: TEXT,
  reason_repeat: whole(0, 1_000_000),
  null_args: TRUTH,
  args_len: whole(0, 2 ** 32 - 1),
  ...ON,
};

/** What the local side can be told to do, with its arguments. */
export const LOCAL_OPS = {
  shutdown: ON,
  shutdown_ex: EX,
  shutdown_until_done: { max_ms: MS, ...EX },
  read: { max: SIZE, ...ON },
  peek: { max: SIZE, ...ON },
  write: { size: SIZE, ...ON },
  fill: { size: SIZE, ...ON },
  do_handshake: {},
  get_shutdown: ON,
  set_shutdown: { flags: needed(FLAGS) },
  set_quiet_shutdown: { mode: whole(0, 1) },
  pending: ON,
  state: {},
  key_update: { request: TRUTH },
  clear: {},
  free: {},
  close: {},
  fin: {},
  sleep: { ms: needed(MS) },
  session_info: {},
  save_session: {},
  saved_info: {},
  reconnect: {},
  new_stream: { name: TEXT },
  accept_stream: { name: TEXT },
  stream_conclude: ON,
  stream_reset: { code: LARGE, ...ON },
  stream_state: ON,
  handle_events: { ms: MS },
  event_timeout: {},
  conn_close_info: {},
  relay_stats: {},
} as const;

/** What a peer can put into one record. */
export const RECORD_OPS = {
  shutdown: { times: TIMES },
  raw_alert: { level: needed(BYTE), description: needed(BYTE), times: TIMES },
  write: { size: SIZE, times: TIMES },
  raw_record: { type: needed(BYTE), hex: HEX, size: SIZE, times: TIMES },
  corrupt_record: { type: BYTE, size: SIZE, times: TIMES },
  partial_record: { type: BYTE, size: SIZE, hex: HEX },
  /** `size`: a ticket of so many bytes that nothing can be resumed with. */
  new_session_ticket: { times: TIMES, size: whole(1, 16_000) },
  replay: { times: TIMES },
} as const;

/** What the peer can be told to do. */
export const PEER_OPS = {
  ...RECORD_OPS,
  burst: { records: needed(listOf(OBJECT)) },
  fin: {},
  rst: {},
  close: { code: LARGE, reason: TEXT, reason_repeat: whole(0, 1_000_000) },
  auto_reply: { delay_ms: MS },
  handshake_step: {},
  stop_reading: {},
  resume_reading: {},
  blackhole: {},
  restore: {},
} as const;

/** What can be done to the path: on TLS and DTLS to the local transport, on QUIC to the relay. */
export const NET_OPS = [
  'block_writes',
  'fail_writes',
  'drop_writes',
  'pass',
  'blackhole',
  'drop_c2s',
  'drop_s2c',
  'restore',
  'reset_counters',
  'unreachable',
] as const;

/** Words that mean something on QUIC alone. */
export const QUIC_ONLY: ReadonlySet<string> = new Set([
  'local new_stream',
  'local accept_stream',
  'local stream_conclude',
  'local stream_reset',
  'local stream_state',
  'local handle_events',
  'local event_timeout',
  'local conn_close_info',
  'local relay_stats',
  'peer blackhole',
  'peer restore',
  'net blackhole',
  'net drop_c2s',
  'net drop_s2c',
  'net restore',
  'net reset_counters',
]);

export const SETUP = {
  blocking: TRUTH,
  options: listOf(TEXT),
  quiet_shutdown: TRUTH,
  tickets: whole(0, 100),
  handshake: oneOf('manual'),
  no_state: TRUTH,
  verify: TRUTH,
  role: oneOf('client', 'server'),
  small_buffers: TRUTH,
  rtt_ms: MS,
  idle_timeout_ms: MS,
  default_stream: TRUTH,
  alpn: TEXT,
  thread_assisted: TRUTH,
  explicit_events: TRUTH,
  pump: oneOf('eager', 'on-call'),
  measure: TRUTH,
  data_expect: SIZE,
  peer_data_class: TRUTH,
  final_settle_ms: MS,
} as const;

export type LocalOp = keyof typeof LOCAL_OPS;
export type PeerOp = keyof typeof PEER_OPS;
export type RecordOp = keyof typeof RECORD_OPS;
export type NetOp = (typeof NET_OPS)[number];

export type LocalArgs<Op extends LocalOp> = Read<(typeof LOCAL_OPS)[Op]>;
export type LocalStep = { [Op in LocalOp]: { local: Op; expect?: Expectation } & LocalArgs<Op> }[LocalOp];
export type RecordSpec = { [Op in RecordOp]: { rec: Op } & Read<(typeof RECORD_OPS)[Op]> }[RecordOp];
type PlainPeerOp = Exclude<PeerOp, 'burst'>;
export type PeerStep = { afterMs?: number } & (
  | { [Op in PlainPeerOp]: { peer: Op } & Read<(typeof PEER_OPS)[Op]> }[PlainPeerOp]
  | { peer: 'burst'; records: readonly RecordSpec[] }
);
export type NetStep = { net: NetOp };
export type Step = LocalStep | PeerStep | NetStep;
export type ScenarioSetup = Read<typeof SETUP>;
/** Fields of an observation and the values they must have. */
export type Expectation = Readonly<Record<string, unknown>>;
