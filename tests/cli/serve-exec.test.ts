import { describe, expect, it } from 'vitest';
import { behavioursOf, SERVED } from '../../src/catalog/behaviours/find.ts';
import { run } from '../../src/cli/program.ts';
import { createFakeTerminal } from './fake-terminal.ts';

/** A client of Node's for --exec: it asks, and exits with 0 when its stream ended without an error. `wise`: it counts what it got. */
function client(wise: boolean): string {
  const script = `
    const { connect } = require("node:tls");
    const { readFileSync } = require("node:fs");
    let text = "";
    const socket = connect({ port: {port}, host: "{host}", servername: "{name}", ca: readFileSync("{ca}") }, () =>
      socket.write("GET / HTTP/1.1\\r\\nHost: {name}\\r\\n\\r\\n"));
    socket.on("data", (chunk) => { text += chunk; });
    socket.on("error", () => process.exit(1));
    socket.on("end", () => {
      const [head, body = ""] = text.split("\\r\\n\\r\\n");
      const length = /content-length: (\\d+)/i.exec(head);
      process.exitCode = ${wise} && Number(length && length[1]) !== body.length ? 18 : 0;
      socket.end();
    });`;
  return `"${process.execPath}" -e '${script.replaceAll('\n', ' ')}'`;
}

async function exec(...argv: readonly string[]) {
  const terminal = createFakeTerminal({ columns: 120 });
  const code = await run(['serve', ...argv], terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}

describe('serve tls --exec', () => {
  it.each([
    ['well-behaved', true, 0, /^pass {2}tls\/well-behaved {2}answered correctly/],
    [
      'fin-mid-body',
      false,
      1,
      /^fail {2}tls\/fin-mid-body {2}accepted a truncated answer silently .*\[RFC 9112 §8\]/,
    ],
    ['fin-mid-body', true, 0, /^pass {2}tls\/fin-mid-body {2}noticed \(exit code 18\)/],
    ['fin-no-close-notify', false, 1, /accepted an answer that may be truncated silently .*RFC 9112 §9\.8/],
    ['fatal-alert-before-data', false, 0, /noticed \(exit code 1\)/],
    ['rst-during-handshake', false, 0, /noticed \(exit code 1\)/],
  ] as const)('%s, wise: %s: exit code %i', async (name, wise, expected, says) => {
    const { code, out } = await exec('tls', '-b', name, '--exec', client(wise));
    expect(out.replace(/^(\S+ +)\S+\/(\S+) +/, '$1tls/$2  ')).toMatch(says);
    expect(code).toBe(expected);
  });

  it('speaks HTTP/2 when asked to', async () => {
    const script = `
      const { connect } = require("node:http2");
      const ca = require("node:fs").readFileSync("{ca}");
      const session = connect("https://localhost:{port}", { ca, host: "127.0.0.1" });
      let got = 0, goaway = 0, length = 0;
      session.on("goaway", () => { goaway++; });
      session.on("error", () => process.exit(1));
      const request = session.request({ ":path": "/" });
      request.on("response", (headers) => { length = Number(headers["content-length"]); });
      request.on("data", (chunk) => { got += chunk.length; });
      request.on("error", () => process.exit(18));
      session.on("close", () => process.exit(got === 0 || got < length ? 18 : goaway === 1 ? 0 : 2));
      request.end();`;
    const command = `"${process.execPath}" -e '${script.replaceAll('\n', ' ')}'`;
    const said = async (name: string) =>
      JSON.parse((await exec('tls', '-b', name, '--exchange', 'h2', '--json', '--exec', command)).out);
    expect(await said('well-behaved')).toMatchObject({ exit: { code: 0 } });
    expect((await said('fin-mid-body')).grade).toMatchObject({ verdict: 'noticed' });
    // Its answer ends with END_STREAM, whatever becomes of the connection.
    expect((await said('fin-no-close-notify')).grade.verdict).not.toBe('accepted-unproven');
  });

  it('prints one object with --json', async () => {
    const { out, code } = await exec('tls', '-b', 'fin-mid-body', '--json', '--exec', client(false));
    expect(code).toBe(1);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      event: 'run',
      behaviour: 'tls/fin-mid-body',
      exit: { code: 0, timedOut: false, stdout: '', stderr: '' },
      grade: {
        grade: 'fail',
        verdict: 'accepted-part',
        rule: 'http1-8-record-incomplete',
        clause: 'RFC 9112 §8',
      },
      connections: [{ conn: 'conn-1', facts: { handshake: 'completed' }, grade: { grade: 'info' } }],
    });
    expect(told.command).toContain('fin-mid-body.localhost');
  });

  it('stops a client that hangs, with all it started', async () => {
    const sleeper = `"${process.execPath}" -e "setTimeout(() => {}, 60000)"; true`;
    const { out, code } = await exec('tls', '--exec', sleeper, '--exec-timeout', '300ms');
    expect(out).toMatch(
      /^fail {2}well-behaved|^fail {2}tls\/well-behaved +hung 0\.\d s, until it was stopped/,
    );
    expect(code).toBe(1);
  });

  it('says 3 when the client never came', async () => {
    const { out, code } = await exec('tls', '--exec', 'exit 7');
    expect(out).toMatch(/never connected \(exit code 7\)/);
    expect(code).toBe(3);
  });

  it('weighs as --fail-on says', async () => {
    const { code } = await exec('tls', '--exec', 'exit 7', '--fail-on', 'info');
    expect(code).toBe(1);
  });

  it('runs against every behaviour, one row each', async () => {
    const self = `"${process.execPath}" -e 'require("node:dgram").createSocket("udp4").send("x", {port}, "127.0.0.1", () => process.exit(0))'`;
    const { out, code } = await exec('dtls', '--all', '--json', '--exec', self);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ behaviour }) => behaviour)).toEqual(behavioursOf('dtls').map(({ id }) => id));
    expect(code).toBe(3);
  });

  it.each([
    [['serve', '--all', '--exec', 'true'], '--exec without a protocol'],
    [['serve', 'tls', '--exec', 'true', '--count', '1'], '--exec and --count'],
    [['serve', 'tls', '--exec', 'true', '--by-name'], '--exec and --by-name'],
    [['serve', 'tls', '--exec', 'true', '--fail-on', 'never'], '"never" is none of info, warn, fail'],
    [['serve', 'tls', '--fail-on', 'warn'], '--fail-on without --exec'],
    [['serve', 'tls', '--exec-timeout', '1s'], '--exec-timeout without --exec'],
    [['serve', 'tls', '-b', 'fin', '--all'], '--behaviour and --all'],
    [['serve', 'tls', '--all', '--by-name'], '--all and --by-name'],
    [['serve', 'dtls', '--by-name'], '--by-name does not go with serve dtls'],
    [['serve', 'quic', '--framing', 'close'], '--framing does not go with serve quic'],
    [['serve', 'dtls', '--exchange', 'h2'], 'HTTP/2 is served over TLS'],
    [['serve', 'quic', '--alert', '40'], '--alert does not go with serve quic'],
    [['serve', 'tls', '--alert', 'nonsense', '-b', 'fatal-alert'], '"nonsense" is no alert'],
    [['serve', 'tls', '--alert', '256', '-b', 'fatal-alert'], '"256" is no alert'],
    [['serve', 'tls', '--alert', '48', '-b', 'fin'], 'tls/fin-no-close-notify has no alert to choose'],
    [['serve', 'tls', '--all', '--alert', '48'], '--alert and --all'],
    [['serve', 'tls', '--all', '--port', '65530'], '--port: "65530" leaves no room'],
    [['serve'], '"" is not a protocol that sslshut serves'],
  ])('%j is refused', async (argv, why) => {
    const terminal = createFakeTerminal();
    expect(await run(argv, terminal)).toBe(2);
    expect(terminal.stderr().split('\n')[0]).toContain(why);
  });
});

