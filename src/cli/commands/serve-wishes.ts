import type { Served } from '../../catalog/behaviours/find.ts';
import { EXCHANGES } from '../../driver/serve/plan.ts';
import { UsageError } from '../../driver/usage-error.ts';
import { FRAMINGS } from '../../exchange/http-server.ts';
import type { ServeOptions } from '../../index.ts';
import { alertNumber } from '../../wire/alert.ts';
import type { Context, RawOptions } from '../command.ts';
import { pskOf } from '../dtls-options.ts';
import { identityOf, versionsOf } from '../options.ts';
import { atMostOne, bad, choice, duration, flagOf, integer, textOf } from '../values.ts';

/** How to serve that protocol, from the command line. Throws UsageError. */
export function toServeOptions({ raw }: Context, protocol: Served): ServeOptions {
  const behaviour = textOf(raw, 'behaviour');
  const misbehave = textOf(raw, 'misbehave');
  atMostOne(
    [
      ['--behaviour', behaviour !== undefined],
      ['--misbehave', misbehave !== undefined],
    ],
    'mean the same',
  );
  const name = behaviour ?? misbehave;
  atMostOne(
    [
      ['--behaviour', name !== undefined],
      ['--all', flagOf(raw, 'all')],
      ['--by-name', flagOf(raw, 'byName')],
    ],
    'say both which behaviour it is',
  );
  const [exchange, framing, port, count, forText] = ['exchange', 'framing', 'port', 'count', 'for'].map(
    (one) => textOf(raw, one),
  );
  const [host, versions, crypto] = ['host', protocol, 'crypto'].map((one) => textOf(raw, one));
  for (const other of ['tls', 'dtls'] as const) {
    if (other === protocol || raw[other] === undefined) continue;
    const hint = protocol === 'quic' ? 'QUIC is served in version 1 and 2' : `give --${protocol}`;
    throw bad(`--${other}`, String(raw[other]), `does not go with serve ${protocol}`, hint);
  }
  return {
    protocol,
    ...datagramOptions(raw, protocol),
    ...retryOption(raw, protocol),
    ...tlsOptions(raw, protocol),
    ...alertOption(raw, protocol),
    ...(name === undefined ? {} : { behaviour: name }),
    ...(exchange === undefined ? {} : { exchange: choice('--exchange', exchange, EXCHANGES) }),
    ...(framing === undefined ? {} : { framing: choice('--framing', framing, FRAMINGS) }),
    ...(port === undefined ? {} : { port: integer('--port', port, 0, 65_535) }),
    ...(host === undefined ? {} : { host }),
    ...(count === undefined ? {} : { count: integer('--count', count, 1, 1_000_000) }),
    ...(forText === undefined ? {} : { forMs: duration('--for', forText) }),
    ...(versions === undefined ? {} : { versions: versionsOf(versions, `--${protocol}`) }),
    ...(crypto === undefined
      ? {}
      : { crypto: choice('--crypto', crypto, ['auto', 'noble', 'native'] as const) }),
    ...identityOf(raw),
  };
}

function datagramOptions(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'psk' | 'connectionIds'> {
  const psk = pskOf(raw);
  const connectionIds = flagOf(raw, 'cid');
  if (protocol !== 'dtls' && (psk !== undefined || connectionIds)) {
    const option = connectionIds ? '--cid' : '--psk';
    throw new UsageError(
      'conflict',
      `${option} does not go with serve ${protocol}`,
      `sslshut serve dtls ${option}`,
    );
  }
  return { ...(psk === undefined ? {} : { psk }), ...(connectionIds ? { connectionIds } : {}) };
}

function retryOption(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'retry'> {
  if (!flagOf(raw, 'retry')) return {};
  if (protocol === 'quic') return { retry: true };
  throw new UsageError(
    'conflict',
    `--retry does not go with serve ${protocol}`,
    'sslshut serve quic --retry',
  );
}

function tlsOptions(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'byName'> {
  for (const [flag, given] of [
    ['--by-name', flagOf(raw, 'byName')],
    ['--framing', raw.framing !== undefined],
  ] as const) {
    if (given && protocol !== 'tls')
      throw new UsageError(
        'conflict',
        `${flag} does not go with serve ${protocol}`,
        `sslshut serve tls ${flag}`,
      );
  }
  return flagOf(raw, 'byName') ? { byName: true } : {};
}

/** "48", "unknown_ca", "warning:90": level fatal unless it is said. */
function alertOption(raw: RawOptions, protocol: Served): Pick<ServeOptions, 'alert'> {
  const text = textOf(raw, 'alert');
  if (text === undefined) return {};
  if (protocol === 'quic') throw new UsageError('conflict', '--alert does not go with serve quic');
  if (flagOf(raw, 'all'))
    throw new UsageError('conflict', '--alert and --all', 'name the behaviour: fatal-alert');
  const [, level = 'fatal', name = ''] = /^(?:(warning|fatal):)?(.*)$/su.exec(text) ?? [];
  const number = /^\d{1,3}$/u.test(name) ? Number(name) : alertNumber(name);
  if (number === undefined || number > 255) {
    throw bad('--alert', text, 'is no alert', 'alerts look like 48, unknown_ca or warning:user_canceled');
  }
  return { alert: { level: level === 'fatal' ? 2 : 1, description: number } };
}
