import { describe, expect, it } from 'vitest';
import { addresseeOf } from '../../src/driver/close/addressee.ts';
import type { ClosePlan } from '../../src/driver/close/plan.ts';
import { sleepUntil, type Task } from '../../src/driver/task.ts';
import { UsageError } from '../../src/driver/usage-error.ts';
import { toText } from '../../src/render/text.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import {
  afterHandshake,
  isClosure,
  runClose,
  type Server,
  sayAlert,
  sayRecord,
  take,
  takeUntil,
} from './close-world.ts';

type Words = { say(text: string): void; hear(end: string): Task<string>; server: Server };

function close(talk: (words: Words) => Task<void>, plan: Partial<ClosePlan>) {
  const script = afterHandshake(function* (server) {
    yield* talk({
      server,
      say(text) {
        server.core.sendData(ascii(text));
        server.channel.flush();
      },
      *hear(end) {
        for (let heard = ''; ; ) {
          const step = yield* take(server);
          if (step.kind === 'data') heard += fromAscii(step.data);
          if (heard.endsWith(end) || step.kind === 'eof' || step.kind === 'alert') return heard;
        }
      },
    });
  });
  const limits = { connect: 5000, handshake: 800, exchange: 700, close: 600, fin: 500 };
  const run = runClose({ plan: { authority: 'example.net', limits, ...plan }, script });
  const told = run.events.flatMap((event) =>
    event.kind === 'exchange' ? [`${event.by} ${event.what}: ${event.detail}`] : [],
  );
  return { ...run, told };
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';

function* answerClose({ server }: Words): Task<void> {
  yield* takeUntil(server, isClosure);
  sayAlert(server, 1, 0);
  server.channel.transport.fin();
}

describe('an exchange before the close', () => {
  it('reads to the end of the answer, and no further', () => {
    const { told, calls, outcome } = close(
      function* (words) {
        expect(yield* words.hear('\r\n\r\n')).toContain('Connection: keep-alive');
        words.say(`${HEAD}he`);
        words.say('llo');
        yield* answerClose(words);
      },
      { exchange: 'http1' },
    );
    expect(told).toEqual([
      'local request: GET / HTTP/1.1, Connection: keep-alive',
      'peer response: HTTP/1.1 200 OK',
      'peer end: whole: 5 of 5 bytes by Content-Length',
    ]);
    expect(calls.slice(1)).toEqual([
      'SSL_write 95',
      'SSL_read 40',
      'SSL_read 3',
      'SSL_shutdown 0 WANT_READ',
      'SSL_read 0 ZERO_RETURN',
      'SSL_shutdown 1',
    ]);
    expect(outcome).toMatchObject({ class: 'clean', truncationPossible: 'no' });
  });

  it('asks the peer to close when that is what is waited for', () => {
    const { outcome, told } = close(
      function* ({ say, hear, server }) {
        expect(yield* hear('\r\n\r\n')).toContain('Connection: close');
        say(`${HEAD}hello`);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      },
      { exchange: 'http1', mode: 'wait-peer', path: '/x' },
    );
    expect(told[0]).toBe('local request: GET /x HTTP/1.1, Connection: close');
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'peer' });
  });

  it.each([
    ['whole, then FIN', `${HEAD}hello`, 'fin', 'no', true, 'warn'],
    ['whole, then RST', `${HEAD}hello`, 'reset', 'no', true, 'warn'],
    ['cut by FIN', `${HEAD}hel`, 'fin', 'yes', false, 'fail'],
    ['cut by RST', `${HEAD}hel`, 'reset', 'yes', false, 'fail'],
    ['close-delimited, then FIN', 'HTTP/1.0 200 OK\r\n\r\nhello', 'fin', 'yes', false, 'fail'],
    [
      'close-delimited, then close_notify',
      'HTTP/1.0 200 OK\r\n\r\nhello',
      'close-notify',
      'no',
      true,
      undefined,
    ],
    ['cut by close_notify', `${HEAD}hel`, 'close-notify', 'no', false, undefined],
  ] as const)('an answer that is %s', (_what, said, how, truncationPossible, complete, grade) => {
    const { outcome, events, findings } = close(
      function* ({ say, hear, server }) {
        yield* hear('\r\n\r\n');
        say(said);
        if (how === 'close-notify') sayAlert(server, 1, 0);
        yield* sleepUntil(server.now() + 5);
        if (how === 'reset') server.channel.transport.reset({ dropPending: false });
        else server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      },
      { exchange: 'http1', mode: 'wait-peer' },
    );
    expect(outcome).toMatchObject({ class: how === 'close-notify' ? 'clean' : how, truncationPossible });
    const ends = events.filter((event) => event.kind === 'exchange' && event.what === 'end');
    expect(ends).toMatchObject([{ complete }]);
    expect(findings.find(({ rule }) => rule.endsWith('before-write-close'))?.grade).toBe(grade);
    if (how === 'reset') expect(outcome.unreadAtReset).toBe(complete ? 0 : 2);
    else expect(outcome).not.toHaveProperty('unreadAtReset');
  });

  it('does not call a FIN close_notify under SSL_OP_IGNORE_UNEXPECTED_EOF', () => {
    const { told } = close(
      function* ({ say, hear, server }) {
        yield* hear('\r\n\r\n');
        say('HTTP/1.0 200 OK\r\n\r\nhello');
        server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      },
      { exchange: 'http1', ignoreUnexpectedEof: true },
    );
    expect(told.at(-1)).toBe('peer end: ended by FIN, which cannot tell whether it is whole: 5 bytes');
  });

  it('goes on to the close when the answer does not come, or is none', () => {
    const silent = close(
      function* (words) {
        yield* words.hear('\r\n\r\n');
        words.say(`${HEAD}he`);
        yield* answerClose(words);
      },
      { exchange: 'http1' },
    );
    expect(silent.told.at(-1)).toBe(
      'peer end: not whole yet when the time was up: 2 of 5 bytes by Content-Length',
    );
    expect(silent.events).toContainEqual(
      expect.objectContaining({ kind: 'limit', phase: 'exchange', ms: 700 }),
    );
    expect(silent.outcome.class).toBe('clean');
    const other = close(
      function* (words) {
        yield* words.hear('\r\n\r\n');
        words.say('SSH-2.0\r\n');
        yield* answerClose(words);
      },
      { exchange: 'http1' },
    );
    expect(other.told.at(-1)).toBe('peer error: malformed: not a status line: "SSH-2.0"');
    expect(other.outcome.class).toBe('clean');
  });

  it('leaves out what needs an ALPN that was not agreed on', () => {
    const { told, outcome } = close((words) => answerClose(words), { exchange: 'h2' });
    expect(told).toEqual(['peer error: the peer did not agree on ALPN h2, without which it is not spoken']);
    expect(outcome.class).toBe('clean');
  });

  it('says QUIT and reads the reply, then waits for the close', () => {
    const { outcome, told } = close(
      function* ({ say, hear, server }) {
        say('220 mail\r\n');
        yield* hear('\r\n');
        say('250-mail\r\n250 HELP\r\n');
        yield* hear('\r\n');
        say('250 ok\r\n');
        expect(yield* hear('\r\n')).toBe('QUIT\r\n');
        say('221 bye\r\n');
        server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      },
      { exchange: 'smtp', mode: 'wait-peer' },
    );
    expect(told).toEqual([
      'peer response: 220 mail',
      'local request: EHLO [127.0.0.1]',
      'peer response: 250 HELP',
      'local request: NOOP',
      'peer response: 250 ok',
      'local request: QUIT',
      'peer response: 221 bye',
      'peer end: whole',
    ]);
    expect(outcome).toMatchObject({ class: 'fin', truncationPossible: 'no' });
  });

  it('is shown, with what the peer says escaped', () => {
    const { events } = close(
      function* (words) {
        yield* words.hear('\r\n\r\n');
        words.say('HTTP/1.1 200 \x1b[2J\r\nContent-Length: 0\r\n\r\n');
        yield* answerClose(words);
      },
      { exchange: 'http1' },
    );
    const text = toText(events, { width: 120, verbose: false, unicode: false }).join('\n');
    expect(text).toContain('http/1.1 request: GET / HTTP/1.1, Connection: keep-alive');
    expect(text).toContain('http/1.1 response: HTTP/1.1 200 \\x1b[2J');
    expect(text).toContain('http/1.1 answer: whole: 0 of 0 bytes by Content-Length');
  });

  it('a record that is cut after the answer is still a truncation', () => {
    const { outcome } = close(
      function* ({ say, hear, server }) {
        yield* hear('\r\n\r\n');
        say(`${HEAD}hello`);
        sayRecord(server, 23, ascii('more'), 3);
        server.channel.transport.fin();
        yield* takeUntil(server, isClosure);
      },
      { exchange: 'http1' },
    );
    expect(outcome).toMatchObject({ class: 'fin-mid-record', truncationPossible: 'yes' });
  });
});