/** What tls-close says over real sockets, as it does in the simulator. */
const ENDS = [
  ['well-behaved', 'clean'],
  ['fin-no-close-notify', 'fin'],
  ['rst-no-close-notify', 'reset'],
  ['rst-after-close-notify', 'reset-after-close'],
  ['fin-mid-record', 'fin-mid-record'],
  ['fin-after-length', 'fin'],
  ['coalesced-close-notify', 'clean'],
  ['coalesced-fatal-alert', 'alert'],
  ['split-close-notify', 'clean'],
  ['fragmented-alert', 'alert'],
  ['tickets-flood-before-close', 'clean'],
  ['plaintext-after-close', 'clean'],
  ['fatal-alert-before-data', 'alert'],
  ['fin-during-handshake', 'handshake-failed'],
  ['fin-before-finished', 'handshake-failed'],
  ['rst-during-handshake', 'handshake-failed'],
  ['rst-before-finished', 'handshake-failed'],
  ['close-notify-during-handshake', 'handshake-failed'],
  ['close-notify-before-finished', 'handshake-failed'],
  ['plaintext-instead-of-hello', 'handshake-failed'],
];

describe('many behaviours at once', () => {
  /** Serves until it has been visited. */
  async function serving(argv: readonly string[], visit: (out: string) => Promise<unknown>): Promise<string> {
    let said = (_text: string): void => {};
    const first = new Promise<string>((resolve) => {
      said = resolve;
    });
    const terminal = createFakeTerminal({ columns: 120, onOut: said });
    const running = run(['serve', ...argv], terminal);
    await visit(await first);
    terminal.abort('SIGINT');
    expect(await running).toBe(0);
    return terminal.stdout();
  }
  const close = async (...argv: string[]): Promise<string> => {
    const terminal = createFakeTerminal();
    await run(['tls-close', '--insecure', '--quiet', ...argv], terminal);
    return terminal.stdout();
  };

  it('--all: each on a port of its own', async () => {
    const out = await serving(['tls', '--all'], async (table) => {
      const ports = new Map([...table.matchAll(/^ *(\d+) {2}(\S+)/gm)].map(([, port, id]) => [id, port]));
      expect([...ports.keys()]).toEqual(behavioursOf('tls').map(({ id }) => id));
      expect(new Set(ports.values()).size).toBe(ports.size);
      const found = await Promise.all(
        ENDS.map(async ([name]) => [name, await close(`127.0.0.1:${ports.get(`tls/${name}`)}`)] as const),
      );
      expect(found.map(([name, said]) => [name, said.slice(0, said.indexOf(':'))])).toEqual(ENDS);
    });
    expect(out).toMatch(/^tls\/fin-mid-record conn-1 127\.0\.0\.1:\d+: client closed first/m);
  });

  it('--all without a protocol: those of all three, in JSON with one certificate', async () => {
    await serving(['--all', '--json'], async (text) => {
      const [certificate, ...lines] = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(certificate).toMatchObject({ event: 'certificate' });
      expect(lines.map(({ behaviour }) => behaviour)).toEqual(
        SERVED.flatMap((protocol) => behavioursOf(protocol).map(({ id }) => id)),
      );
      expect(lines.every((line) => line.event === 'listening' && line.certificate === undefined)).toBe(true);
    });
  });

  it('--by-name: the server name chooses, on one port', async () => {
    const out = await serving(['tls', '--by-name'], async (text) => {
      const port = /on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      expect(text).toContain(`--resolve fin-mid-body.localhost:${port}:127.0.0.1`);
      const at = `127.0.0.1:${port}`;
      expect(await close('--sni', 'fin-no-close-notify.localhost', at)).toMatch(/^fin: /);
      expect(await close('--sni', 'fin-during-handshake.localhost', at)).toMatch(/^handshake-failed: /);
      expect(await close('--sni', 'elsewhere.localhost', at)).toMatch(/^clean: /);
      expect(await close('--no-sni', at)).toMatch(/^clean: /);
    });
    expect(out).toMatch(/^tls\/fin-no-close-notify conn-1 /m);
    expect(out).toMatch(/^tls\/well-behaved conn-4 /m);
  });

  it('--alert: which one fatal-alert sends', async () => {
    for (const [word, name, number] of [
      ['48', 'unknown_ca', 48],
      ['fatal:access_denied', 'access_denied', 49],
    ] as const) {
      await serving(['tls', '-b', 'fatal-alert', '--alert', word], async (text) => {
        expect(text).toContain(`It ends with ${name}(${number}) at level fatal instead of close_notify.`);
        const port = /on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        expect(await close(`127.0.0.1:${port}`)).toContain(`alert ${name} (${number}, level 2)`);
      });
    }
  });
});

