import type { FrameNote, TimelineEvent, Who } from '../timeline/event.ts';
import { capPeerText } from './escape.ts';
import type { Span } from './layout.ts';
import { count, duration } from './verdict-text.ts';

type Of<K extends TimelineEvent['kind']> = Extract<TimelineEvent, { kind: K }>;
type Described = { side: Who | 'none'; spans: readonly Span[] };

/** What only QUIC has: packets and frames, its ways of ending, and what was said over its streams. */
export function describeQuic(event: TimelineEvent, verbose: boolean): Described | undefined {
  return (
    describeEnd(event, verbose) ??
    describeStreams(event, verbose) ??
    (verbose ? describeTransport(event) : undefined)
  );
}

/** "QUIC v1"; "QUIC 0xff00001d" for a version without a name of ours. */
export function quicVersionText(version: number): string {
  return `QUIC ${VERSIONS[version] ?? `0x${version.toString(16)}`}`;
}

function describeEnd(event: TimelineEvent, verbose: boolean): Described | undefined {
  switch (event.kind) {
    case 'close':
      return closeLine(event);
    case 'connection-state':
      return stateLine(event, verbose);
    case 'heard':
      return line(
        'peer',
        `datagram while ${event.state}, ${count(event.bytes, 'byte')}${packetsText(event.packets)}`,
        'warn',
      );
    case 'stateless-reset':
      return line(event.by, `stateless reset, ${count(event.bytes, 'byte')}`, 'bad');
    case 'idle-timeout':
      return line(
        'none',
        `idle timeout: nothing for ${duration(event.silentMs)} (ours ${limitText(event.localMs)}, theirs ${limitText(event.peerMs)})`,
        'bad',
      );
    case 'flush':
      return flushLine(event);
    case 'quic-version':
      return versionLine(event, verbose);
    case 'token':
      if (event.what === 'new-token' && !verbose) return undefined;
      return line(event.by, tokenText(event));
    case 'quic-key-update':
      return line(event.by, `key update: phase ${event.phase}, generation ${event.generation}`);
    case 'probe':
      if (event.count < 2 && !verbose) return undefined;
      return line(
        'none',
        `probe timeout ${event.count} in ${event.space}: nothing acknowledged for ${duration(event.waitedMs)}`,
        'warn',
      );
    default:
      return undefined;
  }
}

function describeStreams(event: TimelineEvent, verbose: boolean): Described | undefined {
  switch (event.kind) {
    case 'stream':
      if (!verbose && (event.what === 'opened' || event.what === 'fin')) return undefined;
      return line(event.by, streamText(event), event.what === 'reset' ? 'warn' : 'plain');
    case 'stream-data':
      // Control streams of HTTP/3 are unidirectional: what they say is told as such.
      if (!verbose && event.stream % 4 > 1) return undefined;
      return line(
        event.by,
        `stream ${event.stream}: ${count(event.bytes, 'byte')}${event.fin ? ', FIN' : ''}`,
      );
    case 'exchange':
      if (!verbose && (event.what === 'settings' || event.what === 'body')) return undefined;
      return line(
        event.by,
        `${capPeerText(event.alpn)} ${event.what === 'end' ? 'answer' : event.what}: ${capPeerText(event.detail)}`,
        event.what === 'error' || event.complete === false ? 'bad' : 'plain',
      );
    default:
      return undefined;
  }
}

function describeTransport(event: TimelineEvent): Described | undefined {
  switch (event.kind) {
    case 'packet':
      return line(event.by, packetText(event));
    case 'packet-lost':
      return line(
        'none',
        `${spaceText(event.space)} #${event.number} lost (${event.why}), ${count(event.bytes, 'byte')}`,
        'warn',
      );
    case 'rtt':
      return line(
        'none',
        `RTT ${duration(event.latestMs)}, smoothed ${duration(event.smoothedMs)} ± ${duration(event.variationMs)}, PTO ${duration(event.ptoMs)}`,
        'faint',
      );
    case 'transport-parameters':
      return line(event.by, `transport parameters: ${parametersText(event.parameters)}`);
    case 'keep-alive':
      return line('local', `keep-alive PING after ${duration(event.afterMs)} without a packet`);
    case 'connection-id':
      return line(event.by, `connection ID ${event.sequence} ${event.what}: ${event.id}`);
    default:
      return undefined;
  }
}

