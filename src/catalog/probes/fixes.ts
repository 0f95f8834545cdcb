/** Where it can be put right, and how. */
export type Fix = { where: string; what: string };

export type FixName = keyof typeof FIXES;

/** By what is wrong. Only places where something can be done about it are named. */
export const FIXES = {
  'send-close-notify': [
    fix(
      'nginx',
      'reset_timedout_connection off; a bare FIN is left for timeouts: keepalive_timeout, client_header_timeout',
    ),
    fix('Apache', 'drop "SetEnv ssl-unclean-shutdown" from the virtual host; the default sends close_notify'),
    fix('Envoy', 'delayed_close_timeout above 0, so that the end is flushed before the socket closes'),
    fix('OpenSSL', 'SSL_shutdown(ssl) before SSL_free and close; no SSL_set_quiet_shutdown'),
    fix('Go', 'close the *tls.Conn (Close, or CloseWrite first), never the net.Conn below it'),
    fix('Node', 'socket.end(), not socket.destroy(): only end() sends close_notify'),
    fix('Java', 'SSLSocket.close(); with SSLEngine closeOutbound() and wrap() until isOutboundDone()'),
    fix('.NET', 'await SslStream.ShutdownAsync() before the stream is disposed'),
    fix('Rust', 'rustls: send_close_notify() and write_tls(); tokio: stream.shutdown().await'),
    fix(
      'Python',
      'sock.unwrap() before sock.close(); asyncio: writer.close() and await writer.wait_closed()',
    ),
  ],
  'read-before-close': [
    fix('nginx', 'lingering_close always; reset_timedout_connection off'),
    fix('HAProxy', 'no "option nolinger" in this backend or frontend'),
    fix('Envoy', 'delayed_close_timeout above 0 (its default is 1s)'),
    fix('OpenSSL', 'SSL_shutdown, then SSL_read until it says ZERO_RETURN, then close'),
    fix('Go', 'read the request body to its end (io.Copy(io.Discard, r.Body)); no SetLinger(0)'),
    fix('Node', "socket.end() and wait for 'close'; no resetAndDestroy()"),
    fix('Java', 'no setSoLinger(true, 0); read to the end of the stream before close()'),
    fix('.NET', 'no LingerOption(true, 0); ShutdownAsync(), then read until 0'),
    fix('Rust', 'shutdown the write half, read until 0 bytes, then drop'),
    fix('Python', 'sock.unwrap(), then recv until it gives b"", then close; no SO_LINGER of 0'),
  ],
  'answer-close-notify': [
    fix('OpenSSL', 'when SSL_read says SSL_ERROR_ZERO_RETURN, call SSL_shutdown before close'),
    fix('Go', 'when Read gives io.EOF, call Close on the *tls.Conn'),
    fix('Node', "leave allowHalfOpen false, or call socket.end() on 'end'"),
    fix('Java', '-Djdk.tls.acknowledgeCloseNotify=true, or closeOutbound() when the inbound side is done'),
    fix('.NET', 'when ReadAsync gives 0, call ShutdownAsync before the stream is disposed'),
    fix('Rust', 'when read gives 0, send_close_notify() (tokio: shutdown().await)'),
    fix('Python', 'when recv gives b"", call sock.unwrap() before close()'),
  ],
  'release-socket': [
    fix('nginx', 'lingering_timeout and lingering_time bound how long it waits for the client'),
    fix('HAProxy', 'timeout client-fin bounds it'),
    fix('Envoy', 'delayed_close_timeout bounds it'),
    fix('Go', 'set a deadline before the last read: conn.SetReadDeadline'),
    fix('Node', 'socket.setTimeout, and destroy() when it fires after end()'),
    fix('Java', 'close the socket once close_notify went both ways; setSoTimeout for the wait'),
    fix('.NET', 'a CancellationToken with a timeout on the read that waits for the end'),
    fix('Rust', 'tokio::time::timeout around the read that waits for the end'),
    fix('Python', 'sock.settimeout before the read that waits for the end'),
  ],
  'finish-answer': [
    fix('OpenSSL', 'in TLS 1.3 keep writing after SSL_ERROR_ZERO_RETURN; only the read side is over'),
    fix('Node', 'allowHalfOpen: true, and end() after the answer'),
    fix('Java', 'leave jdk.tls.acknowledgeCloseNotify unset: the write side stays open in TLS 1.3'),
  ],
  'fewer-tickets': [fix('OpenSSL', 'SSL_CTX_set_num_tickets: one or two are enough')],
} as const satisfies Readonly<Record<string, readonly Fix[]>>;

function fix(where: string, what: string): Fix {
  return { where, what };
}
