import { describe, expect, it } from 'vitest';
import { createChannel } from '../../src/driver/channel.ts';
import { addresseeOf } from '../../src/driver/close/addressee.ts';
import { type Line, openLine } from '../../src/driver/close/line.ts';
import { sleepUntil, type Task, until } from '../../src/driver/task.ts';
import { UsageError } from '../../src/driver/usage-error.ts';
import { toText } from '../../src/render/text.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import { answers, runClose, type ServerParts, type Setting } from './close-world.ts';

type InTheClear = { line: Line; say(text: string): void; hear(end: string): Task<string>; now(): number };

/** A server that speaks in the clear first; with `true` it goes on to TLS, and closes well. */
function server(talk: (clear: InTheClear) => Task<boolean>): NonNullable<Setting['serve']> {
  return function* serve({ scheduler, emit, connect, createCore }: ServerParts): Task<void> {
    const line = openLine((sink) =>
      connect({
        ...sink,
        writable() {
          sink.writable();
          scheduler.poke();
        },
      }),
    );
    yield* until('the connection', () => line.transport.writable());
    let heard = '';
    const giveBack = line.lend({
      input(input) {
        if (input.kind === 'bytes') heard += fromAscii(input.data);
        scheduler.poke();
      },
      wants: () => 1000,
    });
    const now = (): number => scheduler.clock.now();
    const upgraded = yield* talk({
      ...{ line, now },
      say: (text) => void line.transport.write(ascii(text)),
      *hear(end) {
        yield* until('a line', () => heard.endsWith(end));
        const text = heard;
        heard = '';
        return text;
      },
    });
    giveBack();
    if (!upgraded) return;
    const core = createCore(emit);
    const channel = createChannel({ core, connect: line.connect, scheduler, emit });
    yield* answers({ channel, core, now });
  };
}

function close(talk: (clear: InTheClear) => Task<boolean>, limits = {}) {
  const { outcome, events } = runClose({
    plan: {
      starttls: 'smtp',
      limits: { connect: 5000, handshake: 800, exchange: 800, close: 800, fin: 800, ...limits },
    },
    script: answers,
    serve: server(talk),
  });
  return { outcome, events, failed: events.find((event) => event.kind === 'handshake.failed') };
}

function* smtp({ say, hear }: InTheClear): Task<boolean> {
  say('220 mail\x1b[31m.example.net\r\n');
  yield* hear('\r\n');
  say('250-mail\r\n250 STARTTLS\r\n');
  yield* hear('STARTTLS\r\n');
  say('220 go\r\n');
  return true;
}

