import type { QuicServeStep } from '../../driver/serve/quic-plan.ts';
import type { QuicBehaviour } from '../behaviour.ts';

const CLOSE: readonly QuicServeStep[] = [{ quic: 'close', reason: 'closed by the server' }];
const FAREWELL: readonly QuicServeStep[] = [
  { quic: 'goaway' },
  { quic: 'sent', max_ms: 2_000 },
  { quic: 'close' },
];

/** Every behaviour of `serve quic`, in the order of the list. */
export const QUIC_BEHAVIOURS: readonly QuicBehaviour[] = [
  {
    id: 'quic/well-behaved',
    aliases: ['good', 'clean'],
    says: 'It answers, lets the client close, and closes itself once nothing has been said for two seconds.',
    breaks: [],
    goodClient: 'closes when it has its answer, and waits three PTO',
    steps: { quiet: FAREWELL },
  },
  {
    id: 'quic/closes-first',
    aliases: ['server-closes'],
    says: 'It closes as soon as its answer has left: GOAWAY where there is one, then CONNECTION_CLOSE without error.',
    breaks: [],
    goodClient: 'takes the answer, and drains; it may say one CONNECTION_CLOSE of its own',
    steps: { answered: FAREWELL, quiet: FAREWELL },
  },
  {
    id: 'quic/never-closes',
    aliases: ['never-reply', 'silent'],
    says: 'It never sends CONNECTION_CLOSE: neither when nothing is said, nor in answer to one.',
    breaks: [],
    goodClient: 'closes without waiting for an answer, or is left to the idle timeout',
    steps: { opened: [{ quic: 'mute', what: 'closes' }] },
  },
  closeLost(2),
  closing({
    id: 'quic/close-storm',
    aliases: ['storm'],
    says: 'It closes when it is asked for something, and repeats CONNECTION_CLOSE 32 times though nobody says anything.',
    breaks: ['quic-10.2.1-closing-rate-limited', 'quic-10.2.2-no-close-pingpong'],
    goodClient: 'drains at the first one and ignores the rest',
    steps: [...CLOSE, { quic: 'storm', copies: 32, every_ms: 1 }],
    also: { closing: [{ quic: 'storm', copies: 32, every_ms: 1 }] },
  }),
  closing({
    id: 'quic/mute-closing',
    aliases: [],
    says: 'It closes when it is asked for something, and answers nothing that comes after that.',
    breaks: ['quic-10.2.1-closing-answers-packets'],
    goodClient: 'is left to its idle timeout if that one datagram is lost',
    steps: [...CLOSE, { quic: 'mute', what: 'closes' }],
  }),
  {
    id: 'quic/wrong-space',
    aliases: ['0x1d-in-handshake'],
    says: 'It answers the ClientHello with CONNECTION_CLOSE of type 0x1d, which Initial and Handshake packets must not hold.',
    breaks: ['quic-10.2.3-1d-becomes-1c'],
    goodClient: 'closes with PROTOCOL_VIOLATION',
    gives: 'nothing',
    steps: { begun: [{ quic: 'early-0x1d', code: 7n }] },
  },
  {
    id: 'quic/app-close-in-handshake',
    aliases: ['close-in-handshake'],
    says: 'Its application closes before the handshake is over; the client learns no more than APPLICATION_ERROR.',
    breaks: [],
    goodClient: 'gives up the handshake without guessing at a reason',
    gives: 'nothing',
    steps: { begun: [{ quic: 'close', code: 7n, reason: 'not for everybody to read' }] },
  },
  {
    id: 'quic/stateless-reset',
    aliases: ['reset', 'forget'],
    says: 'It forgets the connection when it is asked for something, and answers what follows with stateless resets.',
    breaks: ['quic-10.2-server-keeps-states'],
    goodClient: 'knows the token, drains, and says nothing more',
    gives: 'nothing',
    steps: {
      asked: [{ quic: 'forget' }],
      quiet: [{ quic: 'forget' }],
      closing: [{ quic: 'stateless-reset' }],
    },
  },
  {
    id: 'quic/bad-reset',
    aliases: [],
    says: 'After its answer it meets everything with stateless resets whose token is wrong.',
    breaks: [],
    goodClient: 'believes none of them, and ends by its own close or the idle timeout',
    steps: {
      answered: [{ quic: 'sent', max_ms: 2_000 }, { quic: 'bad-resets' }],
      quiet: [{ quic: 'bad-resets' }],
      closing: [{ quic: 'bad-resets' }],
    },
  },
  {
    id: 'quic/silent-exit',
    aliases: ['vanish'],
    says: 'It stops without a word when its answer has left, as a process that was killed.',
    breaks: ['quic-10.1-abandon-early-needs-close'],
    goodClient: 'closes all the same, or is left to the idle timeout',
    steps: {
      answered: [
        { quic: 'sent', max_ms: 2_000 },
        { quic: 'mute', what: 'everything' },
      ],
      quiet: [{ quic: 'mute', what: 'everything' }],
    },
  },
  closing({
    id: 'quic/reason-invalid-utf8',
    aliases: [],
    says: 'It closes when it is asked for something, with a reason that is not UTF-8.',
    breaks: ['quic-19.19-reason-utf8'],
    goodClient: 'shows it escaped, or not at all',
    steps: [{ quic: 'close', reason: Uint8Array.of(0x62, 0x79, 0x65, 0xff, 0xfe, 0x80) }],
  }),
  closing({
    id: 'quic/code-max',
    aliases: [],
    says: 'It closes when it is asked for something, with the largest code there is.',
    breaks: [],
    goodClient: 'keeps all 62 bits of it',
    steps: [{ quic: 'close', code: 2n ** 62n - 1n, reason: 'as large as codes get' }],
  }),
  {
    id: 'quic/close-before-data-acked',
    aliases: ['truncating'],
    says: 'It closes when the first datagrams of a long answer have left; the rest never comes.',
    breaks: [],
    goodClient: 'does not take what it has for the whole',
    gives: 'part',
    bodyBytes: 262_144,
    steps: { answered: CLOSE, quiet: CLOSE },
  },
  {
    id: 'quic/reset-streams-first',
    aliases: ['reset-streams'],
    says: 'It sends an answer without an end, resets the streams that requests came on, and closes.',
    breaks: [],
    goodClient: 'does not take what it has for the whole',
    gives: 'part',
    endless: true,
    steps: {
      answered: [{ quic: 'sent', max_ms: 2_000 }, { quic: 'reset-streams', code: 0x10cn }, { quic: 'close' }],
      quiet: CLOSE,
    },
  },
  {
    id: 'quic/slow-ack',
    aliases: [],
    says: 'It acknowledges everything 400 ms late, whatever it announced.',
    breaks: [],
    goodClient: 'waits with its close until its data is acknowledged',
    steps: { opened: [{ quic: 'late-acks', ms: 400 }], quiet: FAREWELL },
  },
  {
    id: 'quic/never-ack',
    aliases: [],
    says: 'It acknowledges nothing after the handshake.',
    breaks: [],
    goodClient: 'gives up waiting for acknowledgements after a while, and closes',
    steps: { opened: [{ quic: 'mute', what: 'acks' }] },
  },
];

/** The same behaviour with another number, where it has one: "close-lost:5". */
export function withCount({ id }: QuicBehaviour, count: number): QuicBehaviour | undefined {
  return id === 'quic/close-lost' ? closeLost(count) : undefined;
}

function closeLost(count: number): QuicBehaviour {
  return closing({
    id: 'quic/close-lost',
    aliases: ['lost-close'],
    says: `It closes when it is asked for something, and the first ${count} datagrams that say so get lost.`,
    breaks: [],
    goodClient: 'goes on sending, and with that calls for another copy',
    steps: [{ quic: 'lose-closes', count }, ...CLOSE],
  });
}

/** Closes when it is asked for something, or for nothing. */
function closing(
  entry: Omit<QuicBehaviour, 'steps'> & { steps: readonly QuicServeStep[]; also?: QuicBehaviour['steps'] },
): QuicBehaviour {
  const { steps, also = {}, ...rest } = entry;
  return { ...rest, gives: 'nothing', steps: { asked: steps, quiet: steps, ...also } };
}
