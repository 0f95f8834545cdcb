import { clauseOf } from '../../catalog/behaviours/clauses.ts';
import { behaviourName, behavioursOf, SERVED, type Served } from '../../catalog/behaviours/find.ts';
import { toJson } from '../../render/json.ts';
import { fitRow } from '../../render/layout.ts';
import type { OutputOptions, PageOptions } from '../output.ts';

/** Every behaviour of a protocol, or of all of them: what it does, what it breaks, what a good client makes of it. */
export function listed(protocol: Served | undefined, page: PageOptions, output: OutputOptions): string[] {
  const protocols = protocol === undefined ? SERVED : [protocol];
  return protocols.flatMap((one) =>
    behavioursOf(one).map((behaviour) => {
      const { id, aliases, says, goodClient, gives = 'whole' } = behaviour;
      const breaks = behaviour.breaks.map((rule) => ({ rule, clause: clauseOf(rule) ?? '' }));
      const name = behaviourName(behaviour);
      if (output.format === 'json') {
        const entry = { id, protocol: one, name, aliases, says, breaks: behaviour.breaks };
        return toJson({ ...entry, rules: breaks, gives, goodClient }, { indent: 0 });
      }
      const lead = [{ text: '    ' }];
      const rows = [
        { body: [{ text: protocol === undefined ? id : name, tone: 'strong' as const }], indent: 0 },
        { lead, body: [{ text: says }] },
        { lead, body: [{ text: `A good client ${goodClient}.`, tone: 'faint' as const }] },
        ...breaks.map(({ rule, clause }) => ({
          lead,
          body: [{ text: `breaks ${rule} (${clause})`, tone: 'faint' as const }],
        })),
      ];
      return `${rows.flatMap((row) => fitRow(row, page)).join('\n')}\n`;
    }),
  );
}
