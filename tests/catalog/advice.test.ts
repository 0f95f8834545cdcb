import { describe, expect, it } from 'vitest';
import { judge } from '../../src/catalog/outcome.ts';
import type { Fact } from '../../src/timeline/event.ts';
import { alert, closeNotify, data, type Entry, fault, fin, limit, open, timeline } from './fake-timeline.ts';

const connected = open().slice(0, 2);
const failed = (rule: string, detail: string, number?: number): Entry => [
  5,
  {
    kind: 'handshake.failed',
    blame: 'peer',
    rule,
    detail,
    ...(number === undefined ? {} : { alert: number }),
  },
];
const message = (name: string): Entry => [
  4,
  { kind: 'handshake.message', by: 'peer', type: 0, name, level: 'initial', bytes: 90 } satisfies Fact,
];

/** What the advice has to speak of, and must not. */
const CASES: { says: string; entries: Entry[]; advises: RegExp; not?: RegExp }[] = [
  {
    says: 'an expired certificate',
    entries: [...connected, failed('certificate-rejected', 'certificate has expired', 45)],
    advises: /renew/u,
    not: /--ca/u,
  },
  {
    says: 'a certificate for another name',
    entries: [...connected, failed('certificate-rejected', 'hostname mismatch: …', 46)],
    advises: /--sni/u,
    not: /--ca/u,
  },
  {
    says: 'a certificate for clients',
    entries: [...connected, failed('certificate-rejected', 'unsuitable certificate purpose', 43)],
    advises: /made for TLS servers/u,
  },
  {
    says: 'an unknown issuer',
    entries: [...connected, failed('certificate-rejected', 'self-signed certificate', 48)],
    advises: /--ca/u,
  },
  {
    says: 'nothing in common',
    entries: [...connected, failed('alert', 'the peer sent fatal handshake_failure', 40)],
    advises: /--tls.*--ciphers/u,
  },
  {
    says: 'an unknown name',
    entries: [...connected, failed('alert', 'the peer sent fatal unrecognized_name', 112)],
    advises: /--sni/u,
  },
  {
    says: 'a broken rule in the handshake',
    entries: [...connected, failed('unexpected-message', 'client_hello in WAIT_SH', 10)],
    advises: /update it/u,
  },
  { says: 'a peer that hung up', entries: [...connected, failed('eof', 'closed')], advises: /log/u },
  {
    says: 'clear text between records',
    entries: [...open(), [20, fault('unexpected-record-type', 'no TLS record')]],
    advises: /below TLS/u,
    not: /decrypt/u,
  },
  {
    says: 'a record that does not decrypt',
    entries: [...open(), [20, fault('bad-record-mac')]],
    advises: /changed, lost or mixed up/u,
  },
  {
    says: 'a malformed alert',
    entries: [...open(), [20, fault('alert-length', 'alert record of 1 bytes, not 2')]],
    advises: /update it/u,
  },
  {
    says: 'data without end in TLS 1.3',
    entries: [...open(), [20, closeNotify('local')], [30, data('peer', 5)], [5020, limit('close')]],
    advises: /may go on sending in TLS 1\.3/u,
  },
  {
    says: 'data without end in TLS 1.2',
    entries: [...open('TLSv1.2'), [20, closeNotify('local')], [30, data('peer', 5)], [5020, limit('close')]],
    advises: /has to answer at once/u,
  },
  {
    says: 'a peer that does not read',
    entries: [...open(), [20, data('local', 100)], [5020, limit('close')]],
    advises: /stopped reading/u,
  },
  {
    says: 'silence',
    entries: [...open(), [20, closeNotify('local')], [5020, limit('close')]],
    advises: /--rapid/u,
  },
  {
    says: 'silence after a close that does not wait',
    entries: [
      ...open('TLSv1.3', { mode: 'rapid', limits: { close: 200 } }),
      [20, closeNotify('local')],
      [220, limit('close', 200)],
    ],
    advises: /--linger/u,
    not: /--timeout/u,
  },
  {
    says: 'a fatal alert that asks for a client certificate',
    entries: [...open(), [20, alert('peer', 116, 'certificate_required')], [21, fin('peer')]],
    advises: /--cert/u,
  },
];

describe('the advice', () => {
  it.each(CASES)('speaks to $says', ({ entries, advises, not }) => {
    const { advice } = judge(timeline(...entries));
    expect(advice).toMatch(advises);
    if (not !== undefined) expect(advice).not.toMatch(not);
  });
});

describe('a handshake that was not completed', () => {
  it.each([
    { heard: [], says: 'no handshake message had come from it' },
    {
      heard: [message('server_hello'), message('encrypted_extensions')],
      says: 'the last message from it was EncryptedExtensions',
    },
  ])('tells how far it came: $says', ({ heard, says }) => {
    const events = timeline(
      ...connected,
      ...heard,
      [404, limit('handshake', 400)],
      failed('limit', 'the peer did not complete it within 400 ms'),
    );
    expect(judge(events).summary).toBe(`the peer did not complete the handshake within 400 ms; ${says}`);
    const cut = timeline(...connected, ...heard, failed('eof', 'the peer closed the connection (FIN)'));
    expect(judge(cut).summary).toBe(`the handshake failed: the peer closed the connection (FIN); ${says}`);
  });
});