/** Always the frame type with the code: 0x100 means two things. */
function closeLine(event: Of<'close'>): Described {
  const { by, frameType, code, codeName, reason, reasonHex, reasonCut, space, packet, copy } = event;
  const hex = `0x${code.toString(16)}`;
  const named = codeName === hex ? '' : ` ${codeName}`;
  const said =
    reasonHex === undefined
      ? reason === ''
        ? ''
        : ` "${capPeerText(reason)}"`
      : ` reason 0x${reasonHex.slice(0, 64)}`;
  const wrong =
    event.errorFrame === undefined || event.errorFrame === 0n
      ? ''
      : ` for frame 0x${event.errorFrame.toString(16)}`;
  const cut =
    reasonCut === undefined || reasonCut === 0
      ? ''
      : `, ${count(reasonCut, 'byte')} of the reason did not fit`;
  const again =
    copy > 1
      ? `, copy ${copy}${event.sinceLastMs === undefined ? '' : ` after ${duration(event.sinceLastMs)}`}`
      : '';
  const different = copy > 1 && event.identical === false ? ', not the same' : '';
  return {
    side: by,
    spans: [
      { text: `CONNECTION_CLOSE 0x${frameType.toString(16)}` },
      { text: `${named} ${named === '' ? hex : `(${hex})`}`, tone: 'strong' },
      { text: `${said}${wrong} in ${spaceText(space)} #${packet}${again}${different}${cut}` },
    ],
  };
}

function stateLine(event: Of<'connection-state'>, verbose: boolean): Described | undefined {
  const { to, why, until, t, formula } = event;
  if (!verbose && !ENDINGS.has(to)) return undefined;
  const span = until === undefined ? '' : ` for ${duration(Math.max(0, until - t))}`;
  const how = formula === undefined ? '' : `, ${formula}`;
  return line('none', `${to}${span} (${capPeerText(why)}${how})`, 'faint');
}

function flushLine({ complete, written, acknowledged }: Of<'flush'>): Described | undefined {
  if (written === 0 && complete) return undefined;
  return complete
    ? line('none', `flushed: ${count(written, 'byte')} written and acknowledged`)
    : line('none', `not flushed: ${acknowledged} of ${count(written, 'byte')} acknowledged`, 'warn');
}

function versionLine(event: Of<'quic-version'>, verbose: boolean): Described | undefined {
  const { what, version, supported = [] } = event;
  switch (what) {
    case 'chosen':
      return verbose ? line('none', `${quicVersionText(version)} for the first packet`) : undefined;
    case 'changed':
      return line('peer', `version changed to ${quicVersionText(version)}`);
    case 'refused':
      return line(
        'peer',
        `Version Negotiation: ${quicVersionText(version)} refused, known there: ${supported.map(quicVersionText).join(', ') || 'none'}`,
        'bad',
      );
  }
}

function tokenText({ what, bytes, why }: Of<'token'>): string {
  const words = {
    retry: 'Retry',
    'new-token': 'token for a later connection',
    accepted: 'token taken',
    refused: 'token refused',
  };
  const size = bytes === 0 ? '' : `, ${count(bytes, 'byte')}`;
  return `${words[what]}${size}${why === undefined ? '' : ` (${capPeerText(why)})`}`;
}

function streamText({ what, stream, code, codeName, bytes }: Of<'stream'>): string {
  const said = code === undefined ? '' : ` ${codeName ?? ''} (0x${code.toString(16)})`.replace('  ', ' ');
  const size = bytes === undefined ? '' : `, ${count(bytes, 'byte')} in all`;
  return `stream ${stream} ${STREAM_WORDS[what]}${said}${size}`;
}

function packetText({ type, number, bytes, frames, keyPhase }: Of<'packet'>): string {
  const name = `${PACKETS[type] ?? type}${number === undefined ? '' : ` #${number}`}`;
  const phase = keyPhase === 1 ? ', key phase 1' : '';
  return `${name}, ${count(bytes, 'byte')}${phase}: ${frames.map(frameText).join(', ') || 'no frames'}`;
}

function frameText({ name, detail }: FrameNote): string {
  return detail === undefined || detail === '' ? name : `${name} ${capPeerText(detail)}`;
}

function packetsText(packets: readonly string[]): string {
  return packets.length === 0 ? '' : `: ${packets.map((type) => PACKETS[type] ?? type).join(', ')}`;
}

function spaceText(space: string): string {
  return SPACES[space] ?? space;
}

function parametersText(parameters: Of<'transport-parameters'>['parameters']): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${capPeerText(String(value), 64)}`)
    .join(', ');
}

function limitText(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? 'none' : duration(ms);
}

function line(side: Who | 'none', text: string, tone?: Span['tone']): Described {
  return { side, spans: [tone === undefined ? { text } : { text, tone }] };
}

const ENDINGS: ReadonlySet<string> = new Set(['closing', 'draining', 'terminated']);
const VERSIONS: Readonly<Record<number, string>> = { 1: 'v1', 1798521807: 'v2' };
const PACKETS: Readonly<Record<string, string>> = {
  initial: 'Initial',
  '0rtt': '0-RTT',
  handshake: 'Handshake',
  '1rtt': '1-RTT',
  retry: 'Retry',
  'version-negotiation': 'Version Negotiation',
};
const SPACES: Readonly<Record<string, string>> = {
  initial: 'Initial',
  handshake: 'Handshake',
  application: '1-RTT',
};
const STREAM_WORDS: Readonly<Record<Of<'stream'>['what'], string>> = {
  opened: 'opened',
  fin: 'concluded',
  reset: 'reset',
  'stop-sending': 'no longer wanted',
  blocked: 'blocked by flow control',
};
