import { parseTarget } from '../../driver/target.ts';
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
    const toOptions = () => ({
      target: parseTarget(target, 'dtls'),
      ...toDtlsCloseOptions(raw, terminal.readInput),
    });
    return runClose(context, toOptions, dtlsClose);
  },
};
