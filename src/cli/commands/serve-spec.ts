import type { CommandSpec, OptionSpec } from '../command.ts';

const BEHAVIOUR: readonly OptionSpec[] = [
  ['-b, --behaviour <name>', 'how connections are closed (default: well-behaved); --list shows the names'],
  ['--misbehave <name>', 'the same as --behaviour'],
  [
    '--exchange <what>',
    '"http" answers a request, "h2" too and asks for HTTP/2 (serve tls), "echo" sends back, "silent"; "auto" (default) looks at what comes, or at the ALPN',
  ],
  ['--framing <how>', 'serve tls: how an HTTP answer says where it ends: length, chunked or close'],
  ['--alert <alert>', 'which alert fatal-alert sends: 48, unknown_ca, warning:user_canceled'],
  ['--all', 'every behaviour, each on a port of its own; without a protocol, of all three'],
  ['--by-name', 'serve tls: every behaviour on one port; the server name NAME.localhost chooses'],
  ['--list', 'show the behaviours, of all protocols if none is named, and end'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Behaviour' }));

const SERVER: readonly OptionSpec[] = [
  ['-p, --port <n>', 'port to listen on (default: a free one)'],
  ['--host <address>', 'address to listen on (default: 127.0.0.1)'],
  ['--count <n>', 'end after so many connections (with --all: each server)'],
  ['--for <duration>', 'end after so long'],
  ['--tls <versions>', 'versions to accept: 1.2, 1.3 or both (default)'],
  ['--dtls <versions>', 'the same for serve dtls'],
  ['--cert <file>', 'certificate chain, PEM (default: made on the spot, for localhost)'],
  ['--key <file>', 'its private key, PEM (default: in the certificate file)'],
  ['--psk <hex>', 'serve dtls: a pre-shared key; there is no certificate then, unless --cert names one'],
  ['--psk-identity <text>', 'the name of that key (default: Client_identity)'],
  ['--retry', 'serve quic: every client has to prove its address first (Retry)'],
  ['--cid', 'serve dtls: agree on connection IDs with clients that ask for them (RFC 9146)'],
  ['--crypto <provider>', 'auto (default), noble or native'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Server' }));

const EXEC: readonly OptionSpec[] = [
  [
    '--exec <command>',
    'run a client with the shell, grade it, and end; {port}, {host}, {name} (NAME.localhost) and {ca} (a file) are filled in',
  ],
  ['--exec-timeout <duration>', 'stop it after so long (default: 30s)'],
  ['--fail-on <grade>', 'exit with 1 from this grade on: info, warn or fail (default)'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'A client' }));

const OUTPUT: readonly OptionSpec[] = [
  ['--json', 'one JSON object per line: where it listens, then each connection, or each run of --exec'],
  ['--keylog <file>', 'append the secrets for Wireshark (also: SSLKEYLOGFILE)'],
  ['-v, --verbose', 'the timeline of each connection'],
  ['--color <when>', 'auto (default), always or never; NO_COLOR is respected'],
].map(([flags = '', text = '']) => ({ flags, text, group: 'Output' }));

export const serveSpec: CommandSpec = {
  name: 'serve',
  summary: 'a server that closes its connections well or badly, for testing clients',
  arguments: '[protocol]',
  description:
    'Serves TLS, DTLS or QUIC with a certificate of its own, closes each connection in one chosen way, right or wrong, and ' +
    'says for each connection what the client did. The protocol is tls, dtls or quic.',
  options: [...BEHAVIOUR, ...EXEC, ...SERVER, ...OUTPUT],
  examples: [
    ['sslshut serve tls', 'does everything right, on a free port'],
    ['sslshut serve tls -b fin-no-close-notify -p 8443', 'ends every answer with a bare FIN'],
    ['sslshut serve tls -b never-reply --exchange echo --count 1', 'never answers close_notify'],
    ['sslshut serve dtls -b never-reply -p 4433', 'DTLS that never answers close_notify'],
    ['sslshut serve dtls --psk 1a2b3c4d --psk-identity sensor --cid', 'for the clients of the IoT'],
    ['sslshut serve quic -b closes-first', 'HTTP/3 that closes when its answer has left'],
    ['sslshut serve quic -b close-lost:5 --retry', 'loses its first five CONNECTION_CLOSE'],
    ['sslshut serve tls --by-name -p 8443', 'curl -k https://fin-mid-body.localhost:8443/'],
    ["sslshut serve tls --all --exec 'curl -sS --cacert {ca} https://localhost:{port}/'", 'grades curl'],
    ['sslshut serve tls --list', 'the ways of closing it knows'],
  ],
};
