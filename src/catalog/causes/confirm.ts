const ASKED = String.raw`--wait-peer -v --send 'GET / HTTP/1.0\r\n\r\n'`;
/** A request whose body nobody wants, as a shell makes it. */
const UPLOAD = String.raw`(printf 'POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000000\r\n\r\n'; head -c 1000000 /dev/zero)`;
const REPLY = 'class fin, reset or silent: our close_notify is not answered; clean: it is';
const IDLE = 'who ends an idle connection, when, and whether close_notify comes before FIN';
const LEAVES = "the same line in the server's log: it is what a client's bare FIN looks like there";
const RESUMED = 'resumption: is a session accepted again after a close without close_notify';

/** A command that shows whether it is so, and what to look for in what it prints; `diagnose`: the one that grades it, where there is a check for it. */
export type Confirm = { command: string; look: string; diagnose?: string };

export type ConfirmName = keyof typeof CONFIRM;

/** HOST:PORT is the peer in question. Written as a shell wants it; a test parses every one of them. */
export const CONFIRM = {
  // Of a TLS server, asked by us.
  'peer-close': tls(
    String.raw`--wait-peer --send 'GET / HTTP/1.0\r\n\r\n'`,
    'class fin: the server ends its answer without close_notify; clean: it does not',
  ),
  transport: tls(
    String.raw`--send 'GET / HTTP/1.0\r\n\r\n' --read-until eof --linger 1s`,
    'class reset: RST without close_notify; reset-after-close: RST, but nothing is lost',
  ),
  reply: tls('', REPLY),
  latency: tls('--repeat 5', 'class late or silent: how long the answer to our close_notify takes'),
  'half-close': tls(
    String.raw`--half-close --send 'GET / HTTP/1.0\r\n\r\n'`,
    'bytes received: does the answer still come after our close_notify',
  ),
  'keep-alive': tls(
    String.raw`--send 'GET / HTTP/1.1\r\nHost: HOST\r\n\r\n' --read-until idle --wait-peer --timeout close=2m`,
    "the time of the peer's FIN: an idle connection must leave the client's pool before that",
  ),
  idle: tls('--wait-peer --timeout close=2m', IDLE),
  'early-response': {
    command: `${UPLOAD} | ${line('tls-close', '--send @- --read-until eof', 'HOST:PORT')}`,
    look: 'class reset, or a TCP RST after its FIN: the server closes over what it has not read',
  },
  'client-leaves': tls('--abrupt fin --linger 1s', LEAVES),
  'leave-at-once': tls(
    '--rapid',
    "what the server's log says of a client that does not wait for its tickets",
  ),
  'write-after': tls('--write-after-close', 'what the peer does with a record after our close_notify'),
  'alert-level': tls(ASKED, 'the level beside close_notify in the timeline: warning is right, fatal is not'),
  'user-canceled': tls(ASKED, 'an alert user_canceled before close_notify'),
  resume: tls('--abrupt fin --resume', RESUMED),
  'leave-and-resume': tls(
    '--rapid --resume',
    'resumption: is a session accepted again after a fast shutdown',
  ),
  'tcp-release': tls(
    '--linger 2s',
    'class reset-after-close or held-open: who lets go of the TCP connection, and how',
  ),
  handshake: tls('-v', 'class handshake-failed: how far it came, who gave up, and with which alert'),
  'implicit-tls': tls(
    '',
    'on the port where TLS begins at once; for one that begins in the clear add --starttls',
  ),

  // The same behind STARTTLS.
  'idle-postgres': tls('--starttls postgres --wait-peer --timeout close=2m', IDLE),
  'idle-mysql': tls('--starttls mysql --wait-peer --timeout close=2m', IDLE),
  'idle-ldap': tls('--starttls ldap --wait-peer --timeout close=2m', IDLE),
  'idle-imap': tls('--starttls imap --wait-peer --timeout close=2m', IDLE),
  'reply-ftp': tls('--starttls ftp', REPLY),
  'reply-mysql': tls('--starttls mysql', REPLY),
  'resume-ftp': tls('--starttls ftp --abrupt fin --resume', RESUMED),
  'leaves-ftp': tls('--starttls ftp --abrupt fin --linger 1s', LEAVES),
  'leaves-smtp': tls('--starttls smtp --abrupt fin --linger 1s', LEAVES),
  'leaves-mysql': tls('--starttls mysql --abrupt fin --linger 1s', LEAVES),

  'h2-idle': tls(
    '--alpn h2 --wait-peer --timeout close=2m',
    'when the server ends an idle connection, and whether close_notify comes before FIN',
  ),

  // Of a client, or of a program of one's own, shown by a server of ours.
  'watch-client': serve('-v', 'how far its handshake comes, and how it leaves: close_notify, FIN or RST'),
  'serve-fin': serve('--behaviour fin-no-close-notify', 'the same message: it comes from a bare FIN'),
  'serve-rst': serve('--behaviour rst-no-close-notify', 'the same message: it comes from a reset'),
  'serve-rst-after': serve(
    '--behaviour rst-after-close-notify',
    'the same message: close_notify, then a reset',
  ),
  'serve-mid-record': serve('--behaviour fin-mid-record', 'the same message: FIN inside a record'),
  'serve-mid-body': serve('--behaviour fin-mid-body', 'the same message: a body that ends too early'),
  'serve-hold': serve('--behaviour reply-then-hold', 'does it write after close_notify'),
  'serve-fatal-alert': serve('--behaviour fatal-alert', 'the same message, or the alert that it hides'),
  'serve-zero-window': serve('--behaviour zero-window-close', 'the same message: nobody reads what it sends'),
  'serve-plaintext': serve(
    '--behaviour plaintext-after-close',
    'what it makes of clear text after the TLS close',
  ),
  'serve-fin-handshake': serve(
    '--behaviour fin-during-handshake',
    'does it call SSL_shutdown on a handshake that was never completed',
  ),
  'serve-close-handshake': serve(
    '--behaviour close-notify-during-handshake',
    'what it makes of close_notify where a handshake message is due',
  ),
  'serve-user-canceled': serve('--behaviour user-canceled-only', 'what it makes of user_canceled alone'),

  // DTLS.
  'dtls-reply': dtls(
    '--retry-close 2',
    'class silent: close_notify is not answered, even when it is repeated',
  ),
  'dtls-alive': dtls('--send hello', 'class alive-after-close: the peer did not drop the association'),
  'dtls-vanish': dtls(
    '--vanish',
    'then connect again from the same port: does the server take the new ClientHello',
  ),
  'serve-dtls': serveDtls('-v', 'what it does once close_notify has come'),
  'serve-dtls-mute': serveDtls(
    '--behaviour never-reply',
    'how long it waits for an answer to its close_notify',
  ),
  'serve-dtls-forged': serveDtls('--behaviour forged-close', 'does it believe an alert in clear text'),
  'serve-dtls-reordered': serveDtls(
    '--behaviour close-reordered',
    'what it does with data that is overtaken by close_notify',
  ),

  // QUIC.
  'quic-close': quic('', 'class unreachable, handshake-failed or clean: who is there, and does a close work'),
  'quic-wait': quic(
    '--wait-peer --timeout close=60s',
    "the peer's CONNECTION_CLOSE: frame type, code and reason; class idle-timeout: there was none",
  ),
  'quic-drain': quic('--linger 2s', 'what comes after the close: does the peer go quiet, as it must'),
  'quic-rapid': quic('--rapid --linger 2s', 'what a peer does when CONNECTION_CLOSE is all that it hears'),
  'quic-flush': quic('--no-stream-flush', 'what is lost when the close does not wait for acknowledgements'),
  'quic-restart': quic(
    '--wait-peer --keep-alive 5s --timeout close=60s',
    'restart the server meanwhile: class stateless-reset, or idle-timeout when it sends none',
  ),
  'quic-handshake': quic('-v', 'class handshake-failed: how far it came, and the code that ended it'),
  'quic-handshake-close': quic(
    '--close-in handshake -v',
    'a close before the handshake is over: what is sent at which level, and does it arrive',
  ),
  'quic-stream': quic(
    '--reset-stream H3_REQUEST_CANCELLED -v',
    'RESET_STREAM and STOP_SENDING, both ways, and that the connection lives on',
  ),
  'watch-quic-client': serveQuic(
    '-v',
    'what it sends, and how it leaves: CONNECTION_CLOSE with which code, or nothing',
  ),
  'serve-quic-reset': serveQuic('--behaviour reset-streams-first', 'the same message: its streams are reset'),
  'serve-quic-closes-first': serveQuic(
    '--behaviour closes-first',
    'does it take a whole answer and H3_NO_ERROR for an error',
  ),
} as const satisfies Readonly<Record<string, Confirm>>;

