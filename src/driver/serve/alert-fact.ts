import type { Fact } from '../../timeline/event.ts';
import { alertName, levelName } from '../../wire/alert.ts';

/** An alert of ours that was sent below the core, which does not report it. */
export function alertFact(level: number, description: number): Fact {
  return {
    kind: 'alert',
    by: 'local',
    level,
    levelName: levelName(level),
    description,
    descriptionName: alertName(description),
    protected: true,
  };
}
