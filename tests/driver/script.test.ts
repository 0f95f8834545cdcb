import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/driver/script.ts';
import { UsageError } from '../../src/driver/usage-error.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { runScenario } from '../../src/sim/scenario.ts';

const provider = createNativeProvider();
const scenario = (steps: readonly unknown[], more: object = {}): object => ({
  id: 'x',
  protocol: 'tls1.3',
  setup: { blocking: false },
  steps,
  ...more,
});
const run = (value: object) => runScenario(parseScenario(value), { profile: 'openssl-3.5', provider });

describe('a scenario that is wrong', () => {
  it.each([
    [[], 'a scenario is an object, not []'],
    [{ steps: [] }, 'protocol: missing ("tls1.2" or "tls1.3" or "dtls1.2" or "dtls1.3" or "quic")'],
    [scenario([], { protocol: 'ssl3' }), 'scenario.protocol: "ssl3" is not "tls1.2" or'],
    [{ protocol: 'tls1.2' }, 'steps: missing'],
    [{ protocol: 'tls1.2', steps: {} }, 'steps: not a list'],
    [scenario([], { setup: 3 }), 'setup: 3 is not an object'],
    [scenario([], { setup: { blocking: 'no' } }), 'setup.blocking: "no" is not true or false'],
    [scenario([], { setup: { handshake: 'auto' } }), 'setup.handshake: "auto" is not "manual"'],
    [scenario(['x']), 'steps[0]: "x" is not an object'],
    [scenario([{ lokal: 'read' }]), 'steps[0]: a step has one of local, peer, net; this has none'],
    [scenario([{ local: 'read', net: 'pass' }]), 'this has local and net'],
    [
      scenario([{ local: 'read' }, { local: 'read' }, { local: 'read' }, { local: 'shutdwn' }]),
      'steps[3].local: unknown op "shutdwn"',
    ],
    [scenario([{ peer: 'clsoe' }]), 'steps[0].peer: unknown op "clsoe"'],
    [scenario([{ net: 'off' }]), 'steps[0].net: unknown op "off"'],
    [scenario([{ net: 'drop_c2s' }]), 'steps[0].net: "drop_c2s" is for quic, not for tls1.3'],
    [scenario([{ local: 'stream_reset' }]), 'steps[0].local: "stream_reset" is for quic'],
    [scenario([{ local: 'read', max: -1 }]), 'steps[0].max: -1 is not a whole number from 0'],
    [scenario([{ local: 'sleep' }]), 'steps[0]: ms is missing'],
    [scenario([{ local: 'set_shutdown', flags: ['BOTH'] }]), 'steps[0].flags: ["BOTH"] is not a list'],
    [scenario([{ local: 'shutdown_ex', code: '18446744073709551616' }]), 'steps[0].code'],
    [scenario([{ local: 'shutdown', expect: 1 }]), 'steps[0].expect: 1 is not an object'],
    [scenario([{ peer: 'raw_alert', level: 1 }]), 'steps[0]: description is missing'],
    [scenario([{ peer: 'raw_record', type: 22, hex: '0g' }]), 'steps[0].hex: "0g" is not hex digits'],
    [scenario([{ peer: 'fin', after_ms: -5 }]), 'steps[0].after_ms: -5 is not'],
    [scenario([{ peer: 'burst', records: [{ rec: 'fin' }] }]), 'steps[0].records[0].rec: unknown op "fin"'],
  ])('%j: %s', (value, message) => {
    let thrown: unknown;
    try {
      parseScenario(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as UsageError).message).toContain(message);
    expect((thrown as UsageError).code).toBe('bad-file');
  });

  it('says what it did not know and left out', () => {
    const value = scenario([{ local: 'read', maximum: 4 }], { setup: { speed: 1, options: ['fast'] } });
    expect(parseScenario(value).notes).toEqual([
      'setup.speed is not known here and was ignored',
      'setup.options: "fast" is not known here and was ignored',
      'steps[0].maximum is not known here and was ignored',
    ]);
    expect(run(value).events.filter((event) => event.kind === 'note')).toHaveLength(3);
  });

  it.each([
    [{ local: 'fin' }, 'local: "fin" is not for quic'],
    [{ peer: 'rst' }, 'peer: "rst" has no meaning on quic'],
    [{ net: 'block_writes' }, 'net: "block_writes" has no meaning on quic'],
    [{ local: 'read', on: 's1' }, 'on: there is no stream "s1"'],
  ])('%o means nothing on quic, and it says so', (step, message) => {
    expect(() => run(scenario([step], { protocol: 'quic' }))).toThrow(message);
  });

  it('a fill that never blocks is an error, not a loop', () => {
    expect(() => run(scenario([{ net: 'drop_writes' }, { local: 'fill', size: 1_000_000 }]))).toThrow(
      'was never blocked',
    );
  });
});

