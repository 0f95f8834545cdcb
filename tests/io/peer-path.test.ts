import { describe, expect, it } from 'vitest';
import { createPeerPath, type Source } from '../../src/io/peer-path.ts';
import type { PeerAddress } from '../../src/proto/core.ts';

const at = (name: string): Source => ({ at: name, address: name, port: 1 });

function path() {
  const told: string[] = [];
  const state: { newest: PeerAddress | undefined } = { newest: undefined };
  const made = createPeerPath({
    home: at('home'),
    newest: () => state.newest,
    found: (where) => told.push(`found ${where}`),
    settled: (where) => told.push(`settled ${where}`),
  });
  return {
    told,
    heard: (name: string, bytes: number) => made.heard(at(name), bytes),
    /** A record opened that is newer than all before it. */
    opened(name: string) {
      const before = state.newest?.address === name ? state.newest.records : 0;
      state.newest = { address: name, records: before + 1 };
    },
    to: (bytes: number) => made.route(bytes)?.at,
  };
}

describe('where replies go (RFC 9146 §6)', () => {
  it('is where the association began, whatever comes from elsewhere and proves nothing', () => {
    const one = path();
    one.heard('elsewhere', 1000);
    expect(one.to(100)).toBe('home');
    one.opened('home');
    expect(one.to(100)).toBe('home');
    expect(one.told).toEqual([]);
  });

  it('is where the newest record came from, and settles there with one more after a reply', () => {
    const one = path();
    one.opened('home');
    one.heard('new', 100);
    one.opened('new');
    one.heard('new', 100);
    one.opened('new');
    expect(one.to(50)).toBe('new');
    // Two records before any reply show nothing: who listens there has answered nothing yet.
    expect(one.told).toEqual(['found new']);
    one.heard('new', 100);
    one.opened('new');
    expect([one.to(50), one.to(100_000)]).toEqual(['new', 'new']);
    expect(one.told).toEqual(['found new', 'settled new']);
  });

  it('gets no more than three times of what came from there, until it is settled', () => {
    const one = path();
    one.heard('new', 100);
    one.opened('new');
    expect([one.to(200), one.to(100), one.to(1)]).toEqual(['new', 'new', undefined]);
    // Also when the peer is at its old place in between.
    one.opened('home');
    expect(one.to(5000)).toBe('home');
    one.opened('new');
    expect(one.to(1)).toBeUndefined();
    one.heard('new', 10);
    expect([one.to(30), one.to(1)]).toEqual(['new', undefined]);
    one.opened('new');
    expect(one.to(5000)).toBe('new');
  });

  it('goes back when the peer does', () => {
    const one = path();
    for (const place of ['new', 'home', 'new'] as const) {
      one.heard(place, 100);
      one.opened(place);
      expect(one.to(50)).toBe(place);
      one.heard(place, 100);
      one.opened(place);
      expect(one.to(50)).toBe(place);
    }
    expect(one.told).toEqual([
      'found new',
      'settled new',
      'found home',
      'settled home',
      'found new',
      'settled new',
    ]);
  });

  it('is not forgotten for many strangers', () => {
    const one = path();
    one.heard('new', 100);
    one.opened('new');
    for (let i = 0; i < 100; i++) one.heard(`stranger ${i}`, 100);
    expect(one.to(50)).toBe('new');
  });
});
