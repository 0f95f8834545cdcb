import { describe, expect, it } from 'vitest';
import { toText } from '../../src/render/text.ts';
import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';

function lines(verbose: boolean, ...facts: Fact[]): string {
  const events = facts.map((fact, seq): TimelineEvent => ({ seq, t: seq, conn: 'local', ...fact }));
  return toText(events, { width: 200, verbose, unicode: true }).join('\n');
}

const dropped = (reason: Extract<Fact, { kind: 'dropped' }>['reason'], detail = ''): Fact => ({
  kind: 'dropped',
  by: 'peer',
  reason,
  bytes: 15,
  detail,
  epoch: 0,
  sequence: 7,
  type: 21,
});

describe('datagrams in text', () => {
  it('shows what was sent again, and why', () => {
    const ours: Fact = {
      kind: 'retransmission',
      by: 'local',
      why: 'timeout',
      messages: ['client_hello'],
      attempt: 2,
      waitedMs: 2000,
    };
    expect(lines(false, ours)).toContain('→ retransmission 2, no answer within 2 s: ClientHello');
    const theirs: Fact = { ...ours, by: 'peer', why: 'peer-repeats', messages: ['server_hello'] };
    expect(lines(false, theirs)).toContain('← repeated: ServerHello');
  });

  it('shows what was thrown away, with its number and escaped detail', () => {
    expect(lines(false, dropped('unprotected', 'a\u001bb'))).toContain(
      '← dropped alert epoch 0 #7, 15 bytes, in the clear although there are keys: a\\x1bb',
    );
  });

  it('shows that replies follow a peer to another address', () => {
    const path: Fact = { kind: 'path', by: 'peer', what: 'migrated', detail: 'now at 192.0.2.1:9' };
    expect(lines(false, path)).toContain('← path migrated: now at 192.0.2.1:9');
  });

  it('keeps copies, flights, ACKs and record numbers for --verbose', () => {
    const facts: Fact[] = [
      dropped('replayed'),
      { kind: 'flight', by: 'local', messages: ['client_hello'], bytes: 300, datagrams: 2 },
      { kind: 'ack', by: 'peer', records: [{ epoch: 2, sequence: 0 }] },
      {
        kind: 'record',
        by: 'peer',
        type: 21,
        name: 'alert',
        bytes: 2,
        protected: true,
        epoch: 1,
        sequence: 3,
      },
    ];
    expect(lines(false, ...facts)).toBe('');
    const text = lines(true, ...facts);
    expect(text).toContain('came before');
    expect(text).toContain('→ flight of 300 bytes in 2 datagrams: ClientHello');
    expect(text).toContain('← ACK of epoch 2 #0');
    expect(text).toContain('record alert, 2 bytes, epoch 1 #3');
  });

  it('does not call a UDP socket TCP', () => {
    const connected: Fact = { kind: 'transport.connected', remote: '192.0.2.1:4433', local: '' };
    expect(lines(false, { ...connected, udp: true })).toContain('UDP socket connected to 192.0.2.1:4433');
    expect(lines(false, connected)).toContain('TCP connected to');
  });
});
