import { alertFact } from '../../proto/alerts.ts';
import type { Channel } from '../channel.ts';
import type { ExchangeStep } from './plan.ts';

/** What only datagrams can do: arrive out of order, and be sent by anybody. */
export function playDatagrams(
  { core, emit, flush }: Channel,
  step: Extract<ExchangeStep, { peer: 'overtaken' | 'forge' }>,
): void {
  switch (step.peer) {
    case 'overtaken': {
      const data = core.raw.record(DATA, new Uint8Array(step.size).fill(FILLER));
      core.raw.send(core.raw.record(ALERT, Uint8Array.of(WARNING, CLOSE_NOTIFY)));
      core.raw.send(data);
      flush();
      emit(alertFact('local', { level: WARNING, description: CLOSE_NOTIFY }, true));
      emit({ kind: 'data', by: 'local', bytes: step.size, afterClose: false });
      return;
    }
    case 'forge': {
      const bytes = Uint8Array.of(
        ALERT,
        ...DTLS_12,
        ...EPOCH_0,
        ...SEQUENCE,
        0,
        2,
        step.level,
        step.description,
      );
      core.raw.send(bytes);
      flush();
      emit({ kind: 'transport.tapped', by: 'local', rule: 'forge', bytes: bytes.length });
      return;
    }
  }
}

const ALERT = 21;
const DATA = 23;
const WARNING = 1;
const CLOSE_NOTIFY = 0;
const FILLER = 0x78;
const DTLS_12 = [0xfe, 0xfd];
const EPOCH_0 = [0, 0];
/** Higher than any record of the handshake: not dropped for having come before. */
const SEQUENCE = [0, 0, 0, 1, 0, 0];
