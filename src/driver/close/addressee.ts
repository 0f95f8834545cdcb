import { STARTTLS_NAMES, type StarttlsName, starttlsPort } from '../../exchange/starttls.ts';
import { formatTarget, parseTarget, type Target } from '../target.ts';
import { UsageError } from '../usage-error.ts';
import type { CloseOptions } from './options.ts';

/** Where a TLS connection goes, for whom it is (host, or host:port where the port is not the usual one), and how it begins. */
export type Addressee = { host: string; port: number; authority: string; starttls: StarttlsName | undefined };

/** Throws UsageError: for a target that is none, and for a protocol that its URL contradicts. */
export function addresseeOf({ target, starttls, sni }: CloseOptions): Addressee {
  if (starttls !== undefined && !STARTTLS_NAMES.includes(starttls)) {
    throw new UsageError(
      'bad-option',
      `starttls: ${JSON.stringify(starttls)} is no protocol that is known here`,
      STARTTLS_NAMES.join(', '),
    );
  }
  const usual = starttls === undefined ? HTTPS_PORT : starttlsPort(starttls);
  const to: Place = typeof target === 'string' ? parseTarget(target, 'tls', usual) : target;
  const { host, port } = to;
  const begins = to.scheme === undefined ? starttls : to.starttls;
  if (starttls !== undefined && begins !== starttls) {
    throw new UsageError(
      'conflict',
      `--starttls ${starttls}: the URL says something else`,
      `write ${formatTarget({ host, port })}, or ${starttls}://${formatTarget({ host, port })}`,
    );
  }
  const name = typeof sni === 'string' ? sni : host;
  const authority = formatTarget({ host: name, port });
  return {
    ...{ host, port, starttls: begins },
    authority: port === HTTPS_PORT ? authority.replace(/:443$/u, '') : authority,
  };
}

type Place = Omit<Target, 'ip'>;

const HTTPS_PORT = 443;