describe('a scenario that is played', () => {
  it('asserts what a step expects', () => {
    const steps = [
      { local: 'shutdown', expect: { ret: 0, shutdown: ['SENT'] } },
      { peer: 'shutdown' },
      { local: 'shutdown', expect: { ret: 0, error: 'SSL_ERROR_NONE', bytes: 4 } },
    ];
    expect(run(scenario(steps)).failures).toEqual([
      { path: 'steps[2].expect.ret', expected: 0, actual: 1 },
      { path: 'steps[2].expect.bytes', expected: 4, actual: null },
    ]);
  });

  it('gives the same timeline for a seed, to the byte, and another for another seed', () => {
    const value = scenario([{ local: 'write', size: 9 }, { peer: 'auto_reply' }, { local: 'shutdown' }]);
    const lines = (seed: number): string =>
      JSON.stringify(runScenario(parseScenario(value), { profile: 'manual', provider, seed }).events);
    expect(lines(1)).toBe(lines(1));
    expect(lines(1)).not.toBe(lines(2));
  });

  it('puts every call on the timeline, with what it returned', () => {
    const { events } = run(scenario([{ local: 'shutdown' }, { local: 'read', max: 7 }]));
    const calls = events.filter((event) => event.conn === 'local' && event.kind === 'call');
    expect(calls.map((call) => (call.kind === 'call' ? [call.fn, call.args] : []))).toEqual([
      ['SSL_do_handshake', undefined],
      ['SSL_shutdown', undefined],
      ['SSL_read', { num: 7 }],
    ]);
    const last = events.filter((event) => event.kind === 'return').at(-1);
    expect(last).toMatchObject({ fn: 'SSL_read', ret: -1, error: 'SSL_ERROR_WANT_READ', shutdown: ['SENT'] });
  });

  it('counts data in classes when it is asked to', () => {
    const write = { local: 'write', size: 30 };
    const seen = (setup: object) =>
      run(scenario([write, { local: 'shutdown' }, write], { setup })).peer_observed;
    const close = { alert: 'close_notify', level: 1, description: 0 };
    expect(seen({})).toEqual([{ data: 30 }, close]);
    expect(seen({ peer_data_class: true })).toEqual([{ data: 'some' }, close]);
    expect(seen({ data_expect: 30 })).toEqual([{ data: 'all' }, close]);
    expect(seen({ data_expect: 31 })).toEqual([{ data: 'part' }, close]);
    expect(
      run(scenario([{ local: 'shutdown' }], { setup: { peer_data_class: true } })).peer_observed,
    ).toEqual([{ data: 'none' }, close]);
  });

  it('shows what came before an end before it, however late the peer looks', () => {
    const steps = [{ local: 'do_handshake' }, { local: 'close' }];
    expect(run(scenario(steps, { setup: { handshake: 'manual' } })).peer_observed).toEqual([
      { handshake: 1, plaintext: true },
      { eof: true },
    ]);
  });

  it('shows what has come to a peer that stopped reading', () => {
    const steps = [{ peer: 'stop_reading' }, { local: 'write', size: 5 }, { local: 'shutdown' }];
    expect(run(scenario(steps)).peer_observed).toEqual([
      { data: 5 },
      { alert: 'close_notify', level: 1, description: 0 },
    ]);
  });

  it('tells of what the peer could not send', () => {
    const steps = [{ local: 'close' }, { peer: 'write' }, { peer: 'write' }];
    // The reset that answers the first write is behind the end of the stream: it shows when writing, never when reading.
    expect(run(scenario(steps)).peer_observed).toEqual([{ eof: true }, { send_error: 'EPIPE' }]);
  });
});
