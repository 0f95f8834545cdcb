import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createChannel } from '../../src/driver/channel.ts';
import { createScheduler } from '../../src/driver/scheduler.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createDtlsCore } from '../../src/proto/dtls/connection.ts';
import { DEFAULT_TLS_POLICY } from '../../src/proto/tls/policy.ts';
import { createSimClock } from '../../src/sim/clock.ts';
import { createDatagramLink } from '../../src/sim/datagram-link.ts';
import { createSimTrust } from '../../src/sim/identity.ts';
import { createRandom } from '../../src/sim/random.ts';

const provider = createNativeProvider();

/** A client that waits for an answer to its ClientHello, and somebody who knows its port. */
function flooded() {
  const clock = createSimClock();
  const scheduler = createScheduler(clock);
  const link = createDatagramLink({ clock, random: createRandom('flood'), network: { latency: 0 } });
  const core = createDtlsCore(
    'client',
    {
      versions: [0x0304, 0x0303],
      suites: [0x1301, 0xc02b],
      groups: [29],
      signatureSchemes: [0x0807],
      verify: 'require',
      serverName: 'server.example',
      policy: DEFAULT_TLS_POLICY,
    },
    { random: createRandom('client'), provider, peerAuth: createSimTrust(provider), emit: () => {} },
  );
  const channel = createChannel({ core, connect: link.left, scheduler, emit: () => {} });
  const attacker = link.right({ input: () => {}, writable: () => {}, wants: () => 65_535 });
  core.start(0);
  channel.flush();
  return { clock, core, attacker };
}

/** A piece of a handshake message that says it is long. */
function fragment(sequence: number, offset: number, length: number): Uint8Array {
  const data = new Uint8Array(25 + 100);
  const number = [0, 0, sequence >> 16, (sequence >> 8) & 255, sequence & 255, offset & 255];
  data.set([22, 0xfe, 0xfd, 0, 0, ...number, 0, 112]);
  data.set(
    [2, (length >> 16) & 255, (length >> 8) & 255, length & 255, (sequence >> 8) & 255, sequence & 255],
    13,
  );
  data.set([(offset >> 16) & 255, (offset >> 8) & 255, offset & 255, 0, 0, 100], 19);
  return data;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

describe('a DTLS core that is flooded', () => {
  it('leaves what nobody reads to the kernel, which drops it', () => {
    const { clock, core, attacker } = flooded();
    for (let i = 0; i < 3_000; i++) {
      attacker.write(new Uint8Array(1_000).fill(22));
      clock.runUntil(clock.now() + 0.01);
    }
    expect(core.unread()).toBeGreaterThan(200 * 1_024);
    expect(core.unread()).toBeLessThan(400 * 1_024);
  });

  it('keeps no more of messages than a handshake has', () => {
    const { clock, core, attacker } = flooded();
    const send = (count: number): void => {
      for (let i = 0; i < count; i++) {
        attacker.write(fragment(i % 65_536, (i * 137) % 60_000, 16_000_000));
        attacker.write(fragment(i % 16, (i * 100) % 60_000, 65_000));
        clock.runUntil(clock.now() + 0.01);
        while (core.ready()) core.step(clock.now());
      }
    };
    send(200);
    const before = heapUsed();
    send(20_000);
    expect(heapUsed() - before).toBeLessThan(4 * 1_024 * 1_024);
    expect(core.unread()).toBe(0);
    expect(core.phase()).toBe('handshake');
  });
});
