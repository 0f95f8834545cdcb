import { describe, expect, it } from 'vitest';
import { sleepUntil, type Task } from '../../src/driver/task.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import {
  afterHandshake,
  isClosure,
  runClose,
  type Server,
  sayAlert,
  sayRecord,
  takeUntil,
} from './close-world.ts';

const notes = (events: readonly TimelineEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'note' ? [event.code] : []));

const inAnswer = (answer: (server: Server) => Task<void>) =>
  afterHandshake(function* (server) {
    yield* takeUntil(server, isClosure);
    yield* answer(server);
  });

function raw({ core, channel }: Server, text: string): void {
  core.raw.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  channel.flush();
}

describe.each(['1.2', '1.3'] as const)('what is left over at the end of a close over TLS %s', (version) => {
  it('a record that never became whole, when the limit comes', () => {
    const { events, outcome } = runClose({
      version,
      script: inAnswer(function* (server) {
        sayRecord(server, 23, new Uint8Array(100), 60);
        yield* takeUntil(server, () => false);
      }),
    });
    expect(outcome.class).toBe('silent');
    const note = events.find((event) => event.kind === 'note' && event.code === 'unfinished-record');
    expect(note).toMatchObject({ text: expect.stringMatching(/^\d\d bytes of a record had come/u) });
  });

  it('nothing is said of a limit that finds nothing begun', () => {
    const { events } = runClose({
      version,
      script: inAnswer(function* (server) {
        yield* takeUntil(server, () => false);
      }),
    });
    expect(notes(events)).not.toContain('unfinished-record');
  });

  it('clear text behind close_notify', () => {
    const { events, outcome } = runClose({
      version,
      script: inAnswer(function* (server) {
        sayAlert(server, 1, 0);
        raw(server, 'this is no TLS record, is it');
        yield* sleepUntil(server.now() + 5);
        server.channel.transport.fin();
      }),
    });
    expect(outcome.class).toBe('clean');
    expect(events.find((event) => event.kind === 'note')).toMatchObject({
      code: 'no-record',
      text: "28 bytes that are no TLS record came behind the peer's close_notify",
    });
  });

  it('part of a record behind close_notify', () => {
    const { events, outcome } = runClose({
      version,
      script: inAnswer(function* (server) {
        sayAlert(server, 1, 0);
        sayRecord(server, 23, new Uint8Array(100), 60);
        server.channel.transport.fin();
        yield* sleepUntil(server.now());
      }),
    });
    expect(outcome).toMatchObject({ class: 'clean', truncationPossible: 'no' });
    expect(events.find((event) => event.kind === 'eof')).toMatchObject({ verdict: 'clean' });
    expect(events.find((event) => event.kind === 'eof')).not.toMatchObject({ partialRecord: 0 });
  });

  it('tickets and alerts behind close_notify are records', () => {
    const { events } = runClose({
      version,
      script: inAnswer(function* (server) {
        sayAlert(server, 1, 0);
        sayRecord(server, 21, Uint8Array.of(1, 0));
        sayRecord(server, 22, Uint8Array.of(0, 0, 0, 0));
        server.channel.transport.fin();
        yield* sleepUntil(server.now());
      }),
    });
    expect(notes(events)).not.toContain('no-record');
  });

  it('data behind close_notify is read up to the cap', () => {
    const { events, outcome } = runClose({
      version,
      plan: { readCap: 1000 },
      script: inAnswer(function* (server) {
        sayAlert(server, 1, 0);
        for (let i = 0; i < 50; i++) sayRecord(server, 23, new Uint8Array(100));
        yield* takeUntil(server, () => false);
      }),
    });
    expect(notes(events).filter((code) => code === 'read-cap')).toHaveLength(1);
    expect(outcome.class).toBe('held-open');
    expect(outcome.summary).toMatch(/^the peer sent close_notify, but data went on \(1\d00 bytes in all\)/u);
  });
});
