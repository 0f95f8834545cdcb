import {
  dtlsClose,
  type QuicCloseOptions,
  quicClose,
  type RunningServer,
  serve,
  type TlsCloseResult,
  tlsClose,
} from '../../index.ts';
import { fitRow, type Row } from '../../render/layout.ts';
import { toText } from '../../render/text.ts';
import { verdictTone } from '../../render/verdict-text.ts';
import type { TimelineEvent } from '../../timeline/event.ts';
import type { Command, Context } from '../command.ts';
import { remember } from '../command.ts';
import { type PageOptions, textOptions, toOutputOptions } from '../output.ts';
import { demoSpec } from './demo-spec.ts';

export const demoCommand: Command = { spec: demoSpec, run: runDemo };

async function runDemo(context: Context): Promise<number> {
  const { terminal } = context;
  const page = await textOptions(terminal, toOutputOptions(context.raw));
  const results: { peer: Peer; result: TlsCloseResult }[] = [];
  for (const peer of PEERS) {
    if (terminal.signal.aborted) break;
    const server = await serve({ protocol: peer.protocol, behaviour: peer.behaviour });
    try {
      const result = await close(context, server, peer);
      results.push({ peer, result });
      terminal.out(`${shown(peer, server, result, page).join('\n')}\n\n`);
    } finally {
      await server.close();
    }
  }
  terminal.out(`${summary(results, page).join('\n')}\n`);
  if (terminal.signal.aborted) return terminal.signal.reason === 'SIGTERM' ? 143 : 130;
  return results.every(({ peer, result }) => result.outcome.class === peer.ends) ? 0 : 1;
}

/** Verified, with the server's own certificate as the one to trust: nothing here needs --insecure. */
function close(context: Context, server: RunningServer, peer: Peer): Promise<TlsCloseResult> {
  const wishes = {
    target: { host: 'localhost', port: server.port },
    connectTo: server.host,
    ca: server.certificate,
    signal: context.terminal.signal,
    onEvent: (event: TimelineEvent) => remember(context, event),
  };
  switch (peer.protocol) {
    case 'tls':
      return tlsClose({ ...wishes, ...peer.options });
    case 'dtls':
      return dtlsClose({ ...wishes, ...peer.options });
    case 'quic':
      return quicClose({ ...wishes, ...peer.options });
  }
}

function shown(peer: Peer, server: RunningServer, result: TlsCloseResult, page: PageOptions): string[] {
  const title: Row = {
    body: [
      { text: `== ${peer.title}`, tone: 'strong' },
      { text: `  (${server.id})`, tone: 'faint' },
    ],
  };
  return [...fitRow(title, page), ...toText(result.events, page)];
}

function summary(results: readonly { peer: Peer; result: TlsCloseResult }[], page: PageOptions): string[] {
  const rows = results.map(({ peer, result }): Row => {
    const name = result.outcome.class;
    return {
      lead: [{ text: `  ${peer.title.padEnd(WIDEST)}  ` }],
      body: [{ text: name, tone: verdictTone(name, result.exitCode) }],
    };
  });
  const title: Row = {
    body: [{ text: `${PEERS.length} peers, and how each connection ended:`, tone: 'strong' }],
  };
  return [title, ...rows].flatMap((row) => fitRow(row, page));
}

type Peer = { behaviour: string; title: string; ends: string } & (
  | { protocol: 'tls' | 'dtls'; options?: { limits: { close: number } } }
  | { protocol: 'quic'; options?: Pick<QuicCloseOptions, 'mode' | 'idleTimeoutMs'> }
);

/** For the peers that never answer: long enough to be seen, short enough for a demo. */
const SOON = 400;

const PEERS: readonly Peer[] = [
  { protocol: 'tls', behaviour: 'well-behaved', title: 'a peer that closes cleanly', ends: 'clean' },
  { protocol: 'tls', behaviour: 'fin-no-close-notify', title: 'a peer that sends a bare FIN', ends: 'fin' },
  { protocol: 'tls', behaviour: 'rst-no-close-notify', title: 'a peer that resets', ends: 'reset' },
  {
    protocol: 'tls',
    behaviour: 'never-reply',
    title: 'a peer that stays silent',
    ends: 'silent',
    options: { limits: { close: SOON } },
  },
  { protocol: 'dtls', behaviour: 'well-behaved', title: 'a DTLS peer that closes cleanly', ends: 'clean' },
  {
    protocol: 'dtls',
    behaviour: 'never-reply',
    title: 'a DTLS peer that stays silent',
    ends: 'silent',
    options: { limits: { close: SOON } },
  },
  { protocol: 'quic', behaviour: 'well-behaved', title: 'a QUIC peer that goes quiet', ends: 'clean' },
  {
    protocol: 'quic',
    behaviour: 'closes-first',
    title: 'a QUIC peer that closes, and says why',
    ends: 'peer-closed',
    options: { mode: 'wait-peer' },
  },
  {
    protocol: 'quic',
    behaviour: 'stateless-reset',
    title: 'a QUIC peer that forgot the connection',
    ends: 'stateless-reset',
  },
  {
    protocol: 'quic',
    behaviour: 'silent-exit',
    title: 'a QUIC peer that vanishes',
    ends: 'idle-timeout',
    options: { mode: 'wait-peer', idleTimeoutMs: SOON },
  },
];
const WIDEST = Math.max(...PEERS.map(({ title }) => title.length));
