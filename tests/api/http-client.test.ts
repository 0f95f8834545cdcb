import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, type ServedClient, serve } from '../../src/index.ts';

// What an HTTP client people really use makes of servers that close badly: undici, over the runtime's own TLS.

const open: { server: RunningServer; agent: Agent }[] = [];
afterEach(async () => {
  for (const { server, agent } of open.splice(0)) {
    await agent.destroy();
    await server.close();
  }
});

async function get(behaviour: string, framing: 'length' | 'close') {
  const clients: ServedClient[] = [];
  const server = await serve({ behaviour, framing, count: 1, onClient: (client) => clients.push(client) });
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  open.push({ server, agent });
  const answer = request(`https://localhost:${server.port}/`, { dispatcher: agent })
    .then(async ({ statusCode, body }) => ({ statusCode, text: await body.text() }))
    .catch((error: Error & { code?: string }) => ({ error: error.code ?? error.message }));
  const result = await answer;
  await agent.destroy();
  await server.done;
  return { result, client: clients[0] };
}

describe('undici against serve', () => {
  it.each(['length', 'close'] as const)('reads a whole answer framed by %s', async (framing) => {
    const { result, client } = await get('well-behaved', framing);
    expect(result).toMatchObject({ statusCode: 200 });
    expect(client?.facts.handshake).toBe('completed');
    expect(client?.facts.bytes).toBeGreaterThan(20);
  });

  it('takes a bare FIN for the end of an answer that has no length: the truncation nobody notices', async () => {
    const { result } = await get('fin-no-close-notify', 'close');
    expect(result).toMatchObject({ statusCode: 200 });
  });

  it('notices when a reset loses the tail of an answer with a length', async () => {
    const { result } = await get('rst-drops-tail', 'length');
    expect(result).toHaveProperty('error');
  });
});
