import { describe, expect, it } from 'vitest';
import { judge } from '../../src/catalog/outcome.ts';
import { evaluate } from '../../src/catalog/rules/tls.ts';
import { createChannel } from '../../src/driver/channel.ts';
import { createClosing } from '../../src/driver/close/closing.ts';
import { datagramFlow } from '../../src/driver/close/datagram-flow.ts';
import {
  type DatagramCloseOptions,
  toDatagramPlan,
  toDatagramPlanFact,
} from '../../src/driver/close/datagram-plan.ts';
import { openLine } from '../../src/driver/close/line.ts';
import { createWitness } from '../../src/driver/close/witness.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import type { RecordCore } from '../../src/proto/core.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import { DEFAULT_GROUPS, DEFAULT_SCHEMES, DTLS_SUITES } from '../../src/proto/handshake/defaults.ts';
import type { Role } from '../../src/proto/role.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';
import type { Emit } from '../../src/timeline/event.ts';
import { createRecorder } from '../../src/timeline/recorder.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import {
  afterHandshake,
  isClosure,
  isData,
  type Script,
  say,
  sayAlert,
  take,
  takeUntil,
} from './close-world.ts';

const provider = createNativeProvider();
const identity = createSimIdentity(provider, createRandom(1, 'identity'), 'example.net');

/** One close over a simulated network against a scripted server. `gone`: the server's port, once that is called. */
function run(script: (gone: () => void) => Script, options: Partial<DatagramCloseOptions> = {}) {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const recorder = createRecorder(clock.now);
  const link = createDatagramLink({ clock, random: createRandom(1, 'network') });
  const versions = [options.versions?.[0] === '1.2' ? 0x0303 : 0x0304] as const;
  const createCore =
    (role: Role) =>
    (emit: Emit): RecordCore =>
      createDtlsCore(
        role,
        {
          versions,
          suites: DTLS_SUITES,
          groups: DEFAULT_GROUPS,
          signatureSchemes: DEFAULT_SCHEMES,
          verify: 'require',
          policy: DEFAULT_TLS_POLICY,
          ...(role === 'client' ? { serverName: 'example.net' } : { identity }),
        },
        { random: createRandom(1, role), provider, peerAuth: createSimTrust(provider), emit },
      );
  const peer = recorder.emitter('peer');
  const core = createCore('server')(peer);
  const channel = createChannel({ core, connect: link.right, scheduler, emit: peer });
  const server = { channel, core, now: () => clock.now() };
  scheduler.spawn(script(() => link.unreachable('right'))(server));

  const plan = toDatagramPlan({ target: 'example.net', ...options });
  const emit = recorder.emitter('local');
  emit(toDatagramPlanFact(plan, 'fail'));
  emit({ kind: 'transport.connected', remote: 'sim:right', local: 'sim:left', udp: true });
  const witness = createWitness(emit, clock.now);
  const again = () => ({ createCore: createCore('client'), emit });
  const closing = createClosing({
    plan,
    line: openLine(link.left),
    scheduler,
    witness,
    createCore: createCore('client'),
    again,
    datagrams: true,
  });
  let over = false;
  scheduler.spawn(datagramFlow(closing, plan), () => {
    over = true;
  });
  clock.runUntilIdle(60_000);
  if (!over) throw new Error('the close never ended');
  const mine = recorder.events.filter((event) => event.conn === 'local');
  const closes = mine.flatMap((event) =>
    event.kind === 'alert' && event.by === 'local' && event.description === 0 ? [event.t] : [],
  );
  return { outcome: judge(recorder.events), findings: evaluate(recorder.events), closes, events: mine };
}

const silent: Script = afterHandshake(function* (server) {
  for (;;) yield* take(server);
});
/** Answers the nth close_notify. */
const answersNth = (n: number): Script =>
  afterHandshake(function* (server) {
    for (let seen = 0; seen < n; seen++)
      yield* takeUntil(server, (step) => isClosure(step) || step.kind === 'ignored');
    sayAlert(server, 1, 0);
  });
const echoes: Script = afterHandshake(function* (server) {
  for (;;) {
    const step = yield* take(server);
    if (step.kind === 'data' || step.kind === 'ignored') say(server, 5);
  }
});

