import { tlsClose } from '../../index.ts';
import { runClose } from '../close-command.ts';
import type { Command } from '../command.ts';
import { toTlsCloseOptions } from '../options.ts';
import { tlsCloseSpec } from './tls-close-spec.ts';

export const tlsCloseCommand: Command = {
  spec: tlsCloseSpec,
  run: (context) => {
    const { raw, terminal } = context;
    const [target = ''] = context.arguments;
    return runClose(context, () => ({ target, ...toTlsCloseOptions(raw, terminal.readInput) }), tlsClose);
  },
};
