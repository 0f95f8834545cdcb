import { createSocket } from 'node:dgram';

/** Waits until somebody answers there: any QUIC server has a Version Negotiation packet for a version that it does not know. */
export async function answersDatagrams(port: number): Promise<void> {
  const probe = Buffer.alloc(1200);
  // A long header of a version that is reserved for this, with IDs of eight bytes (RFC 9000 §15, §17.2).
  probe.set([0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1]);
  const socket = createSocket('udp4');
  try {
    for (let tries = 0; tries < 100; tries++) {
      const answered = new Promise<boolean>((resolve) => {
        socket.once('message', () => resolve(true));
        setTimeout(resolve, 100, false);
      });
      socket.send(probe, port, '127.0.0.1');
      if (await answered) return;
    }
  } finally {
    socket.close();
  }
  throw new Error(`nothing at UDP port ${port} answers`);
}
