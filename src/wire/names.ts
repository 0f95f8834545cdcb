/** A registry: numbers to names and back. A number without a name survives as "label(99)". */
export type Names = {
  name(number: number): string;
  /** Undefined for an unknown name; "label(99)" gives 99. */
  number(name: string): number | undefined;
};

/** `table`: the registry, name → number. `label`: what a number without a name is called. */
export function createNames(label: string, table: Readonly<Record<string, number>>): Names {
  // Made at the first question: most runs ask few registries.
  let names: Map<number, string> | undefined;
  return {
    name(number) {
      names ??= new Map(Object.entries(table).map(([name, known]) => [known, name]));
      return names.get(number) ?? `${label}(${number})`;
    },
    number(name) {
      if (Object.hasOwn(table, name)) return table[name];
      const digits = new RegExp(`^${label}\\((\\d{1,5})\\)$`).exec(name)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
  };
}