/** How to confirm it, by name. */
export function confirmation(name: ConfirmName): Confirm {
  const check = CHECKS[name];
  return {
    ...CONFIRM[name],
    ...(check === undefined ? {} : { diagnose: line('diagnose', '--check', check, 'HOST:PORT') }),
  };
}

function tls(options: string, look: string): Confirm {
  return { command: line('tls-close', options, 'HOST:PORT'), look };
}

function dtls(options: string, look: string): Confirm {
  return { command: line('dtls-close', options, 'HOST:PORT'), look };
}

function quic(options: string, look: string): Confirm {
  return { command: line('quic-close', options, 'HOST:PORT'), look };
}

function serve(options: string, look: string): Confirm {
  return { command: line('serve tls', options), look: `point the program at it: ${look}` };
}

function serveDtls(options: string, look: string): Confirm {
  return { command: line('serve dtls', options), look: `point the program at it: ${look}` };
}

function serveQuic(options: string, look: string): Confirm {
  return { command: line('serve quic', options), look: `point the program at it: ${look}` };
}

function line(...words: readonly string[]): string {
  return ['sslshut', ...words].filter((word) => word !== '').join(' ');
}

/** The check of `diagnose` that asks the same. */
const CHECKS: Readonly<Partial<Record<ConfirmName, string>>> = {
  'peer-close': 'tls-peer-close',
  transport: 'tls-peer-close-transport',
  reply: 'tls-close-reply',
  latency: 'tls-close-latency',
  'half-close': 'tls-half-close',
  'keep-alive': 'tls-keepalive-race',
  idle: 'tls-idle-close',
  'client-leaves': 'tls-fin-only',
  'leave-at-once': 'tls-tickets',
  'alert-level': 'tls-alert-level',
  'user-canceled': 'tls-user-canceled',
  resume: 'tls-resume-unclean',
  'leave-and-resume': 'tls-resume-unclean',
  'tcp-release': 'tls-tcp-release',
  'early-response': 'tls-early-response',
};
