import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createTrust } from '../../src/io/trust.ts';
import type { ClientState } from '../../src/proto/handshake/client-state.ts';
import { createContext, type Received, send } from '../../src/proto/handshake/context.ts';
import { TLS } from '../../src/proto/handshake/flavor.ts';
import type { HandshakeAction } from '../../src/proto/handshake/machine.ts';
import type { Offer } from '../../src/proto/handshake/offer.ts';
import type { Identity } from '../../src/proto/handshake/peer-auth.ts';
import { pskBinder } from '../../src/proto/handshake/psk.ts';
import { createServerHandshake } from '../../src/proto/handshake/server.ts';
import { onMessage13 } from '../../src/proto/handshake/tls13-client.ts';
import { onServerHello13 } from '../../src/proto/handshake/tls13-client-hello.ts';
import type { Fact, Level } from '../../src/timeline/event.ts';
import { fromHex, toHex } from '../../src/wire/bytes.ts';
import { decodeCertificate13, decodeCertificateVerify } from '../../src/wire/certificate.ts';
import { bindersLength, offeredPsks } from '../../src/wire/extension-data.ts';
import { EXTENSION, findExtension } from '../../src/wire/extensions.ts';
import { decodeHandshake } from '../../src/wire/handshake.ts';
import {
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
} from '../../src/wire/hello.ts';
import { config, provider, simTrust } from './handshake-pump.ts';

type Step = { by: 'client' | 'server'; what: string; values: Record<string, string> };
type Trace = { section: string; title: string; steps: Step[] };

const { traces } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/rfc8448.json', import.meta.url), 'utf8'),
) as { traces: Trace[] };
const [simple, resumed, , clientAuth, compatibility] = traces as [Trace, Trace, Trace, Trace, Trace];

describe('the hellos of RFC 8448', () => {
  it.each(
    traces.map((trace) => [trace.title, trace] as const),
  )('%s: taken apart and put together', (_t, trace) => {
    for (const message of sentHellos(trace))
      expect(toHex(encodeClientHello(decodeClientHello(body(message))))).toBe(toHex(message));
    for (const message of messages(trace, 'ServerHello'))
      expect(toHex(encodeServerHello(decodeServerHello(body(message))))).toBe(toHex(message));
  });

  it('say what the RFC says', () => {
    const hello = decodeClientHello(body(one(simple, 'ClientHello')));
    expect(hello.cipherSuites).toEqual([0x1301, 0x1303, 0x1302]);
    expect(hello.extensions.map(({ type }) => type)).toEqual([0, 0xff01, 10, 35, 51, 43, 13, 45, 28]);
  });
});

describe.each([
  ['simple', simple],
  ['with client authentication', clientAuth],
  ['in compatibility mode', compatibility],
] as const)('the handshake of RFC 8448, %s', (_name, trace) => {
  it('gives the client its secrets and its Finished', () => {
    const { facts, actions } = playClient(trace);
    expect(secrets(facts)).toEqual({
      CLIENT_HANDSHAKE_TRAFFIC_SECRET: derived(trace, 'c hs traffic'),
      SERVER_HANDSHAKE_TRAFFIC_SECRET: derived(trace, 's hs traffic'),
      CLIENT_TRAFFIC_SECRET_0: derived(trace, 'c ap traffic'),
      SERVER_TRAFFIC_SECRET_0: derived(trace, 's ap traffic'),
      EXPORTER_SECRET: derived(trace, 'exp master'),
    });
    const sent = actions.flatMap((action) => (action.do === 'send' ? [toHex(action.message)] : []));
    expect(sent.at(-1)).toBe(toHex(one(trace, 'Finished', 'client')));
  });
});

describe('the tickets of RFC 8448', () => {
  it('become the pre-shared key of the next trace', () => {
    const { state, context } = playClient(simple);
    context.actions = [];
    if (state.version !== 0x0304) throw new Error('not TLS 1.3');
    onMessage13(context, state, received(one(simple, 'NewSessionTicket'), 'application'));
    const [ticket] = context.actions;
    const psk = step(simple, 'generate resumption secret "tls13 resumption"').values.expanded;
    expect(ticket?.do === 'ticket' && toHex(ticket.session.secret)).toBe(psk);
    expect(ticket).toMatchObject({ session: { lifetime: 30, ageAdd: 0xfad6aac5 } });
  });

  it('are bound to the ClientHello', () => {
    const raw = fromHex(step(resumed, 'send handshake record').values.payload!);
    const hello = decodeClientHello(body(raw));
    const { binders } = offeredPsks.decode(findExtension(hello.extensions, EXTENSION.pre_shared_key)!);
    const key = fromHex(step(resumed, 'extract secret "early"').values.IKM!);
    const partial = raw.subarray(0, raw.length - bindersLength(binders));
    const context = makeContext('server', []);
    const psk = { key, hash: 'sha256', session: { ...SESSION, secret: key } } as const;
    expect(toHex(pskBinder(context, psk, partial))).toBe(toHex(binders[0]!));
    const external = { key, hash: 'sha256' } as const;
    expect(toHex(pskBinder(context, external, partial))).not.toBe(toHex(binders[0]!));
  });
});

