import type { CommandSpec, RawOptions } from './command.ts';

/**
 * Reads a command line that is written plainly and is right, as parse.ts would; undefined for anything else (help, mistakes,
 * short options run together, `--`), which parse.ts then reads. Loading commander is a seventh of a start (BENCH.md).
 */
export function quickParse(
  spec: CommandSpec,
  argv: readonly string[],
): { arguments: readonly string[]; raw: RawOptions } | undefined {
  const options = optionsOf(spec);
  const raw: Record<string, unknown> = defaultsOf(options);
  const positional: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (!argument.startsWith('-')) {
      positional.push(argument);
      continue;
    }
    const [flag = '', inline] = splitInline(argument);
    const option = options.get(flag);
    if (option === undefined || (inline !== undefined && !option.takesValue)) return undefined;
    const value = option.takesValue ? (inline ?? argv[++at]) : !option.negated;
    if (value === undefined) return undefined;
    raw[option.name] = value;
  }
  return countFits(spec.arguments, positional.length) ? { arguments: positional, raw } : undefined;
}

type Option = { name: string; takesValue: boolean; negated: boolean };

/** By every way of writing it: "-q" and "--quiet". */
function optionsOf(spec: CommandSpec): Map<string, Option> {
  const options = new Map<string, Option>();
  for (const { flags } of spec.options) {
    const written = flags.split(/[ ,]+/u);
    const long = written.find((flag) => flag.startsWith('--')) ?? '';
    const negated = long.startsWith('--no-');
    const name = camelCase(long.slice(negated ? 5 : 2));
    const option = { name, negated, takesValue: flags.includes('<') };
    for (const flag of written) if (flag.startsWith('-')) options.set(flag, option);
  }
  return options;
}

/** `--no-x` alone means that x is on unless it is said. */
function defaultsOf(options: ReadonlyMap<string, Option>): Record<string, unknown> {
  const all = [...options.values()];
  const positive = new Set(all.filter(({ negated }) => !negated).map(({ name }) => name));
  const lone = all.filter(({ name, negated }) => negated && !positive.has(name));
  return Object.fromEntries(lone.map(({ name }) => [name, true]));
}

function splitInline(argument: string): string[] {
  const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
  return equals < 0 ? [argument] : [argument.slice(0, equals), argument.slice(equals + 1)];
}

function countFits(declared: string, count: number): boolean {
  if (declared === '') return count === 0;
  if (declared.startsWith('[')) return count <= 1;
  return declared.includes('...') ? count > 0 : count === 1;
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/gu, (_, letter: string) => letter.toUpperCase());
}
