import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PKI } from '../pki.ts';
import type { Peer, Tls } from './peer.ts';
import { firstLine, freePort, type Running, start } from './process.ts';

/** Servers that want a configuration file; the TLS terminators among them stand before a plain server of ours. */
export const DAEMON_PEERS: readonly Peer[] = [
  {
    name: 'nginx',
    from: 'Debian package nginx-light',
    version: () => firstLine('nginx', ['-v'], /nginx\/\S+/),
    start: async (tls, folder) => {
      const port = await freePort();
      const file = join(folder, 'nginx.conf');
      writeFileSync(file, nginxConfiguration(tls, port));
      // Its compiled-in error log, before it has read ours, is a place that others may not write to.
      return start({ command: 'nginx', args: ['-p', folder, '-c', file, '-e', 'stderr'], port });
    },
  },
  {
    name: 'stunnel',
    from: 'Debian package stunnel4',
    version: () => firstLine('stunnel', ['-version'], /stunnel \d\S+/),
    start: (tls, folder) =>
      behind(async (backend) => {
        const port = await freePort();
        const file = join(folder, 'stunnel.conf');
        writeFileSync(file, stunnelConfiguration(tls, port, backend));
        return start({ command: 'stunnel', args: [file], port });
      }),
  },
  {
    name: 'haproxy',
    from: 'Debian package haproxy',
    version: () => firstLine('haproxy', ['-v'], /HAProxy version \S+/),
    start: (tls, folder) =>
      behind(async (backend) => {
        const port = await freePort();
        const file = join(folder, 'haproxy.cfg');
        const pem = join(folder, 'both.pem');
        writeFileSync(pem, readFileSync(PKI.certificate, 'utf8') + readFileSync(PKI.key, 'utf8'));
        writeFileSync(file, haproxyConfiguration(tls, port, backend, pem));
        return start({ command: 'haproxy', args: ['-db', '-f', file], port });
      }),
  },
];

/** A plain server that answers what it is sent first and ends, with something in front of it. */
async function behind(front: (backend: number) => Promise<Running>): Promise<Running> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nfrom behind\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const running = await front(typeof address === 'object' && address ? address.port : 0);
  const stop = async (): Promise<void> => {
    await running.stop();
    server.close();
  };
  return { ...running, stop };
}

const nginxConfiguration = (tls: Tls, port: number): string => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${PKI.certificate};
    ssl_certificate_key ${PKI.key};
    ssl_protocols TLSv${tls};
    keepalive_timeout 2s;
    location / { return 200 "hello from nginx\\n"; }
  }
}
`;

const stunnelConfiguration = (tls: Tls, port: number, backend: number): string => `
foreground = yes
pid =
debug = warning
[peer]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${backend}
cert = ${PKI.certificate}
key = ${PKI.key}
sslVersionMin = TLSv${tls}
sslVersionMax = TLSv${tls}
`;

const haproxyConfiguration = (tls: Tls, port: number, backend: number, pem: string): string => `
global
  maxconn 64
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend peer
  bind 127.0.0.1:${port} ssl crt ${pem} ssl-min-ver TLSv${tls} ssl-max-ver TLSv${tls}
  default_backend plain
backend plain
  server one 127.0.0.1:${backend}
`;
