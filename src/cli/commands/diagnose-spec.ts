import type { CommandSpec } from '../command.ts';
import { connectionOptions, optionGroup } from '../shared-options.ts';

const CHECKS = optionGroup('Checks', [
  ['--protocol <name>', "tls, dtls or quic; default: what the target's URL says (dtls://, quic://), or tls"],
  ['--list', 'the checks there are, what each asks and when it complains; no connection is made'],
  ['--check <names>', 'only these, separated by commas; slow and intrusive ones run when they are named'],
  ['--skip <names>', 'all but these'],
  ['--only-safe', 'only what an ordinary client may do too (default)'],
  ['--intrusive', 'also what may disturb the server: an upload that nobody asked for'],
  ['--strict', 'a broken MUST is a failure, whatever its effect'],
  ['--exchange <protocol>', 'how to ask for an answer: auto (default), http1 or none'],
]);

const RUNS = optionGroup('Runs', [
  ['--repeat <n>', 'make each check so many times, and tell how often it showed (default 3)'],
  ['--concurrency <n>', 'connections at a time (default 4)'],
  ['--budget <duration>', 'stop after so long; what was not asked by then is said (default 2m)'],
  ['--idle-limit <duration>', 'how long tls-idle-close waits for the peer (default 75s)'],
  ['--against <target>', 'ask another server the same, and show what the two differ in'],
  ['--baseline <file>', 'an earlier --json: fail only for what has become worse since'],
]);

const OUTPUT = optionGroup('Output', [
  ['--json', 'one JSON object'],
  ['-q, --quiet', 'the verdict alone'],
  ['-v, --verbose', 'every check, every event that proves it, every remedy'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected'],
]);

export const diagnoseSpec: CommandSpec = {
  name: 'diagnose',
  summary: 'ask a server of TLS, DTLS or QUIC how it closes, check by check, and grade the answers',
  arguments: '[target]',
  description:
    'Makes a few dozen connections to a server of TLS, DTLS or QUIC, closes each in another way, and grades what it does: who is to blame, by which ' +
    'clause, which events prove it, what its users will read, and what to change. The target is written as for tls-close, or is a ' +
    'dtls:// or quic:// URL. Only harmless requests are sent: GET /. Exit code 1: a check failed; 3: the server was not reached.',
  options: [
    ...CHECKS,
    ...connectionOptions(
      [
        ['--tls <versions>', 'versions to check: 1.2, 1.3 or both (default)'],
        [
          '--starttls <protocol>',
          'ask for TLS in the clear first: smtp, lmtp, imap, pop3, ftp, ldap, postgres, mysql, xmpp or nntp',
        ],
      ],
      ['connect', 'handshake', 'exchange', 'close', 'fin'],
    ),
    ...RUNS,
    ...OUTPUT,
  ],
  examples: [
    ['sslshut diagnose example.net', 'both versions, every safe check'],
    ['sslshut diagnose --check tls-peer-close,tls-close-reply example.net', 'two questions'],
    ['sslshut diagnose --starttls smtp mail.example.net', 'what needs no exchange, behind STARTTLS'],
    ['sslshut diagnose --json example.net >before.json', 'to compare with later'],
    ['sslshut diagnose --baseline before.json example.net', 'has anything become worse'],
    ['sslshut diagnose quic://example.net', 'QUIC, and HTTP/3 over it'],
    ['sslshut diagnose --list', 'the checks'],
  ],
};
