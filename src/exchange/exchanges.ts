import type { Emit } from '../timeline/event.ts';
import { type ByteExchange, createByteExchange, type Speaker } from './byte-exchange.ts';
import { coapTalk } from './coap.ts';
import type { Dialogue } from './dialogue.ts';
import { dnsTalk } from './dns.ts';
import { h2Talk } from './h2-client.ts';
import { http1Talk } from './http-client.ts';
import { ldapTalk } from './ldap.ts';
import { ftpTalk, imapTalk, nntpTalk, popTalk, smtpTalk } from './mail.ts';
import { mysqlTalk } from './mysql.ts';
import { postgresTalk } from './postgres.ts';

export const EXCHANGE_NAMES = [
  'http1',
  'h2',
  'smtp',
  'lmtp',
  'imap',
  'pop3',
  'ftp',
  'nntp',
  'ldap',
  'postgres',
  'mysql',
  'dot',
  'coap',
] as const;
/** What can be said inside TLS (coap: inside DTLS) before the close. */
export type ExchangeName = (typeof EXCHANGE_NAMES)[number];

/** `greeting`: the server has not spoken yet (no STARTTLS before). `leave`: ask it to close, where the protocol can. */
export type Question = { authority: string; path: string; greeting: boolean; leave: boolean; emit: Emit };

export function createExchange(name: ExchangeName, question: Question): ByteExchange {
  return createByteExchange({
    name: NAMES[name] ?? name,
    emit: question.emit,
    begin: (speaker) => TALKS[name](speaker, question),
  });
}

/** The port where it is spoken inside TLS from the first byte, the ALPN it needs, and whether it asks for a path. */
export function exchangeTraits(name: ExchangeName): ExchangeTraits {
  return TRAITS[name];
}

export type ExchangeTraits = { port: number; alpn?: string; path?: true };

/** Where each line and message says where it ends. */
function delimited(talk: (speaker: Speaker, question: Question) => Dialogue): typeof talk {
  return (speaker, question) => {
    speaker.answer.framing = 'self-delimited';
    return talk(speaker, question);
  };
}

const TALKS: Readonly<Record<ExchangeName, (speaker: Speaker, question: Question) => Dialogue>> = {
  http1: http1Talk,
  h2: h2Talk,
  smtp: delimited((speaker, question) => smtpTalk(speaker, 'EHLO', question)),
  lmtp: delimited((speaker, question) => smtpTalk(speaker, 'LHLO', question)),
  imap: delimited(imapTalk),
  pop3: delimited(popTalk),
  ftp: delimited(ftpTalk),
  nntp: delimited(nntpTalk),
  ldap: delimited(ldapTalk),
  postgres: delimited(postgresTalk),
  mysql: delimited(mysqlTalk),
  dot: dnsTalk,
  coap: coapTalk,
};
const NAMES: Readonly<Partial<Record<ExchangeName, string>>> = { http1: 'http/1.1' };
const TRAITS: Readonly<Record<ExchangeName, ExchangeTraits>> = {
  http1: { port: 443, path: true },
  h2: { port: 443, alpn: 'h2', path: true },
  smtp: { port: 465 },
  lmtp: { port: 24 },
  imap: { port: 993 },
  pop3: { port: 995 },
  ftp: { port: 990 },
  nntp: { port: 563 },
  ldap: { port: 636 },
  postgres: { port: 5432, alpn: 'postgresql' },
  mysql: { port: 3306 },
  dot: { port: 853 },
  coap: { port: 5684 },
};
