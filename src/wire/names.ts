/** A registry: numbers to names and back. A number without a name survives as "label(99)". */
export type Names = {
  name(number: number): string;
  /** Undefined for an unknown name; "label(99)" gives 99. */
  number(name: string): number | undefined;
};

/** `table`: the registry, name → number. `label`: what a number without a name is called. */
export function createNames(label: string, table: Readonly<Record<string, number>>): Names {
  const numbers = new Map(Object.entries(table));
  const names = new Map(Object.entries(table).map(([name, number]) => [number, name]));
  const unnamed = new RegExp(`^${label}\\((\\d{1,5})\\)$`);
  return {
    name: (number) => names.get(number) ?? `${label}(${number})`,
    number(name) {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      const digits = unnamed.exec(name)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
  };
}
