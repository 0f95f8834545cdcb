import type { Emit } from '../timeline/event.ts';
import { fromAscii } from '../wire/bytes.ts';
import { createTalk, type Dialogue, type Voice } from './dialogue.ts';
import { ldapStarttls } from './ldap.ts';
import { ftpStarttls, imapStarttls, nntpStarttls, popStarttls, smtpStarttls } from './mail.ts';
import { mysqlStarttls } from './mysql.ts';
import { postgresStarttls } from './postgres.ts';
import { xmppStarttls } from './xmpp.ts';

export const STARTTLS_NAMES = [
  'smtp',
  'lmtp',
  'imap',
  'pop3',
  'ftp',
  'ldap',
  'postgres',
  'mysql',
  'xmpp',
  'nntp',
] as const;
/** A protocol that begins in the clear and changes to TLS on request. */
export type StarttlsName = (typeof STARTTLS_NAMES)[number];

/** Where it is spoken, unless somebody says otherwise. */
export function starttlsPort(name: StarttlsName): number {
  return PORTS[name];
}

/**
 * What is said in the clear until TLS begins. `failed`: it will not; `rule` is starttls-refused, starttls-malformed, starttls-too-long or
 * starttls-injection (bytes behind the go-ahead, which whoever is in between could have put there: CVE-2011-0411 and its kin).
 */
export type Preamble = {
  /** What is to be sent, in order. */
  start(): readonly Uint8Array[];
  take(data: Uint8Array): readonly Uint8Array[];
  status(): { kind: 'going' } | { kind: 'ready' } | { kind: 'failed'; rule: string; detail: string };
};

/** `host`: whom we ask for, where the protocol says so. Pure; nothing a peer sends makes it throw. */
export function createPreamble(name: StarttlsName, { host, emit }: { host: string; emit: Emit }): Preamble {
  const preamble: State = { out: [], taken: 0, failed: undefined };
  const voice: Voice = {
    say(data, what) {
      preamble.out.push(data);
      tell(emit, 'local', data, what);
    },
    heard: (data, what) => tell(emit, 'peer', data, what),
    ended: () => undefined,
  };
  const talk = createTalk(DIALOGUES[name](voice, host));
  return {
    start() {
      talk.start();
      return taken(preamble);
    },
    take(data) {
      preamble.taken += data.length;
      if (!talk.over()) talk.take(data);
      const left = talk.left();
      if (talk.breach() === undefined && talk.over() && left.length > 0) {
        tell(emit, 'peer', left);
        preamble.failed = {
          rule: 'starttls-injection',
          detail: `${left.length === 1 ? '1 byte' : `${left.length} bytes`} in the clear came behind the go-ahead, before TLS began`,
        };
      }
      if (!talk.over() && preamble.taken > MOST_PREAMBLE)
        preamble.failed = {
          rule: 'starttls-too-long',
          detail: `more than ${MOST_PREAMBLE} bytes before TLS`,
        };
      return preamble.failed === undefined ? taken(preamble) : [];
    },
    status() {
      const breach = talk.breach();
      if (preamble.failed !== undefined) return { kind: 'failed', ...preamble.failed };
      if (breach !== undefined)
        return { kind: 'failed', rule: `starttls-${breach.rule}`, detail: breach.detail };
      return talk.over() ? { kind: 'ready' } : { kind: 'going' };
    },
  };
}

type State = {
  out: Uint8Array[];
  taken: number;
  failed: { rule: string; detail: string } | undefined;
};

function taken(preamble: State): readonly Uint8Array[] {
  const { out } = preamble;
  preamble.out = [];
  return out;
}

function tell(emit: Emit, by: 'local' | 'peer', data: Uint8Array, what?: string): void {
  const text = fromAscii(data.subarray(0, SHOWN));
  // A line says itself; what is no text gets a name.
  const named = what === undefined || text.startsWith(what) ? {} : { what };
  emit({ kind: 'transport.plaintext', by, bytes: data.length, text, ...named });
}

const DIALOGUES: Readonly<Record<StarttlsName, (voice: Voice, host: string) => Dialogue>> = {
  smtp: (voice) => smtpStarttls(voice, 'EHLO'),
  lmtp: (voice) => smtpStarttls(voice, 'LHLO'),
  imap: imapStarttls,
  pop3: popStarttls,
  ftp: ftpStarttls,
  ldap: ldapStarttls,
  postgres: postgresStarttls,
  mysql: mysqlStarttls,
  xmpp: xmppStarttls,
  nntp: nntpStarttls,
};
const PORTS: Readonly<Record<StarttlsName, number>> = {
  smtp: 25,
  lmtp: 24,
  imap: 143,
  pop3: 110,
  ftp: 21,
  ldap: 389,
  postgres: 5432,
  mysql: 3306,
  xmpp: 5222,
  nntp: 119,
};
const MOST_PREAMBLE = 65_536;
/** No more of a peer's text than this on the timeline. */
const SHOWN = 1024;
