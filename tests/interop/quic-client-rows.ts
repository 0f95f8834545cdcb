/** What a client says of our server, and what our server says of the client. */
type Row = {
  behaviour: string;
  serve?: string[];
  words: string[];
  /** A pattern for what the client prints. */
  says: string;
  why: string;
  facts: Record<string, unknown>[];
};

const ECHOED = 'echo: 12 bytes, the same: true';
const DONE = { frameType: 0x1d, code: 7, reason: 'done', space: 'application' };
const CLOSED = { handshake: 'completed', closedFirst: 'client', close: DONE };
const ENDED = { handshake: 'completed', closedFirst: 'server' };
const NEVER_UP = { handshake: 'failed', closedFirst: 'server' };

const closes = (says: string, why: string, words: string[] = [], facts: object[] = [CLOSED]): Row => ({
  ...{ behaviour: 'well-behaved', serve: ['--exchange', 'echo'], words: ['close', ...words] },
  ...{ says, why, facts: facts.map((fact) => ({ ...fact })) },
});
const waits = (behaviour: string, says: string, why: string, facts: object = ENDED): Row => ({
  ...{ behaviour, words: ['wait'], says, why, facts: [{ ...facts }] },
});

/** What every client of ours does alike. `resumed`: what it says of a second handshake, for those that know. */
const alike = (resumed: string): Row[] => [
  closes(`connected: v1 echo.*\n${ECHOED}`, 'it has its echo, and we its code and reason'),
  closes('echo: 1048576 bytes, the same: true', '1 MiB there and back', ['big']),
  closes(
    `(connected: .*\n${ECHOED}\n){1}connected: v1 echo${resumed}\n${ECHOED}`,
    'the second handshake is the short one',
    ['again'],
    [CLOSED, { ...CLOSED, handshake: 'resumed' }],
  ),
  { ...closes(ECHOED, 'it comes back with the token'), serve: ['--exchange', 'echo', '--retry'] },
  waits('closes-first', 'closed: application 0 "" by the peer', 'no error and no reason'),
  waits('close-storm', 'closed: application 0 "closed by the server" by the peer', 'the first one is enough'),
  waits('reset-streams-first', 'closed: application 0 "" by the peer', 'the stream is reset, then we close'),
];
const V2 = closes(`connected: v2 echo.*\n${ECHOED}`, 'version 2 from its first packet', ['v2']);
const UPDATE = closes('echo: 1048576 bytes, the same: true', 'it changes its keys', ['big', 'update']);
const CODE_MAX = waits('code-max', 'application 4611686018427387903 "as large', 'all 62 bits of the code');
const EARLY = waits(
  'app-close-in-handshake',
  '(failed|closed): transport 12 "" by the peer',
  'APPLICATION_ERROR is all that early packets say',
  NEVER_UP,
);

const H3_CLOSED = { frameType: 0x1d, code: 0x100, reason: '', space: 'application' };

