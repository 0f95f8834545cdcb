import { describe, expect, it } from 'vitest';
import { toServePlan } from '../../src/catalog/behaviour.ts';
import { findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { serveByName } from '../../src/driver/serve/by-name.ts';
import type { ServePlan } from '../../src/driver/serve/plan.ts';
import { peekServerName } from '../../src/driver/serve/server-name.ts';
import { concat } from '../../src/wire/bytes.ts';
import { drain } from '../proto/tls-pair.ts';
import { realEnd } from '../proto/tls-real.ts';
import { runClose } from './close-world.ts';

function planOf(name: string): ServePlan {
  const behaviour = findBehaviour(name);
  if (behaviour === undefined) throw new Error(`no ${name}`);
  return toServePlan(behaviour);
}

describe.each(['1.2', '1.3'] as const)('by server name, TLS %s', (version) => {
  it.each([
    ['well-behaved', 'clean'],
    ['fin-no-close-notify', 'fin'],
    ['fin-during-handshake', 'handshake-failed'],
    ['never-reply', 'silent'],
  ])('%s: %s', (name, outcome) => {
    const asked: (string | undefined)[] = [];
    const told = runClose({
      version,
      script: function* () {},
      serve: ({ createCore, ...parts }) =>
        serveByName(
          {
            ...parts,
            failed(error) {
              throw error;
            },
          },
          (serverName) => {
            asked.push(serverName);
            return { plan: planOf(name), createCore };
          },
        ),
    });
    expect(asked).toEqual(['example.net']);
    expect(told.outcome.class).toBe(outcome);
    expect(told.server[0]).toMatchObject({ kind: 'note', code: 'behaviour', text: `tls/${name}` });
  });
});

describe('peekServerName', () => {
  const hello = (serverName?: string): Uint8Array => {
    const { core } = realEnd('client', { config: serverName === undefined ? {} : { serverName } });
    core.start(0);
    return concat(...drain(core));
  };

  it('finds the name once the ClientHello is whole, however it is cut', () => {
    const bytes = hello('fin.localhost');
    for (let cut = 0; cut < bytes.length; cut++) expect(peekServerName(bytes.subarray(0, cut))).toBe('more');
    expect(peekServerName(bytes)).toEqual({ name: 'fin.localhost' });
  });

  it('puts records together', () => {
    const bytes = hello('fin.localhost');
    const message = bytes.subarray(5);
    const record = (part: Uint8Array): Uint8Array =>
      concat(Uint8Array.of(22, 3, 1, part.length >> 8, part.length & 255), part);
    const stream = concat(record(message.subarray(0, 40)), record(message.subarray(40)));
    expect(peekServerName(stream)).toEqual({ name: 'fin.localhost' });
  });

  it.each([
    ['text', Uint8Array.from('GET / HTTP/1.1', (letter) => letter.charCodeAt(0))],
    ['another message', Uint8Array.of(22, 3, 3, 0, 4, 14, 0, 0, 0)],
    ['a ClientHello that is none', Uint8Array.of(22, 3, 3, 0, 6, 1, 0, 0, 2, 3, 3)],
  ])('%s has no name', (_what, bytes) => {
    expect(peekServerName(bytes)).toEqual({ name: undefined });
  });
});
