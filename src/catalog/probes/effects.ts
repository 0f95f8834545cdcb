import { CAUSES } from '../causes/all-causes.ts';

export type EffectName = keyof typeof EFFECTS;

/** What programs on the other side of this peer call it: entries of the error catalogue, the commonest first. */
export function effectOf(name: EffectName): { program: string; message: string }[] {
  const ids: readonly string[] = EFFECTS[name];
  return ids.flatMap((id) => {
    const cause = CAUSES.find((one) => one.id === id);
    return cause === undefined ? [] : [{ program: cause.library, message: cause.message }];
  });
}

/** By what reaches the client, not by who is at fault. A test holds every id against the catalogue. */
export const EFFECTS = {
  'bare-fin': [
    'openssl-unexpected-eof',
    'curl-56-openssl',
    'gnutls-premature-termination',
    'rustls-no-close-notify',
    'jsse-inbound-truncation',
    'dotnet-unexpected-eof',
    'py-eof-violation',
    'ruby-unexpected-eof',
    'wolfssl-socket-peer-closed',
    'mbedtls-conn-eof',
  ],
  reset: [
    'generic-econnreset',
    'openssl-syscall-104',
    'node-econnreset',
    'gnutls-pull-error',
    'pyopenssl-econnreset',
    'mbedtls-conn-reset',
  ],
  'reset-upload': [
    'curl-56-reset',
    'curl-55-broken-pipe',
    'go-transport-broken',
    'node-epipe',
    'generic-epipe',
    'chrome-connection-reset',
  ],
  'no-answer': ['jsse-closing-inbound', 'openssl-ssl-shutdown-iter-syscall', 'perl-shutdown-error'],
  held: ['openssl-ssl-shutdown-hang', 'netty-close-notify-timeout', 'py-shutdown-timeout'],
  'fatal-close-notify': ['openssl-alert-0-fatal', 'boringssl-alert-close-notify', 'jsse-fatal-close-notify'],
  'user-canceled': ['gnutls-warning-alert', 'erlang-user-canceled'],
  'error-alert': ['openssl-alert-text', 'gnutls-fatal-alert', 'rustls-fatal-alert', 'go-remote-error'],
  'late-data': ['openssl-app-data-after-close', 'boringssl-appdata-on-shutdown'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
