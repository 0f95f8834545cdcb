import type { ServeStep } from '../../driver/serve/plan.ts';
import type { Behaviour } from '../behaviour.ts';

/** More requests than anybody makes on one connection. */
const MANY = 1_000;
const NO_ANSWER = ['tls12-7.2.1-reply-close-notify', 'tls13-6.1-receiver-still-owes-close-notify'] as const;

const NO_CLOSE_NOTIFY = [
  'tls12-7.2.1-close-notify-before-write-close',
  'tls13-6.1-close-notify-before-write-close',
] as const;

/** The ways in which it is the time that goes wrong. */
export const TLS_TIMING_BEHAVIOURS: readonly Behaviour[] = [
  {
    id: 'tls/never-reply',
    aliases: ['silent', 'hang'],
    says: 'It answers requests, never sends close_notify or FIN, and keeps the connection open for a minute.',
    breaks: [...NO_ANSWER],
    goodClient: 'waits for a limited time, then closes anyway',
    answered: [{ peer: 'respond' }],
    closing: [],
    limits: { observe: 60_000 },
  },
  {
    id: 'tls/reply-late',
    aliases: ['late'],
    says: 'It lets two seconds pass before its close_notify and FIN.',
    breaks: [],
    goodClient: 'is done as soon as the answer is whole; its own wait for close_notify has a limit',
    answered: [{ peer: 'respond' }, { peer: 'sleep', ms: 2_000 }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'sleep', ms: 2_000 }, { peer: 'shutdown' }, { peer: 'fin' }],
  },
  {
    id: 'tls/reply-then-hold',
    aliases: ['held-open'],
    says: 'It sends close_notify, and keeps the TCP connection open for a minute.',
    breaks: ['tls12-7.2.1-close-at-once-drop-writes'],
    goodClient: 'closes its socket once both close_notify are there, without waiting for a FIN',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }],
    closing: [{ peer: 'shutdown' }],
    limits: { observe: 60_000 },
  },
  idle({
    id: 'tls/idle-alert',
    says: 'It keeps the connection after an answer, and closes it in good order once it has been idle for a second.',
    breaks: [],
    goodClient: 'sees the close before it sends the next request',
    end: [{ peer: 'shutdown' }, { peer: 'fin' }],
  }),
  idle({
    id: 'tls/idle-fin',
    says: 'It keeps the connection after an answer, and ends it with a bare FIN once it has been idle for a second.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'drops the connection from its pool',
    end: [{ peer: 'fin' }],
  }),
  idle({
    id: 'tls/idle-rst',
    says: 'It keeps the connection after an answer, and resets it once it has been idle for a second.',
    breaks: [...NO_CLOSE_NOTIFY],
    goodClient: 'drops the connection from its pool',
    end: [{ peer: 'rst' }],
  }),
  idle({
    id: 'tls/idle-silent',
    says: 'It keeps the connection after an answer; once it has been idle for a second nothing is read any more, as behind a NAT that forgot it.',
    breaks: [...NO_ANSWER],
    goodClient: 'has a limit for the answer to its next request, and asks again on a new connection',
    end: [{ peer: 'stop_reading' }],
    limits: { observe: 60_000 },
  }),
  {
    id: 'tls/keepalive-trap',
    aliases: [],
    says: 'It keeps the connection after the first answer, and closes it without another just when the second request comes.',
    breaks: [],
    goodClient: 'asks again on a new connection where that does no harm, and says so where it might',
    keepAlive: 1,
    answered: [{ peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
  },
  {
    id: 'tls/zero-window-close',
    aliases: ['never-read'],
    says: 'It reads nothing after the handshake.',
    breaks: [...NO_ANSWER],
    goodClient: 'has a limit for writing as well, close_notify included',
    opened: [{ peer: 'stop_reading' }],
    answered: [],
    closing: [],
    gives: 'nothing',
  },
  {
    ...tickets({ times: 20 }),
    id: 'tls/tickets-before-close',
    aliases: [],
    says: 'It sends twenty session tickets (TLS 1.3) between the answer and its close_notify.',
    breaks: [],
    goodClient: 'reads them, or closes without leaving them unread in its socket',
  },
  {
    ...tickets({ times: 20, size: 8_000 }),
    id: 'tls/tickets-flood-before-close',
    aliases: ['tickets-flood'],
    says: 'It sends twenty session tickets of 8 kB each (TLS 1.3) between the answer and its close_notify.',
    breaks: [],
    goodClient: 'reads them, or closes without a reset that could take the end of the answer with it',
  },
  {
    id: 'tls/forget-session-on-unclean',
    aliases: [],
    says: 'It closes in good order, and resumes only sessions whose last connection the client closed with close_notify.',
    breaks: [],
    goodClient: 'sends close_notify each time, and so resumes',
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
    forgetful: true,
  },
];

/** The first requests are answered on a connection that stays; one that says nothing for a second comes to this end. */
function idle(entry: {
  id: string;
  says: string;
  breaks: readonly string[];
  goodClient: string;
  end: readonly ServeStep[];
  limits?: { observe: number };
}): Behaviour {
  const { end, limits, ...rest } = entry;
  return {
    ...rest,
    aliases: [],
    idle: end,
    keepAlive: MANY,
    answered: [{ peer: 'respond' }, { peer: 'shutdown' }, { peer: 'fin' }],
    closing: [{ peer: 'shutdown' }, { peer: 'fin' }],
    limits: { ...limits, idle: 1_000 },
  };
}

function tickets(which: { times: number; size?: number }): Pick<Behaviour, 'answered' | 'closing'> {
  const end: readonly ServeStep[] = [
    { peer: 'new_session_ticket', ...which },
    { peer: 'shutdown' },
    { peer: 'fin' },
  ];
  return { answered: [{ peer: 'respond' }, ...end], closing: end };
}
