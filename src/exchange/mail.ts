import { Breach, type Dialogue, type Hearing, type Voice } from './dialogue.ts';
import {
  command,
  ftpReply,
  imapGreeting,
  imapReply,
  popReply,
  quoted,
  type Reply,
  readLine,
  smtpReply,
} from './replies.ts';

/** RFC 3207 §4; RFC 2033 for LMTP, which says LHLO. */
export function* smtpStarttls(voice: Voice, hello: 'EHLO' | 'LHLO'): Dialogue {
  const said = yield* greetSmtp(voice, hello);
  if (said.code !== 250) refused(hello, said.text);
  command(voice, 'STARTTLS');
  const reply = yield* smtpReply(voice);
  const offered = said.lines.some((line) => /^250[ -]STARTTLS\s*$/i.test(line));
  if (reply.code !== 220)
    refused('STARTTLS', reply.text, offered ? '' : `, which its answer to ${hello} did not offer`);
}

/** RFC 9051 §6.2.1: not after PREAUTH, which is beyond the state in which it is allowed. */
export function* imapStarttls(voice: Voice): Dialogue {
  const greeting = yield* imapGreeting(voice);
  if (greeting.status !== 'OK')
    throw new Breach('refused', `the server greets with ${quoted(greeting.text)}: no STARTTLS after that`);
  command(voice, 'a1 STARTTLS');
  const reply = yield* imapReply(voice, 'a1');
  if (!reply.ok) refused('STARTTLS', reply.text);
}

/** RFC 2595 §4. */
export function* popStarttls(voice: Voice): Dialogue {
  const greeting = yield* popReply(voice);
  if (!greeting.ok) greetedBadly(greeting.text);
  command(voice, 'STLS');
  const reply = yield* popReply(voice);
  if (!reply.ok) refused('STLS', reply.text);
}

/** RFC 4217 §4.1. */
export function* ftpStarttls(voice: Voice): Dialogue {
  yield* greetFtp(voice);
  command(voice, 'AUTH TLS');
  const reply = yield* ftpReply(voice);
  if (reply.code !== 234) refused('AUTH TLS', reply.text);
}

/** RFC 4642 §2.2. */
export function* nntpStarttls(voice: Voice): Dialogue {
  const greeting = yield* smtpReply(voice);
  if (greeting.code !== 200 && greeting.code !== 201) greetedBadly(greeting.text);
  command(voice, 'STARTTLS');
  const reply = yield* smtpReply(voice);
  if (reply.code !== 382) refused('STARTTLS', reply.text);
}

/** What is spoken inside TLS. `greeting`: the server speaks first. `leave`: ask it to close. */
export type MailTalk = { greeting: boolean; leave: boolean };

/** EHLO, NOOP, and QUIT (RFC 5321 §4.1.1). */
export function* smtpTalk(voice: Voice, hello: 'EHLO' | 'LHLO', { greeting, leave }: MailTalk): Dialogue {
  if (greeting) yield* greetSmtp(voice, hello);
  else yield* sayHello(voice, hello);
  command(voice, 'NOOP');
  yield* smtpReply(voice);
  if (!leave) return;
  command(voice, 'QUIT');
  yield* smtpReply(voice);
}

/** NOOP, and LOGOUT (RFC 9051 §6.1). */
export function* imapTalk(voice: Voice, { greeting, leave }: MailTalk): Dialogue {
  if (greeting && (yield* imapGreeting(voice)).status === 'BYE') return;
  command(voice, 'b1 NOOP');
  yield* imapReply(voice, 'b1');
  if (!leave) return;
  command(voice, 'b2 LOGOUT');
  yield* imapReply(voice, 'b2');
}

/** CAPA, which needs no login (RFC 2449 §5), and QUIT. */
export function* popTalk(voice: Voice, { greeting, leave }: MailTalk): Dialogue {
  if (greeting && !(yield* popReply(voice)).ok) return;
  command(voice, 'CAPA');
  if ((yield* popReply(voice)).ok) yield* popList(voice);
  if (!leave) return;
  command(voice, 'QUIT');
  yield* popReply(voice);
}

/** NOOP, and QUIT (RFC 959 §4.1). */
export function* ftpTalk(voice: Voice, { greeting, leave }: MailTalk): Dialogue {
  if (greeting) yield* greetFtp(voice);
  command(voice, 'NOOP');
  yield* ftpReply(voice);
  if (!leave) return;
  command(voice, 'QUIT');
  yield* ftpReply(voice);
}

/** DATE, which needs no group (RFC 3977 §7.1), and QUIT. */
export function* nntpTalk(voice: Voice, { greeting, leave }: MailTalk): Dialogue {
  if (greeting) yield* smtpReply(voice);
  command(voice, 'DATE');
  yield* smtpReply(voice);
  if (!leave) return;
  command(voice, 'QUIT');
  yield* smtpReply(voice);
}

function* greetSmtp(voice: Voice, hello: 'EHLO' | 'LHLO'): Hearing<Reply> {
  const greeting = yield* smtpReply(voice);
  if (greeting.code !== 220) greetedBadly(greeting.text);
  return yield* sayHello(voice, hello);
}

function* sayHello(voice: Voice, hello: 'EHLO' | 'LHLO'): Hearing<Reply> {
  command(voice, `${hello} ${OUR_NAME}`);
  return yield* smtpReply(voice);
}

/** 120: it will be ready in a while, and says so again then. */
function* greetFtp(voice: Voice): Hearing<void> {
  for (let reply = yield* ftpReply(voice); reply.code !== 220; reply = yield* ftpReply(voice)) {
    if (reply.code !== 120) greetedBadly(reply.text);
  }
}

/** Up to the line with a dot alone. */
function* popList(voice: Voice): Hearing<void> {
  for (let lines = 0; ; lines++) {
    const line = yield* readLine(voice, () => true);
    if (line === '.') return;
    if (lines >= MOST_CAPABILITIES)
      throw new Breach('too-long', `a list of more than ${MOST_CAPABILITIES} lines`);
  }
}

function greetedBadly(text: string): never {
  throw new Breach('refused', `the server greets with ${quoted(text)}`);
}

function refused(asked: string, text: string, besides = ''): never {
  throw new Breach('refused', `the server answers ${asked} with ${quoted(text)}${besides}`);
}

/** RFC 5321 §4.1.3: who has no name says an address. */
const OUR_NAME = '[127.0.0.1]';
const MOST_CAPABILITIES = 200;
