import { plainStyle, type Style, type Tone } from '../render/layout.ts';
import { type Terminal, wantsColor } from './terminal.ts';

/** Colours for this terminal, or none. chalk is loaded only for the former. */
export async function createStyle(when: 'auto' | 'always' | 'never', terminal: Terminal): Promise<Style> {
  if (!wantsColor(when, terminal)) return plainStyle;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  const paints: Readonly<Record<Tone, (text: string) => string>> = {
    plain: (text) => text,
    strong: chalk.bold,
    faint: chalk.dim,
    local: chalk.cyan,
    peer: chalk.magenta,
    good: chalk.green.bold,
    warn: chalk.yellow.bold,
    bad: chalk.red.bold,
  };
  return (tone, text) => paints[tone](text);
}
