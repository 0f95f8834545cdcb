import { afterEach, describe, expect, it } from 'vitest';
import { CONFIRM, type ConfirmName } from '../../src/catalog/causes/confirm.ts';
import { run } from '../../src/cli/program.ts';
import { type RunningServer, serve } from '../../src/index.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { words } from './script.ts';

type Row = [confirm: ConfirmName, protocol: 'tls' | 'dtls' | 'quic', behaviour: string, shows: RegExp];

/** Against a peer that does it, the command shows it. */
const ROWS: readonly Row[] = [
  ['peer-close', 'tls', 'fin-no-close-notify', /^fin: /m],
  ['peer-close', 'tls', 'well-behaved', /^clean: /m],
  ['transport', 'tls', 'rst-no-close-notify', /^reset: /m],
  ['transport', 'tls', 'rst-after-close-notify', /^reset-after-close: /m],
  ['reply', 'tls', 'fin-no-close-notify', /^fin: /m],
  ['idle', 'tls', 'idle-fin', /^fin: /m],
  ['alert-level', 'tls', 'fatal-close-notify', /alert fatal close_notify/],
  ['user-canceled', 'tls', 'user-canceled-then-close', /user_canceled/],
  ['tcp-release', 'tls', 'rst-after-close-notify', /^reset-after-close: /m],
  ['dtls-alive', 'dtls', 'ignore-close-notify', /^alive-after-close: /m],
  ['quic-close', 'quic', 'well-behaved', /^clean: /m],
  ['quic-wait', 'quic', 'closes-first', /H3_NO_ERROR/],
  ['quic-restart', 'quic', 'stateless-reset', /^stateless-reset: /m],
];

let server: RunningServer | undefined;
afterEach(() => server?.close());

describe('what explain tells people to run', () => {
  it.each(ROWS)('%s: %s/%s is seen', async (confirm, protocol, behaviour, shows) => {
    server = await serve({ protocol, behaviour });
    const command = CONFIRM[confirm].command.replace('HOST:PORT', `localhost:${server.port}`);
    const [, ...argv] = words(command);
    const terminal = createFakeTerminal({ columns: 100 });
    await run([...argv, '--insecure', '--connect-to', server.host], terminal);
    expect(terminal.stdout(), terminal.stderr()).toMatch(shows);
  });
});
