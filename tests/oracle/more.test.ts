import { holdTo } from './many-cases.ts';

/** What is not imitated, each kind once. More than 3 % would be too many. */
const SKIPPED: Readonly<Record<string, string>> = {
  'w.tls13.lclose.sh': 'calls on a socket that the application closed under OpenSSL: EBADF of the descriptor',
  'w.tls13.pr.ccs.r':
    'OpenSSL ignores a bare change_cipher_spec after the handshake; RFC 9846 §5 wants an alert',
  'w.tls13.pr.ccs0.r': 'the same of another content: OpenSSL has words of its own for it',
  'x.tls13.f.kur':
    'a late KeyUpdate that fails in front of the write that carries it: the error queue stays empty',
  'z.tls12.hdr.23.17000': 'OpenSSL allows records of 2^14 + 320 bytes, RFC 5246 §6.2.3 of 2^14 + 2048',
  'z.tls12.hs.c.3.info': 'the session in the middle of a handshake',
  'z.tls12.hsmsg.big.r': 'OpenSSL looks at the type of a message before its size',
  'z.tls12.hsmsg.hdr.r': 'OpenSSL looks at the type of a message before its body has come',
  'z.tls12.hsmsg.hello.bw':
    'a HelloRequest behind a blocked write: renegotiation begins once that is written',
  'z.tls12.hsmsg.hello1.r': 'a HelloRequest with a body has a reason of its own',
  'z.tls12.len.16385.raw': 'a plaintext too long has a reason of its own',
  'z.tls12.type.0.0-.after':
    'a record of type 0 is the one that SSL_shutdown asks OpenSSL’s record layer for',
  'z.tls13.hs.s.0.lfin': 'SSL_state_string_long after a flight that could not be sent',
  'z.tls13.hs.s.tickets1': 'sessions as a server sees them',
  'z.tls13.hsmsg.hdr.after': 'half a message after the handshake takes OpenSSL back into it',
  'z.tls13.hsmsg.ku.r': 'a KeyUpdate without a body has a reason of its own',
  'z.tls13.hsmsg.nst0.splitclose':
    'an alert inside a handshake message is told: it says more than the fault does',
};

holdTo('more.ndjson', ['tls1.2', 'tls1.3'], SKIPPED);
