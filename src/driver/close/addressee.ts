import { EXCHANGE_NAMES, type ExchangeName, exchangeTraits } from '../../exchange/exchanges.ts';
import { STARTTLS_NAMES, type StarttlsName, starttlsPort } from '../../exchange/starttls.ts';
import { formatTarget, parseTarget, type Target } from '../target.ts';
import { UsageError } from '../usage-error.ts';
import type { CloseOptions } from './options.ts';

/** Where a TLS connection goes, for whom it is (host, or host:port where the port is not the usual one), and how it begins. */
export type Addressee = { host: string; port: number; authority: string; starttls: StarttlsName | undefined };

/** Throws UsageError: for a target that is none, and for a protocol that its URL contradicts. */
export function addresseeOf(options: CloseOptions): Addressee {
  const { target, starttls, sni, exchange } = options;
  if (starttls !== undefined && !STARTTLS_NAMES.includes(starttls)) {
    throw new UsageError(
      'bad-option',
      `starttls: ${JSON.stringify(starttls)} is no protocol that is known here`,
      STARTTLS_NAMES.join(', '),
    );
  }
  checkExchange(options);
  const spoken = exchange === undefined ? HTTPS_PORT : exchangeTraits(exchange).port;
  const usual = starttls === undefined ? spoken : starttlsPort(starttls);
  const to: Place = typeof target === 'string' ? parseTarget(target, 'tls', usual) : target;
  const { host, port } = to;
  const begins = to.scheme === undefined ? starttls : to.starttls;
  if (starttls !== undefined && begins !== starttls) {
    throw new UsageError(
      'conflict',
      `--starttls ${starttls}: the URL says something else`,
      `give host and port without a scheme, or with ${starttls}://`,
    );
  }
  checkTogether(exchange, begins);
  const name = typeof sni === 'string' ? sni : host;
  const authority = formatTarget({ host: name, port });
  return {
    ...{ host, port, starttls: begins },
    authority: port === HTTPS_PORT ? authority.replace(/:443$/u, '') : authority,
  };
}

/** What TLS over TCP cannot be asked to say. Throws UsageError. */
function checkExchange(options: CloseOptions): void {
  const known = checkExchangeName(options.exchange);
  if (known === 'coap')
    throw new UsageError('conflict', '--exchange coap is spoken over DTLS', 'dtls-close has it');
  checkSaid(options);
}

/** What else is said or read cannot be said or read too. Throws UsageError. */
export function checkSaid(options: Pick<CloseOptions, 'exchange' | 'send' | 'readUntil' | 'path'>): void {
  const { exchange, path } = options;
  const besides = options.send !== undefined ? '--send' : '--read-until';
  if (exchange !== undefined && (options.send !== undefined || options.readUntil !== undefined)) {
    throw new UsageError(
      'conflict',
      `${besides} with --exchange ${exchange}: the exchange knows what to say, and how far to read`,
      'leave one of them out',
    );
  }
  if (path === undefined) return;
  if (exchange === undefined || exchangeTraits(exchange).path !== true)
    throw new UsageError(
      'conflict',
      '--get: there is nothing to ask for by a path',
      'with --exchange http1 or h2',
    );
  if (!/^\/[\x21-\x7e]*$/u.test(path))
    throw new UsageError(
      'bad-option',
      `--get: ${JSON.stringify(path)} is no path`,
      'a path begins with / and has no spaces',
    );
}

/** Throws UsageError for a name that there is not. */
export function checkExchangeName(name: ExchangeName | undefined): ExchangeName | undefined {
  if (name === undefined || EXCHANGE_NAMES.includes(name)) return name;
  throw new UsageError(
    'bad-option',
    `exchange: ${JSON.stringify(name)} is no protocol that is known here`,
    EXCHANGE_NAMES.join(', '),
  );
}

/** Does the one lead to the other? */
function checkTogether(exchange: ExchangeName | undefined, starttls: StarttlsName | undefined): void {
  if (exchange === 'mysql' && starttls !== 'mysql')
    throw new UsageError('conflict', '--exchange mysql: MySQL never begins with TLS', 'add --starttls mysql');
  if (exchange === undefined || starttls === undefined || exchange === starttls) return;
  throw new UsageError(
    'conflict',
    `--exchange ${exchange} is not what is spoken behind --starttls ${starttls}`,
    EXCHANGE_NAMES.some((name) => name === starttls)
      ? `--exchange ${starttls}, or none`
      : 'leave one of them out',
  );
}

type Place = Omit<Target, 'ip'>;

const HTTPS_PORT = 443;
