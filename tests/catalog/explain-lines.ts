/** What it is; a line or a trace as programs print them; what it must come to first; what must be among the rest. */
export const LINES: readonly (readonly [what: string, text: string, first: string, ...others: string[]])[] = [
  [
    'curl over OpenSSL 3',
    'curl: (56) OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0',
    'curl-56-openssl',
    'openssl-unexpected-eof',
    'openssl/0A000126',
  ],
  [
    'a Python traceback',
    `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/urllib3/connectionpool.py", line 715, in urlopen
    httplib_response = self._make_request(
  File "/usr/lib/python3.11/ssl.py", line 1382, in do_handshake
    self._sslobj.do_handshake()
ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:992)

During handling of the above exception, another exception occurred:
urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='example.org', port=443): Max retries exceeded`,
    'py-eof-violation',
  ],
  [
    'a Java trace',
    `Exception in thread "main" javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake
\tat java.base/sun.security.ssl.SSLSocketImpl.handleEOF(SSLSocketImpl.java:1696)
Caused by: java.io.EOFException: SSL peer shut down incorrectly
\tat java.base/sun.security.ssl.SSLSocketInputRecord.read(SSLSocketInputRecord.java:489)`,
    'jsse-remote-terminated-handshake',
    'jsse-peer-shutdown-incorrectly',
  ],
  [
    'Java, with the alert named',
    'javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure',
    'jsse-fatal-alert',
    'tls-alert/40',
  ],
  [
    'Node',
    `Error: read ECONNRESET
    at TLSWrap.onStreamRead (node:internal/stream_base_commons:217:20) {
  errno: -104,
  code: 'ECONNRESET',
  syscall: 'read'
}`,
    'node-econnreset',
    'generic-econnreset',
    'errno/ECONNRESET',
  ],
  [
    'Go, as a client',
    'Get "https://example.org/": remote error: tls: unknown certificate authority',
    'go-remote-error',
    'tls-alert/48',
  ],
  [
    'Go, as a server',
    '2026/11/23 02:11:09 http: TLS handshake error from 10.0.0.2:51234: EOF',
    'go-handshake-eof',
  ],
  [
    'nginx, the error log',
    '2026/11/23 02:11:09 [info] 311#311: *5 SSL_read() failed (SSL: error:0A000126:SSL routines::unexpected eof while reading) while keepalive, client: 10.0.0.7, server: 0.0.0.0:443',
    'nginx-ssl-read-eof',
    'openssl-unexpected-eof',
  ],
  [
    'nginx and a close with data on the way',
    '[crit] SSL_shutdown() failed (SSL: error:0A000123:SSL routines::application data after close notify) while closing request',
    'nginx-ssl-shutdown-failed',
    'openssl-app-data-after-close',
  ],
  [
    'PostgreSQL',
    'psycopg2.OperationalError: SSL connection has been closed unexpectedly',
    'libpq-closed-unexpectedly',
  ],
  ['MySQL', 'ERROR 2006 (HY000): MySQL server has gone away', 'mysql-gone-away'],
  [
    'git',
    'error: RPC failed; curl 56 GnuTLS recv error (-110): The TLS connection was non-properly terminated.',
    'curl-56-gnutls',
    'gnutls-premature-termination',
  ],
  [
    'rustls',
    'tls handshake eof: received fatal alert: HandshakeFailure',
    'rustls-fatal-alert',
    'tls-alert/40',
  ],
  [
    'reqwest',
    'error sending request: client error (SendRequest): connection error: peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof',
    'rustls-no-close-notify',
  ],
  [
    'OpenSSL and an alert',
    'C0C1A2:error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:ssl/record/rec_layer_s3.c:1605:SSL alert number 40',
    'openssl-alert-text',
    'tls-alert/40',
    'openssl/0A000410',
  ],
  [
    'OpenSSL and the system',
    'error:80000068:system library::Connection reset by peer',
    'generic-econnreset',
    'openssl/80000068',
  ],
  [
    'OpenSSL, a reason without an entry',
    'error:0A00010B:SSL routines::wrong version number',
    'openssl/0A00010B',
  ],
  [
    'Python, a reason without an entry',
    'ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)',
    'openssl/reason/267',
  ],
  [
    'Python and an alert',
    'ssl.SSLError: [SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2635)',
    'openssl-alert-text',
    'tls-alert/48',
  ],
  [
    'Node, by code',
    "Error: write EPROTO { library: 'SSL routines', reason: 'wrong version number', code: 'ERR_SSL_WRONG_VERSION_NUMBER' }",
    'openssl/reason/267',
    'errno/EPROTO',
  ],
  ['Node and an alert, by code', "code: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'", 'tls-alert/40'],
  ['Node, the code alone', 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'openssl-unexpected-eof'],
  [
    'BoringSSL',
    'error:100000cf:SSL routines:OPENSSL_internal:PROTOCOL_IS_SHUTDOWN',
    'boringssl-protocol-is-shutdown',
    'openssl/100000CF',
  ],
  ['quic-go', 'H3 error: Application error 0x10c (remote)', 'quicgo-app-error', 'quic-application/h3/0x10c'],
  [
    'quic-go and TLS',
    'CRYPTO_ERROR 0x178 (remote): tls: no application protocol',
    'quicgo-crypto-error',
    'quic-transport/0x178',
  ],
  [
    'quinn',
    'aborted by peer: the cryptographic handshake failed: error 120',
    'quinn-aborted-by-peer',
    'tls-alert/120',
  ],
  [
    'a QUIC log without an entry',
    'quic: received CONNECTION_CLOSE frame_type=0x1d error_code=0x10c reason=""',
    'quic-application/h3/0x10c',
  ],
  ['aioquic', 'QUIC connection closed: error_code=256 frame_type=None', 'quic-application/h3/0x100'],
  [
    'Rust and the system',
    'Os { code: 104, message: "Connection reset by peer" } (os error 104)',
    'generic-econnreset',
    'errno/ECONNRESET',
  ],
  ['an alert in words', 'peer sent alert certificate expired, giving up', 'tls-alert/45'],
  ['an alert in capitals', 'handshake: SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'tls-alert/46'],
  [
    'a message that the terminal wrapped',
    'requests.exceptions.ConnectionError: Remote end closed\nconnection without response',
    'py-remote-end-closed',
  ],
  ['in capitals', 'UNEXPECTED EOF WHILE READING', 'openssl-unexpected-eof'],
  [
    'vsftpd',
    'Fri Nov 23 02:11:09 2026 [pid 3] DEBUG: connection terminated without SSL shutdown.',
    'vsftpd-no-ssl-shutdown',
  ],
  [
    '.NET',
    'System.IO.IOException: Received an unexpected EOF or 0 bytes from the transport stream.\r\n   at System.Net.Security.SslStream',
    'dotnet-unexpected-eof',
  ],
  [
    'Chrome',
    'Failed to load resource: net::ERR_QUIC_PROTOCOL_ERROR.QUIC_NETWORK_IDLE_TIMEOUT 200',
    'chrome-quic-protocol-error',
  ],
  [
    'Exim',
    '2026-11-23 TLS error on connection from mail.example [10.0.0.9] (recv): The TLS connection was non-properly terminated.',
    'exim-gnutls',
  ],
  [
    'HAProxy',
    '10.0.0.7:40112 [23/Nov/2026:02:11:09.120] fe/1: Connection closed during SSL handshake',
    'haproxy-closed-handshake',
  ],
];
