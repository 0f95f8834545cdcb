import { describe, expect, it } from 'vitest';
import { dtlsEnd, ONLY12, ONLY13 } from '../proto/dtls-pair.ts';
import { echo, place, read, shaken, start, unitsOf, until } from './dtls-server.ts';

describe.each([
  ['DTLS 1.2', ONLY12],
  ['DTLS 1.3', ONLY13],
] as const)('a ClientHello of %s from an address with an association (RFC 6347 §4.2.8, RFC 9147 §5.11)', (_name, both) => {
  it('begins another one, and the older goes when the newer is verified', async () => {
    const { server, events } = await start();
    const { core, home } = await shaken(server, both);
    await echo(core, home, 'the first');
    // The client lost its memory, and its port did not.
    const again = await shaken(server, both, home, 7);
    await echo(again.core, home, 'the second');
    expect(core.phase()).toBe('open');
    await until(() => events.some(({ kind, conn }) => kind === 'transport.closed' && conn === 'conn-1'));
    const opened = events.filter(({ kind }) => kind === 'handshake.completed').map(({ conn }) => conn);
    expect(opened).toEqual(['conn-1', 'conn-2']);
    const [closed] = events.filter(({ kind }) => kind === 'transport.closed');
    const second = events.find(({ kind, conn }) => kind === 'handshake.completed' && conn === 'conn-2');
    expect(closed?.seq).toBeGreaterThan(second?.seq ?? Number.POSITIVE_INFINITY);
  });

  it('does no harm while it is only somebody’s word', async () => {
    const { server, events } = await start();
    const { core, home } = await shaken(server, both);
    await echo(core, home, 'before');
    // Forged with the client's address: the forger does not see the cookie.
    const forger = dtlsEnd('client', { both, seed: 8 }).core;
    forger.start(0);
    for (const unit of unitsOf(forger)) for (let i = 0; i < 5; i++) home.socket.send(unit);
    await echo(core, home, 'between');
    expect(events.filter(({ conn }) => conn === 'conn-2')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'transport.closed')).toEqual([]);
  });

  it('does no harm while it has shown its address, and no Finished', async () => {
    const { server, events } = await start();
    const { core, home } = await shaken(server, both);
    await echo(core, home, 'before');
    const half = dtlsEnd('client', { both, seed: 8 }).core;
    half.start(0);
    for (const unit of unitsOf(half)) home.socket.send(unit);
    await until(() => home.got.length > 0);
    read(half, home);
    for (const unit of unitsOf(half)) home.socket.send(unit);
    await until(() => events.some(({ kind, conn }) => kind === 'flight' && conn === 'conn-2'));
    await echo(core, home, 'after');
    expect(events.filter(({ kind }) => kind === 'transport.closed')).toEqual([]);
  });

  it('from another address is another client', async () => {
    const { server, events } = await start();
    const one = await shaken(server, both);
    const two = await shaken(server, both, await place(server), 9);
    await echo(one.core, one.home, 'one');
    await echo(two.core, two.home, 'two');
    expect(new Set(events.map(({ conn }) => conn))).toEqual(new Set(['conn-1', 'conn-2']));
  });
});