describe('a close behind STARTTLS', () => {
  it('goes on with TLS after the go-ahead, and ends as without', () => {
    const { outcome, events } = close(smtp);
    expect(outcome).toMatchObject({ class: 'clean', closedFirst: 'local', exitCode: 0 });
    const phases = events.flatMap((event) => (event.kind === 'phase' ? [event.name] : []));
    expect(phases).toEqual(['connect', 'starttls', 'handshake', 'close', 'fin']);
    const said = events.flatMap((event) =>
      event.kind === 'transport.plaintext' ? [`${event.by} ${event.text.trim()}`] : [],
    );
    expect(said).toEqual([
      'peer 220 mail\x1b[31m.example.net',
      'local EHLO [127.0.0.1]',
      'peer 250-mail',
      'peer 250 STARTTLS',
      'local STARTTLS',
      'peer 220 go',
    ]);
    expect(events.find((event) => event.kind === 'plan')).toMatchObject({ starttls: 'smtp' });
  });

  it('is shown line by line, with what the peer says escaped', () => {
    const text = toText(close(smtp).events, { width: 120, verbose: false, unicode: false }).join('\n');
    expect(text).toContain('plain text, 27 bytes: 220 mail\\x1b[31m.example.net\\r\\n');
    expect(text).not.toContain('\x1b[31m');
    expect(text).toContain('plain text, 10 bytes: STARTTLS\\r\\n');
  });

  it('takes replies in pieces, whenever they come', () => {
    const { outcome } = close(function* (clear) {
      for (const piece of ['2', '20 mail\r', '\n']) {
        clear.say(piece);
        yield* sleepUntil(clear.now() + 20);
      }
      yield* clear.hear('\r\n');
      clear.say('250 STARTTLS\r\n');
      yield* clear.hear('\r\n');
      clear.say('220 ');
      yield* sleepUntil(clear.now() + 20);
      clear.say('go\r\n');
      return true;
    });
    expect(outcome.class).toBe('clean');
  });

  it.each<[string, (clear: InTheClear) => Task<boolean>, string, string]>([
    [
      'a refusal',
      function* ({ say, hear }) {
        say('220 mail\r\n');
        yield* hear('\r\n');
        say('250 mail\r\n');
        yield* hear('\r\n');
        say('502 what\r\n');
        return false;
      },
      'starttls-refused',
      'TLS did not begin: the server answers STARTTLS with "502 what", which its answer to EHLO did not offer',
    ],
    [
      'a server that speaks TLS at once',
      function* ({ line }) {
        line.transport.write(Uint8Array.of(21, 3, 3, 0, 2, 2, 80, 10));
        yield* sleepUntil(0);
        return false;
      },
      'starttls-malformed',
      'TLS did not begin: not a reply:',
    ],
    [
      'words behind the go-ahead',
      function* ({ say, hear }) {
        say('220 mail\r\n');
        yield* hear('\r\n');
        say('250 STARTTLS\r\n');
        yield* hear('\r\n');
        say('220 go\r\n250 injected\r\n');
        return false;
      },
      'starttls-injection',
      'TLS did not begin: 14 bytes in the clear came behind the go-ahead, before TLS began',
    ],
    [
      'silence',
      function* ({ hear }) {
        yield* hear('never');
        return false;
      },
      'starttls-limit',
      'TLS did not begin: the peer did not let TLS begin within 800 ms',
    ],
    [
      'FIN',
      function* ({ say, line, hear }) {
        say('220 mail\r\n');
        yield* hear('\r\n');
        line.transport.fin();
        return false;
      },
      'eof',
      'the handshake failed: the peer closed the connection (FIN) before TLS began; no handshake message had come from it',
    ],
    [
      'RST',
      function* ({ say, line, hear }) {
        say('220 mail\r\n');
        yield* hear('\r\n');
        line.transport.reset({ dropPending: true });
        return false;
      },
      'reset',
      'the handshake failed: the peer reset the connection before TLS began; no handshake message had come from it',
    ],
  ])('does not begin after %s', (_what, talk, rule, summary) => {
    const { outcome, failed, events } = close(talk);
    expect(failed).toMatchObject({ rule });
    expect(outcome).toMatchObject({ class: 'handshake-failed', exitCode: 3, advice: expect.any(String) });
    expect(outcome.summary).toContain(summary);
    expect(events.filter((event) => event.kind === 'handshake.message')).toEqual([]);
  });

  it('keeps little of a peer that talks without end', () => {
    const { failed, events } = close(function* ({ say, now }) {
      for (let i = 0; i < 200; i++) {
        say(`220-${'x'.repeat(990)}\r\n`);
        yield* sleepUntil(now() + 1);
      }
      return false;
    });
    expect(failed).toMatchObject({ rule: 'starttls-too-long' });
    expect(events.filter((event) => event.kind === 'transport.plaintext').length).toBeLessThan(100);
  });
});

describe('where a close goes', () => {
  it.each([
    ['mail.example.net', 'smtp', 25, 'smtp', 'mail.example.net:25'],
    ['mail.example.net:587', 'smtp', 587, 'smtp', 'mail.example.net:587'],
    ['smtp://mail.example.net', undefined, 25, 'smtp', 'mail.example.net:25'],
    ['smtp://mail.example.net:587', 'smtp', 587, 'smtp', 'mail.example.net:587'],
    ['imap://[::1]', undefined, 143, 'imap', '[::1]:143'],
    ['pop3://a', undefined, 110, 'pop3', 'a:110'],
    ['ftp://a/path', undefined, 21, 'ftp', 'a:21'],
    ['ldap://a', undefined, 389, 'ldap', 'a:389'],
    ['postgresql://a/db', undefined, 5432, 'postgres', 'a:5432'],
    ['mysql://a', undefined, 3306, 'mysql', 'a:3306'],
    ['imaps://a', undefined, 993, undefined, 'a:993'],
    ['https://a', undefined, 443, undefined, 'a'],
    ['a', undefined, 443, undefined, 'a'],
  ] as const)('%s with --starttls %s', (target, starttls, port, begins, authority) => {
    const asked = starttls === undefined ? { target } : { target, starttls };
    expect(addresseeOf(asked)).toMatchObject({ port, starttls: begins, authority });
  });

  it.each([
    ['https://a', 'smtp'],
    ['tls://a', 'imap'],
    ['imap://a', 'smtp'],
    ['smtps://a', 'smtp'],
  ] as const)('refuses %s with --starttls %s', (target, starttls) => {
    expect(() => addresseeOf({ target, starttls })).toThrow(UsageError);
  });

  it('refuses a protocol that nobody knows', () => {
    expect(() => addresseeOf({ target: 'a', starttls: 'gopher' as 'smtp' })).toThrow(/gopher/);
  });
});
