import { holdTo } from './many-cases.ts';

/** What is not imitated, each kind once. More than 3 % would be too many. */
const SKIPPED: Readonly<Record<string, string>> = {
  'x.dtls12.hreqdata.bw':
    'SSL_write ends a renegotiation with an alert that has to wait: SSL_get_error of the next call says so',
  'z.dtls12.hs.clear':
    'a ServerHello for a ClientHello that SSL_clear has forgotten: libcrypto adds its own reasons',
};

holdTo('dtls-more.ndjson', ['dtls1.2'], SKIPPED);
