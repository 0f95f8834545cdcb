import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fixture } from '../io/pki.ts';

export const IDENTITY = {
  key: fixture('leaf-p256.key'),
  cert: fixture('leaf-p256.pem') + fixture('intermediate.pem'),
};

const servers: Server[] = [];
const sockets = new Set<Socket>();

export async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function stopAll(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}

/** What a server answers once what was said since ends like this, or has so many bytes; `tls`: and then it goes on with TLS. */
export type Step = { when: string | number; say: string | Buffer; tls?: true; end?: true };

/** A server that greets, answers in the clear step by step, and goes on in TLS, where it ends with close_notify and FIN. */
export function speaking(options: {
  greeting: string | Buffer;
  clear: Step[];
  secure: Step[];
}): Promise<number> {
  return listening(
    createServer((socket) => {
      const secure = (): void => {
        const over = new TLSSocket(socket, { isServer: true, ...IDENTITY });
        over.on('error', () => undefined);
        answer(over, options.secure, () => undefined);
      };
      if (options.clear.length === 0 && options.greeting.length === 0) {
        secure();
        return;
      }
      if (options.greeting.length > 0) socket.write(options.greeting);
      answer(socket, options.clear, secure);
    }),
  );
}

function answer(socket: Socket, steps: Step[], upgrade: () => void): void {
  const left = [...steps];
  let heard = '';
  const listen = (data: Buffer): void => {
    heard += data.toString('latin1');
    for (let [next] = left; next !== undefined && isSaid(heard, next.when); [next] = left) {
      const rest = typeof next.when === 'number' ? heard.slice(next.when) : '';
      heard = '';
      left.shift();
      socket.write(next.say);
      if (next.end === true) socket.end();
      if (next.tls !== true) continue;
      socket.removeListener('data', listen);
      socket.pause();
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
      upgrade();
      return;
    }
  };
  socket.on('data', listen);
}

function isSaid(heard: string, when: string | number): boolean {
  return typeof when === 'number' ? heard.length >= when : heard.endsWith(when);
}