describe('serve --list', () => {
  it('shows every behaviour of every protocol, with its rules, their clauses and what a good client does', async () => {
    const { out, code } = await exec('--list', '--json');
    expect(code).toBe(0);
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map(({ id }) => id)).toEqual(
      SERVED.flatMap((protocol) => behavioursOf(protocol).map(({ id }) => id)),
    );
    for (const entry of entries) {
      expect(entry).toMatchObject({
        protocol: expect.stringMatching(/^(tls|dtls|quic)$/),
        name: expect.any(String),
        says: expect.any(String),
        goodClient: expect.any(String),
        gives: expect.stringMatching(/^(whole|part|unproven|nothing)$/),
      });
      for (const { rule, clause } of entry.rules) {
        expect(entry.breaks).toContain(rule);
        expect(clause).toMatch(/^RFC \d+ §[\d.]+/);
      }
    }
  });

  it('as text names the protocol where there are several, and the clause', async () => {
    expect((await exec('--list')).out).toMatch(/^quic\/close-storm$/m);
    const { out } = await exec('tls', '--list');
    expect(out).toMatch(/^never-reply$/m);
    expect(out).toMatch(/^ {4}breaks tls12-7\.2\.1-reply-close-notify \(RFC 5246 §7\.2\.1\)$/m);
  });
});
