import type { Cause } from './cause.ts';

/** What every program says when the socket fails. */
export const ERRNO_CAUSES: readonly Cause[] = [
  {
    id: 'generic-econnreset',
    library: 'sockets',
    message: 'ECONNRESET',
    patterns: ['{b}ECONNRESET{b}', 'connection reset by peer'],
    code: '104 Linux / 54 BSD / 10054 Windows',
    protocols: ['TLS', 'DTLS'],
    happened:
      'A TCP RST arrived: an abortive close, data for a socket that was closed already, or a middlebox. What the peer had not yet sent is lost.',
    who: 'either',
    severity: 'data-loss',
    fix: 'Find out whether close_notify came first and whether the message was complete.',
    confirm: 'transport',
    refs: ['RFC 9293 §3.5.3', 'RFC 2525 §2.17', 'scylladb/seastar#2983'],
  },
  {
    id: 'generic-epipe',
    library: 'sockets',
    message: 'EPIPE',
    patterns: ['{b}EPIPE{b}', 'broken pipe'],
    code: '32',
    protocols: ['TLS', 'DTLS'],
    happened: 'Write on a connection whose peer already reset it (a second write after an RST).',
    who: 'either',
    severity: 'data-loss',
    fix: "Read first: the peer's last bytes or alert may explain it.",
    confirm: 'early-response',
    refs: ['RFC 9112 §9.5', 'canonical/lxd#14128'],
  },
];
