import type { Served } from '../../catalog/behaviours/find.ts';
import type { ClientGrade } from '../../catalog/client-grade.ts';
import type { RunningServer, ServedClient, ServedRun } from '../../index.ts';
import { escapeJson } from '../../render/escape.ts';
import { toJson, toPlain } from '../../render/json.ts';
import { fitRow, type Span, type Tone } from '../../render/layout.ts';
import { toText } from '../../render/text.ts';
import type { OutputOptions, PageOptions } from '../output.ts';

/** Where it listens, how to get there, and what will happen. The commands can be pasted. */
export function greeting(
  protocol: Served,
  server: Pick<RunningServer, 'id' | 'says' | 'host' | 'port' | 'selfSigned' | 'certificate'>,
  page: PageOptions,
): string {
  const { id, says, host, port, selfSigned, certificate } = server;
  // The key is not repeated: what a server prints ends up in logs.
  const [psk = '', opensslPsk = ''] = certificate === '' ? [' --psk HEX', ' -psk HEX'] : [];
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const name = WILDCARDS.includes(host) ? 'localhost' : host;
  const rows = [
    { body: [{ text: id, tone: 'strong' as const }, { text: ` on ${at}: ${says}` }], indent: 2 },
    ...[
      `sslshut ${protocol}-close${selfSigned ? ' --insecure' : ''}${psk} ${name}:${port}`,
      ...(id === protocol
        ? [`curl -v${selfSigned ? 'k' : ''} --resolve ${NAMED}:${port}:${host} https://${NAMED}:${port}/`]
        : otherClients(protocol, `${name}:${port}`, selfSigned, opensslPsk)),
    ].map((line) => ({
      body: [{ text: line, tone: 'faint' as const, whole: true as const }],
      lead: [{ text: '  ' }],
    })),
  ];
  return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
}

/** One port each: port, behaviour, what it does. */
export function table(servers: readonly RunningServer[], page: PageOptions): string {
  const width = Math.max(...servers.map(({ id }) => id.length));
  const lines = servers.flatMap(({ id, says, port }) =>
    fitRow(
      {
        lead: [
          { text: `${String(port).padStart(5)}  ` },
          { text: `${id.padEnd(width)}  `, tone: 'strong' as const },
        ],
        body: [{ text: says }],
      },
      page,
    ),
  );
  return `${lines.join('\n')}\n`;
}

function otherClients(protocol: Served, at: string, selfSigned: boolean, psk: string): string[] {
  const k = selfSigned ? 'k' : '';
  switch (protocol) {
    case 'tls':
      return [`curl -v${k} https://${at}/`, `openssl s_client -connect ${at}`];
    case 'dtls':
      return [`openssl s_client -dtls1_2${psk} -connect ${at}`];
    case 'quic':
      return [`curl -v${k} --http3-only https://${at}/`, `openssl s_client -quic -alpn h3 -connect ${at}`];
  }
}

/** What one client did. `named`: it is said which behaviour it met. */
export function clientText(
  client: ServedClient,
  output: OutputOptions,
  page: PageOptions,
  named: boolean,
): string {
  const { behaviour, conn, remote, text, facts, grade, events } = client;
  if (output.format === 'json') {
    const timeline = output.verbose ? { timeline: events.flatMap((event) => toPlain(event) ?? []) } : {};
    const told = { event: 'connection', behaviour, conn, remote, text, facts, grade, ...timeline };
    return escapeJson(toJson(told, { indent: 0 }));
  }
  const who = named ? `${behaviour} ${conn}` : conn;
  const body = [{ text: who, tone: 'strong' as const }, { text: ` ${remote}: ${text} ` }, ...graded(grade)];
  const lines = fitRow({ body, indent: 2 }, page);
  return `${[...lines, ...(output.verbose ? ['', ...toText(events, page), ''] : [])].join('\n')}\n`;
}

/** What a program made of one behaviour, in a row of a table whose names are that wide. */
export function runText(run: ServedRun, output: OutputOptions, page: PageOptions, width: number): string {
  const { behaviour, says, command, exit, clients, grade } = run;
  if (output.format === 'json') {
    const seen = clients.map(({ conn, remote, text, facts, grade: own, events }) => {
      const timeline = output.verbose ? { timeline: events.flatMap((event) => toPlain(event) ?? []) } : {};
      return { conn, remote, text, facts, grade: own, ...timeline };
    });
    const told = { event: 'run', behaviour, says, command, exit, grade, connections: seen };
    return escapeJson(toJson(told, { indent: 0 }));
  }
  const lead: Span[] = [
    { text: `${grade.grade.padEnd(4)}  `, tone: TONES[grade.grade] },
    { text: `${behaviour.padEnd(width)}  `, tone: 'strong' },
  ];
  const clause = grade.clause === undefined || grade.grade === 'pass' ? '' : ` [${grade.clause}]`;
  const lines = fitRow({ lead, body: [{ text: `${grade.text}${clause}` }] }, page);
  if (output.verbose) {
    for (const client of clients) lines.push(...toText(client.events, page));
    for (const line of `${exit.stdout}${exit.stderr}`.split('\n').filter((one) => one !== '')) {
      lines.push(...fitRow({ lead: [{ text: '      | ' }], body: [{ text: line, tone: 'faint' }] }, page));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** "[warn: reset the connection, RFC 9112 §9.8]" */
function graded({ grade, text, clause }: ClientGrade): Span[] {
  const more = clause === undefined || grade === 'pass' ? '' : `, ${clause}`;
  return [{ text: '[' }, { text: grade, tone: TONES[grade] }, { text: `: ${text}${more}]` }];
}

const TONES: Readonly<Record<ClientGrade['grade'], Tone>> = {
  pass: 'good',
  info: 'plain',
  warn: 'warn',
  fail: 'bad',
};
const WILDCARDS = ['127.0.0.1', '::1', '0.0.0.0', '::'];
const NAMED = 'fin-mid-body.localhost';
