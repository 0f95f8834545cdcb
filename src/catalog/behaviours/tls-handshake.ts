import type { HandshakeMoment, ServeStep } from '../../driver/serve/plan.ts';
import type { Behaviour } from '../behaviour.ts';

const ALERT_BEFORE_CLOSE = ['tls13-6.2-send-alert-on-error', 'tls12-7.2.2-alert-before-close'] as const;
/** In the clear: before there are keys, and where none of those in place fits. */
const BARE_CLOSE_NOTIFY: ServeStep = {
  peer: 'partial_record',
  type: 21,
  size: 2,
  hex: Uint8Array.of(1, 0),
};

/** The ways in which a connection ends before it has begun. */
export const TLS_HANDSHAKE_BEHAVIOURS: readonly Behaviour[] = [
  breaking({
    id: 'tls/fin-during-handshake',
    says: 'It answers the ClientHello with FIN.',
    breaks: [...ALERT_BEFORE_CLOSE],
    goodClient: 'says that the server closed the connection during the handshake',
    at: 'client-hello',
    steps: [{ peer: 'fin' }],
  }),
  breaking({
    id: 'tls/fin-before-finished',
    says: 'It ends the handshake with FIN when only its Finished is missing.',
    breaks: [...ALERT_BEFORE_CLOSE],
    goodClient: 'says that the server closed the connection during the handshake',
    at: 'finished',
    steps: [{ peer: 'fin' }],
  }),
  breaking({
    id: 'tls/rst-during-handshake',
    says: 'It answers the ClientHello with a reset.',
    breaks: [...ALERT_BEFORE_CLOSE],
    goodClient: 'says that the connection was reset during the handshake',
    at: 'client-hello',
    steps: [{ peer: 'rst' }],
  }),
  breaking({
    id: 'tls/rst-before-finished',
    says: 'It resets the connection when only its Finished is missing.',
    breaks: [...ALERT_BEFORE_CLOSE],
    goodClient: 'says that the connection was reset during the handshake',
    at: 'finished',
    steps: [{ peer: 'rst' }],
  }),
  breaking({
    id: 'tls/stall-handshake',
    says: 'It takes the ClientHello, and says nothing for a minute.',
    breaks: [],
    goodClient: 'has a limit for the handshake, and says that it ran out',
    at: 'client-hello',
    steps: [],
    limits: { observe: 60_000 },
  }),
  breaking({
    id: 'tls/stall-before-finished',
    says: 'It shakes hands up to its Finished, and then says nothing for a minute.',
    breaks: [],
    goodClient: 'has a limit for the handshake, and says that it ran out',
    at: 'finished',
    steps: [],
    limits: { observe: 60_000 },
  }),
  breaking({
    id: 'tls/close-notify-during-handshake',
    says: 'It answers the ClientHello with close_notify.',
    breaks: ['tls13-6.1-cancel-after-handshake', 'tls12-7.2.2-user-cancel-after-handshake'],
    goodClient: 'says that the server closed the connection during the handshake',
    at: 'client-hello',
    steps: [BARE_CLOSE_NOTIFY, { peer: 'fin' }],
  }),
  breaking({
    id: 'tls/close-notify-before-finished',
    says: 'It sends close_notify in clear text instead of its Finished.',
    breaks: ['tls13-6-alerts-encrypted', 'tls12-7.2.2-user-cancel-after-handshake'],
    goodClient: 'fails the handshake',
    at: 'finished',
    steps: [BARE_CLOSE_NOTIFY, { peer: 'fin' }],
  }),
  breaking({
    id: 'tls/plaintext-instead-of-hello',
    aliases: ['plain-http'],
    says: 'It answers the ClientHello with an HTTP error in clear text, as a port without TLS does.',
    breaks: ['tls13-5-unexpected-record-type', 'tls12-6-unexpected-record-type'],
    goodClient: 'says that this is no TLS, and shows none of it as an answer',
    at: 'client-hello',
    steps: [
      {
        peer: 'plaintext',
        text: 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      },
      { peer: 'fin' },
    ],
  }),
];

function breaking(entry: {
  id: string;
  aliases?: readonly string[];
  says: string;
  breaks: readonly string[];
  goodClient: string;
  at: HandshakeMoment;
  steps: readonly ServeStep[];
  limits?: { observe: number };
}): Behaviour {
  const { at, steps, aliases = [], ...rest } = entry;
  return { ...rest, aliases, shaking: { at, steps }, answered: [], closing: [], gives: 'nothing' };
}
