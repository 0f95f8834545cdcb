import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DTLS_CLIENTS } from './peers/dtls/clients.ts';
import { start } from './peers/process.ts';
import { PKI } from './pki.ts';
import { run } from './sslshut.ts';

const BIN = new URL('../../bin/sslshut.js', import.meta.url).pathname;
const CERTIFICATE = ['--cert', PKI.certificate, '--key', PKI.key];
const KEY = ['1a2b3c4d', 'sensor'] as const;

/** What a client says of our server, and what our server says of the client. */
type Row = {
  behaviour: string;
  words: string[];
  serve?: string[];
  says: string;
  why: string;
  facts: Record<string, unknown>[];
};

const SHAKEN = 'handshake complete.*\n';
const ECHOED = `${SHAKEN}echo: over datagrams\n`;
const CLOSED = { handshake: 'completed', closedFirst: 'client', closeNotify: 'before' };
const ALONE = { ...CLOSED, closeNotify: 'alone' };
const ANSWERED = { handshake: 'completed', closedFirst: 'server', closeNotify: 'after' };

const row = (behaviour: string, says: string, facts: object, why: string): Row => ({
  ...{ behaviour, words: ['close'], why },
  ...{ says: `${ECHOED}${says}`, facts: [{ ...facts }] },
});
const WAITS: Row = {
  ...{ behaviour: 'idle-alert', words: ['wait'], why: 'it answers our close_notify' },
  ...{ says: `${SHAKEN}end: (close_notify|EOF)\n`, facts: [ANSWERED] },
};
const AGAIN: Row = {
  ...{ behaviour: 'well-behaved', words: ['close', 'again'], why: 'the second handshake is the short one' },
  ...{
    says: `(${ECHOED}(answer: close_notify\n)?){2}`,
    facts: [CLOSED, { ...CLOSED, handshake: 'resumed' }],
  },
};
const PSK: Row = {
  ...{ behaviour: 'well-behaved', words: ['close', 'psk', ...KEY], why: 'the key is all there is' },
  ...{ serve: ['--psk', KEY[0], '--psk-identity', KEY[1]], says: ECHOED, facts: [CLOSED] },
};

/** pion closes its socket with its close_notify: it does not see what is sent back. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  mbedtls: [
    row('well-behaved', 'answer: close_notify\n', CLOSED, 'the whole of it'),
    row('never-reply', 'answer: nothing\n', ALONE, 'it gives up'),
    row('reply-late', 'answer: close_notify\n', CLOSED, 'it has patience'),
    row('fatal-close-notify', 'answer: fatal alert\n', CLOSED, 'RFC 5246 has the level decide'),
    row('data-after-own-close-notify', 'answer: close_notify\n', CLOSED, 'what comes later does not count'),
    row('close-reordered', 'answer: close_notify\n', CLOSED, 'what was overtaken comes too late'),
    row('forged-close', 'answer: nothing\n', ALONE, 'an alert in the clear is not believed'),
    row('ignore-close-notify', 'answer: nothing\n', ALONE, 'it says no more, and gets nothing back'),
    row('vanish', 'answer: nothing\n', ALONE, 'nobody is there any more'),
    WAITS,
    AGAIN,
    PSK,
  ],
  pion: [
    row('well-behaved', '$', CLOSED, 'it does not look at the answer'),
    row('never-reply', '$', ALONE, 'nor does it miss one'),
    row('fatal-close-notify', '$', CLOSED, 'it does not look'),
    WAITS,
    AGAIN,
    PSK,
    {
      ...row('well-behaved', '$', CLOSED, 'its records carry the ID that we gave it'),
      ...{ words: ['close', 'cid'], serve: [...CERTIFICATE, '--cid', '--verbose'] },
    },
  ],
  dimpl: [
    row('well-behaved', 'answer: close_notify\n', CLOSED, 'the whole of it'),
    row('never-reply', 'answer: nothing\n', ALONE, 'it gives up'),
    row('reply-late', 'answer: close_notify\n', CLOSED, 'it has patience'),
    row('fatal-close-notify', 'answer: close_notify\n', CLOSED, 'the level says nothing in DTLS 1.3'),
    row('data-after-own-close-notify', 'answer: close_notify\n', CLOSED, 'what is numbered later is ignored'),
    row('forged-close', 'answer: nothing\n', ALONE, 'an alert in the clear is not believed'),
    row('vanish', 'answer: nothing\n', ALONE, 'nobody is there any more'),
    WAITS,
  ],
};

it.runIf(process.env.SSLSHUT_REQUIRE_PEERS === '1')('has all the compiled clients that are required', () => {
  const missing = DTLS_CLIENTS.filter(({ version, optional }) => version === undefined && !optional);
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe.each(DTLS_CLIENTS)('serve dtls, with $name over DTLS $dtls', ({
  name,
  dtls,
  from,
  version,
  build,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'sslshut-dtls-client-'));
  let line: ReturnType<typeof build> | undefined;
  beforeAll(() => {
    if (version !== undefined) line = build(folder);
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(ROWS[name] ?? [])('$behaviour, $words: $why', async (tried, context) => {
    if (line === undefined) return context.skip(`${name} is not there (${from})`);
    const { behaviour, words, serve = CERTIFICATE, says, facts } = tried;
    const args = ['serve', 'dtls', '-b', behaviour, '--dtls', dtls, '--json', ...serve];
    const server = await start({
      command: process.execPath,
      args: [BIN, ...args, '--count', `${facts.length}`],
      ready: /"port":(\d+)/,
    });
    try {
      const client = await run(...line(server.port, words), 40_000);
      expect(client.stdout, `${client.stderr}\n${server.output()}`).toMatch(new RegExp(`^${says}`));
      expect(client.code).toBe(0);
      const seen = () => connections(server.output());
      await expect.poll(seen, { timeout: 20_000 }).toHaveLength(facts.length);
      expect(seen().map((connection) => connection.facts)).toMatchObject(facts);
      // Of the 8 bytes of our connection ID its alert is longer.
      if (words.includes('cid'))
        expect(server.output()).toMatch(/"by":"peer","type":21,"name":"alert","bytes":48/);
    } finally {
      await server.stop();
    }
    return undefined;
  });
});

function connections(output: string): { facts: Record<string, unknown> }[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{"event":"connection"'));
  return lines.map((line) => JSON.parse(line));
}