export const CLIENT_ROWS: Readonly<Record<string, readonly Row[]>> = {
  gtlsclient: [
    {
      ...waits('well-behaved', ':status: 200', 'its answer, and H3_NO_ERROR from it'),
      ...{ words: [], facts: [{ handshake: 'completed', closedFirst: 'client', close: H3_CLOSED }] },
    },
    {
      ...waits('well-behaved', ':status: 200', 'it comes back with the token'),
      ...{ serve: ['--retry'], words: [], facts: [{ handshake: 'completed', close: H3_CLOSED }] },
    },
    {
      // Its request leaves after the change of keys.
      ...waits('well-behaved', 'type=1RTT k=1[^]*:status: 200', 'it changes its keys'),
      ...{ words: ['--key-update=1ms', '--delay-stream=100ms'] },
      facts: [{ handshake: 'completed', closedFirst: 'client', close: H3_CLOSED }],
    },
    {
      ...waits('code-max', 'CONNECTION_CLOSE\\(0x1d\\).*\\(0x3f{15}\\).*reason=\\[as large', 'all 62 bits'),
      words: [],
    },
    {
      ...waits('stateless-reset', 'ERR_DRAINING', 'it knows the token'),
      ...{ words: [], facts: [{ handshake: 'completed', closedFirst: 'nobody' }] },
    },
    {
      ...EARLY,
      ...{ says: 'Initial CONNECTION_CLOSE\\(0x1c\\) error_code=APPLICATION_ERROR\\(0xc\\)', words: [] },
    },
    {
      ...waits(
        'wrong-space',
        'Initial CONNECTION_CLOSE\\(0x1d\\).*too early',
        'it takes no notice in Initial',
      ),
      // In Handshake it does, where that comes before the end of its handshake.
      ...{ words: [], facts: [{ closedFirst: 'client' }] },
    },
  ],
  s_client: [
    waits('closes-first', 'This line is the last one', 'its answer; a close without error is a good end'),
    waits('code-max', 'protocol is shutdown', 'its reading fails: the connection is over'),
    {
      ...waits('stateless-reset', 'protocol is shutdown', 'it knows the token'),
      facts: [{ handshake: 'completed', closedFirst: 'nobody' }],
    },
    waits('close-storm', 'protocol is shutdown', 'the first one is enough'),
  ],
  quiche: [
    ...alike(' resumed=true'),
    // A double of JavaScript's: its own package gives the code as one.
    waits('code-max', 'application 4611686018427388000 "as large', 'all 62 bits of the code, rounded'),
    EARLY,
    waits('stateless-reset', 'closed: without a word', 'it knows the token', {
      ...{ handshake: 'completed', closedFirst: 'nobody' },
    }),
    waits('wrong-space', 'closed: transport 10 "" by us', 'PROTOCOL_VIOLATION', { handshake: 'failed' }),
    waits('reason-invalid-utf8', 'closed: application 0 "bye.+" by the peer', 'bytes are bytes'),
  ],
  'quic-go': [
    ...alike(' resumed=true'),
    V2,
    CODE_MAX,
    EARLY,
    waits('stateless-reset', 'closed: received a stateless reset', 'it knows the token', {
      ...{ handshake: 'completed', closedFirst: 'nobody' },
    }),
    waits('close-lost', 'application 0 "closed by the server" by the peer', 'it acknowledges, and we repeat'),
    waits('wrong-space', 'failed: transport 7 "29 not allowed.* by us', 'FRAME_ENCODING_ERROR', {
      ...{
        handshake: 'failed',
        closedFirst: 'client',
        close: { frameType: 0x1c, code: 7, space: 'initial' },
      },
    }),
    waits('reason-invalid-utf8', 'application 0 "bye\\\\xff\\\\xfe\\\\x80" by the peer', 'bytes, escaped'),
  ],
  aioquic: [
    ...alike(' resumed=true'),
    V2,
    UPDATE,
    CODE_MAX,
    EARLY,
    waits('stateless-reset', 'transport 1 "Idle timeout"', 'it does not know them', {
      ...{ handshake: 'completed', closedFirst: 'nobody' },
    }),
    waits('wrong-space', 'failed: transport 10 "Unexpected frame type"', 'PROTOCOL_VIOLATION', {
      ...{
        handshake: 'failed',
        closedFirst: 'client',
        close: { frameType: 0x1c, code: 10, space: 'initial' },
      },
    }),
    waits('reason-invalid-utf8', 'closed: application 0 "" by the peer', 'what is not UTF-8 is left out'),
  ],
  quinn: [
    ...alike(''),
    UPDATE,
    CODE_MAX,
    EARLY,
    waits('stateless-reset', 'closed: reset by peer', 'it knows the token', {
      ...{ handshake: 'completed', closedFirst: 'nobody' },
    }),
    waits('close-lost', 'application 0 "closed by the server" by the peer', 'it acknowledges, and we repeat'),
    waits(
      'wrong-space',
      'failed: application 7 "too early" by the peer',
      'it takes what no Initial may hold',
      {
        handshake: 'failed',
      },
    ),
    waits('reason-invalid-utf8', 'closed: application 0 "bye.+" by the peer', 'bytes are bytes'),
  ],
};
