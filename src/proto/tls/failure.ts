import { createFailures } from '../handshake/failure.ts';
import { silenced } from './halves.ts';
import { queueAlert } from './send.ts';
import type { TlsState } from './state.ts';

export const { guarded, attempt, failHandshake } = createFailures<TlsState>({
  end(state) {
    state.phase = 'failed';
  },
  silenced: ({ send }) => silenced(send),
  queueAlert,
});
