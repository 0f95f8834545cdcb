import { fitRow, plainStyle, type Row } from '../render/layout.ts';

/** `sslshut --help`, in ASCII. Written out here, so that showing it loads no command. */
export function overview(width: number): string {
  const page = { width, style: plainStyle, unicode: false };
  const rows: Row[] = [
    line('Usage: sslshut <command> [options]'),
    line(''),
    line(
      'Shows how TLS, DTLS and QUIC connections end: who sent close_notify or CONNECTION_CLOSE, who answered, and what the socket did.',
    ),
    line(''),
    line('Commands:'),
    ...entries(COMMANDS, 22),
    line(''),
    line('Examples:'),
    line('  sslshut tls-close example.net'),
    line('  sslshut tls-close --json --repeat 20 example.net:993'),
    line('  sslshut quic-close --rapid --code H3_NO_ERROR --reason bye example.net'),
    line('  sslshut serve tls --behaviour rst-no-close-notify'),
    line("  sslshut explain 'unexpected eof while reading'"),
    line('  sslshut demo'),
    line(''),
    line('Exit codes:'),
    ...entries(EXIT_CODES, 8),
    line(''),
    line('sslshut <command> --help shows the options of a command; man sslshut has it all.'),
  ];
  return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
}

function line(text: string): Row {
  return { body: [{ text }], indent: 0 };
}

function entries(table: readonly (readonly [string, string])[], column: number): Row[] {
  return table.map(([name, text]) => ({ lead: [{ text: `  ${name}`.padEnd(column) }], body: [{ text }] }));
}

const COMMANDS = [
  ['tls-close <target>', 'connect, close, and say how the connection ended'],
  ['dtls-close <target>', 'the same for DTLS, over UDP'],
  ['quic-close <target>', 'the same for QUIC, with a code and a reason'],
  ['diagnose <target>', 'ask a TLS server how it closes, check by check, and grade it'],
  ['serve <protocol>', 'a TLS, DTLS or QUIC server that closes well or badly, for testing clients'],
  ['run <file...>', 'play scenarios step by step and compare'],
  ['demo', 'ten peers, and how each ends'],
  ['explain <message>', 'what an error message or a code says, and how to see it'],
  ['help [command]', 'this text, or the options of a command'],
] as const;

const EXIT_CODES = [
  ['0', 'clean, late or not observed'],
  ['1', 'closed badly, or a finding at --fail-on'],
  ['2', 'a usage error, or a file that cannot be read'],
  ['3', 'the shutdown was never reached'],
  ['70', 'a bug of ours'],
  ['130', 'Ctrl-C (143: SIGTERM); what was seen so far is shown'],
] as const;
