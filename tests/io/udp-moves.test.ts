import { describe, expect, it } from 'vitest';
import { ONLY12, ONLY13 } from '../proto/dtls-pair.ts';
import { echo, place, read, sealed, shaken, start, until } from './dtls-server.ts';

describe.each([
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const)('a client of %s that changes its address, with a connection ID', (_name, both) => {
  it('is answered where it is, and its old place is free for others', async () => {
    const { server, events } = await start();
    const { core, home } = await shaken(server, both);
    const away = await place(server);
    await echo(core, home, 'from home');
    await echo(core, away, 'from away');
    await echo(core, away, 'away again');
    const paths = events.filter((event) => event.kind === 'path');
    expect(paths.map(({ what, detail }) => `${what} ${detail}`)).toEqual([
      `migrated now at ${away.address}`,
      `validated ${away.address}`,
    ]);
    expect(read(core, home)).toEqual([]);
    // Another client behind the same address and port: both go on.
    const other = await shaken(server, both, home, 99);
    await echo(other.core, home, 'from the other');
    await echo(core, away, 'still away');
    expect(events.filter(({ kind }) => kind === 'transport.closed')).toEqual([]);
  });

  it('is not moved by records that are old, repeated or forged', async () => {
    const { server, events } = await start();
    const { core, home } = await shaken(server, both);
    const elsewhere = await place(server);
    const late = sealed(core, 'late');
    const newer = sealed(core, 'newer');
    const forged = sealed(core, 'forged');
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    home.socket.send(newer);
    await until(() => events.some((event) => event.kind === 'data' && event.by === 'local'));
    elsewhere.socket.send(late);
    elsewhere.socket.send(newer);
    elsewhere.socket.send(forged);
    const texts: string[] = [];
    await until(() => {
      texts.push(...read(core, home));
      return texts.includes('late') && events.filter(({ kind }) => kind === 'dropped').length >= 2;
    });
    expect(texts).toEqual(['newer', 'late']);
    expect(elsewhere.got).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'path')).toEqual([]);
    const dropped = events.flatMap((event) => (event.kind === 'dropped' ? [event.reason] : []));
    expect(dropped).toEqual(['replayed', 'undecryptable']);
  });
});
