import { describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, serve } from '../../src/index.ts';

// Over real sockets, against servers of our own: the engine is the simulator's, what is new is the world around it.

async function asked(
  protocol: 'dtls' | 'quic',
  behaviour: string,
  options: Partial<Parameters<typeof diagnose>[0]>,
): Promise<Diagnosis> {
  const server = await serve({ protocol, behaviour });
  try {
    const target = `${protocol}://localhost:${server.port}`;
    return await diagnose({ target, insecure: true, repeat: 1, ...options });
  } finally {
    await server.close();
  }
}

const found = ({ versions }: Diagnosis): string[] =>
  versions.flatMap(({ version, checks }) =>
    checks.flatMap(({ check, findings }) =>
      findings.map(({ rule, grade }) => `${version} ${check} ${rule} ${grade}`),
    ),
  );

describe('diagnose over datagrams', () => {
  it('finds nothing in a DTLS server that does as it should', async () => {
    const told = await asked('dtls', 'well-behaved', { intrusive: true });
    expect(told).toMatchObject({ protocol: 'dtls', grade: 'pass', exitCode: 0 });
    expect(told.versions.map(({ version, exchange }) => `${version} ${exchange}`)).toEqual([
      '1.3 echo',
      '1.2 echo',
    ]);
  });

  it('sees a DTLS server work on after a close', async () => {
    const told = await asked('dtls', 'ignore-close-notify', {
      checks: ['dtls-close-boundary', 'close-reply'],
      versions: ['1.3'],
      limits: { close: 1_500 },
    });
    expect(found(told)).toEqual(['1.3 dtls-close-reply silence warn', '1.3 dtls-close-boundary higher fail']);
    expect(told.exitCode).toBe(1);
  });

  it('finds nothing in a QUIC server that does as it should', async () => {
    const checks = ['quic-close-drain', 'quic-hs-close', 'quic-closing-resend', 'h3-critical-stream'];
    const told = await asked('quic', 'well-behaved', { checks });
    expect(found(told)).toEqual([]);
    expect(told).toMatchObject({ protocol: 'quic', grade: 'pass', exitCode: 0 });
    expect(told.versions).toMatchObject([{ version: 'v1', exchange: 'h3', state: 'checked' }]);
  });

  it('sees a QUIC server close in storms', async () => {
    const told = await asked('quic', 'close-storm', { checks: ['close-drain', 'closing-resend'] });
    expect(found(told)).toEqual([
      'v1 quic-closing-resend every-packet warn',
      'v1 quic-close-drain ping-pong fail',
    ]);
  });

  it('says of a port at which nobody is that it was not reached', async () => {
    const server = await serve({ protocol: 'quic', behaviour: 'well-behaved' });
    const { port } = server;
    await server.close();
    const told = await diagnose({ target: `quic://127.0.0.1:${port}`, limits: { handshake: 300 } });
    expect(told).toMatchObject({ protocol: 'quic', exitCode: 3 });
    expect(told.versions).toMatchObject([{ state: 'not-offered', checks: [] }]);
  });

  it('refuses the checks of another protocol', async () => {
    await expect(diagnose({ target: 'quic://localhost:9', checks: ['tls-close-reply'] })).rejects.toThrow(
      '"tls-close-reply" is not a check',
    );
  });
});
