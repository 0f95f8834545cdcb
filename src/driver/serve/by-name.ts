import type { Input } from '../../proto/core.ts';
import { concat } from '../../wire/bytes.ts';
import { type Task, until } from '../task.ts';
import type { Connect, TransportSink } from '../world.ts';
import { type ServeConnection, serveConnection } from './connection.ts';
import { peekServerName } from './server-name.ts';

/** How connections to that server name are served; no name, or none of ours: whatever there is for those. */
export type ChooseByName = (serverName: string | undefined) => Pick<ServeConnection, 'plan' | 'createCore'>;

/** As `serveConnection`, but the plan waits for the ClientHello's server name. Call it in the turn in which the connection came. */
export function serveByName(
  options: Omit<ServeConnection, 'plan' | 'createCore'>,
  choose: ChooseByName,
): Task<void> {
  const waiting = createWaitingRoom(options);
  return (function* (): Task<void> {
    const { clock } = options.scheduler;
    let found = peekServerName(waiting.bytes());
    const known = (): boolean => {
      found = peekServerName(waiting.bytes());
      return found !== 'more' || waiting.over();
    };
    yield* until('the server name', known, clock.now() + PATIENCE);
    const chosen = choose(found === 'more' ? undefined : found.name);
    options.emit({ kind: 'note', code: BEHAVIOUR_NOTE, text: chosen.plan.name });
    yield* serveConnection({ ...options, ...chosen, connect: waiting.connect });
  })();
}

/** Keeps what comes until somebody connects for good. */
function createWaitingRoom({ connect, scheduler }: Pick<ServeConnection, 'connect' | 'scheduler'>): {
  bytes(): Uint8Array;
  over(): boolean;
  connect: Connect;
} {
  let target: TransportSink | undefined;
  let kept: Input[] = [];
  let bytes: Uint8Array = new Uint8Array(0);
  let writable = false;
  const transport = connect({
    input(input) {
      if (target !== undefined) return target.input(input);
      kept.push(input);
      if (input.kind === 'bytes') bytes = concat(bytes, input.data);
      scheduler.poke();
    },
    writable() {
      writable = true;
      target?.writable();
    },
    wants: () => target?.wants() ?? LARGEST_RECORD,
  });
  return {
    bytes: () => bytes,
    over: () => kept.some(({ kind }) => kind !== 'bytes'),
    connect: (sink) => {
      // Not before the channel that it is for is whole.
      scheduler.clock.at(scheduler.clock.now(), () => {
        target = sink;
        if (writable) sink.writable();
        for (const input of kept) sink.input(input);
        kept = [];
      });
      return transport;
    },
  };
}

/** The note on the timeline that names the behaviour. */
export const BEHAVIOUR_NOTE = 'behaviour';
const PATIENCE = 10_000;
const LARGEST_RECORD = 16_389;