describe('what can be spoken where', () => {
  it.each([
    ['imap', undefined, 993],
    ['dot', undefined, 853],
    ['http1', undefined, 443],
    ['smtp', 'smtp', 25],
    ['mysql', 'mysql', 3306],
  ] as const)('%s, with --starttls %s, is looked for on port %s', (exchange, starttls, port) => {
    expect(addresseeOf({ target: 'a', exchange, ...(starttls && { starttls }) })).toMatchObject({ port });
  });

  it.each([
    [{ exchange: 'coap' }, 'dtls-close'],
    [{ exchange: 'mysql' }, 'add --starttls mysql'],
    [{ exchange: 'http1', starttls: 'smtp' }, '--exchange smtp, or none'],
    [{ exchange: 'smtp', starttls: 'xmpp' }, 'leave one of them out'],
    [{ exchange: 'http1', send: new Uint8Array(1) }, 'leave one of them out'],
    [{ exchange: 'http1', readUntil: 'eof' }, 'leave one of them out'],
    [{ exchange: 'smtp', path: '/' }, '--exchange http1 or h2'],
    [{ path: '/' }, '--exchange http1 or h2'],
    [{ exchange: 'http1', path: 'x' }, 'a path begins with /'],
    [{ exchange: 'http1', path: '/\r\nX: y' }, 'a path begins with /'],
    [{ exchange: 'gopher' as 'smtp' }, 'http1, h2'],
  ] as const)('refuses case %#', (options, hint) => {
    const act = () => addresseeOf({ target: 'a', ...options });
    expect(act).toThrow(UsageError);
    try {
      act();
    } catch (error) {
      expect(error).toMatchObject({ hint: expect.stringContaining(hint) });
    }
  });
});