describe.each(['1.2', '1.3'] as const)('closing an association of DTLS %s', (version) => {
  const versions = [version];

  it('is over as soon as the answer and its stragglers had their time', () => {
    const { outcome, closes, events } = run(() => answersNth(1), { versions });
    expect(outcome).toMatchObject({ class: 'clean', exitCode: 0, closeNotifySent: 1 });
    const [closed = 0] = closes;
    expect((events.at(-1)?.t ?? 0) - closed).toBeLessThan(150);
  });

  it('takes silence for what it may be, at the limit', () => {
    const { outcome, findings } = run(() => silent, { versions });
    expect(outcome).toMatchObject({ class: 'silent', exitCode: 1 });
    expect(findings).toEqual([]);
  });

  it('sends close_notify again 1 and 3 s after the first, and warns when nobody answers any', () => {
    const { outcome, closes, findings } = run(() => silent, { versions, retryClose: 2 });
    const [first = 0] = closes;
    expect(closes.map((t) => t - first)).toEqual([0, 1000, 3000]);
    expect(outcome).toMatchObject({ class: 'silent', closeNotifySent: 3 });
    expect(findings.map(({ grade, who }) => `${grade} ${who}`)).toEqual(['warn peer']);
  });

  it('stops repeating once the peer has answered', () => {
    const { outcome, closes } = run(() => answersNth(1), { versions, retryClose: 5 });
    expect(closes).toHaveLength(1);
    expect(outcome.class).toBe('clean');
  });

  it('asks again after the limit, and finds the association alive or silent', () => {
    const send = new Uint8Array(5);
    const asked = run(() => silent, { versions, send });
    expect(asked.outcome.class).toBe('silent');
    expect(asked.events.filter((event) => event.kind === 'data' && event.afterClose)).toHaveLength(1);
    expect(run(() => silent, { versions }).events.filter((event) => event.kind === 'data')).toEqual([]);
  });

  it('hears that the port is gone, and waits no longer', () => {
    const { outcome, closes, events } = run(
      (gone) =>
        afterHandshake(function* (server) {
          yield* takeUntil(server, isData);
          gone();
        }),
      { versions, send: new Uint8Array(5), idleMs: 50 },
    );
    expect(outcome).toMatchObject({ class: 'unreachable', exitCode: 1 });
    const [closed = 0] = closes;
    expect((events.at(-1)?.t ?? 0) - closed).toBeLessThan(150);
  });

  it('leaves without a word', () => {
    const { outcome, closes, events } = run(() => silent, { versions, mode: 'vanish' });
    expect(closes).toEqual([]);
    expect(outcome).toMatchObject({ class: 'not-observed', exitCode: 0 });
    expect(events.filter((event) => event.kind === 'call' && event.fn === 'SSL_shutdown')).toEqual([]);
  });
});

it.each([
  ['manual', '1.3', 0],
  ['openssl-3.5', '1.2', 0],
  ['openssl-3.5', '1.3', 1],
] as const)('profile %s over DTLS %s: %i notes that OpenSSL has none', (profile, version, count) => {
  const { events } = run(() => answersNth(1), { versions: [version], profile });
  const notes = events.filter((event) => event.kind === 'note' && event.code === 'profile-range');
  expect(notes).toHaveLength(count);
});

it('finds an association alive that answers what came after close_notify', () => {
  const { outcome } = run(() => echoes, { versions: ['1.2'], send: new Uint8Array(5) });
  expect(outcome).toMatchObject({ class: 'alive-after-close', exitCode: 1 });
});

describe('--exchange coap', () => {
  const answer = '6445535373736c73c128ff3c2f613e';
  const coap: () => Script = () =>
    afterHandshake(function* (server) {
      const asked = yield* takeUntil(server, isData);
      expect(asked.kind === 'data' && toHex(asked.data).slice(0, 8)).toBe('44015353');
      server.core.sendData(fromHex(answer));
      server.channel.flush();
      yield* takeUntil(server, isClosure);
      sayAlert(server, 1, 0);
    });

  it('asks, takes the answer and closes', () => {
    const { outcome, events } = run(coap, { exchange: 'coap' });
    expect(outcome).toMatchObject({ class: 'clean', bytesReceived: 15, truncationPossible: 'no' });
    const told = events.flatMap((event) => (event.kind === 'exchange' ? [event.detail] : []));
    expect(told).toEqual(['CON GET /.well-known/core', 'ACK 2.05, 4 bytes', 'whole: 4 bytes']);
  });

  it('asks again after 2, 4, 8 s, until an acknowledgement comes', () => {
    const deaf = () =>
      afterHandshake(function* (server) {
        for (let times = 0; times < 3; times++) yield* takeUntil(server, isData);
        server.core.sendData(fromHex('60005353'));
        server.channel.flush();
        yield* takeUntil(server, isClosure);
        sayAlert(server, 1, 0);
      });
    const { outcome, events } = run(deaf, { exchange: 'coap', limits: { exchange: 30_000 } });
    const asked = events.filter((event) => event.kind === 'exchange' && event.by === 'local');
    const [first = 0, ...later] = asked.map((event) => event.t);
    expect(later.map((t) => Math.round((t - first) / 1000))).toEqual([2, 6]);
    expect(asked.at(-1)).toMatchObject({ detail: 'CON GET /.well-known/core, once more' });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'limit', phase: 'exchange' }));
    expect(outcome).toMatchObject({ class: 'clean', truncationPossible: 'unknown' });
  });

  it('is all that can be spoken over DTLS, and says itself what to send', () => {
    expect(() => toDatagramPlan({ target: 'a', exchange: 'http1' })).toThrow('spoken over TLS');
    expect(() => toDatagramPlan({ target: 'a', exchange: 'coap', send: new Uint8Array(1) })).toThrow(
      '--send',
    );
    expect(() => toDatagramPlan({ target: 'a', path: '/' })).toThrow('--get');
  });
});
