import { BROWSER_CAUSES } from './browsers.ts';
import type { Cause } from './cause.ts';
import { CURL_CAUSES } from './curl.ts';
import { DATABASE_CAUSES } from './databases.ts';
import { DOTNET_CAUSES } from './dotnet.ts';
import { DTLS_CAUSES } from './dtls.ts';
import { ERRNO_CAUSES } from './errno.ts';
import { GNUTLS_CAUSES } from './gnutls.ts';
import { GO_CAUSES } from './go.ts';
import { HTTP_SERVER_CAUSES } from './http-servers.ts';
import { JAVA_CAUSES } from './java.ts';
import { LIBRARY_CAUSES } from './libraries.ts';
import { MAIL_CAUSES } from './mail-and-files.ts';
import { NODE_CAUSES } from './node.ts';
import { OPENSSL_CAUSES } from './openssl.ts';
import { QUIC_CAUSES } from './quic-libraries.ts';
import { QUIC_OTHER_CAUSES } from './quic-more.ts';
import { SCRIPTING_CAUSES } from './scripting.ts';

/** The error catalogue. Where two fit a text equally well, the earlier is meant. */
export const CAUSES: readonly Cause[] = [
  ...OPENSSL_CAUSES,
  ...GNUTLS_CAUSES,
  ...BROWSER_CAUSES,
  ...LIBRARY_CAUSES,
  ...GO_CAUSES,
  ...JAVA_CAUSES,
  ...DOTNET_CAUSES,
  ...SCRIPTING_CAUSES,
  ...NODE_CAUSES,
  ...DATABASE_CAUSES,
  ...CURL_CAUSES,
  ...HTTP_SERVER_CAUSES,
  ...MAIL_CAUSES,
  ...QUIC_CAUSES,
  ...QUIC_OTHER_CAUSES,
  ...DTLS_CAUSES,
  ...ERRNO_CAUSES,
];