describe.each([
  ['simple', simple],
  ['in compatibility mode', compatibility],
] as const)('a server in the place of RFC 8448, %s', (_name, trace) => {
  it('answers with its ServerHello and has its handshake secrets', () => {
    const hello = decodeServerHello(body(one(trace, 'ServerHello')));
    const draws = [privateKey(trace, 'server'), hello.random];
    const facts: Fact[] = [];
    const deps = {
      random: (length: number) => draws.shift() ?? new Uint8Array(length),
      provider,
      peerAuth: simTrust,
      emit: (fact: Fact) => void facts.push(fact),
    };
    const identity: Identity = {
      chain: [Uint8Array.of(1)],
      keyType: 'rsa',
      schemes: [0x0804],
      sign: () => new Uint8Array(1),
    };
    const server = createServerHandshake(config({ identity }), deps, TLS);
    const actions = server.receive(0, 'initial', one(trace, 'ClientHello'));
    const [first] = actions.filter((action) => action.do === 'send');
    expect(first?.do === 'send' && toHex(first.message)).toBe(toHex(one(trace, 'ServerHello')));
    expect(secrets(facts)).toMatchObject({
      CLIENT_HANDSHAKE_TRAFFIC_SECRET: derived(trace, 'c hs traffic'),
      SERVER_HANDSHAKE_TRAFFIC_SECRET: derived(trace, 's hs traffic'),
    });
    expect(actions.some((action) => action.do === 'change-cipher-spec')).toBe(trace === compatibility);
  });
});

/** Plays the server's messages of a trace to our client, whose ClientHello is the trace's. */
function playClient(trace: Trace) {
  const facts: Fact[] = [];
  const actions: HandshakeAction[] = [];
  const context = makeContext('client', facts, trace);
  const message = one(trace, 'ClientHello');
  const hello = decodeClientHello(body(message));
  context.clientRandom = hello.random;
  const share = provider.keyShare('x25519', () => privateKey(trace, 'client'));
  const offer: Offer = { hello, message, shares: new Map([[29, share]]), psks: [] };
  send(context, 'initial', message);
  const serverHello = received(one(trace, 'ServerHello'), 'initial');
  let state: ClientState = onServerHello13(context, offer, decodeServerHello(serverHello.body), serverHello);
  const flight = trace.steps.filter(({ by, what }) => by === 'server' && what.startsWith('construct a'));
  for (const { what, values } of flight) {
    if (what.includes('ServerHello') || what.includes('NewSessionTicket')) continue;
    const [hex] = Object.values(values);
    if (state.version !== 0x0304) throw new Error('not TLS 1.3');
    state = onMessage13(context, state, received(fromHex(hex!), 'handshake'));
    actions.push(...context.actions);
    context.actions = [];
  }
  return { facts, actions, state, context };
}

function makeContext(role: 'client' | 'server', facts: Fact[], trace?: Trace) {
  const peerAuth = createTrust({ provider, verify: false, ca: [readRoot()] });
  const deps = {
    random: () => new Uint8Array(32),
    provider,
    peerAuth,
    emit: (fact: Fact) => void facts.push(fact),
  };
  const identity = trace === clientAuth ? { identity: recordedIdentity(trace) } : {};
  return createContext(role, config({ recordSizeLimit: 16385, verify: 'report', ...identity }), deps, TLS);
}

/** Signs with what the trace signed: RSA-PSS is random. */
function recordedIdentity(trace: Trace): Identity {
  const { entries } = decodeCertificate13(body(one(trace, 'Certificate', 'client')));
  const { scheme, signature } = decodeCertificateVerify(body(one(trace, 'CertificateVerify', 'client')));
  const chain = entries.map(({ data }) => data);
  return { chain, keyType: 'rsa', schemes: [scheme], sign: () => signature };
}

function readRoot(): string {
  return readFileSync(new URL('../../fixtures/certs/root.pem', import.meta.url), 'utf8');
}

function messages(trace: Trace, name: string): Uint8Array[] {
  return trace.steps.flatMap(({ values }) => (values[name] === undefined ? [] : [fromHex(values[name])]));
}

function sentHellos(trace: Trace): Uint8Array[] {
  const records = trace.steps.filter(({ what }) => what.startsWith('send handshake record'));
  return records.map(({ values }) => fromHex(values.payload!)).filter((payload) => payload[0] === 1);
}

function one(trace: Trace, name: string, by?: 'client' | 'server'): Uint8Array {
  const found = trace.steps.find(
    (entry) => entry.values[name] !== undefined && (by ?? entry.by) === entry.by,
  );
  return fromHex(found!.values[name]!);
}

function step(trace: Trace, what: string): Step {
  return trace.steps.find((entry) => entry.what === what)!;
}

function derived(trace: Trace, label: string): string {
  return step(trace, `derive secret "tls13 ${label}"`).values.expanded!;
}

function privateKey(trace: Trace, by: 'client' | 'server'): Uint8Array {
  const found = trace.steps.find((entry) => entry.by === by && entry.what.startsWith('create an ephemeral'));
  return fromHex(found!.values['private key']!);
}

function secrets(facts: readonly Fact[]): Record<string, string> {
  return Object.fromEntries(
    facts.flatMap((fact) => (fact.kind === 'secret' ? [[fact.label, fact.secret]] : [])),
  );
}

function received(raw: Uint8Array, level: Level): Received {
  return { level, raw, ...decodeHandshake(raw) };
}

function body(message: Uint8Array): Uint8Array {
  return decodeHandshake(message).body;
}

const SESSION = {
  version: 0x0304,
  suite: 0x1301,
  lifetime: 30,
  ageAdd: 0,
  receivedAt: 0,
  extendedMasterSecret: false,
} as const;
