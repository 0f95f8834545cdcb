import { describe, expect, it } from 'vitest';
import { sleepUntil } from '../../src/driver/task.ts';
import {
  afterHandshake,
  answers,
  isClosure,
  runClose,
  type Script,
  say,
  sayAlert,
  sayRecord,
  takeUntil,
} from './close-world.ts';

const versions = ['1.2', '1.3'] as const;

describe.each(versions)('a full close over TLS %s', (version) => {
  it('is clean when the peer answers', () => {
    const { outcome, calls, findings } = runClose({ version, script: answers });
    expect(calls).toEqual([
      'SSL_do_handshake 1',
      'SSL_shutdown 0 WANT_READ',
      'SSL_read 0 ZERO_RETURN',
      'SSL_shutdown 1',
    ]);
    expect(outcome).toMatchObject({
      class: 'clean',
      closedFirst: 'local',
      peerCloseNotify: 'after',
      answerMs: 2,
      finMs: 2,
      exitCode: 0,
    });
    expect(findings).toEqual([]);
  });

  it('counts what the peer still says before its close_notify', () => {
    const { outcome, calls } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        say(server, 500);
        say(server, 20_000);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
      }),
    });
    expect(outcome).toMatchObject({ class: 'clean', bytesAfterOurClose: 20_500, bytesReceived: 20_500 });
    expect(calls.at(-1)).toBe('SSL_shutdown 1');
  });

  it('is late when the answer takes more than a second', () => {
    const { outcome } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        yield* sleepUntil(server.now() + 1500);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
      }),
    });
    expect(outcome).toMatchObject({ class: 'late', answerMs: 1502, exitCode: 0 });
  });

  it('is silent when nothing comes within the limit', () => {
    const { outcome, calls, events } = runClose({
      version,
      plan: { limits: { connect: 100, handshake: 500, exchange: 1, close: 700, fin: 1 } },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
      }),
    });
    expect(outcome).toMatchObject({ class: 'silent', exitCode: 1, peerCloseNotify: 'none' });
    expect(calls.at(-1)).toBe('SSL_read blocked');
    expect(events.find((event) => event.kind === 'limit')).toMatchObject({ phase: 'close', ms: 700 });
  });

  it('is held open when FIN does not follow close_notify', () => {
    const { outcome } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        yield* takeUntil(server, () => false);
      }),
    });
    expect(outcome).toMatchObject({ class: 'held-open', exitCode: 1 });
  });

  it('tells FIN, RST and FIN inside a record apart', () => {
    const end = (act: (server: Parameters<Script>[0]) => void) =>
      runClose({
        version,
        script: afterHandshake(function* (server) {
          yield* takeUntil(server, isClosure);
          act(server);
        }),
      }).outcome;
    expect(end(({ channel }) => channel.transport.fin())).toMatchObject({
      class: 'fin',
      resetAfterFin: 'no',
    });
    expect(end(({ channel }) => channel.transport.reset({ dropPending: false }))).toMatchObject({
      class: 'reset',
    });
    const half = end((server) => {
      sayRecord(server, 23, new Uint8Array(100), 10);
      server.channel.transport.fin();
    });
    expect(half).toMatchObject({ class: 'fin-mid-record', truncationPossible: 'yes' });
  });

  it('says that RST cut a record', () => {
    const { outcome, events, findings } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayRecord(server, 23, new Uint8Array(100), 10);
        yield* sleepUntil(server.now() + 10);
        server.channel.transport.reset({ dropPending: false });
      }),
    });
    const partial = events.flatMap((event) => (event.kind === 'eof' ? [event.partialRecord] : []));
    expect(partial).toEqual([expect.any(Number)]);
    expect(partial[0]).toBeGreaterThan(100);
    expect(outcome).toMatchObject({ class: 'reset', truncationPossible: 'yes', closedFirst: 'local' });
    expect(outcome.summary).toContain(`inside a record (${partial[0]} bytes of it had come)`);
    expect(findings.map(({ grade, text }) => [grade, text])).toEqual([
      ['fail', 'RST came inside a record, without close_notify'],
    ]);
  });

  it('sees RST in place of FIN after close_notify', () => {
    const { outcome } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        yield* sleepUntil(server.now() + 10);
        server.channel.transport.reset({ dropPending: false });
      }),
    });
    expect(outcome).toMatchObject({ class: 'reset-after-close', peerCloseNotify: 'after' });
  });

  it("names the peer's fatal alert", () => {
    const { outcome } = runClose({
      version,
      script: afterHandshake(function* (server) {
        sayAlert(server, 2, 80);
        server.channel.transport.fin();
        yield* takeUntil(server, () => false);
      }),
    });
    expect(outcome).toMatchObject({ class: 'alert', alert: { description: 80, name: 'internal_error' } });
  });

  it('names the rule that an alert of another length than two bytes breaks', () => {
    const rules = ([[], [1], [1, 90, 1, 0]] as const).map(
      (content) =>
        runClose({
          version,
          script: afterHandshake(function* (server) {
            yield* takeUntil(server, isClosure);
            sayRecord(server, 21, Uint8Array.from(content));
            server.channel.transport.fin();
          }),
        }).findings[0]?.rule,
    );
    expect(rules).toEqual(
      version === '1.3'
        ? ['tls13-5.4-no-empty-alert', 'tls13-5.1-alert-not-fragmented', 'tls13-5.1-alert-not-coalesced']
        : ['tls12-6.2.1-no-empty-alert-record', undefined, undefined],
    );
  });

  it('notices data after the close_notify of the peer', () => {
    const { outcome, findings } = runClose({
      version,
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
        sayRecord(server, 23, new Uint8Array(5));
        server.channel.transport.fin();
      }),
    });
    expect(outcome).toMatchObject({ class: 'clean' });
    expect(findings.map((finding) => [finding.grade, finding.who])).toContainEqual(['fail', 'peer']);
  });
});
