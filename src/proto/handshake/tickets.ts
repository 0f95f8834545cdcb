import { resumptionPsk } from '../../crypto/schedule13.ts';
import { ascii, concat, fromAscii } from '../../wire/bytes.ts';
import { encodeNewSessionTicket12, encodeNewSessionTicket13 } from '../../wire/exchange.ts';
import { Malformed, Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import { act, type Context } from './context.ts';
import type { TicketBase } from './server-state.ts';
import type { Session } from './session.ts';

/** RFC 9846 §4.7.1: one NewSessionTicket. Does nothing when the server issues none. */
export function issueTicket13(ctx: Context, base: TicketBase): TicketBase {
  const { tickets } = ctx.config;
  if (tickets === undefined) return base;
  const { suite, resumptionSecret, alpn, serverName, verified } = base;
  const { provider, random } = ctx.deps;
  const nonce = new Writer().u32(base.issued).finish();
  const ageAdd = new Reader(random(4)).u32();
  const secret = resumptionPsk(provider, suite.hash, resumptionSecret, nonce, ctx.flavor.labelPrefix);
  const session: Session = {
    version: 0x0304,
    suite: suite.id,
    secret,
    lifetime: tickets.lifetime,
    ageAdd,
    receivedAt: ctx.now,
    extendedMasterSecret: false,
    verified,
    ...(serverName !== undefined && { serverName }),
    ...(alpn !== undefined && { alpn }),
  };
  const ticket = sealTicket(ctx, tickets.key, session);
  const message = encodeNewSessionTicket13({
    ...{ lifetime: tickets.lifetime, ageAdd, nonce, ticket },
    extensions: [],
  });
  act(ctx, { do: 'send', level: 'application', message });
  return { ...base, issued: base.issued + 1 };
}

/** RFC 5077 §3.3, as a message; empty when there is nothing to issue with. */
export function newSessionTicket12(ctx: Context, session: Session): Uint8Array {
  const { tickets } = ctx.config;
  if (tickets === undefined) return encodeNewSessionTicket12({ lifetime: 0, ticket: new Uint8Array(0) });
  const ticket = sealTicket(ctx, tickets.key, session);
  return encodeNewSessionTicket12({ lifetime: tickets.lifetime, ticket });
}

/** The session in a ticket of ours; undefined for everybody else's, and for ours once it is too old. */
export function openTicket(ctx: Context, ticket: Uint8Array): Session | undefined {
  const { tickets } = ctx.config;
  if (tickets === undefined || ticket.length <= NONCE_LENGTH) return undefined;
  const nonce = ticket.subarray(0, NONCE_LENGTH);
  const sealed = ticket.subarray(NONCE_LENGTH);
  let plain: Uint8Array | undefined;
  for (const key of [tickets.key, ...(tickets.otherKeys?.() ?? [])]) {
    plain ??= ctx.deps.provider.aead('aes-256-gcm', key).open(nonce, NOTHING, sealed);
  }
  const session = plain && decodeState(plain);
  if (session === undefined) return undefined;
  return ctx.now - session.receivedAt > tickets.lifetime * 1000 ? undefined : session;
}

/** AES-256-GCM with a random nonce in front. */
function sealTicket(ctx: Context, key: Uint8Array, session: Session): Uint8Array {
  const nonce = ctx.deps.random(NONCE_LENGTH);
  const aead = ctx.deps.provider.aead('aes-256-gcm', key);
  return concat(nonce, aead.seal(nonce, NOTHING, encodeState(session)));
}

function encodeState(session: Session): Uint8Array {
  const since = Math.max(0, Math.floor(session.receivedAt));
  const flags =
    (session.extendedMasterSecret ? FLAG_EMS : 0) |
    (session.verified === true ? FLAG_VERIFIED : 0) |
    (session.serverName === undefined ? 0 : FLAG_NAME) |
    (session.alpn === undefined ? 0 : FLAG_ALPN);
  return new Writer()
    .u16(session.version)
    .u16(session.suite)
    .vector(1, session.secret)
    .u32(session.ageAdd)
    .u24(Math.floor(since / 2 ** 32))
    .u32(since % 2 ** 32)
    .u8(flags)
    .vector(2, ascii(session.serverName ?? ''))
    .vector(1, ascii(session.alpn ?? ''))
    .finish();
}

/** Undefined also for what another version of this code may have sealed with the same key. */
function decodeState(plain: Uint8Array): Session | undefined {
  try {
    const reader = new Reader(plain);
    const version = reader.u16();
    if (version !== 0x0303 && version !== 0x0304) return undefined;
    const suite = reader.u16();
    const secret = reader.vector(1).slice();
    const ageAdd = reader.u32();
    const receivedAt = reader.u24() * 2 ** 32 + reader.u32();
    const flags = reader.u8();
    const serverName = fromAscii(reader.vector(2));
    const alpn = fromAscii(reader.vector(1));
    reader.end();
    return {
      ...{ version, suite, secret, ageAdd, receivedAt, lifetime: 0 },
      extendedMasterSecret: (flags & FLAG_EMS) !== 0,
      verified: (flags & FLAG_VERIFIED) !== 0,
      ...((flags & FLAG_NAME) !== 0 && { serverName }),
      ...((flags & FLAG_ALPN) !== 0 && { alpn }),
    };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const NOTHING = new Uint8Array(0);
const NONCE_LENGTH = 12;
const FLAG_EMS = 1;
const FLAG_VERIFIED = 2;
const FLAG_NAME = 4;
const FLAG_ALPN = 8;
