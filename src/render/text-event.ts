import type { TimelineEvent, Who } from '../timeline/event.ts';
import { messageName } from '../wire/handshake.ts';
import { capPeerText } from './escape.ts';
import type { Span } from './layout.ts';
import { describeDatagram, recordNumber } from './text-datagram.ts';
import { describeQuic } from './text-quic.ts';
import { count, duration } from './verdict-text.ts';

type CallEvent = Extract<TimelineEvent, { kind: 'call' }>;
type ReturnEvent = Extract<TimelineEvent, { kind: 'return' }>;
type Described = { side: Who | 'none'; spans: readonly Span[] };

/** One event for the timeline: which way it went, and what it was. Undefined: not shown at this verbosity. */
export function describeEvent(
  event: TimelineEvent,
  call: CallEvent | undefined,
  verbose: boolean,
): Described | undefined {
  return (
    describeTransport(event, verbose) ??
    describeTls(event, verbose) ??
    describeDatagram(event, verbose) ??
    describeQuic(event, verbose) ??
    describeRun(event, call, verbose)
  );
}

/** `SSL_shutdown() = -1  SSL_ERROR_SSL "unexpected eof while reading"  [SENT]` */
export function describeReturn(event: ReturnEvent, call: CallEvent | undefined, verbose: boolean): Span[] {
  const name: Span = { text: callText(event.fn, call, verbose), tone: 'strong' };
  if (event.blocked === true) {
    return [name, { text: ` had not returned after ${duration(event.ms)}`, tone: 'warn' }, flags(event)];
  }
  const spans: Span[] = [name, { text: ` = ${event.ret}`, tone: 'strong' }];
  const error = errorText(event, verbose);
  if (error !== '')
    spans.push({ text: `  ${error}`, tone: event.error === 'SSL_ERROR_SSL' ? 'bad' : 'plain' });
  spans.push(flags(event));
  if (event.ms >= 1) spans.push({ text: `  after ${duration(event.ms)}`, tone: 'faint' });
  return spans;
}

function describeTransport(event: TimelineEvent, verbose: boolean): Described | undefined {
  switch (event.kind) {
    case 'address.resolved':
      return verbose || event.addresses.length > 1
        ? line('none', `${event.host} is ${event.addresses.join(', ')}`)
        : undefined;
    case 'address.attempt':
      return verbose
        ? line('local', `${protocol(event)} connect to ${endpoint(event.address, event.port)}`)
        : undefined;
    case 'address.failed':
      return line(
        'none',
        `${protocol(event)} connect to ${endpoint(event.address, event.port)} failed: ${event.errno}`,
      );
    case 'transport.connected':
      return line(
        'none',
        `${protocol(event)} connected to ${event.remote}${verbose ? ` from ${event.local}` : ''}`,
      );
    case 'transport.unreachable':
      return line('none', `unreachable: ${event.errno}${because(event.detail)}`);
    case 'transport.fin':
      return line(event.by, `TCP FIN${unsure(event.certainty, 'it may have been a reset')}`);
    case 'transport.reset':
      return line(event.by, `TCP RST${unsure(event.certainty, 'seen indirectly')} ${event.errno}`.trimEnd());
    case 'transport.reset-after-fin':
      if (event.observed === 'yes') return line('peer', 'TCP RST after its FIN');
      return verbose ? line('none', `RST after the FIN: ${event.observed.replace('-', ' ')}`) : undefined;
    case 'transport.error':
      return line(event.by, `transport error ${event.errno}${because(event.detail)}`);
    case 'transport.blocked':
      return line('none', 'the transport takes no more bytes for now');
    case 'transport.bytes':
      return verbose && event.data !== undefined
        ? line(event.by, `${count(event.bytes, 'byte')} on the wire`)
        : undefined;
    case 'transport.plaintext':
      return event.what === undefined
        ? line(event.by, `plain text, ${count(event.bytes, 'byte')}: ${capPeerText(event.text)}`)
        : line(event.by, `in clear, ${count(event.bytes, 'byte')}: ${capPeerText(event.what)}`);
    case 'transport.tapped':
      return line(event.by, `interfered: ${event.rule} (${count(event.bytes, 'byte')})`);
    case 'transport.closed':
      return verbose ? line('local', 'socket closed') : undefined;
    default:
      return undefined;
  }
}

function describeTls(event: TimelineEvent, verbose: boolean): Described | undefined {
  switch (event.kind) {
    case 'handshake.message':
      return line(event.by, `${messageName(event.name)} (${event.level}, ${count(event.bytes, 'byte')})`);
    case 'change-cipher-spec':
      return verbose ? line(event.by, 'ChangeCipherSpec') : undefined;
    case 'handshake.completed':
      return line('none', `handshake complete${event.resumed ? ' (resumed)' : ''}`);
    case 'handshake.failed':
      return {
        side: 'none',
        spans: [{ text: `handshake failed: ${event.rule}: ${capPeerText(event.detail)}`, tone: 'bad' }],
      };
    case 'certificate':
      return verbose
        ? line(event.by, `certificate ${capPeerText(event.subject)}: ${event.verified}`)
        : undefined;
    case 'ticket':
      if (!verbose) return undefined;
      return line(
        event.by,
        `session ticket${event.afterOurClose ? ' after our close_notify' : ''}, ${event.lifetime} s`,
      );
    case 'session':
      return line('none', `session ${event.what.replace('-', ' ')}${because(event.why)}`);
    case 'key-update':
      return line(event.by, `KeyUpdate${event.requested ? ', asks for ours' : ''}`);
    case 'record':
      return verbose
        ? line(
            event.by,
            `record ${event.name}, ${count(event.bytes, 'byte')}${event.protected ? '' : ', in clear'}${numbered(event)}`,
          )
        : undefined;
    case 'alert':
      return alertLine(event, verbose);
    case 'data':
      return line(
        event.by,
        `data ${count(event.bytes, 'byte')}${event.afterClose ? ' after close_notify' : ''}`,
      );
    case 'fault':
      return {
        side: event.blame,
        spans: [{ text: `broke a rule: ${event.rule}: ${capPeerText(event.detail)}`, tone: 'bad' }],
      };
    case 'eof':
      return eofLine(event, verbose);
    case 'answer':
      return line(event.by, answerText(event));
    default:
      return undefined;
  }
}

