import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/wire/bytes.ts';
import { encodeEmpty } from '../../src/wire/exchange.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import { createParty, faultOf, perform, pump, shakeHands } from './handshake-pump.ts';

const only12 = { versions: [0x0303] } as const;

describe('after the handshake', () => {
  it.each([
    ['CertificateRequest', HANDSHAKE.certificate_request],
    ['ServerHello', HANDSHAKE.server_hello],
    ['HelloRequest', HANDSHAKE.hello_request],
    ['Finished', HANDSHAKE.finished],
  ])('%s is unexpected in TLS 1.3', (_name, type) => {
    const { client } = shakeHands();
    const fault = faultOf(() => client.machine.receive(0, 'application', encodeEmpty(type)));
    expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it('a HelloRequest is seen in TLS 1.2, and anything else is unexpected', () => {
    const { client } = shakeHands({ config: only12 });
    const actions = client.machine.receive(0, 'application', encodeEmpty(HANDSHAKE.hello_request));
    expect(actions).toEqual([{ do: 'seen', what: 'hello-request' }]);
    const fault = faultOf(() => client.machine.receive(0, 'application', encodeEmpty(HANDSHAKE.finished)));
    expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it('a KeyUpdate asks with 0 or 1', () => {
    const { client } = shakeHands();
    const fault = faultOf(() => client.machine.receive(0, 'application', fromHex('1800000102')));
    expect(fault).toMatchObject({ rule: 'key-update-request', alert: 47 });
  });

  it('a HelloRequest during a TLS 1.2 handshake is passed over', () => {
    const client = createParty('client', { config: only12 });
    const server = createParty('server');
    perform(client, server, client.machine.start(0));
    expect(client.machine.receive(0, 'initial', encodeEmpty(HANDSHAKE.hello_request))).toEqual([]);
    pump(client, server);
    expect(client.machine.phase()).toBe('complete');
  });
});

describe('after the handshake, at the server', () => {
  it('a ClientHello is unexpected in TLS 1.3', () => {
    const { server } = shakeHands();
    const fault = faultOf(() =>
      server.machine.receive(0, 'application', encodeEmpty(HANDSHAKE.client_hello)),
    );
    expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it('a ticket is unexpected from a client', () => {
    const { server } = shakeHands();
    const ticket = encodeEmpty(HANDSHAKE.new_session_ticket);
    const fault = faultOf(() => server.machine.receive(0, 'application', ticket));
    expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it('a ClientHello in TLS 1.2 asks for renegotiation, and is left to the record layer to refuse', () => {
    const { server } = shakeHands({ config: only12 });
    const hello = encodeEmpty(HANDSHAKE.client_hello);
    expect(server.machine.receive(0, 'application', hello)).toEqual([{ do: 'seen', what: 'hello-request' }]);
    expect(server.machine.phase()).toBe('complete');
  });
});

describe('change_cipher_spec', () => {
  it.each(['client', 'server'] as const)('is unexpected before any hello at the %s', (role) => {
    const party = createParty(role);
    expect(faultOf(() => party.machine.changeCipherSpec(0))).toMatchObject({ alert: 10 });
  });

  it.each([{}, only12])('is unexpected after the handshake (%j)', (config) => {
    const { client, server } = shakeHands({ config });
    for (const { machine } of [client, server])
      expect(faultOf(() => machine.changeCipherSpec(0))).toMatchObject({ alert: 10 });
  });

  it('is dropped by a client that may still get TLS 1.3', () => {
    const client = createParty('client');
    client.machine.start(0);
    expect(client.machine.changeCipherSpec(0)).toEqual([]);
  });

  it('is unexpected in TLS 1.2 before the keys', () => {
    const client = createParty('client', { config: only12 });
    client.machine.start(0);
    expect(faultOf(() => client.machine.changeCipherSpec(0))).toMatchObject({ alert: 10 });
  });

  it('cannot be left out in TLS 1.2', () => {
    const fault = faultOf(() =>
      shakeHands(
        { config: only12 },
        {},
        {
          watch: (to, unit) => {
            if ('changeCipherSpec' in unit) return undefined;
            return unit.key === 'none' ? unit : { ...unit, key: to.receiveKey };
          },
        },
      ),
    );
    expect(fault).toMatchObject({ rule: 'unexpected-message', alert: 10, detail: 'finished in WAIT_CCS' });
  });
});
