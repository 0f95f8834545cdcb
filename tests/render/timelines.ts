import type { Fact, TimelineEvent } from '../../src/timeline/event.ts';
import type { Outcome } from '../../src/timeline/outcome.ts';

/** Events out of [time, fact] pairs, numbered, on one connection. */
export function timeline(...facts: readonly (readonly [number, Fact])[]): TimelineEvent[] {
  return facts.map(([t, fact], seq) => ({ seq, t, conn: 'local', ...fact }));
}

export const RUN: Fact = {
  kind: 'run',
  schema: 'sslshut/1',
  command: 'tls-close',
  target: 'localhost:4433',
  profile: 'manual',
  tool: { name: 'sslshut', version: '0.1.0', crypto: 'native', node: '20.20.2' },
};

const COMPLETED: Fact = {
  kind: 'handshake.completed',
  version: 'TLSv1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  group: 'x25519',
  alpn: 'http/1.1',
  resumed: false,
  helloRetry: false,
  clientCertificate: false,
};

export const CERTIFICATE: Fact = {
  kind: 'certificate',
  by: 'peer',
  subject: 'CN=localhost',
  issuer: 'CN=test root',
  names: ['localhost', '127.0.0.1'],
  keyType: 'ec-secp256r1',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  fingerprint: 'ab'.repeat(32),
  chainLength: 1,
  verified: 'ok',
};

const OUTCOME: Outcome = {
  class: 'clean',
  summary: 'both sides sent close_notify, then the peer closed the connection',
  closedFirst: 'local',
  answerMs: 0.6,
  finMs: 1.1,
  peerCloseNotify: 'after',
  bytesAfterOurClose: 0,
  truncationPossible: 'no',
  bytesReceived: 40,
  exitCode: 0,
};

function alert(by: 'local' | 'peer', description = 0, name = 'close_notify', level = 1): Fact {
  const levelName = level === 1 ? 'warning' : 'fatal';
  return { kind: 'alert', by, level, levelName, description, descriptionName: name, protected: true };
}

function message(by: 'local' | 'peer', name: string, bytes = 100): Fact {
  return { kind: 'handshake.message', by, type: 1, name, level: 'handshake', bytes };
}

export function call(id: number, fn: string, args?: Record<string, string | number>): Fact {
  return { kind: 'call', id, fn, flags: [], ...(args === undefined ? {} : { args }) };
}

export function returned(id: number, fn: string, ret: number, more: object = {}): Fact {
  return { kind: 'return', id, fn, ret, error: 'SSL_ERROR_NONE', queue: [], shutdown: [], ms: 0, ...more };
}

/** A full close against a peer that does everything right. */
export const CLEAN = timeline(
  [0, RUN],
  [0.1, { kind: 'transport.connected', remote: '127.0.0.1:4433', local: '127.0.0.1:50000' }],
  [0.4, message('local', 'client_hello', 240)],
  [2, message('peer', 'server_hello')],
  [2, { kind: 'change-cipher-spec', by: 'peer' }],
  [2, { kind: 'record', by: 'peer', type: 23, name: 'application_data', bytes: 900, protected: true }],
  [2.1, message('peer', 'encrypted_extensions')],
  [2.2, message('peer', 'certificate', 600)],
  [2.3, CERTIFICATE],
  [2.4, message('peer', 'certificate_verify')],
  [2.5, message('peer', 'finished', 36)],
  [2.6, message('local', 'finished', 36)],
  [2.7, COMPLETED],
  [3, call(1, 'SSL_shutdown')],
  [3, alert('local')],
  [3.1, returned(1, 'SSL_shutdown', 0, { error: 'SSL_ERROR_SYSCALL', errno: '0', shutdown: ['SENT'] })],
  [3.1, call(2, 'SSL_read')],
  [3.4, { kind: 'data', by: 'peer', bytes: 40, afterClose: false }],
  [3.4, returned(2, 'SSL_read', 40, { shutdown: ['SENT'] })],
  [3.4, call(3, 'SSL_read')],
  [3.6, alert('peer')],
  [
    3.6,
    returned(3, 'SSL_read', 0, { error: 'SSL_ERROR_ZERO_RETURN', shutdown: ['SENT', 'RECEIVED'], ms: 0.2 }),
  ],
  [3.7, call(4, 'SSL_shutdown')],
  [3.7, returned(4, 'SSL_shutdown', 1, { shutdown: ['SENT', 'RECEIVED'] })],
  [4.1, { kind: 'transport.fin', by: 'peer', certainty: 'sure' }],
  [4.2, { kind: 'transport.fin', by: 'local', certainty: 'sure' }],
  [4.3, { kind: 'outcome', outcome: OUTCOME }],
);

/** The peer answers our close_notify with a bare FIN. */
export const FIN = timeline(
  [0, RUN],
  [0.1, { kind: 'transport.connected', remote: '127.0.0.1:4433', local: '127.0.0.1:50000' }],
  [2.7, COMPLETED],
  [3, call(1, 'SSL_shutdown')],
  [3, alert('local')],
  [3.1, returned(1, 'SSL_shutdown', 0, { shutdown: ['SENT'] })],
  [3.1, call(2, 'SSL_read')],
  [3.9, { kind: 'transport.fin', by: 'peer', certainty: 'sure' }],
  [3.9, { kind: 'eof', verdict: 'unexpected', partialRecord: 0 }],
  [
    4,
    returned(2, 'SSL_read', 0, {
      error: 'SSL_ERROR_SSL',
      queue: ['unexpected eof while reading'],
      shutdown: ['SENT'],
    }),
  ],
  [
    4.1,
    {
      kind: 'finding',
      rule: 'tls13-6.1-close-notify-before-write-close',
      clause: 'RFC 9846 §6.1',
      grade: 'fail',
      level: 'MUST',
      who: 'peer',
      text: 'the peer closed its sending direction without close_notify',
      evidence: [7, 8],
    },
  ],
  [
    4.2,
    {
      kind: 'outcome',
      outcome: {
        ...OUTCOME,
        class: 'fin',
        summary: 'the peer sent FIN without close_notify',
        advice:
          'have the server send close_notify before it closes; until then rely on lengths in the protocol above',
        closedFirst: 'local',
        peerCloseNotify: 'none',
        truncationPossible: 'yes',
        bytesReceived: 0,
        exitCode: 1,
      },
    },
  ],
);
