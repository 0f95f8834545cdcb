import { describe, expect, it } from 'vitest';
import { sleepUntil } from '../../src/driver/task.ts';
import { afterHandshake, answers, isClosure, runClose, say, sayAlert, takeUntil } from './close-world.ts';

describe('the other ways of closing', () => {
  it('--no-drain makes the bare second call', () => {
    const { calls } = runClose({ plan: { drain: false }, script: answers });
    expect(calls.slice(1)).toEqual(['SSL_shutdown 0 WANT_READ', 'SSL_shutdown 1']);
  });

  it('--no-drain meets unread data, and the class still follows what the peer did', () => {
    const { calls, outcome } = runClose({
      plan: { drain: false },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        say(server, 10);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
      }),
    });
    expect(calls.slice(1)).toEqual(['SSL_shutdown 0 WANT_READ', 'SSL_shutdown -1 SSL']);
    expect(outcome).toMatchObject({ class: 'clean', bytesAfterOurClose: 10 });
  });

  it('--rapid makes one call and closes', () => {
    const { calls, outcome, server } = runClose({ plan: { mode: 'rapid' }, script: answers });
    expect(calls.slice(1)).toEqual(['SSL_shutdown 0 WANT_READ']);
    expect(outcome).toMatchObject({ class: 'not-observed', exitCode: 0 });
    expect(server.some((event) => event.kind === 'transport.fin' && event.by === 'peer')).toBe(true);
  });

  it('--quiet-shutdown sends nothing and says so as a notice', () => {
    const { calls, outcome, findings, server } = runClose({ plan: { mode: 'quiet' }, script: answers });
    expect(calls.slice(1)).toEqual(['SSL_shutdown 1']);
    expect(outcome.class).toBe('not-observed');
    expect(findings).toMatchObject([{ who: 'local', grade: 'info' }]);
    expect(server.some((event) => event.kind === 'alert' && event.by === 'peer')).toBe(false);
  });

  it('--abrupt fin and rst send no close_notify', () => {
    const fin = runClose({ plan: { mode: 'abrupt-fin' }, script: answers });
    expect(fin.outcome.class).toBe('not-observed');
    expect(fin.server.find((event) => event.kind === 'eof')).toMatchObject({ verdict: 'unexpected' });
    const rst = runClose({ plan: { mode: 'abrupt-rst' }, script: answers });
    expect(rst.outcome.class).toBe('not-observed');
    expect(rst.server.some((event) => event.kind === 'transport.reset' && event.by === 'peer')).toBe(true);
  });

  it('--abrupt fin --linger looks at what the peer does', () => {
    const script = afterHandshake(function* (server) {
      yield* takeUntil(server, () => false);
      sayAlert(server, 1, 0);
      server.channel.transport.fin();
    });
    const { outcome } = runClose({ plan: { mode: 'abrupt-fin', lingerMs: 200 }, script });
    expect(outcome).toMatchObject({ class: 'clean', resetAfterFin: 'not-observable', closedFirst: 'local' });
  });

  it('--rapid and --quiet-shutdown with --linger look at what the peer does', () => {
    const rapid = runClose({ plan: { mode: 'rapid', lingerMs: 200 }, script: answers });
    expect(rapid.calls.slice(1)).toEqual(['SSL_shutdown 0 WANT_READ']);
    expect(rapid.outcome).toMatchObject({ class: 'clean', peerCloseNotify: 'after', answerMs: 2 });
    const script = afterHandshake(function* (server) {
      yield* takeUntil(server, () => false);
      server.channel.transport.fin();
    });
    const quiet = runClose({ plan: { mode: 'quiet', lingerMs: 200 }, script });
    expect(quiet.calls.slice(1)).toEqual(['SSL_shutdown 1']);
    expect(quiet.outcome).toMatchObject({ class: 'fin', closedFirst: 'local' });
  });

  it.each(['rapid', 'abrupt-fin'] as const)('%s waits as long as --linger says, and no longer', (mode) => {
    const script = afterHandshake(function* (server) {
      yield* takeUntil(server, () => false);
      yield* sleepUntil(server.now() + 1000);
    });
    const { outcome, events } = runClose({ plan: { mode, lingerMs: 200 }, script });
    expect(events.filter((event) => event.kind === 'limit')).toMatchObject([{ phase: 'close', ms: 200 }]);
    expect(outcome.class).toBe('silent');
    expect(outcome.summary).toContain('within 200 ms');
    const held = runClose({
      plan: { mode, lingerMs: 200 },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, () => false);
        sayAlert(server, 1, 0);
      }),
    });
    expect(held.outcome.summary).toBe('the peer sent close_notify but no FIN within 200 ms');
  });

  it('--rapid tells of a reset that its call met', () => {
    // ClientHello, Finished, close_notify.
    const { calls, outcome } = runClose({ plan: { mode: 'rapid' }, script: answers, failingWrite: 3 });
    expect(calls.slice(1)).toEqual(['SSL_shutdown -1 SYSCALL']);
    expect(outcome).toMatchObject({ class: 'reset', closedFirst: 'peer' });
  });

  it('--wait-peer answers the peer', () => {
    const { calls, outcome } = runClose({
      plan: { mode: 'wait-peer' },
      script: afterHandshake(function* (server) {
        say(server, 3);
        sayAlert(server, 1, 0);
        yield* takeUntil(server, isClosure);
        server.channel.transport.fin();
      }),
    });
    expect(calls.slice(1)).toEqual(['SSL_read 3', 'SSL_read 0 ZERO_RETURN', 'SSL_shutdown 1']);
    expect(outcome).toMatchObject({
      class: 'clean',
      closedFirst: 'peer',
      peerCloseNotify: 'before',
      bytesReceived: 3,
    });
  });

  it('--wait-peer gives up at the limit', () => {
    const { calls, outcome } = runClose({ plan: { mode: 'wait-peer' }, script: answers });
    expect(calls.slice(1)).toEqual(['SSL_read blocked', 'SSL_shutdown 0 WANT_READ']);
    expect(outcome).toMatchObject({ class: 'silent', peerNeverClosed: true });
  });

  it('--half-close sends FIN behind close_notify and reads on', () => {
    const { calls, outcome, server } = runClose({
      plan: { mode: 'half-close' },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, (step) => step.kind === 'eof');
        say(server, 1000);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
      }),
    });
    expect(calls.slice(1)).toEqual([
      'SSL_shutdown 0 WANT_READ',
      'SSL_read 1000',
      'SSL_read 0 ZERO_RETURN',
      'SSL_shutdown 1',
    ]);
    expect(outcome).toMatchObject({
      class: 'clean',
      bytesAfterOurClose: 1000,
      resetAfterFin: 'not-observable',
    });
    expect(server.find((event) => event.kind === 'eof')).toMatchObject({ verdict: 'clean' });
  });

  it('--no-block shows every call that could not go on, at every record and every 100 ms', () => {
    const { calls, outcome } = runClose({
      plan: { noBlock: true, profile: 'openssl-3.5' },
      version: '1.2',
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        yield* sleepUntil(server.now() + 250);
        sayAlert(server, 1, 0);
        server.channel.transport.fin();
      }),
    });
    const after = calls.slice(calls.indexOf('SSL_do_handshake 1') + 1);
    expect(after).toEqual([
      'SSL_shutdown 0 SYSCALL',
      'SSL_read -1 WANT_READ',
      'SSL_read -1 WANT_READ',
      'SSL_read -1 WANT_READ',
      'SSL_read 0 ZERO_RETURN',
      'SSL_shutdown 1',
    ]);
    expect(outcome.class).toBe('clean');
  });

  it('--write-after-close is refused, and sent below all the same', () => {
    const { calls, server, findings } = runClose({ plan: { writeAfterClose: true }, script: answers });
    expect(calls.slice(1, 3)).toEqual(['SSL_shutdown 0 WANT_READ', 'SSL_write -1 SSL']);
    expect(server.some((event) => event.kind === 'transport.fin' && event.by === 'local')).toBe(true);
    expect(findings).toMatchObject([{ who: 'local', grade: 'info' }]);
  });

  it('--ignore-unexpected-eof takes FIN for close_notify in the calls, not in the class', () => {
    const { calls, outcome, findings } = runClose({
      plan: { ignoreUnexpectedEof: true },
      script: afterHandshake(function* (server) {
        yield* takeUntil(server, isClosure);
        server.channel.transport.fin();
      }),
    });
    expect(calls.at(-1)).toBe('SSL_shutdown 1');
    expect(outcome.class).toBe('fin');
    expect(findings.filter((finding) => finding.who === 'local')).toHaveLength(1);
  });
});