/** "answer 200, 120 of 312 bytes, ends with the connection" */
function answerText(event: Extract<TimelineEvent, { kind: 'answer' }>): string {
  const size = event.expected === undefined ? `${event.bytes}` : `${event.bytes} of ${event.expected}`;
  const whole = event.complete
    ? ', whole'
    : event.framing === 'close'
      ? ', ends with the connection'
      : ', cut';
  return `answer ${event.status}, ${size} bytes${whole}`;
}

function describeRun(
  event: TimelineEvent,
  call: CallEvent | undefined,
  verbose: boolean,
): Described | undefined {
  switch (event.kind) {
    case 'call':
      return verbose ? line('none', `${callText(event.fn, event, true)} ...`) : undefined;
    case 'return':
      if (!verbose && event.fn === 'SSL_do_handshake' && event.ret === 1) return undefined;
      return { side: 'none', spans: describeReturn(event, call, verbose) };
    case 'phase':
      return verbose ? { side: 'none', spans: [{ text: `-- ${event.name} --`, tone: 'faint' }] } : undefined;
    case 'limit':
      return {
        side: 'none',
        spans: [{ text: `limit reached: ${duration(event.ms)} for ${event.phase}`, tone: 'warn' }],
      };
    case 'note':
      return { side: 'none', spans: [{ text: `note: ${capPeerText(event.text, 600)}`, tone: 'faint' }] };
    case 'interrupted':
      return { side: 'none', spans: [{ text: `interrupted by ${event.signal}`, tone: 'warn' }] };
    default:
      return undefined;
  }
}

function alertLine(event: Extract<TimelineEvent, { kind: 'alert' }>, verbose: boolean): Described {
  const closure = event.description === 0 && event.level === 1;
  const level = closure && !verbose ? '' : ` ${event.levelName}`;
  const number = verbose || !closure ? ` (${event.description})` : '';
  const clear = event.protected ? '' : ', in clear';
  const spans: Span[] = [
    { text: `alert${level} ` },
    { text: event.descriptionName, tone: closure ? 'strong' : 'bad' },
  ];
  if (number + clear !== '') spans.push({ text: number + clear });
  return { side: event.by, spans };
}

function eofLine(event: Extract<TimelineEvent, { kind: 'eof' }>, verbose: boolean): Described | undefined {
  const where =
    event.partialRecord > 0 ? ` inside a record (${count(event.partialRecord, 'byte')} of it came)` : '';
  if (event.verdict === 'clean')
    return verbose || where !== '' ? line('none', `end of stream after close_notify${where}`) : undefined;
  return { side: 'none', spans: [{ text: `end of stream without close_notify${where}`, tone: 'bad' }] };
}

function callText(fn: string, call: CallEvent | undefined, verbose: boolean): string {
  const args = Object.values((verbose && call?.args) || {}).map((value) => capPeerText(String(value), 60));
  const flags = call === undefined || call.flags.length === 0 ? [] : [call.flags.join('|')];
  return `${fn}(${[...flags, ...args].join(', ')})`;
}

function errorText(event: ReturnEvent, verbose: boolean): string {
  const { error, fn, ret } = event;
  if (error === 'SSL_ERROR_NONE') return '';
  // After SSL_shutdown() = 0, OpenSSL's SSL_get_error may say SYSCALL with errno 0: the manual says that it means nothing.
  if (ret === 0 && fn.startsWith('SSL_shutdown') && error === 'SSL_ERROR_SYSCALL' && !verbose) return '';
  const errno = event.errno === undefined ? '' : ` errno ${event.errno}`;
  const reasons = event.queue.filter((reason) => reason !== `errno ${event.errno}`);
  const queue =
    reasons.length === 0 ? '' : ` ${reasons.map((reason) => `"${capPeerText(reason)}"`).join(', ')}`;
  return `${error}${errno}${queue}`;
}

function flags(event: ReturnEvent): Span {
  return { text: event.shutdown.length === 0 ? '' : `  [${event.shutdown.join('|')}]` };
}

function line(side: Who | 'none', text: string): Described {
  return { side, spans: [{ text }] };
}

/** A UDP socket that is connected has an address and nothing more: nobody has answered. */
function protocol(event: { udp?: true }): string {
  return event.udp === true ? 'UDP socket' : 'TCP';
}

function numbered({ epoch, sequence }: { epoch?: number; sequence?: number }): string {
  const number = recordNumber(epoch, sequence);
  return number === '' ? '' : `, ${number}`;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function because(detail: string): string {
  return detail === '' ? '' : ` (${capPeerText(detail)})`;
}

function unsure(certainty: 'sure' | 'unknown', what: string): string {
  return certainty === 'sure' ? '' : ` (${what}: this system does not tell)`;
}
