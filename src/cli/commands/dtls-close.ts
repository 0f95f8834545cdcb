import { parseTarget } from '../../driver/target.ts';
import { exchangeTraits } from '../../exchange/exchanges.ts';
import { dtlsClose } from '../../index.ts';
import { runClose } from '../close-command.ts';
import type { Command } from '../command.ts';
import { toDtlsCloseOptions } from '../dtls-options.ts';
import { dtlsCloseSpec } from './dtls-close-spec.ts';

export const dtlsCloseCommand: Command = {
  spec: dtlsCloseSpec,
  run: (context) => {
    const { raw, terminal } = context;
    const [target = ''] = context.arguments;
    const toOptions = () => {
      const options = toDtlsCloseOptions(raw, terminal.readInput);
      const usual = options.exchange === undefined ? undefined : exchangeTraits(options.exchange).port;
      return { target: parseTarget(target, 'dtls', usual), ...options };
    };
    return runClose(context, toOptions, dtlsClose);
  },
};
