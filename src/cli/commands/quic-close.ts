import { parseTarget } from '../../driver/target.ts';
import { quicClose } from '../../index.ts';
import { runClose } from '../close-command.ts';
import type { Command } from '../command.ts';
import { toQuicCloseOptions } from '../quic-options.ts';
import { quicCloseSpec } from './quic-close-spec.ts';

export const quicCloseCommand: Command = {
  spec: quicCloseSpec,
  run: (context) => {
    const { raw, terminal } = context;
    const [target = ''] = context.arguments;
    const toOptions = () => ({
      target: parseTarget(target, 'quic'),
      ...toQuicCloseOptions(raw, terminal.readInput),
    });
    return runClose(context, toOptions, quicClose);
  },
};
