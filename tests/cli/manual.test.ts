import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DTLS_BEHAVIOURS } from '../../src/catalog/behaviours/dtls.ts';
import { behaviourName } from '../../src/catalog/behaviours/find.ts';
import { QUIC_BEHAVIOURS } from '../../src/catalog/behaviours/quic.ts';
import { TLS_BEHAVIOURS } from '../../src/catalog/behaviours/tls.ts';
import { PROBES } from '../../src/catalog/probes/find.ts';
import { demoSpec } from '../../src/cli/commands/demo-spec.ts';
import { diagnoseSpec } from '../../src/cli/commands/diagnose-spec.ts';
import { dtlsCloseSpec } from '../../src/cli/commands/dtls-close-spec.ts';
import { explainSpec } from '../../src/cli/commands/explain-spec.ts';
import { quicCloseSpec } from '../../src/cli/commands/quic-close-spec.ts';
import { runSpec } from '../../src/cli/commands/run-spec.ts';
import { serveSpec } from '../../src/cli/commands/serve-spec.ts';
import { tlsCloseSpec } from '../../src/cli/commands/tls-close-spec.ts';
import { helpText } from '../../src/cli/parse.ts';
import { VERSION } from '../../src/driver/version.ts';
import { OUTCOME_CLASSES } from '../../src/timeline/outcome.ts';

const SPECS = [
  tlsCloseSpec,
  dtlsCloseSpec,
  quicCloseSpec,
  serveSpec,
  runSpec,
  demoSpec,
  explainSpec,
  diagnoseSpec,
];
const page = (name: string): string => readFileSync(new URL(`../../man/${name}.1`, import.meta.url), 'utf8');
const packageJson: { version: string; man: string[] } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** The options that a page describes: those in the tags of its paragraphs. */
function describedIn(text: string): string[] {
  const lines = text.split('\n');
  const tags = lines.filter(
    (line, at) => lines[at - 1] === '.TP' && /^\.B/.test(line) && line.includes('\\-'),
  );
  return tags
    .flatMap((tag) => tag.replaceAll('\\-', '-').match(/(?<![\w-])--?[a-zA-Z0-9][\w-]*/g) ?? [])
    .sort();
}

function offeredBy(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^ {2}-/.test(line));
  const flags = lines.map((line) => line.trim().split(/ {2,}/)[0] ?? '');
  return flags.flatMap((flag) => flag.match(/(?<![\w-])--?[a-zA-Z0-9][\w-]*/g) ?? []).sort();
}

describe.each(SPECS)('sslshut $name', (spec) => {
  it('offers in --help what the manual page describes, and the other way round', () => {
    expect(describedIn(page(`sslshut-${spec.name}`))).toEqual(offeredBy(helpText(spec, 200)));
  });

  it('shows examples, and fits 80 columns', () => {
    const help = helpText(spec, 80);
    expect(help).toContain('Examples:');
    for (const [line] of spec.examples) expect(help).toContain(line);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  it('is in the overview page', () => {
    expect(page('sslshut')).toContain(`sslshut\\-${spec.name.replace('-', '\\-')} (1)`);
  });
});

describe('the manual', () => {
  it('is of this version', () => {
    expect(VERSION).toBe(packageJson.version);
    for (const { name } of SPECS) expect(page(`sslshut-${name}`)).toContain(`"sslshut ${VERSION}"`);
    expect(page('sslshut')).toContain(`"sslshut ${VERSION}"`);
  });

  it('explains every class', () => {
    for (const name of OUTCOME_CLASSES)
      expect(page('sslshut')).toContain(`.B ${name.replaceAll('-', '\\-')}\n`);
  });

  it('says of every check what the catalogue says', () => {
    const text = page('sslshut-diagnose').replaceAll('\\-', '-').replaceAll(/\s+/g, ' ');
    for (const { id, asks, passes } of PROBES) {
      expect(text).toContain(`.TP .B ${id} ${asks}`);
      expect(text).toContain(`Right: ${passes}.`);
    }
  });

  it('says of every behaviour what the catalogue says', () => {
    const text = page('sslshut-serve').replaceAll('\\-', '-').replaceAll(/\s+/g, ' ');
    for (const behaviour of [...TLS_BEHAVIOURS, ...DTLS_BEHAVIOURS, ...QUIC_BEHAVIOURS]) {
      expect(text).toContain(`.TP .B ${behaviourName(behaviour)} ${behaviour.says}`);
    }
  });
});
