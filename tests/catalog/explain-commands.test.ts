import { describe, expect, it } from 'vitest';
import { findBehaviour, findQuicBehaviour } from '../../src/catalog/behaviours/find.ts';
import { ALERT_CAUSES } from '../../src/catalog/causes/alerts.ts';
import { CAUSES } from '../../src/catalog/causes/all-causes.ts';
import { CONFIRM, type ConfirmName, confirmation } from '../../src/catalog/causes/confirm.ts';
import { ERRNOS } from '../../src/catalog/causes/errnos.ts';
import { OPENSSL_REASONS } from '../../src/catalog/causes/openssl-reasons.ts';
import { OTHER_QUIC_CODE, QUIC_CODES, UNKNOWN_QUIC_CODE } from '../../src/catalog/causes/quic-codes.ts';
import { findProbe } from '../../src/catalog/probes/find.ts';
import type { CommandSpec, RawOptions } from '../../src/cli/command.ts';
import { diagnoseSpec } from '../../src/cli/commands/diagnose-spec.ts';
import { dtlsCloseSpec } from '../../src/cli/commands/dtls-close-spec.ts';
import { explainSpec } from '../../src/cli/commands/explain-spec.ts';
import { quicCloseSpec } from '../../src/cli/commands/quic-close-spec.ts';
import { serveSpec } from '../../src/cli/commands/serve-spec.ts';
import { tlsCloseSpec } from '../../src/cli/commands/tls-close-spec.ts';
import { toDtlsCloseOptions } from '../../src/cli/dtls-options.ts';
import { toTlsCloseOptions } from '../../src/cli/options.ts';
import { parse } from '../../src/cli/parse.ts';
import { run } from '../../src/cli/program.ts';
import { toQuicCloseOptions } from '../../src/cli/quic-options.ts';
import { parseTarget } from '../../src/driver/target.ts';
import { createFakeTerminal } from '../cli/fake-terminal.ts';
import { words } from '../cli/script.ts';

/** What a command does with its arguments before anything is sent; throws what the user would be told. */
type Check = { spec: CommandSpec; check(argument: string, raw: RawOptions): void };

const noInput = (): Uint8Array => new Uint8Array();
const CHECKS: Readonly<Record<string, Check>> = {
  'tls-close': {
    spec: tlsCloseSpec,
    check: (target, raw) => {
      parseTarget(target, 'tls');
      toTlsCloseOptions(raw, noInput);
    },
  },
  'dtls-close': {
    spec: dtlsCloseSpec,
    check: (target, raw) => {
      parseTarget(target, 'dtls');
      toDtlsCloseOptions(raw, noInput);
    },
  },
  'quic-close': {
    spec: quicCloseSpec,
    check: (target, raw) => {
      parseTarget(target, 'quic');
      toQuicCloseOptions(raw, noInput);
    },
  },
  serve: {
    spec: serveSpec,
    check: (protocol, raw) => {
      if (protocol !== 'tls' && protocol !== 'dtls' && protocol !== 'quic') throw new Error(protocol);
      const { behaviour } = raw;
      if (typeof behaviour !== 'string') return;
      const found = protocol === 'quic' ? findQuicBehaviour(behaviour) : findBehaviour(behaviour, protocol);
      expect(found, behaviour).toBeDefined();
    },
  },
  explain: { spec: explainSpec, check: () => {} },
  diagnose: {
    spec: diagnoseSpec,
    check: (target, raw) => {
      parseTarget(target, 'tls');
      expect(findProbe(String(raw.check)), String(raw.check)).toBeDefined();
    },
  },
};

function check(command: string): void {
  const [last = ''] = command.split(' | ').slice(-1);
  const [program, name = '', ...argv] = words(last.replaceAll('HOST:PORT', 'peer.example:8443'));
  expect(program).toBe('sslshut');
  const known = CHECKS[name];
  if (known === undefined) throw new Error(`there is no command ${name}`);
  const parsed = parse(known.spec, argv, 80);
  if (parsed.kind !== 'run') throw new Error('that asks for help');
  known.check(parsed.arguments[0] ?? '', parsed.raw);
}

describe('the commands that confirm a cause', () => {
  it.each(Object.entries(CONFIRM))('%s is one that the command line takes', (_name, { command, look }) => {
    check(command);
    expect(look.length).toBeGreaterThan(20);
  });

  it.each([
    'sslshut scan HOST:PORT',
    'sslshut diagnose --check tls-nothing HOST:PORT',
    'sslshut tls-close --frobnicate HOST:PORT',
    'sslshut tls-close --wait-peer --rapid HOST:PORT',
    'sslshut quic-close --code NOT_A_CODE HOST:PORT',
    'sslshut serve tls --behaviour none-of-that-name',
    'sslshut dtls-close --half-close HOST:PORT',
  ])('and %s would be found out', (command) => {
    expect(() => check(command)).toThrow();
  });

  it('have a check of diagnose beside them, where there is one', () => {
    const graded = (Object.keys(CONFIRM) as ConfirmName[]).flatMap(
      (name) => confirmation(name).diagnose ?? [],
    );
    expect(graded.length).toBeGreaterThan(10);
    for (const command of graded) check(command);
  });

  it('are of commands that can be reached', async () => {
    for (const name of Object.keys(CHECKS)) {
      expect(await run(['help', name], createFakeTerminal()), name).toBe(0);
    }
  });

  it('are all used', () => {
    const used = new Set<string>(
      [
        ...CAUSES,
        ...Object.values(ALERT_CAUSES),
        ...Object.values(ERRNOS),
        ...Object.values(OPENSSL_REASONS),
        ...Object.values(QUIC_CODES),
        OTHER_QUIC_CODE,
        UNKNOWN_QUIC_CODE,
      ].map(({ confirm }) => confirm),
    );
    expect(Object.keys(CONFIRM).filter((name) => !used.has(name))).toEqual([]);
  });

  it('speak the protocol of the message', () => {
    for (const { id, protocols, confirm } of CAUSES) {
      const [, command = '', first = ''] = words(CONFIRM[confirm].command.split(' | ').at(-1) ?? '');
      const spoken = command === 'serve' ? first : command.replace('-close', '');
      const expected = protocols.map((name) => name.toLowerCase());
      expect(expected, `${id}: ${CONFIRM[confirm].command}`).toContain(spoken);
    }
  });
});

describe('commands inside the prose', () => {
  const told = CAUSES.flatMap(({ happened, fix }) => [
    ...`${happened} ${fix}`.matchAll(/`(sslshut [^`]*)`/g),
  ]);

  it('are there', () => {
    expect(told.length).toBeGreaterThan(0);
  });

  it.each(told.map(([, command = '']) => command))('%s', (command) => {
    check(command.replace(/ N$/, ' 40'));
  });
});
