import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { explain, type RunningServer, serve } from '../../src/index.ts';

let server: RunningServer | undefined;
afterEach(() => server?.close());

/** What Node's own TLS client says of a server that behaves so, as it would stand in a log. */
async function complaint(behaviour: string): Promise<string> {
  server = await serve({ protocol: 'tls', behaviour });
  const { host, port, certificate } = server;
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: 'localhost', ca: certificate }, () => {
      socket.write('GET / HTTP/1.0\r\n\r\n');
    });
    socket.on('data', () => {});
    socket.on('error', (error) => resolve(error.stack ?? error.message));
    socket.on('close', () => resolve('closed without an error'));
  });
}

describe('what Node says of peers that misbehave', () => {
  it.each<[string, ...string[]]>([
    ['fin-during-handshake', 'node-before-secure'],
    ['fatal-alert-before-data', 'openssl-alert-text', 'tls-alert/80'],
    ['plaintext-instead-of-hello', 'openssl/0A00010B'],
  ])('%s is explained', async (behaviour, first, ...others) => {
    const text = await complaint(behaviour);
    const { candidates } = await explain(text);
    const ids = candidates.map(({ id }) => id);
    expect(ids[0], text).toBe(first);
    for (const other of others) expect(ids, text).toContain(other);
  });
});
