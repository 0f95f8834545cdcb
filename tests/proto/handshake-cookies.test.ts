import { describe, expect, it } from 'vitest';
import { ProtocolFault } from '../../src/proto/fault.ts';
import type { HandshakeConfig } from '../../src/proto/handshake/config.ts';
import { connectionIdExtension } from '../../src/proto/handshake/connection-id.ts';
import { DTLS, type Flavor, TLS } from '../../src/proto/handshake/flavor.ts';
import { ascii, concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { encodeEmpty } from '../../src/wire/exchange.ts';
import * as data from '../../src/wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../src/wire/extensions.ts';
import { HANDSHAKE } from '../../src/wire/handshake.ts';
import {
  type ClientHello,
  decodeClientHello,
  decodeHelloVerifyRequest,
  decodeServerHello,
  encodeClientHello,
  encodeHelloVerifyRequest,
  isHelloRetryRequest,
} from '../../src/wire/hello.ts';
import { withExtension } from './handshake-edit.ts';
import {
  createParty,
  deliver,
  factsOf,
  faultOf,
  type Party,
  type PartyOptions,
  perform,
  pump,
  secretsOf,
  shakeHands,
} from './handshake-pump.ts';

const cookie = { key: new Uint8Array(32).fill(5), address: ascii('192.0.2.1:4433') };
const only12 = { versions: [0x0303] } as const;
const only13 = { versions: [0x0304] } as const;
const psk = { identity: ascii('someone'), key: new Uint8Array(16).fill(1) };
const pskKeys = { find: () => psk.key };

const VERSIONS: readonly (readonly [string, Partial<HandshakeConfig>])[] = [
  ['DTLSv1.2', only12],
  ['DTLSv1.3', only13],
];

describe.each(VERSIONS)('a server with cookies, %s', (version, versions) => {
  it('asks once, then shakes hands', () => {
    const seen: string[] = [];
    const pair = shakeHands(
      { config: versions, flavor: DTLS },
      { config: { ...versions, cookie }, flavor: DTLS },
      {
        watch: (to, unit) => {
          if ('message' in unit) seen.push(`${to.role} ${unit.message[0]}`);
          return unit;
        },
      },
    );
    expectAgreement(pair, { version, helloRetry: version === 'DTLSv1.3' });
    const asked = version === 'DTLSv1.3' ? HANDSHAKE.server_hello : HANDSHAKE.hello_verify_request;
    expect(seen.slice(0, 4)).toEqual(['server 1', `client ${asked}`, 'server 1', 'client 2']);
  });

  it('need not remember that it asked', () => {
    expectAgreement(gated({ config: versions }, versions).pair, { version });
  });

  it('asks again a client whose cookie is of another address or too old, or ends it', () => {
    const { second } = gated({ config: versions }, versions);
    const now = 1000;
    const elsewhere = judge(
      second,
      { ...versions, cookie: { ...cookie, address: ascii('192.0.2.2:1') } },
      now,
    );
    const withOtherKey = judge(second, { ...versions, cookie: { ...cookie, key: new Uint8Array(32) } }, now);
    const late = judge(second, { ...versions, cookie }, now + 601_000);
    const early = judge(second, { ...versions, cookie }, -5000);
    for (const verdict of [elsewhere, withOtherKey, late, early]) {
      if (version === 'DTLSv1.2') expect(verdict).toMatchObject({ do: 'answer' });
      else expect(verdict).toMatchObject({ do: 'refuse', fault: { rule: 'bad-cookie', alert: 47 } });
    }
    expect(judge(second, { ...versions, cookie }, now + 599_000)).toEqual({ do: 'admit' });
  });

  it('believes no cookie with a wrong bit', () => {
    const { second } = gated({ config: versions }, versions);
    const shown = shownCookie(second);
    for (let at = 0; at < shown.length; at++) {
      const bent = shown.map((byte, i) => (i === at ? byte ^ 4 : byte));
      expect(judge(showCookie(second, bent), { ...versions, cookie }).do).not.toBe('admit');
    }
    expect(judge(showCookie(second, shown), { ...versions, cookie }).do).toBe('admit');
  });

  it('throws for nothing that comes instead of a ClientHello', () => {
    const { first, second } = gated({ config: versions }, versions);
    for (const hello of [first, second]) {
      for (let length = 0; length < hello.length; length++)
        expect(judge(hello.subarray(0, length), { ...versions, cookie }).do).toBe('refuse');
    }
    expect(judge(encodeEmpty(HANDSHAKE.server_hello_done), { cookie })).toMatchObject({
      do: 'refuse',
      fault: { rule: 'unexpected-message' },
    });
  });

  it('admits everybody when it keeps no cookies', () => {
    const { first } = gated({ config: versions }, versions);
    expect(judge(first, versions)).toEqual({ do: 'admit' });
  });

  it('gives no more than it got three times over', () => {
    const { first, answer } = gated({ config: versions }, versions);
    expect(answer.length).toBeLessThan(3 * first.length);
  });
});

describe('a HelloVerifyRequest', () => {
  it('has its form (RFC 6347 §4.2.1) and is answered by the same ClientHello with the cookie', () => {
    expect(toHex(encodeHelloVerifyRequest(fromHex('aabb')))).toBe('03000005feff02aabb');
    const { first, second, answer } = gated({ config: {} }, only12);
    const shown = decodeHelloVerifyRequest(answer.subarray(4));
    expect(shown).toHaveLength(32);
    const [a, b] = [first, second].map((message) => decodeClientHello(message.subarray(4), true));
    expect(a?.cookie).toEqual(new Uint8Array(0));
    expect(b).toEqual({ ...a, cookie: shown });
  });

  it('binds its cookie to the parameters of the client, but for the session ID', () => {
    const { second } = gated({ config: only12 }, only12);
    const hello = decodeClientHello(second.subarray(4), true);
    const verdictOn = (change: Partial<ClientHello>) =>
      judge(encodeClientHello({ ...hello, ...change }), { ...only12, cookie }).do;
    expect(verdictOn({ random: new Uint8Array(32) })).toBe('answer');
    expect(verdictOn({ cipherSuites: hello.cipherSuites.slice(1) })).toBe('answer');
    // Mbed TLS makes up another one for each ClientHello that offers a ticket.
    expect(verdictOn({ sessionId: new Uint8Array(32) })).toBe('admit');
  });

  it('comes at most three times', () => {
    const client = createParty('client', { flavor: DTLS });
    client.machine.start(0);
    for (let i = 0; i < 3; i++) {
      const actions = client.machine.receive(0, 'initial', encodeHelloVerifyRequest(Uint8Array.of(i)), i);
      expect(actions).toMatchObject([{ do: 'send' }]);
    }
    const again = () => client.machine.receive(0, 'initial', encodeHelloVerifyRequest(Uint8Array.of(9)), 3);
    expect(faultOf(again)).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it.each<[string, PartyOptions]>([
    ['in TLS', {}],
    ['for a client of DTLS 1.3 alone', { config: only13, flavor: DTLS }],
  ])('is out of place %s', (_where, options) => {
    const client = createParty('client', options);
    client.machine.start(0);
    const act = () => client.machine.receive(0, 'initial', encodeHelloVerifyRequest(Uint8Array.of(1)));
    expect(faultOf(act)).toMatchObject({ rule: 'unexpected-message', alert: 10 });
  });

  it('makes new binders: they cover the cookie', () => {
    const suites = [0x1301, 0x00a8];
    const { pair, second } = gated({ config: { suites, psk } }, { ...only12, suites, pskKeys });
    expectAgreement(pair, { version: 'DTLSv1.2', suite: 'TLS_PSK_WITH_AES_128_GCM_SHA256' });
    const server = createParty('server', { config: { ...only13, suites, pskKeys }, flavor: DTLS });
    const plain = editHello(second, (hello) => ({ ...hello, cookie: new Uint8Array(0) }));
    expect(faultOf(() => server.machine.receive(0, 'initial', plain, 1))).toMatchObject({
      rule: 'bad-binder',
    });
  });

  it('may come twice: the numbers go on', () => {
    const client = createParty('client', { config: only12, flavor: DTLS });
    let hello = sent(client.machine.start(0));
    const old = { ...only12, cookie: { ...cookie, key: new Uint8Array(32).fill(6) } };
    for (const [sequence, server] of [old, { ...only12, cookie }].entries()) {
      const verdict = judge(hello, server);
      if (verdict.do !== 'answer') throw new Error(verdict.do);
      hello = sent(client.machine.receive(0, 'initial', verdict.message, sequence));
    }
    const server = createParty('server', { config: { ...only12, cookie }, flavor: DTLS });
    perform(server, client, server.machine.receive(0, 'initial', hello, 2));
    pump(client, server);
    expectAgreement({ client, server }, { version: 'DTLSv1.2' });
  });
});

describe('a HelloRetryRequest with a cookie', () => {
  it('asks for a share too where one is missing', () => {
    const { pair, answer, second } = gated(
      { config: { ...only13, groups: [29, 23] } },
      { ...only13, groups: [23] },
    );
    expectAgreement(pair, { group: 'secp256r1' });
    const hello = decodeServerHello(answer.subarray(4));
    expect(isHelloRetryRequest(hello)).toBe(true);
    expect(hello.extensions.map(({ type }) => type)).toEqual([43, 51, 44]);
    const { extensions } = decodeClientHello(second.subarray(4), true);
    const [share] = data.keyShareList.decode(findExtension(extensions, EXTENSION.key_share)!);
    expect(share?.group).toBe(23);
  });

  it('asks for no share that is there', () => {
    const { answer } = gated({ config: only13 }, only13);
    const { extensions } = decodeServerHello(answer.subarray(4));
    expect(extensions.map(({ type }) => type)).toEqual([43, 44]);
  });

  it('goes with pre-shared keys', () => {
    const { pair } = gated({ config: { ...only13, psk } }, { ...only13, pskKeys });
    expectAgreement(pair, { version: 'DTLSv1.3' });
    expect(factsOf(pair.client, 'certificate')).toEqual([]);
  });

  it('goes with tickets', () => {
    const tickets = { key: new Uint8Array(32), lifetime: 100, count: 1 };
    const [session] = gated({ config: only13 }, { ...only13, tickets }).pair.client.tickets;
    if (session === undefined) throw new Error('no ticket');
    const { pair } = gated({ config: { ...only13, session } }, { ...only13, tickets });
    expectAgreement(pair, { resumed: true });
  });

  it('takes no other cookie in the second ClientHello, and no legacy one', () => {
    const second = (change: (hello: ClientHello) => ClientHello) => {
      let hellos = 0;
      return () =>
        shakeHands(
          { config: only13, flavor: DTLS },
          { config: { ...only13, cookie }, flavor: DTLS },
          {
            watch: (to, unit) => {
              if (to.role !== 'server' || !('message' in unit) || unit.message[0] !== 1 || hellos++ === 0)
                return unit;
              return { ...unit, message: editHello(unit.message, change) };
            },
          },
        );
    };
    const other = data.cookie.encode(Uint8Array.of(1));
    const bad = { rule: 'bad-cookie', alert: 47 };
    const again = { rule: 'second-hello-retry', alert: 10 };
    expect(faultOf(second((hello) => withExtension(hello, EXTENSION.cookie, other)))).toMatchObject(bad);
    const without = second((hello) => withExtension(hello, EXTENSION.cookie, undefined));
    expect(faultOf(without)).toMatchObject(again);
    expect(faultOf(second((hello) => ({ ...hello, cookie: Uint8Array.of(1) })))).toMatchObject({
      rule: 'legacy-cookie',
      alert: 47,
    });
  });
});

describe('DTLS', () => {
  it('frames messages of 1.2 with its own header, those of 1.3 with that of TLS', () => {
    const message = fromHex('01000003aabbcc');
    expect(toHex(DTLS.frame(message, 0x102, 0x0303))).toBe('010000030102000000000003aabbcc');
    expect(toHex(DTLS.frame(message, 1, 0x0304))).toBe(toHex(message));
  });

  it('hides no session ID of 1.2 behind 1.3: the server echoes none (RFC 9147 §5.4)', () => {
    const tickets = { key: new Uint8Array(32), lifetime: 100, count: 1 };
    const first = shakeHands({ config: only12, flavor: DTLS }, { config: { tickets }, flavor: DTLS });
    const session = first.client.info?.session;
    if (session === undefined) throw new Error('no session');
    const pair = shakeHands({ config: { session }, flavor: DTLS }, { config: { tickets }, flavor: DTLS });
    expectAgreement(pair, { version: 'DTLSv1.3', resumed: false });
    const again = shakeHands(
      { config: { session }, flavor: DTLS },
      { config: { ...only12, tickets }, flavor: DTLS },
    );
    expectAgreement(again, { version: 'DTLSv1.2', resumed: true });
  });

  it('counts a HelloRequest that it ignores', () => {
    const client = createParty('client', { config: only12, flavor: DTLS });
    const server = createParty('server', { config: only12, flavor: DTLS });
    perform(client, server, client.machine.start(0));
    client.machine.receive(0, 'initial', encodeEmpty(HANDSHAKE.hello_request), 0);
    const hello = server.inbox.shift();
    if (hello === undefined || !('message' in hello)) throw new Error('no ClientHello');
    perform(server, client, server.machine.receive(0, 'initial', hello.message, 1));
    // The server counts from 1, the client's ClientHello was 0: only Finished can tell that the transcripts differ there.
    expect(() => pump(client, server)).toThrow();
  });

  it('sends no change_cipher_spec in 1.3', () => {
    const { client, server } = shakeHands({ config: only13, flavor: DTLS }, { config: only13, flavor: DTLS });
    expect([client.changeCipherSpecs, server.changeCipherSpecs]).toEqual([0, 0]);
  });

  it('takes the number that the ClientHello came with', () => {
    const client = createParty('client', { config: only12, flavor: DTLS });
    const server = createParty('server', { config: only12, flavor: DTLS });
    perform(client, server, client.machine.start(0));
    let heard = 0;
    let said = 0;
    for (let turns = 0; turns < 40; turns++) {
      const party = client.inbox.length > 0 ? client : server;
      const unit = party.inbox.shift();
      if (unit === undefined) break;
      const other = party === client ? server : client;
      if ('changeCipherSpec' in unit) deliver(party, other, unit);
      else {
        const sequence = party === client ? heard++ : said++;
        perform(party, other, party.machine.receive(0, party.receiveLevel, unit.message, sequence));
      }
    }
    expectAgreement({ client, server }, { version: 'DTLSv1.2' });
  });
});

describe.each(VERSIONS)('connection_id in %s', (_version, versions) => {
  const withId = (own: Uint8Array): { flavor: Flavor; agreed: (string | undefined)[] } => {
    const agreed: (string | undefined)[] = [];
    const extension = connectionIdExtension(own, (peer) => void agreed.push(peer && toHex(peer)));
    return { flavor: { ...DTLS, extraExtensions: [extension] }, agreed };
  };

  it.each([
    ['one each', 'c1', '5e5e'],
    ['none for the client', '', '5e5e'],
    ['none for either', '', ''],
  ])('%s', (_what, ours, theirs) => {
    const client = withId(fromHex(ours));
    const server = withId(fromHex(theirs));
    shakeHands({ config: versions, flavor: client.flavor }, { config: versions, flavor: server.flavor });
    expect([client.agreed, server.agreed]).toEqual([[theirs], [ours]]);
  });

  it('is not negotiated with a peer that does not know it', () => {
    const client = withId(Uint8Array.of(1));
    shakeHands({ config: versions, flavor: client.flavor }, { config: versions, flavor: DTLS });
    expect(client.agreed).toEqual([undefined]);
    const server = withId(Uint8Array.of(1));
    shakeHands({ config: versions, flavor: DTLS }, { config: versions, flavor: server.flavor });
    expect(server.agreed).toEqual([undefined]);
  });

  it('survives a cookie, and is agreed on anew in a resumption', () => {
    const tickets = { key: new Uint8Array(32), lifetime: 100, count: 1 };
    const client = withId(Uint8Array.of(1));
    const server = withId(Uint8Array.of(2));
    const config = { ...versions, tickets, cookie };
    const first = shakeHands({ config: versions, flavor: client.flavor }, { config, flavor: server.flavor });
    expect([client.agreed, server.agreed]).toEqual([['02'], ['01']]);
    const session = first.client.info?.session ?? first.client.tickets[0];
    if (session === undefined) throw new Error('no session');
    const again = shakeHands(
      { config: { ...versions, session }, flavor: client.flavor },
      { config, flavor: server.flavor },
    );
    expect(again.client.info?.resumed).toBe(true);
    expect([client.agreed, server.agreed]).toEqual([
      ['02', '02'],
      ['01', '01'],
    ]);
  });

  it('is refused when it is not one, or was not offered', () => {
    const bent: Flavor = {
      ...DTLS,
      extraExtensions: [
        {
          type: EXTENSION.connection_id,
          answeredIn: 'server_hello',
          data: () => fromHex('05aa'),
          received: () => {},
        },
      ],
    };
    const client = withId(Uint8Array.of(1));
    const act = () =>
      shakeHands({ config: versions, flavor: client.flavor }, { config: versions, flavor: bent });
    expect(faultOf(act)).toMatchObject({ rule: 'decode-error', alert: 50 });
    const uninvited = () =>
      shakeHands({ config: versions, flavor: DTLS }, { config: versions, flavor: bent });
    expect(faultOf(uninvited)).toMatchObject({ rule: 'unsolicited-extension', alert: 110 });
  });
});

it.each(VERSIONS)('TLS asks for no cookie, %s', (_version, versions) => {
  const pair = shakeHands({ config: versions }, { config: { ...versions, cookie } });
  expectAgreement(pair, { helloRetry: false });
});

it('TLS has no cookie in its ClientHello', () => {
  const [client] = [createParty('client', { flavor: TLS })];
  const hello = sent(client.machine.start(0));
  expect(decodeClientHello(hello.subarray(4)).cookie).toBeUndefined();
});

type Verdict =
  | { do: 'answer'; message: Uint8Array }
  | { do: 'admit' }
  | { do: 'refuse'; fault: ProtocolFault };

/** What a fresh server does with this message, and whether it is anywhere then. */
function judge(message: Uint8Array, overrides: Partial<HandshakeConfig>, now = 0): Verdict {
  const { machine } = createParty('server', { config: overrides, flavor: DTLS });
  try {
    const actions = machine.receive(now, 'initial', message, 1);
    return machine.phase() === 'start' ? { do: 'answer', message: sent(actions) } : { do: 'admit' };
  } catch (error) {
    if (error instanceof ProtocolFault) return { do: 'refuse', fault: error };
    throw error;
  }
}

/** A handshake through the gate, with a server that is made only when the cookie has come back. */
function gated(clientOptions: PartyOptions, overrides: Partial<HandshakeConfig>) {
  const serverConfig = { ...overrides, cookie };
  const client = createParty('client', { ...clientOptions, flavor: DTLS });
  const first = sent(client.machine.start(0));
  const verdict = judge(first, serverConfig);
  if (verdict.do !== 'answer') throw new Error(`${verdict.do}`);
  const second = sent(client.machine.receive(0, 'initial', verdict.message, 0));
  expect(judge(second, serverConfig)).toEqual({ do: 'admit' });
  const server = createParty('server', { config: serverConfig, flavor: DTLS });
  perform(server, client, server.machine.receive(0, 'initial', second, 1));
  pump(client, server);
  return { pair: { client, server }, first, second, answer: verdict.message };
}

function sent(actions: ReturnType<Party['machine']['start']>): Uint8Array {
  for (const action of actions) if (action.do === 'send') return action.message;
  throw new Error('nothing sent');
}

function editHello(message: Uint8Array, change: (hello: ClientHello) => ClientHello): Uint8Array {
  return encodeClientHello(change(decodeClientHello(message.subarray(4), true)));
}

function shownCookie(message: Uint8Array): Uint8Array {
  const hello = decodeClientHello(message.subarray(4), true);
  const extension = findExtension(hello.extensions, EXTENSION.cookie);
  return extension === undefined ? (hello.cookie ?? concat()) : data.cookie.decode(extension);
}

function showCookie(message: Uint8Array, shown: Uint8Array): Uint8Array {
  return editHello(message, (hello) =>
    hello.cookie?.length === 0
      ? withExtension(hello, EXTENSION.cookie, data.cookie.encode(shown))
      : { ...hello, cookie: shown },
  );
}

function expectAgreement(pair: { client: Party; server: Party }, expected: object): void {
  const [seen] = factsOf(pair.client, 'handshake.completed');
  expect(seen).toMatchObject(expected);
  expect(factsOf(pair.server, 'handshake.completed')).toEqual([seen]);
  expect(secretsOf(pair.client)).toEqual(secretsOf(pair.server));
  expect(pair.client.sendKey).toBe(pair.server.receiveKey);
  expect(pair.server.sendKey).toBe(pair.client.receiveKey);
  expect(pair.client.sendKey).not.toBe('none');
}
