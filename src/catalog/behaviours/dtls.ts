import type { ServeStep } from '../../driver/serve/plan.ts';
import type { Behaviour } from '../behaviour.ts';

const NO_ANSWER = ['dtls12-inherits-close-notify', 'dtls13-6.1-inherits-half-close'] as const;

/** Every behaviour of `serve dtls`, in the order of the list. */
export const DTLS_BEHAVIOURS: readonly Behaviour[] = [
  ending({
    id: 'dtls/well-behaved',
    aliases: ['good', 'clean', 'close-notify'],
    says: 'It sends back what comes, and answers close_notify with its own.',
    breaks: [],
    goodClient: 'drops the association when the answer is there, and waits only so long for it',
    end: [{ peer: 'shutdown' }],
  }),
  ending({
    id: 'dtls/never-reply',
    aliases: ['silent', 'mute-close'],
    says: 'It never answers close_notify.',
    breaks: [...NO_ANSWER],
    goodClient: 'cannot tell this from loss: it waits for a limited time, then drops the association',
    end: [],
    limits: { observe: 10_000 },
  }),
  ending({
    id: 'dtls/ignore-close-notify',
    aliases: ['alive-after-close'],
    says: 'It takes no notice of close_notify: it goes on sending back what comes, and never answers.',
    breaks: [...NO_ANSWER, 'dtls13-5.10-data-after-closure-ignored'],
    goodClient: 'reads nothing after its own close, and drops the association after a limited time',
    end: [{ peer: 'echo-on', max_ms: 10_000 }],
    limits: { observe: 100 },
  }),
  ending({
    id: 'dtls/reply-late',
    aliases: ['late'],
    says: 'It lets two seconds pass before its close_notify.',
    breaks: [],
    goodClient: 'does not depend on the answer',
    end: [{ peer: 'sleep', ms: 2_000 }, { peer: 'shutdown' }],
  }),
  ending({
    id: 'dtls/fatal-close-notify',
    aliases: [],
    says: 'It sends its close_notify at level fatal.',
    breaks: [],
    goodClient: 'goes by the description in DTLS 1.3; in DTLS 1.2 it may take it for an error',
    end: [{ peer: 'raw_alert', level: 2, description: 0 }],
  }),
  ending({
    id: 'dtls/data-after-own-close-notify',
    aliases: ['data-after-close-notify'],
    says: 'It sends application data after its own close_notify, and with higher numbers.',
    breaks: ['dtls13-5.10-data-after-closure-ignored', 'dtls12-inherits-close-notify'],
    goodClient: 'ignores what is numbered after the close_notify',
    end: [{ peer: 'shutdown' }, { peer: 'write', size: 64 }],
  }),
  ending({
    id: 'dtls/close-reordered',
    aliases: ['reordered'],
    says: 'Its close_notify overtakes data that has a lower number.',
    breaks: [],
    goodClient: 'may take the data or leave it (RFC 9147 goes by the numbers), and closes all the same',
    end: [{ peer: 'overtaken', size: 64 }],
  }),
  ending({
    id: 'dtls/forged-close',
    aliases: ['plaintext-close-notify'],
    says: 'It sends its close_notify in the clear, as anybody could, and nothing else.',
    breaks: ['dtls12-4.1-old-epoch-dropped', 'dtls13-4.2.1-old-epoch-dropped'],
    goodClient: 'drops it without a word, and the association lives on',
    end: [{ peer: 'forge', level: 1, description: 0 }],
  }),
  {
    ...ending({
      id: 'dtls/sticky-tuple',
      aliases: [],
      says: 'It keeps the association for a minute, and refuses a new ClientHello from its address and port.',
      breaks: ['dtls12-4.2.8-new-hello-proceeds', 'dtls13-5.11-new-hello-proceeds'],
      goodClient: 'begins again from another port',
      end: [{ peer: 'shutdown' }],
      limits: { observe: 60_000 },
    }),
    hold: true,
    sticky: true,
  },
  ending({
    id: 'dtls/vanish',
    aliases: [],
    says: 'It forgets the association without a word as soon as the client closes.',
    breaks: [...NO_ANSWER],
    goodClient: 'has a timer of its own, and drops the association when that runs out',
    end: [{ peer: 'close' }],
    limits: { observe: 100 },
  }),
  {
    ...ending({
      id: 'dtls/idle-alert',
      aliases: [],
      says: 'It sends back what comes, and closes an association with close_notify once it has been idle for a second.',
      breaks: [],
      goodClient: 'answers with its own close_notify, and begins anew when it has something to say',
      end: [{ peer: 'shutdown' }],
      limits: { idle: 1_000 },
    }),
    idle: [{ peer: 'shutdown' }],
  },
  {
    ...ending({
      id: 'dtls/fatal-alert',
      aliases: [],
      says: 'It ends with a fatal internal_error instead of close_notify.',
      breaks: [],
      goodClient: 'reports the alert, and drops the association',
      end: [{ peer: 'raw_alert', level: 2, description: 80 }],
    }),
    alert: 'chosen',
  },
];

/** The same end whether an answer comes before it or not. */
function ending(entry: {
  id: string;
  aliases: readonly string[];
  says: string;
  breaks: readonly string[];
  goodClient: string;
  end: readonly ServeStep[];
  limits?: Behaviour['limits'];
}): Behaviour {
  const { end, limits, ...rest } = entry;
  const behaviour = { ...rest, answered: [{ peer: 'respond' } as const, ...end], closing: end };
  return limits === undefined ? behaviour : { ...behaviour, limits };
}
